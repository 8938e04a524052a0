//! What a customer owes: what was asked for and is not paid, and what they ordered and nobody has asked for
//! yet, whether it was delivered or not.

use guanxi_base::{Currency, Id, Money, RawId, Result};
use guanxi_record::{Aggregate, Filter, GroupKey, Measure, Op, Query, Record, Row, Sort, Value};
use guanxi_store::{Rights, View};
use serde_json::json;

use super::deliveries::CHUNK;
use crate::billing::{Invoice, Payment};
use crate::people::Customer;
use crate::sales::{Order, agreed_sales};

/// Whether the reader, by what they see themselves, comes to the same sum.
pub(super) async fn sees_owed(
    view: &mut View,
    reader: &Rights,
    customer: Id<Customer>,
    order: Option<RawId>,
    sum: Money,
) -> Result<bool> {
    let reads = [
        (Invoice::NAME, ["customer", "status", "total"].as_slice()),
        (Invoice::NAME, &["order"]),
        (Payment::NAME, &["customer", "invoice", "amount"]),
        (Order::NAME, &["customer", "status", "kind", "total"]),
    ];
    if reads.iter().any(|(of, fields)| !reader.reads_all(of, fields)) {
        return Ok(false);
    }
    let all = view.act_with(reader.clone());
    let seen = owed(view, customer, order, sum.currency).await;
    view.act_with(all);
    Ok(seen? == sum)
}

/// What a customer owes in a currency: invoices that were sent and are not paid, less payments, and of agreed
/// sales what no invoice asks for. Of one order it says nothing.
pub(super) async fn owed(
    view: &mut View,
    customer: Id<Customer>,
    besides: Option<RawId>,
    currency: Currency,
) -> Result<Money> {
    let of_customer = || Filter::eq("customer", customer.to_string());
    let sent = of_customer().and(Filter::eq("status", "issued"));
    let open = Filter::eq("invoice.status", "issued");
    let paid = of_customer().and(open.or(Filter::compare("invoice", Op::Empty, true)));
    let mut agreed = of_customer().and(agreed_sales(""));
    if let Some(besides) = besides {
        agreed = agreed.and(Filter::compare("id", Op::Ne, besides.to_string()));
    }
    let billed = Filter::Related {
        record_type: Invoice::NAME.to_owned(),
        via: "order".to_owned(),
        count: None,
        filter: Box::new(asking()),
    };
    let unbilled = agreed.clone().and(Filter::Not(Box::new(billed.clone())));
    let mut owed = 0_i64;
    for (of, filter, measure, sign) in [
        (Invoice::NAME, sent, "sum:total", 1),
        (Payment::NAME, paid, "sum:amount", -1),
        (Order::NAME, unbilled, "sum:total", 1),
    ] {
        let part = sum(view, of, (filter, measure), currency).await?;
        owed = owed.saturating_add(part.saturating_mul(sign));
    }
    let rest = not_asked_for(view, agreed.and(billed), currency).await?;
    Ok(Money::new(owed.saturating_add(rest), currency))
}

/// What is asked of an order's customer for it, in the currency of its total.
pub(super) async fn asked_for(view: &mut View, order: RawId, currency: Currency) -> Result<Money> {
    let of_order = Filter::eq("order", order.to_string()).and(asking());
    let units = sum(view, Invoice::NAME, (of_order, "sum:total"), currency).await?;
    Ok(Money::new(units, currency))
}

/// The invoices that ask for something: also those that were paid, or that nobody will pay any more.
fn asking() -> Filter {
    Filter::compare("status", Op::In, json!(["issued", "paid", "written_off"]))
}

async fn sum(
    view: &mut View,
    of: &str,
    (filter, measure): (Filter, &str),
    currency: Currency,
) -> Result<i64> {
    let measures = vec![Measure::parse(measure)?];
    let wanted = Aggregate { filter, group_by: Vec::new(), measures, with_archived: false };
    let groups = view.aggregate(of, &wanted).await?;
    let parts = groups.iter().map(|group| units(group.measures.first(), currency));
    Ok(parts.fold(0, i64::saturating_add))
}

fn units(value: Option<&Value>, currency: Currency) -> i64 {
    match value {
        Some(Value::Money(money)) if money.currency == currency => money.units,
        _ => 0,
    }
}

/// What these orders come to beyond what their invoices ask, each by itself: what one asks too much
/// does not pay for another.
async fn not_asked_for(view: &mut View, orders: Filter, currency: Currency) -> Result<i64> {
    let described = view.catalog().get(Order::NAME)?.clone();
    let mut query = Query::of(orders).sorted(vec![Sort::up("id")]).limited(CHUNK);
    let mut rest = 0_i64;
    loop {
        let page = view.list(Order::NAME, &query).await?;
        let asked = asked_by_order(view, &page.rows, currency).await?;
        for row in &page.rows {
            let total = row.value(&described, "total");
            let asked = asked.iter().filter(|(order, _)| *order == row.id).map(|(_, units)| *units);
            let asked = asked.fold(0, i64::saturating_add);
            let left = units(Some(&total), currency).saturating_sub(asked);
            rest = rest.saturating_add(left.max(0));
        }
        query.after = page.next;
        if query.after.is_none() {
            return Ok(rest);
        }
    }
}

async fn asked_by_order(
    view: &mut View,
    orders: &[Row],
    currency: Currency,
) -> Result<Vec<(RawId, i64)>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Aggregate {
        filter: Filter::one_of("order", orders.iter().map(|row| row.id)).and(asking()),
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
