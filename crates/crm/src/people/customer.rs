//! A person or organisation that buys from us, or may.

use crate::access::{CustomerClass, Territory};
use crate::catalog::ProductCategory;
use guanxi_base::{Id, Money};
use guanxi_record::{Address, Choice, Email, LongText, Owner, Phone, Record, Url};

/// Whether a customer is a person or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum CustomerKind {
    /// A company, authority, association, shop.
    Organisation,
    /// A person.
    Person,
}

/// A person or organisation that buys from us, or may.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    area = "customers",
    icon = "building-store",
    index("country, name"),
    index("industry, name"),
    index("owner, name"),
    index("territory, name")
)]
pub struct Customer {
    /// What people call it.
    #[field(search, index, personal)]
    pub name: String,
    /// Our number for it, or that of the system it came from.
    #[field(search, unique, default = "number:CU")]
    pub code: Option<String>,
    /// A person or an organisation.
    #[field(default = "organisation")]
    pub kind: CustomerKind,
    /// What it does.
    #[field(index)]
    pub industry: Option<String>,
    /// Where it is at home.
    #[field(index)]
    pub country: Option<String>,
    /// Its main telephone.
    #[field(search, personal)]
    pub phone: Option<Phone>,
    /// Its main e-mail address.
    #[field(search, personal)]
    pub email: Option<Email>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
    /// The part of the market that it belongs to.
    pub territory: Option<Id<Territory>>,
    /// How much it means to us.
    pub class: Option<CustomerClass>,
    /// The product line that it mainly buys.
    #[field(folded)]
    pub product_line: Option<Id<ProductCategory>>,
    /// The customer that owns or controls it.
    pub parent: Option<Id<Customer>>,
    /// Unified social credit code, or another tax number.
    #[field(search, index)]
    pub tax_number: Option<String>,
    /// Where it is.
    #[field(personal)]
    pub address: Option<Address>,
    /// Its web site.
    #[field(folded)]
    pub website: Option<Url>,
    /// How many people work there.
    #[field(folded)]
    pub employees: Option<i64>,
    /// Where we first heard of it.
    #[field(folded)]
    pub source: Option<Id<super::CollectionPoint>>,
    /// So much may be owed before nothing more is delivered.
    #[field(folded)]
    pub credit_limit: Option<Money>,
    /// Days until an invoice is to be paid.
    #[field(folded)]
    pub payment_days: Option<i64>,
    /// What else is worth knowing.
    #[field(folded)]
    pub notes: Option<LongText>,
}
