//! Something that we sell.

use guanxi_base::{Id, Money, Percent, Refusal};
use guanxi_record::{Choice, LongText, Record};

use super::ProductCategory;

/// What sort of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ProductKind {
    /// Goods.
    Goods,
    /// A service.
    Service,
    /// Neither: postage, fees, corrections.
    Charge,
}

/// Something that we sell.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "catalog", icon = "package", settle)]
pub struct Product {
    /// What people call it.
    #[field(search, index)]
    pub name: String,
    /// Our number for it.
    #[field(search, unique, default = "number:PR")]
    pub code: Option<String>,
    /// What sort of thing it is.
    #[field(default = "goods")]
    pub kind: ProductKind,
    /// Its group.
    pub category: Option<Id<ProductCategory>>,
    /// The usual price of one.
    pub list_price: Option<Money>,
    /// What one costs us.
    #[field(folded)]
    pub unit_cost: Option<Money>,
    /// What it is counted in, such as piece, kg, hour.
    #[field(folded)]
    pub unit: Option<String>,
    /// Whether it is sold.
    #[field(default = "true")]
    pub is_active: bool,
    /// How much tax is asked on it.
    #[field(folded)]
    pub tax_rate: Option<Percent>,
    /// What a customer should know about it.
    #[field(folded)]
    pub description: Option<LongText>,
}

impl Product {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.tax_rate.is_some_and(|rate| !(0..=100 * Percent::ONE).contains(&rate.units())) {
            refusals.push(Refusal::field("not-a-tax-rate", "tax_rate"));
        }
    }
}
