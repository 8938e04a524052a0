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
    /// What it is counted in; the product's own when nobody says.
    pub unit: Option<String>,
    /// What one costs; the product's list price when nobody says.
    pub unit_price: Money,
    /// How much less is asked.
    #[field(folded)]
    pub discount: Option<Percent>,
    /// How much tax is asked on it; the product's own when nobody says.
    #[field(folded)]
    pub tax_rate: Option<Percent>,
    /// Quantity × price − discount.
    #[field(read_only)]
    pub amount: Option<Money>,
    /// What the product was listed at when it was put on the line.
    #[field(read_only, folded, tells = "product.list_price")]
    pub list_price: Option<Money>,
    /// By how much the price, less the discount, is below that.
    #[field(read_only, folded, tells = "product.list_price")]
    pub below_list: Option<Percent>,
}

impl OrderLine {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        match self.unit_price.of_many(self.quantity, self.discount) {
            Some(amount) => self.amount = Some(amount),
            None => refusals.push(Refusal::field("too-large", "quantity")),
        }
        if self.product.is_none() && self.description.is_none() {
            refusals.push(Refusal::field("line-without-product", "product"));
        }
        if self.discount.is_some_and(|d| !(0..=100 * Percent::ONE).contains(&d.units())) {
            refusals.push(Refusal::field("not-a-share", "discount"));
        }
        if self.tax_rate.is_some_and(|rate| !(0..=100 * Percent::ONE).contains(&rate.units())) {
            refusals.push(Refusal::field("not-a-tax-rate", "tax_rate"));
        }
        self.below_list = match self.list_price {
            Some(list) => below_list(list, self.unit_price, (self.quantity, self.discount)),
            // What is taken off an order without a list price to compare it with is all given away.
            None => self.amount.filter(|amount| amount.units < 0).map(|_| WHOLE),
        };
    }
}

/// All of it.
const WHOLE: Percent = Percent::from_units(100 * Percent::ONE);

/// By how much a price, less a discount, is worse for us than a list price, to 1/10,000 of a per cent: below it
/// for what is sold, above it for what comes back. `None` when it is not; all of it when the price is in
/// another currency, so that nothing can be compared.
#[must_use]
pub fn below_list(
    list: Money,
    price: Money,
    (quantity, discount): (Decimal, Option<Percent>),
) -> Option<Percent> {
    if quantity == Decimal::default() {
        return None;
    }
    if list.currency != price.currency {
        return Some(WHOLE);
    }
    if list.units <= 0 {
        return (i128::from(price.units) * i128::from(quantity.units()) < 0).then_some(WHOLE);
    }
    let asked = match discount {
        Some(discount) => price.units.checked_sub(price.percent(discount)?.units)?,
        None => price.units,
    };
    let less = match quantity < Decimal::default() {
        true => asked.checked_sub(list.units)?,
        false => list.units.checked_sub(asked)?,
    };
    let share = i128::from(less) * 100 * i128::from(Percent::ONE) / i128::from(list.units);
    let share = i64::try_from(share).ok().filter(|share| *share > 0)?;
    Some(Percent::from_units(share))
}
