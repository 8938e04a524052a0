//! One line of an order: so many of one product at one price.

use guanxi_base::{Decimal, Id, Money, Percent, Refusal};
use guanxi_record::Record;

use super::Order;
use crate::catalog::Product;

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "description", area = "sales", icon = "list-numbers", part_of = "order", settle)]
pub struct OrderLine {
    /// The order that it is a part of.
    #[field(on_delete = "cascade")]
    pub order: Id<Order>,
    /// What was ordered.
    pub product: Option<Id<Product>>,
    /// What was ordered, in words.
    pub description: Option<String>,
    /// How many; negative when they come back.
    #[field(default = "1")]
    pub quantity: Decimal,
    /// What one costs.
    pub unit_price: Money,
    /// How much less is asked.
    #[field(folded)]
    pub discount: Option<Percent>,
    /// Quantity × price − discount.
    #[field(read_only)]
    pub amount: Option<Money>,
}

impl OrderLine {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        match line_amount(self.quantity, self.unit_price, self.discount) {
            Some(amount) => self.amount = Some(amount),
            None => refusals.push(Refusal::field("too-large", "quantity")),
        }
        if self.product.is_none() && self.description.is_none() {
            refusals.push(Refusal::field("line-without-product", "product"));
        }
        if self.discount.is_some_and(|d| !(0..=100 * Percent::ONE).contains(&d.units())) {
            refusals.push(Refusal::field("not-a-share", "discount"));
        }
    }
}

/// Quantity × price − discount, rounded half to even at 1/10,000; `None` if 64 bits overflow.
#[must_use]
pub fn line_amount(quantity: Decimal, price: Money, discount: Option<Percent>) -> Option<Money> {
    let gross = price.times(quantity)?;
    let Some(discount) = discount else { return Some(gross) };
    let less = gross.percent(discount)?;
    gross.units.checked_sub(less.units).map(|units| Money { units, ..gross })
}
