//! One line of an invoice.

use guanxi_base::{Decimal, Id, Money, Percent, Refusal};
use guanxi_record::Record;

use super::Invoice;
use crate::catalog::Product;

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "description",
    area = "billing",
    icon = "list-numbers",
    part_of = "invoice",
    settle
)]
pub struct InvoiceLine {
    /// The invoice that it is a part of.
    #[field(on_delete = "cascade")]
    pub invoice: Id<Invoice>,
    /// What is charged.
    pub product: Option<Id<Product>>,
    /// What is charged, in words.
    pub description: Option<String>,
    /// How many.
    #[field(default = "1")]
    pub quantity: Decimal,
    /// What it is counted in; the product's own when nobody says.
    pub unit: Option<String>,
    /// What one costs; the product's list price when nobody says.
    pub unit_price: Money,
    /// How much tax is asked on it; the product's own when nobody says.
    #[field(folded)]
    pub tax_rate: Option<Percent>,
    /// Quantity × price.
    #[field(read_only)]
    pub amount: Option<Money>,
}

impl InvoiceLine {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        match self.unit_price.of_many(self.quantity, None) {
            Some(amount) => self.amount = Some(amount),
            None => refusals.push(Refusal::field("too-large", "quantity")),
        }
        if self.product.is_none() && self.description.is_none() {
            refusals.push(Refusal::field("line-without-product", "product"));
        }
        if self.tax_rate.is_some_and(|rate| !(0..=100 * Percent::ONE).contains(&rate.units())) {
            refusals.push(Refusal::field("not-a-tax-rate", "tax_rate"));
        }
    }
}
