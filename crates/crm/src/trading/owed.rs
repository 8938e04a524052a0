//! What a customer owes: what was asked for and is not paid, and what they ordered and nobody has asked for
//! yet, whether it was delivered or not.

use guanxi_base::{Currency, Money, Result};
use guanxi_record::{Aggregate, Filter, Measure, Op, Record, Stored, Value};
use guanxi_store::{Rights, View};

use super::ordered::{Promise, ordered};
use crate::billing::{Invoice, Payment};
use crate::people::Customer;
use crate::sales::Order;

/// Whether the reader, by what they see themselves, comes to the same sum.
pub(super) async fn sees_owed(
    view: &mut View,
    reader: &Rights,
    customer: &Stored<Customer>,
    promise: Promise,
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
    let seen = owed(view, customer, promise, sum.currency).await;
    view.act_with(all);
    Ok(seen? == sum)
}

/// What a customer owes in a currency: invoices that were sent and are not paid, less payments, and what was
/// ordered and no invoice asks for, with what is promised.
pub(super) async fn owed(
    view: &mut View,
    customer: &Stored<Customer>,
    promise: Promise,
    currency: Currency,
) -> Result<Money> {
    let of_customer = || Filter::eq("customer", customer.id.to_string());
    let sent = of_customer().and(Filter::eq("status", "issued"));
    let open = Filter::eq("invoice.status", "issued");
    let paid = of_customer().and(open.or(Filter::compare("invoice", Op::Empty, true)));
    let mut owed = ordered(view, customer, promise, currency).await?;
    for (of, filter, measure, sign) in
        [(Invoice::NAME, sent, "sum:total", 1), (Payment::NAME, paid, "sum:amount", -1)]
    {
        let part = sum(view, of, (filter, measure), currency).await?;
        owed = owed.saturating_add(part.saturating_mul(sign));
    }
    Ok(Money::new(owed, currency))
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
    let parts = groups.iter().filter_map(|group| match group.measures.first() {
        Some(Value::Money(money)) if money.currency == currency => Some(money.units),
        _ => None,
    });
    Ok(parts.fold(0, i64::saturating_add))
}
