//! Whether a customer may be delivered to: not while their terms stop it, nor for more than they may owe.
//! A confirmed order is a promise, so it is asked when one is made or grows, by whatever face, and
//! somebody else may allow it.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Id, Money, RawId, Refusal, Result};
use guanxi_record::{Choice as _, Filter, Op, Query, Record, Stored};
use guanxi_store::{Changed, Hold, Purpose, Rights, Tx, View};

use super::ordered::Promise;
use super::owed::{owed, sees_owed};
use super::promised::promised;
use crate::people::{Customer, PaymentRecord, TermsRule};
use crate::sales::{Order, OrderKind, agreed_sales};

/// So many records are asked about at once.
pub(super) const CHUNK: usize = 500;

/// What is weighed of a customer, once for all the orders by which something is promised to them.
#[derive(Debug, Clone)]
struct Weighed {
    stopped: Option<Refusal>,
    credit: Option<Credit>,
}

/// How much a customer may owe, how much they would, and whether the reader may know either.
#[derive(Debug, Clone, Copy)]
struct Credit {
    limit: Money,
    would_owe: Money,
    told: bool,
}

impl Weighed {
    /// Why nothing may be promised by an order of this total, or nothing more at all.
    fn reasons(&self, total: Option<Money>) -> Vec<Refusal> {
        let credit = self.credit.and_then(|credit| credit.refusal(total));
        self.stopped.iter().cloned().chain(credit).collect()
    }
}

impl Credit {
    fn refusal(self, total: Option<Money>) -> Option<Refusal> {
        // A currency for which nothing was said is beyond what was said.
        let foreign = total.filter(|total| is_foreign(*total, self.limit));
        if foreign.is_none() && self.would_owe.units <= self.limit.units {
            return None;
        }
        let refusal = Refusal::field("credit-limit-exceeded", "status");
        Some(match self.told {
            true => refusal
                .with("told", "yes")
                .with("owed", foreign.unwrap_or(self.would_owe))
                .with("limit", self.limit),
            false => refusal.with("told", "no").with("owed", "").with("limit", ""),
        })
    }
}

fn is_foreign(total: Money, limit: Money) -> bool {
    total.units > 0 && total.currency != limit.currency
}

/// Why a customer may not be delivered to, in words that the reader of the view may read: by their terms,
/// or because with this order, if there is one, they would owe more than they may. Empty when they may.
///
/// # Errors
/// When the database fails.
pub async fn held(view: &mut View, customer: RawId, order: Option<RawId>) -> Result<Vec<Refusal>> {
    let rights = view.act_with(Rights::All);
    let outcome = async {
        let total = match order {
            Some(id) => view.fetch::<Order>(Purpose::Read, Id::new(id)).await?.total,
            None => None,
        };
        let weighed = weighed(view, &rights, (customer, order), &[total]).await?;
        Ok(weighed.map(|weighed| weighed.reasons(total)).unwrap_or_default())
    }
    .await;
    view.act_with(rights);
    outcome
}

/// What speaks against delivering to a customer, asked with all rights; told as far as `reader` may know. One
/// order counts as agreed whether it is or not. `None` for a customer who is not there.
async fn weighed(
    view: &mut View,
    reader: &Rights,
    (customer, promised): (RawId, Option<RawId>),
    totals: &[Option<Money>],
) -> Result<Option<Weighed>> {
    let customer: Stored<Customer> = match view.fetch(Purpose::Read, Id::new(customer)).await {
        Ok(customer) => customer,
        Err(guanxi_base::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let rule = terms_of(view, &customer).await?;
    let mut stops = None;
    if let Some(rule) = rule.as_ref().filter(|rule| rule.stops) {
        let told = sees_terms(view, reader, &customer, rule, &["stops"]).await?;
        stops = Some(stopped(rule, customer.payment_record, told));
    }
    let limit = customer.credit_limit.or(rule.as_ref().and_then(|rule| rule.credit_limit));
    let credit = match limit {
        None => None,
        Some(limit) => {
            let own = totals.iter().flatten().filter(|total| total.currency == limit.currency);
            let units = own.map(|total| total.units.max(0)).fold(0, i64::saturating_add);
            let promise = Promise { order: promised, units };
            let would_owe = owed(view, &customer, promise, limit.currency).await?;
            let foreign = totals.iter().flatten().any(|total| is_foreign(*total, limit));
            let told = (foreign || would_owe.units > limit.units)
                && sees_limit(view, reader, &customer, rule.as_ref()).await?
                && sees_owed(view, reader, &customer, promise, would_owe).await?;
            Some(Credit { limit, would_owe, told })
        }
    };
    Ok(Some(Weighed { stopped: stops, credit }))
}

/// The rule by whose terms a customer is dealt with.
async fn terms_of(
    view: &mut View,
    customer: &Stored<Customer>,
) -> Result<Option<Stored<TermsRule>>> {
    let Some(id) = customer.terms else { return Ok(None) };
    let rule: Stored<TermsRule> = view.fetch(Purpose::Read, id).await?;
    Ok(Some(rule).filter(|rule| rule.archived_at.is_none()))
}

/// How much a customer may owe, by what was said of them, else by their terms.
pub(super) async fn limit_of(
    view: &mut View,
    customer: &Stored<Customer>,
) -> Result<Option<Money>> {
    if customer.credit_limit.is_some() {
        return Ok(customer.credit_limit);
    }
    Ok(terms_of(view, customer).await?.and_then(|rule| rule.credit_limit))
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

/// Whether the reader sees how much a customer may owe.
async fn sees_limit(
    view: &mut View,
    reader: &Rights,
    customer: &Stored<Customer>,
    rule: Option<&Stored<TermsRule>>,
) -> Result<bool> {
    match (customer.credit_limit, rule) {
        (Some(_), _) => Ok(reader.reads_all(Customer::NAME, &["credit_limit"])),
        (None, Some(rule)) => sees_terms(view, reader, customer, rule, &["credit_limit"]).await,
        (None, None) => Ok(false),
    }
}

/// Of an order that somebody allows although its customer may not be delivered to: its total.
pub(crate) async fn allowed_amount(tx: &mut Tx, order: RawId) -> Result<Option<String>> {
    let found: Stored<Order> = tx.fetch(Purpose::Read, Id::new(order)).await?;
    let (Some(customer), OrderKind::Sale) = (found.customer, found.kind) else { return Ok(None) };
    let of = (customer.raw(), Some(order));
    let weighed = weighed(tx, &Rights::All, of, &[found.total]).await?;
    let is_held = weighed.is_some_and(|weighed| !weighed.reasons(found.total).is_empty());
    let total = found.total.map_or_else(|| "0".to_owned(), |total| total.to_string());
    Ok(is_held.then_some(total))
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
    let mut by_customer: BTreeMap<RawId, Vec<Stored<Order>>> = BTreeMap::new();
    for order in watched(tx, promised).await? {
        if let Some(customer) = order.customer {
            by_customer.entry(customer.raw()).or_default().push(order);
        }
    }
    // Two orders of one customer are weighed one after the other, so that each counts for the next.
    tx.hold(Customer::NAME, by_customer.keys().copied().collect::<Vec<_>>(), Hold::Change).await?;
    // Those of this transaction count already, so that one question answers for all of a customer.
    for (customer, orders) in by_customer {
        let totals: Vec<Option<Money>> = orders.iter().map(|order| order.total).collect();
        let Some(weighed) = weighed(tx, reader, (customer, None), &totals).await? else { continue };
        for order in orders {
            let reasons = weighed.reasons(order.total);
            if !reasons.is_empty() {
                found.push((order, reasons));
            }
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
