//! What an order earns above what its goods cost, where that is known: told to whoever decides about it,
//! if they may know.

use std::collections::BTreeMap;

use guanxi_base::{Money, Percent, RawId, Result, divide_half_even};
use guanxi_record::{Filter, Query, Record, Value};
use guanxi_store::{Purpose, View};

use crate::catalog::Product;
use crate::sales::{Order, OrderLine};

/// What an order earns above the cost of its goods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// The amount.
    pub amount: Money,
    /// Of the order's total.
    pub share: Percent,
}

/// The margin of an order by its lines and the unit costs of their products; `None` where one of them
/// is not known, is in another currency, or is not the reader's to see.
///
/// # Errors
/// When the database fails.
pub async fn margin(view: &mut View, order: RawId) -> Result<Option<Margin>> {
    let rights = &view.actor().rights;
    if !rights.reads_all(Product::NAME, &["unit_cost"])
        || !rights.reads_all(OrderLine::NAME, &["order", "product", "quantity", "amount"])
    {
        return Ok(None);
    }
    let of_order = Filter::eq("order", order.to_string());
    let page = view.list(OrderLine::NAME, &Query::of(of_order).limited(Query::LIMIT_MAX)).await?;
    if page.next.is_some() || page.rows.is_empty() {
        return Ok(None);
    }
    let line = view.catalog().get(OrderLine::NAME)?.clone();
    let ids = page.rows.iter().filter_map(|row| row.value(&line, "product").as_link());
    let wanted = Query::of(Filter::one_of("id", ids)).limited(Query::LIMIT_MAX);
    let wanted = Query { with_archived: true, ..wanted };
    let product = view.catalog().get(Product::NAME)?.clone();
    let costs: BTreeMap<RawId, Money> = view
        .list(Product::NAME, &wanted)
        .await?
        .rows
        .iter()
        .filter_map(|row| match row.value(&product, "unit_cost") {
            Value::Money(cost) => Some((row.id, cost)),
            _ => None,
        })
        .collect();
    let (mut sold, mut earned) = (None::<Money>, None::<Money>);
    for row in &page.rows {
        let cost = row.value(&line, "product").as_link().and_then(|id| costs.get(&id));
        let (Some(cost), Value::Decimal(quantity), Value::Money(amount)) =
            (cost, row.value(&line, "quantity"), row.value(&line, "amount"))
        else {
            return Ok(None);
        };
        let Some(cost) = cost.times(quantity).filter(|cost| cost.currency == amount.currency)
        else {
            return Ok(None);
        };
        let zero = Money::zero(amount.currency);
        let more = amount.checked_add(Money::new(-cost.units, cost.currency));
        earned = more.and_then(|more| earned.unwrap_or(zero).checked_add(more));
        sold = sold.unwrap_or(zero).checked_add(amount);
        if earned.is_none() || sold.is_none() {
            return Ok(None);
        }
    }
    let Some((amount, sold)) = earned.zip(sold).filter(|(_, sold)| sold.units > 0) else {
        return Ok(None);
    };
    // Of an order whose lines are not all the reader's to see a part would be told as the whole.
    let of_order = view.catalog().get(Order::NAME)?.clone();
    let total = view.row(Order::NAME, order, Purpose::Read).await?.value(&of_order, "total");
    if total != Value::Money(sold) {
        return Ok(None);
    }
    let share = divide_half_even(
        i128::from(amount.units) * 100 * i128::from(Percent::ONE),
        i128::from(sold.units),
    );
    let share = i64::try_from(share).ok().map(Percent::from_units);
    Ok(share.map(|share| Margin { amount, share }))
}
