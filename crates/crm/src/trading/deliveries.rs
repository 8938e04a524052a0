//! Whether a customer may be delivered to: not while their terms stop it, nor for more than they may owe.
//! A confirmed order is a promise, so it is asked when one is made or grows, by whatever face, and
//! somebody else may allow it.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Id, Money, RawId, Refusal, Result};
use guanxi_record::{Choice as _, Filter, Op, Query, Record, Stored};
use guanxi_store::{Changed, Hold, Purpose, Rights, Tx, View};

use super::owed::{asked_for, owed, sees_owed};
use super::promised::promised;
use crate::people::{Customer, PaymentRecord, TermsRule};
use crate::sales::{Order, OrderKind, agreed_sales};

/// So many records are asked about at once.
pub(super) const CHUNK: usize = 500;

/// What an order asks of a customer's credit: the order, and its total.
#[derive(Debug, Clone, Copy)]
struct Asked {
    order: RawId,
    total: Option<Money>,
}

/// Why a customer may not be delivered to, in words that the reader of the view may read: by their terms,
/// or because with this order, if there is one, they would owe more than they may. Empty when they may.
///
/// # Errors
/// When the database fails.
pub async fn held(view: &mut View, customer: RawId, order: Option<RawId>) -> Result<Vec<Refusal>> {
    let rights = view.act_with(Rights::All);
    let asked = match order {
        Some(id) => match view.fetch::<Order>(Purpose::Read, Id::new(id)).await {
            Ok(found) => Some(Asked { order: id, total: found.total }),
            Err(error) => {
                view.act_with(rights);
                return Err(error);
            }
        },
        None => None,
    };
    let outcome = reasons(view, &rights, customer, asked).await;
    view.act_with(rights);
    outcome
}

