//! What is bought together: item sets and rules over the lines of agreed sales.

use std::collections::{HashMap, HashSet};

use guanxi_analytics::basket::item_sets;
use guanxi_base::{Error, RawId, Result};
use guanxi_record::{Json as JsonField, Record as _, Stored};
use guanxi_store::Store;
use guanxi_warehouse::{Manifest, NO_NUMBER, Warehouse, day_number, day_of};
use serde_json::{Value as Json, json};

use super::left_aside::LeftAside;
use super::purchases::{SALE_COLUMNS, are_agreed_sales};
use super::records::AnalysisRun;
use super::run::progress;
use super::worth::number;
use crate::access::Organisation;
use crate::catalog::Product;
use crate::sales::{Order, OrderLine};

/// What is in fewer than this share of the baskets is chance.
const SUPPORT: f64 = 0.01;
/// Rules that hold less often are not told.
const CONFIDENCE: f64 = 0.5;
/// Sets of more items than this are not looked for: what four products lead to nobody remembers.
const ITEMS_MAX: usize = 4;
/// So many rules are kept, those of the highest lift.
const RULES_KEPT: usize = 300;
/// In per cent: the lines have been read.
const READ: usize = 40;

/// Finds them, and puts them on the run's card.
pub(super) async fn run(
    store: &Store,
    warehouse: &Warehouse,
    manifest: &Manifest,
    run: &mut Stored<AnalysisRun>,
) -> Result<()> {
    let catalog = store.catalog();
    let orders = catalog.get(Order::NAME)?;
    let mut names = vec!["id", "date"];
    names.extend(SALE_COLUMNS);
    let frame = warehouse.frame(manifest, orders, &names).await?;
    let mut sales: HashSet<i64> = HashSet::new();
    let mut days: (i64, i64) = (i64::MAX, i64::MIN);
    let today = day_number(Organisation::of(store).await?.today(store.clock().now()));
    let mut left_aside = LeftAside::default();
    for (at, _) in are_agreed_sales(&frame).into_iter().enumerate().filter(|(_, counts)| *counts) {
        let (id, day) = (frame.numbers("id")[at], frame.numbers("date")[at]);
        if let Some(why) = LeftAside::why(day, 0, today) {
            left_aside.note(Order::NAME, why, id);
            continue;
        }
        sales.insert(id);
        days = (days.0.min(day), days.1.max(day));
    }
    let lines = catalog.get(OrderLine::NAME)?;
    let frame =
        warehouse.frame(manifest, lines, &["order", "product", "quantity", "archived_at"]).await?;
    let (mut baskets, mut items) = (Vec::new(), Vec::new());
    for at in 0..frame.rows {
        let (order, product) = (frame.numbers("order")[at], frame.numbers("product")[at]);
        let counts = frame.numbers("archived_at")[at] == NO_NUMBER
            && product != NO_NUMBER
            && frame.numbers("quantity")[at] > 0
            && sales.contains(&order);
        if counts {
            baskets.push(order as u64);
            items.push(product as u64);
        }
    }
    if days.0 <= days.1 {
        let day = |day: i64| i32::try_from(day).ok().map(day_of);
        (run.data_from, run.data_until) = (day(days.0), day(days.1));
    }
    progress(store, run, READ).await?;
    let found = tokio::task::spawn_blocking(move || rules(&baskets, &items));
    let (mut card, products) = found.await.map_err(Error::internal)??;
    [card["left_aside"], card["noted"]] = left_aside.cards(store).await?;
    card["today"] = day_of(today).to_string().into();
    run.purchases = card["baskets"].as_i64();
    run.card = Some(JsonField(named(store, card, products).await?));
    run.model = Some("Eclat".to_owned());
    run.falls_back = Some(false);
    Ok(())
}

fn rules(baskets: &[u64], items: &[u64]) -> Result<(Json, HashSet<u64>)> {
    if baskets.is_empty() {
        let nothing = json!({ "baskets": 0, "sets": 0, "rules": [] });
        return Ok((nothing, HashSet::new()));
    }
    let sets = item_sets(baskets, items, SUPPORT, ITEMS_MAX).map_err(Error::internal)?;
    let mut rules = sets.rules(CONFIDENCE).map_err(Error::internal)?;
    let all = rules.len();
    rules.truncate(RULES_KEPT);
    let ids =
        |items: &[u64]| items.iter().map(|id| RawId(*id as i64).to_string()).collect::<Vec<_>>();
    let products = rules.iter().flat_map(|rule| rule.given.iter().chain([&rule.then])).copied();
    let products: HashSet<u64> = products.collect();
    let rules: Vec<Json> = rules
        .iter()
        .map(|rule| {
            json!({
                "given": ids(&rule.given), "then": ids(&[rule.then]),
                "support": number(rule.support), "confidence": number(rule.confidence),
                "lift": number(rule.lift),
            })
        })
        .collect();
    let card = json!({
        "baskets": sets.baskets, "sets": sets.sets.len(), "rules": rules,
        "least": sets.least, "is_raised": sets.is_raised, "rules_of_one": all,
        "support": SUPPORT, "confidence": CONFIDENCE,
    });
    Ok((card, products))
}

/// The card with the names of its products.
async fn named(store: &Store, mut card: Json, products: HashSet<u64>) -> Result<Json> {
    let described = store.catalog().get(Product::NAME)?.clone();
    let ids: Vec<RawId> = products.into_iter().map(|id| RawId(id as i64)).collect();
    let rows = store.rows_now(&described, &ids).await?;
    let names: HashMap<String, String> =
        rows.iter().map(|row| (row.id.to_string(), row.title(&described))).collect();
    card["names"] = json!(names);
    Ok(card)
}
