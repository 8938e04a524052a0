//! What to offer a customer next: what those bought who bought the same, as the last analysis of
//! baskets found it.

use guanxi_analytics::basket::{Rule, next_best_offers};
use guanxi_base::{RawId, Result};
use guanxi_record::{Filter, Op, Query, Record as _, Row, Sort};
use guanxi_store::View;
use serde_json::Value as Json;

use super::records::{Analysis, AnalysisRun};
use super::run::last_run;
use crate::sales::{OrderLine, agreed_sales};

/// So many lines of a customer are looked through, the latest.
const LINES_READ: usize = 1_000;

/// A product to offer, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct NextOffer {
    /// What.
    pub product: RawId,
    /// They have bought all of these.
    pub given: Vec<RawId>,
    /// Of the sales with these, so many have the product too, from 0 to 1.
    pub confidence: f64,
    /// How many times as many as of all sales.
    pub lift: f64,
}

/// The best offers for a customer, so many at most; none for who may not read what analyses found in
/// all sales, before the first analysis, and for who has bought nothing.
///
/// # Errors
/// When the database fails.
pub async fn offers(view: &mut View, customer: &Row, limit: usize) -> Result<Vec<NextOffer>> {
    let rights = &view.actor().rights;
    if !rights.reads_all(AnalysisRun::NAME, &["card"])
        || !rights.reads_all(OrderLine::NAME, &["order", "product", "quantity"])
    {
        return Ok(Vec::new());
    }
    let rules = rules(view).await?;
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let bought = Filter::eq("order.customer", customer.id.to_string())
        .and(agreed_sales("order."))
        .and(Filter::compare("product", Op::Empty, false));
    let query = Query::of(bought).sorted(vec![Sort::down("id")]).limited(LINES_READ);
    let described = view.catalog().get(OrderLine::NAME)?.clone();
    let rows = view.list(OrderLine::NAME, &query).await?.rows;
    let mut owned: Vec<u64> = rows
        .iter()
        .filter_map(|row| row.value(&described, "product").as_link())
        .map(|id| id.0 as u64)
        .collect();
    owned.sort_unstable();
    owned.dedup();
    let id = |item: &u64| RawId(*item as i64);
    let offers = next_best_offers(&rules, &owned, limit).into_iter().map(|offer| {
        let rule = &rules[offer.rule];
        NextOffer {
            product: id(&offer.item),
            given: rule.given.iter().map(id).collect(),
            confidence: rule.confidence,
            lift: rule.lift,
        }
    });
    Ok(offers.collect())
}

/// The rules that the last analysis of baskets kept.
async fn rules(view: &mut View) -> Result<Vec<Rule>> {
    let last = last_run(view, Analysis::Baskets, true).await?;
    let Some(run) = last else { return Ok(Vec::new()) };
    let card = run.card.as_ref().map(|card| card.0.clone()).unwrap_or_default();
    let items = |json: &Json| -> Vec<u64> {
        let ids = json.as_array().into_iter().flatten();
        ids.filter_map(|id| Some(id.as_str()?.parse::<RawId>().ok()?.0 as u64)).collect()
    };
    let read = |rule: &Json| {
        let number = |name: &str| rule[name].as_f64().unwrap_or(0.0);
        Some(Rule {
            given: items(&rule["given"]),
            then: *items(&rule["then"]).first()?,
            support: number("support"),
            confidence: number("confidence"),
            lift: number("lift"),
            leverage: 0.0,
        })
    };
    Ok(card["rules"].as_array().into_iter().flatten().filter_map(read).collect())
}
