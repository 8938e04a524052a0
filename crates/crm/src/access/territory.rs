//! A part of the market that somebody answers for: a region, a product line, a class of
//! customers, or what these have in common. Territories form a tree.

use guanxi_base::Id;
use guanxi_record::{Choice, LongText, Record};

use super::User;
use crate::catalog::ProductCategory;

/// How much a customer means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum CustomerClass {
    /// One of the few that we live on.
    Key,
    /// One of many.
    Standard,
    /// Served in passing.
    Small,
}

/// A part of the market.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "organisation", icon = "map-pin")]
pub struct Territory {
    /// Its name.
    #[field(search, unique)]
    pub name: String,
    /// The territory that it is a part of.
    pub parent: Option<Id<Territory>>,
    /// Who serves it, and sees its customers if their roles say so.
    pub members: Vec<Id<User>>,
    /// Countries, provinces and cities, one a line; everywhere when empty.
    pub regions: Option<LongText>,
    /// The product line; all when empty.
    pub product_line: Option<Id<ProductCategory>>,
    /// The class of customers; all when empty.
    pub customer_class: Option<CustomerClass>,
}
