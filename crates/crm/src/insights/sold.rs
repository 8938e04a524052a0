//! What of orders is left as purchases, order by order: by the rule of every analysis, for pages that
//! tell of many customers at once from the warehouse.

use std::collections::HashSet;

use guanxi_base::{Date, Result};
use guanxi_store::View;
use guanxi_warehouse::day_number;

use super::purchases::{Counted, Part, Purchase};
use super::returns::left;
use crate::sales::OrderKind;

/// An agreed order, as it stands in a table.
#[derive(Debug, Clone, Copy)]
pub struct TableOrder {
    /// In which row.
    pub row: usize,
    /// Whose it is, by the row of the customer.
    pub customer: u32,
    /// In which currency, by its code in the table.
    pub currency: u32,
    /// What it is.
    pub kind: OrderKind,
    /// On which day since 1970-01-01.
    pub day: i64,
    /// For how much, in 1/10,000 of the unit; none where it says no amount.
    pub units: Option<i64>,
}

/// By which rule purchases are counted until a day of the company, and from which day on: that of the
/// last analysis, or the usual one before the first.
///
/// # Errors
/// When the database fails.
pub async fn counting_until(view: &mut View, today: Date) -> Result<(Counted, i64)> {
    let rule = super::why::counting(view).await?;
    let (counted, from) =
        rule.unwrap_or((Counted { today: 0, free: false, returned: false }, i64::MIN));
    Ok((Counted { today: day_number(today), ..counted }, from))
}

/// The rows of the orders that are purchases, each with what is left of it in 1/10,000 of the unit.
#[must_use]
pub fn sold(
    orders: impl Iterator<Item = TableOrder>,
    (counted, from): (Counted, i64),
) -> Vec<(usize, i64)> {
    let (mut sales, mut returns): (Vec<Placed>, Vec<Placed>) = (Vec::new(), Vec::new());
    for order in orders {
        let of = (order.currency, order.customer);
        match counted.part(order.kind, (order.day, from), order.units) {
            Part::Sold(one) => sales.push((of, one, order.row)),
            Part::CameBack(_) if counted.returned => {}
            Part::CameBack(one) => returns.push((of, one, order.row)),
            Part::Aside(_) => {}
        }
    }
    // Only those who gave something back are looked at sale by sale.
    let givers: HashSet<(u32, u32)> = returns.iter().map(|one| one.0).collect();
    let (mut theirs, others): (Vec<Placed>, Vec<Placed>) =
        sales.into_iter().partition(|one| givers.contains(&one.0));
    let mut found: Vec<(usize, i64)> =
        others.into_iter().map(|(_, one, row)| (row, one.units)).collect();
    theirs.sort_unstable();
    returns.sort_unstable();
    let purchases =
        |of: &[Placed]| -> Vec<Purchase> { of.iter().map(|(_, one, _)| *one).collect() };
    let mut back = returns.chunk_by(|one, other| one.0 == other.0).peekable();
    for sales in theirs.chunk_by(|one, other| one.0 == other.0) {
        while back.next_if(|back| back[0].0 < sales[0].0).is_some() {}
        let of = back.next_if(|back| back[0].0 == sales[0].0).unwrap_or_default();
        let kept = left(&purchases(sales), &purchases(of)).0;
        // What was free stays; of what came back whole nothing is left.
        let kept = sales.iter().zip(kept);
        let kept = kept.filter(|((_, sale, _), left)| sale.units == 0 || *left > 0);
        found.extend(kept.map(|((_, _, row), left)| (*row, left)));
    }
    found
}

/// A sale or a return: of which currency and whose, and in which row.
type Placed = ((u32, u32), Purchase, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_a_table_are_the_purchases_of_an_analysis() {
        let order = |row, customer, currency, kind, day, units| TableOrder {
            row,
            customer,
            currency,
            kind,
            day,
            units: Some(units),
        };
        let (sale, back) = (OrderKind::Sale, OrderKind::Return);
        let orders = [
            order(0, 1, 0, sale, 20_000, 500),
            order(1, 1, 0, back, 20_001, -500),
            order(2, 1, 0, sale, 20_002, 800),
            order(3, 1, 1, back, 20_003, -800),
            order(4, 2, 0, sale, 33_000, 900),
            order(5, 2, 0, sale, 20_000, 0),
            order(6, 3, 0, sale, 20_000, 700),
            order(7, 3, 0, back, 20_005, -300),
            TableOrder { units: None, ..order(8, 4, 0, sale, 20_000, 0) },
        ];
        let rule = Counted { today: 20_100, free: false, returned: false };
        let rows = |rule| {
            let mut found = sold(orders.into_iter(), (rule, i64::MIN));
            found.sort_unstable();
            found
        };
        // Not what came back whole, of the future, worth nothing or without an amount.
        assert_eq!(rows(rule), [(2, 800), (6, 400)]);
        assert_eq!(
            rows(Counted { returned: true, free: true, ..rule }),
            [(0, 500), (2, 800), (5, 0), (6, 700)]
        );
        // Nothing holds before a day: what came back is taken off what there is.
        assert_eq!(sold(orders.into_iter(), (rule, 20_001)), [(2, 300)]);
    }
}