/// Why a customer may not be delivered to, asked with all rights; told as far as `reader` may know.
async fn reasons(
    view: &mut View,
    reader: &Rights,
    customer: RawId,
    asked: Option<Asked>,
) -> Result<Vec<Refusal>> {
    let customer: Stored<Customer> = match view.fetch(Purpose::Read, Id::new(customer)).await {
        Ok(customer) => customer,
        Err(guanxi_base::Error::NotFound) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let rule: Option<Stored<TermsRule>> = match customer.terms {
        Some(id) => Some(view.fetch(Purpose::Read, id).await?),
        None => None,
    };
    let rule = rule.filter(|rule| rule.archived_at.is_none());
    let mut found = Vec::new();
    if let Some(rule) = rule.as_ref().filter(|rule| rule.stops) {
        let told = sees_terms(view, reader, &customer, rule, &["stops"]).await?;
        found.push(stopped(rule, customer.payment_record, told));
    }
    let limit = customer.credit_limit.or(rule.as_ref().and_then(|rule| rule.credit_limit));
    if let Some(limit) = limit {
        found.extend(beyond_credit(view, reader, &customer, rule.as_ref(), (limit, asked)).await?);
    }
    Ok(found)
}

fn stopped(rule: &TermsRule, record: Option<PaymentRecord>, told: bool) -> Refusal {
    let record = record.map_or("none", PaymentRecord::code);
    let (told, rule, record) = match told {
        true => ("yes", rule.name.as_str(), record),
        false => ("no", "", "none"),
    };
    let refusal = Refusal::field("deliveries-stopped", "status").with("told", told);
    refusal.with("terms", rule).with("payment", record)
}

/// Whether the reader sees a customer's terms, and because of what.
async fn sees_terms(
    view: &mut View,
    reader: &Rights,
    customer: &Stored<Customer>,
    rule: &Stored<TermsRule>,
    fields: &[&str],
) -> Result<bool> {
    if !reader.reads_all(Customer::NAME, &["terms", "payment_record"])
        || !reader.reads_all(TermsRule::NAME, &["name"])
        || !reader.reads_all(TermsRule::NAME, fields)
    {
        return Ok(false);
    }
    let all = view.act_with(reader.clone());
    let sees = async {
        Ok(view.may(Customer::NAME, customer.id.raw(), Purpose::Read).await?
            && view.may(TermsRule::NAME, rule.id.raw(), Purpose::Read).await?)
    }
    .await;
    view.act_with(all);
    sees
}

/// A refusal when a customer would owe more than they may: what they owe, what is promised to them and
/// not asked for yet, and the order.
async fn beyond_credit(
    view: &mut View,
    reader: &Rights,
    customer: &Stored<Customer>,
    rule: Option<&Stored<TermsRule>>,
    (limit, asked): (Money, Option<Asked>),
) -> Result<Option<Refusal>> {
    let order = asked.map(|asked| asked.order);
    let owed = owed(view, customer.id, order, limit.currency).await?;
    let mut would_owe = owed;
    let is_beyond = match asked.and_then(|asked| asked.total).filter(|total| total.units > 0) {
        // A currency for which nothing was said is beyond what was said.
        Some(total) if total.currency != limit.currency => {
            would_owe = total;
            true
        }
        Some(total) => {
            let asked_for = match order {
                Some(order) => asked_for(view, order, total.currency).await?.units,
                None => 0,
            };
            let rest = Money { units: total.units.saturating_sub(asked_for).max(0), ..total };
            would_owe = owed.checked_add(rest).unwrap_or(Money::new(i64::MAX, owed.currency));
            would_owe.units > limit.units
        }
        None => owed.units > limit.units,
    };
    if !is_beyond {
        return Ok(None);
    }
    let own = customer.credit_limit.is_some();
    let sees_limit = match (own, rule) {
        (true, _) => reader.reads_all(Customer::NAME, &["credit_limit"]),
        (false, Some(rule)) => sees_terms(view, reader, customer, rule, &["credit_limit"]).await?,
        (false, None) => false,
    };
    let told = sees_limit && sees_owed(view, reader, customer.id, order, owed).await?;
    let refusal = Refusal::field("credit-limit-exceeded", "status");
    Ok(Some(match told {
        true => refusal.with("told", "yes").with("owed", would_owe).with("limit", limit),
        false => refusal.with("told", "no").with("owed", "").with("limit", ""),
    }))
}

/// The key of a request's `allowed` under which the amount stands that may be delivered all the same.
pub(crate) const ALLOWED_DELIVERIES: &str = "deliveries";

/// Of an order that somebody allows although its customer may not be delivered to: its total.
pub(crate) async fn allowed_amount(tx: &mut Tx, order: RawId) -> Result<Option<String>> {
    let found: Stored<Order> = tx.fetch(Purpose::Read, Id::new(order)).await?;
    let (Some(customer), OrderKind::Sale) = (found.customer, found.kind) else { return Ok(None) };
    let asked = Asked { order, total: found.total };
    let reasons = reasons(tx, &Rights::All, customer.raw(), Some(asked)).await?;
    let total = found.total.map_or_else(|| "0".to_owned(), |total| total.to_string());
    Ok((!reasons.is_empty()).then_some(total))
}

/// The orders by which a transaction promises something to customers who may not be delivered to, and why not.
/// The transaction acts with all rights; `reader` is who is told.
pub(crate) async fn held_orders(
    tx: &mut Tx,
    changed: &[Changed],
    reader: &Rights,
) -> Result<Vec<(Stored<Order>, Vec<Refusal>)>> {
    let promised = promised(tx, changed).await?;
    let mut found = Vec::new();
    let watched = watched(tx, promised).await?;
    // Two orders of one customer are weighed one after the other, so that each counts for the next.
    let customers = watched.iter().filter_map(|order| order.customer).map(Id::raw);
    tx.hold(Customer::NAME, customers.collect::<Vec<_>>(), Hold::Change).await?;
    for order in watched {
        let Some(customer) = order.customer else { continue };
        let asked = Asked { order: order.id.raw(), total: order.total };
        let reasons = reasons(tx, reader, customer.raw(), Some(asked)).await?;
        if !reasons.is_empty() {
            found.push((order, reasons));
        }
    }
    Ok(found)
}

/// Whether an order is not for more than what was allowed, as `allowed_amount` wrote it.
pub(crate) fn is_within(order: &Order, allowed: &str) -> bool {
    match order.total.filter(|total| total.units > 0) {
        None => true,
        Some(total) => allowed.rsplit_once(' ').is_some_and(|(amount, code)| {
            let allowed = Money::parse(amount, total.currency).ok();
            code == total.currency.code() && allowed.is_some_and(|most| total.units <= most.units)
        }),
    }
}

/// Of some orders the agreed sales to customers whose terms or limit say anything.
async fn watched(tx: &mut Tx, orders: BTreeSet<RawId>) -> Result<Vec<Stored<Order>>> {
    let says = Filter::any(vec![
        Filter::eq("customer.terms.stops", true),
        Filter::compare("customer.terms.credit_limit", Op::Empty, false),
        Filter::compare("customer.credit_limit", Op::Empty, false),
    ]);
    let orders: Vec<RawId> = orders.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in orders.chunks(CHUNK) {
        let ids = Filter::one_of("id", chunk.iter().copied());
        let wanted = ids.and(agreed_sales("")).and(says.clone());
        for row in tx.list(Order::NAME, &Query::of(wanted).limited(CHUNK)).await?.rows {
            found.insert(row.id, row.try_into()?);
        }
    }
    Ok(found.into_values().collect())
}
