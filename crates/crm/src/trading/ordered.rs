//! What a customer ordered and nobody has asked for yet, less what came back and nobody has credited.

use guanxi_base::{Currency, RawId, Result};
use guanxi_record::{
    Aggregate, Choice as _, Cursor, Filter, GroupKey, Measure, Op, Query, Record, Row, Sort,
    Stored, Value,
};
use guanxi_store::View;
use serde_json::json;

use super::deliveries::CHUNK;
use crate::billing::Invoice;
use crate::people::Customer;
use crate::sales::{Order, OrderKind, agreed_orders};

/// Which way the goods of some orders go.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Out: a total below nothing makes no room for another order.
    Sold,
    /// Back: their totals are below nothing.
    Back,
}

/// What is about to be promised.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Promise {
    /// An order that counts as agreed whether it is or not.
    pub(super) order: Option<RawId>,
    /// What it comes to, or what those come to that were just agreed: it is not sold yet.
    pub(super) units: i64,
}

/// What a customer's agreed orders come to beyond what invoices ask for them, in a currency. What came back
/// makes up for no more than was sold before.
pub(super) async fn ordered(
    view: &mut View,
    customer: &Stored<Customer>,
    promise: Promise,
    currency: Currency,
) -> Result<i64> {
    let mut agreed = agreed_orders("");
    if let Some(order) = promise.order {
        agreed = agreed.or(Filter::eq("id", order.to_string()));
    }
    let counted = || Filter::eq("customer", customer.id.to_string()).and(agreed.clone());
    let is_sale = Filter::eq("kind", OrderKind::Sale.code());
    let sales = counted().and(is_sale.clone()).and(Filter::compare("total", Op::Gt, "0"));
    let is_back = Filter::Not(Box::new(is_sale)).and(Filter::compare("total", Op::Lt, "0"));
    let came_back = counted().and(is_back);
    let asking = asking(payers(customer));
    let sold = left(view, (sales.clone(), Way::Sold), &asking, currency).await?;
    let back = left(view, (came_back, Way::Back), &asking, currency).await?;
    if back == 0 {
        return Ok(sold);
    }
    let before = sum(view, sales, currency).await?.saturating_sub(promise.units);
    Ok(sold.saturating_sub(back.min(before.max(0))))
}

/// Who may be asked to pay for what a customer ordered: they, and who owns or controls them.
fn payers(customer: &Stored<Customer>) -> Vec<RawId> {
    let parent = customer.parent.map(guanxi_base::Id::raw);
    std::iter::once(customer.id.raw()).chain(parent).collect()
}

/// The invoices to some customers that ask for something: also those that were paid, or that nobody will
/// pay any more.
fn asking(payers: Vec<RawId>) -> Filter {
    let asks = Filter::compare("status", Op::In, json!(["issued", "paid", "written_off"]));
    Filter::one_of("customer", payers).and(asks)
}

/// What some orders come to beyond what invoices ask for them, each by itself: what one asks too much
/// does not pay for another.
async fn left(
    view: &mut View,
    (orders, way): (Filter, Way),
    asking: &Filter,
    currency: Currency,
) -> Result<i64> {
    let billed = Filter::Related {
        record_type: Invoice::NAME.to_owned(),
        via: "order".to_owned(),
        count: None,
        filter: Box::new(asking.clone()),
    };
    let unbilled = orders.clone().and(Filter::Not(Box::new(billed.clone())));
    let mut left = sum(view, unbilled, currency).await?.saturating_abs();
    let described = view.catalog().get(Order::NAME)?.clone();
    let mut query = Query::of(orders.and(billed)).sorted(vec![Sort::up("id")]).limited(CHUNK);
    loop {
        let rows = view.list(Order::NAME, &query).await?.rows;
        let asked = asked_by_order(view, &rows, (asking, currency)).await?;
        for row in &rows {
            let total = units(Some(&row.value(&described, "total")), currency);
            let asked = asked.iter().filter(|(order, _)| *order == row.id).map(|(_, units)| *units);
            let rest = total.saturating_sub(asked.fold(0, i64::saturating_add));
            let rest = match way {
                Way::Sold => rest,
                Way::Back => rest.saturating_neg(),
            };
            left = left.saturating_add(rest.clamp(0, total.saturating_abs()));
        }
        if rows.len() < CHUNK {
            return Ok(left);
        }
        let last = rows.last().map(|row| row.id.to_string());
        query.after = last.map(|id| Cursor { values: Vec::new(), id });
    }
}

async fn asked_by_order(
    view: &mut View,
    orders: &[Row],
    (asking, currency): (&Filter, Currency),
) -> Result<Vec<(RawId, i64)>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Aggregate {
        filter: Filter::one_of("order", orders.iter().map(|row| row.id)).and(asking.clone()),
        group_by: vec![GroupKey { field: "order".to_owned(), bucket: None }],
        measures: vec![Measure::parse("sum:total")?],
        with_archived: false,
    };
    let groups = view.aggregate(Invoice::NAME, &wanted).await?;
    let of_order = groups.into_iter().filter_map(|group| {
        Some((group.keys.first()?.as_link()?, units(group.measures.first(), currency)))
    });
    Ok(of_order.collect())
}

/// What some orders come to.
async fn sum(view: &mut View, orders: Filter, currency: Currency) -> Result<i64> {
    let measures = vec![Measure::parse("sum:total")?];
    let wanted = Aggregate { filter: orders, group_by: Vec::new(), measures, with_archived: false };
    let groups = view.aggregate(Order::NAME, &wanted).await?;
    let parts = groups.iter().map(|group| units(group.measures.first(), currency));
    Ok(parts.fold(0, i64::saturating_add))
}

fn units(value: Option<&Value>, currency: Currency) -> i64 {
    match value {
        Some(Value::Money(money)) if money.currency == currency => money.units,
        _ => 0,
    }
}
