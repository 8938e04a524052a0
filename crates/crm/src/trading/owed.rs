//! What a customer owes: what was asked for and is not paid, and what they ordered and nobody has asked for
//! yet, whether it was delivered or not.

use guanxi_base::{Currency, Id, Money, Result};
use guanxi_record::{Aggregate, CURRENCY, Filter, GroupKey, Measure, Op, Record, Stored, Value};
use guanxi_store::{Rights, View};
use serde_json::json;

use super::ordered::{Promise, ordered};
use crate::billing::{Invoice, Payment};
use crate::exact_sum::{ExactSum, is_too_large};
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

/// What a customer was asked for and has not paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpaid {
    /// In each currency in which they were ever asked for something, or paid something.
    Sums(Vec<ExactSum>),
    /// More than any number that is kept.
    TooLarge,
}

/// What a customer was asked for and has not paid, as far as the view sees it: the part of what they owe
/// that invoices ask for. Less than nothing is what they paid beforehand.
///
/// # Errors
/// When the database fails; a refusal for who may not ask.
pub async fn unpaid(view: &mut View, customer: Id<Customer>) -> Result<Unpaid> {
    let billed = match billed(view, customer).await {
        Err(error) if is_too_large(&error) => return Ok(Unpaid::TooLarge),
        billed => billed?,
    };
    let asking = Filter::compare("status", Op::In, json!(["issued", "paid", "written_off"]));
    let ever = Aggregate {
        filter: Filter::eq("customer", customer.to_string()).and(asking),
        group_by: vec![GroupKey { field: format!("total.{CURRENCY}"), bucket: None }],
        measures: vec![Measure::count()],
        with_archived: false,
    };
    let ever = view.aggregate(Invoice::NAME, &ever).await?;
    let codes = ever.iter().filter_map(|group| group.keys.first()?.as_text()?.parse().ok());
    let mut sums: Vec<(Currency, i128)> = codes.map(|currency| (currency, 0)).collect();
    for (money, sign) in billed {
        let units = sign * i128::from(money.units);
        match sums.iter_mut().find(|(currency, _)| *currency == money.currency) {
            Some((_, sum)) => *sum += units,
            None => sums.push((money.currency, units)),
        }
    }
    let sums = sums.into_iter().map(|(currency, units)| ExactSum::new(units, currency));
    Ok(Unpaid::Sums(sums.collect()))
}

/// What a customer's invoices that were sent ask for, and, to be taken off, what they paid for those or for
/// none that is named. What was paid in full or given up asks for nothing more, whatever was noted.
async fn billed(view: &mut View, customer: Id<Customer>) -> Result<Vec<(Money, i128)>> {
    let of_customer = || Filter::eq("customer", customer.to_string());
    let sent = of_customer().and(Filter::eq("status", "issued"));
    let open = Filter::eq("invoice.status", "issued");
    let paid = of_customer().and(open.or(Filter::compare("invoice", Op::Empty, true)));
    let mut billed = Vec::new();
    for (of, filter, measure, sign) in
        [(Invoice::NAME, sent, "sum:total", 1), (Payment::NAME, paid, "sum:amount", -1)]
    {
        let amounts = amounts(view, of, (filter, measure)).await?;
        billed.extend(amounts.into_iter().map(|money| (money, sign)));
    }
    Ok(billed)
}

/// What a customer owes in a currency: invoices that were sent and are not paid, less payments, and what was
/// ordered and no invoice asks for, with what is promised.
pub(super) async fn owed(
    view: &mut View,
    customer: &Stored<Customer>,
    promise: Promise,
    currency: Currency,
) -> Result<Money> {
    let of_currency = |(money, _): &(Money, i128)| money.currency == currency;
    let asked = billed(view, customer.id).await?.into_iter().filter(of_currency);
    let asked: i128 = asked.map(|(money, sign)| sign * i128::from(money.units)).sum();
    let all = asked + i128::from(ordered(view, customer, promise, currency).await?);
    // More than any amount that is kept is beyond every limit.
    let most = if all < 0 { i64::MIN } else { i64::MAX };
    Ok(Money::new(i64::try_from(all).unwrap_or(most), currency))
}

/// A sum of amounts, in each currency.
async fn amounts(
    view: &mut View,
    of: &str,
    (filter, measure): (Filter, &str),
) -> Result<Vec<Money>> {
    let measures = vec![Measure::parse(measure)?];
    let wanted = Aggregate { filter, group_by: Vec::new(), measures, with_archived: false };
    let groups = view.aggregate(of, &wanted).await?;
    let first = groups.into_iter().filter_map(|group| group.measures.into_iter().next());
    let money = first.filter_map(|value| match value {
        Value::Money(money) => Some(money),
        _ => None,
    });
    Ok(money.collect())
}
