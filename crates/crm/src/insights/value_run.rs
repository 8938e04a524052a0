//! The run of the analysis of customers: what is found goes to every customer, while the next ones are
//! worked out.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use guanxi_base::{Error, RawId, Result};
use guanxi_record::{Json as JsonField, Query, Record as _, RecordType, Stored, Value};
use guanxi_store::{Purpose, Store};
use guanxi_warehouse::{Batch, Manifest, Warehouse, day_number, day_of};
use tokio::task::{JoinHandle, spawn_blocking};

use super::catch_up::warm;
use super::customer_value::{FIELDS, Found, Rules};
use super::knowledge::{self, Before, Moved};
use super::life_rules::LifeRules;
use super::purchases::{Counted, Purchases};
use super::records::{Analysis, AnalysisRun};
use super::run::{last_run, progress, system};
use super::said::Saying;
use super::since::{TELLING, place_card};
use super::standing::Standing;
use crate::access::Organisation;
use crate::kept_condition::kept_condition;
use crate::patience::Patience;
use crate::people::Customer;

/// In per cent: what is done when the models are there, when all is written, and between two words
/// about it.
pub(super) const MODELLED: usize = 50;
const WRITTEN: usize = 95;
const PROGRESS_STEP: usize = 5;
/// Customers that are written in one transaction.
const WRITTEN_AT_ONCE: usize = 20_000;

/// All that was found out, and what was known before.
struct Findings {
    found: Found,
    standing: Standing,
    before: Before,
}

/// What is to be written of some customers.
struct Part {
    rows: Vec<(RawId, Vec<Value>)>,
    batch: Batch,
    moved: Vec<Moved>,
}

impl Findings {
    fn part(&self, places: Range<usize>) -> Result<Part> {
        let values = |place: usize| {
            let mut values = self.found.values(place);
            values.extend(self.standing.values(place));
            (self.found.customer(place), values)
        };
        let rows: Vec<_> = places.clone().map(values).collect();
        let moved = places.filter_map(|place| {
            let customer = self.found.customer(place);
            let stages = self.before.moves(customer, self.found.stages(place));
            let reason = (!stages.is_empty()).then(|| self.found.reason(place))?;
            Some(Moved { customer, stages, reason })
        });
        let moved = moved.collect();
        Ok(Part { batch: knowledge::batch(&rows)?, rows, moved })
    }

    /// Works the part at these places out, beside whoever waits for it.
    fn begin(self: &Arc<Self>, places: Range<usize>) -> JoinHandle<Result<Part>> {
        let this = self.clone();
        spawn_blocking(move || this.part(places))
    }
}

pub(super) async fn run(
    store: &Store,
    warehouse: &Warehouse,
    manifest: &Manifest,
    run: &mut Stored<AnalysisRun>,
) -> Result<()> {
    let catalog = store.catalog();
    let today = day_number(Organisation::of(store).await?.today(store.clock().now()));
    let counted = Counted { today, free: run.counts_free, returned: run.counts_returned };
    let purchases = Purchases::read(warehouse, manifest, &catalog, counted).await?;
    if let Some((from, until)) = purchases.range() {
        (run.data_from, run.data_until) = (Some(from), Some(until));
    }
    let rules = rules(store).await?;
    let by_rules = rules.life.card();
    let calibration = run.calibration_until.map(day_number);
    let mut view = store.read(&system()).await?;
    let last = last_run(&mut view, Analysis::CustomerValue, true).await?;
    drop(view);
    let in_use = last.as_ref().and_then(|last| last.model.clone());
    // Models keep a processor busy for long: not one of those that serve people.
    let found =
        spawn_blocking(move || Found::out(purchases, &rules, calibration, in_use.as_deref()));
    let mut found = found.await.map_err(Error::internal)??;
    progress(store, run, MODELLED).await?;
    let mut standing = Standing::of(store, warehouse, manifest, (&found, today)).await?;
    let mut card = std::mem::take(&mut found.card);
    let mut left_aside = found.purchases().left_aside.clone();
    left_aside.extend(std::mem::take(&mut standing.left_aside));
    left_aside.extend(found.beyond_counting());
    [card["left_aside"], card["noted"]] = left_aside.cards(store).await?;
    card["today"] = day_of(today).to_string().into();
    card["told_of"] = day_of(found.purchases().day()).to_string().into();
    card["from"] = found.purchases().from.into();
    card["records"] = records(manifest);
    card["log"] = place_card(manifest);
    card["rules"] = by_rules;
    card["counts_returned"] = run.counts_returned.into();
    card["standing"] = standing.card.take();
    let before = knowledge::read(warehouse, manifest).await?;
    let told_of = day_of(found.purchases().day());
    run.customers = i64::try_from(found.len()).ok();
    run.purchases = i64::try_from(found.purchases().all().len()).ok();
    run.model = found.worth().map(|worth| worth.model.to_owned());
    run.falls_back = found.worth().map(|worth| worth.alive.is_none());
    let findings = Arc::new(Findings { found, standing, before });
    let mut saying = Saying::new();
    let (batches, moved) = write(store, &findings, run, &mut saying).await?;
    card["said"] = saying.card();
    let mut moves: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for pair in moved.iter().flat_map(|one| &one.stages) {
        *moves.entry(*pair).or_default() += 1;
    }
    let told = moves.iter().map(|((from, to), count)| serde_json::json!([from, to, count]));
    card["moves"] = told.collect();
    run.card = Some(JsonField(card));
    // Before it is known: whoever goes on after a run that died sees what moved by what was known.
    knowledge::follow(store, (run.id, last.as_ref()), told_of, moved).await?;
    knowledge::publish(warehouse, &batches).await?;
    warm(store, warehouse).await
}

/// How many records of each type that tells about customers were looked at, those that were put
/// away too: what is taken away later is told by them.
fn records(manifest: &Manifest) -> serde_json::Value {
    let counts = TELLING.map(|name| (name.to_owned(), manifest.rows(name).into()));
    counts.into_iter().collect::<serde_json::Map<_, _>>().into()
}

/// Writes what was found to the customers; what is to be published of it, and who has moved.
async fn write(
    store: &Store,
    findings: &Arc<Findings>,
    run: &mut Stored<AnalysisRun>,
    saying: &mut Saying,
) -> Result<(Vec<Batch>, Vec<Moved>)> {
    let described = store.catalog().get(Customer::NAME)?.clone();
    let fields: Vec<usize> = FIELDS.iter().filter_map(|field| described.position(field)).collect();
    let all = findings.found.len();
    let (mut batches, mut moved) = (Vec::new(), Vec::new());
    let after = |start: usize| start..all.min(start + WRITTEN_AT_ONCE);
    let mut next = findings.begin(after(0));
    let mut written = 0;
    while written < all {
        let part = next.await.map_err(Error::internal)??;
        written = after(written).end;
        next = findings.begin(after(written));
        let mut patience = Patience::new(store);
        let mut derived = derive(store, &described, &fields, &part.rows).await;
        while patience.tries_again(&derived).await {
            derived = derive(store, &described, &fields, &part.rows).await;
        }
        derived?;
        part.rows.iter().for_each(|(_, values)| saying.add(values));
        batches.push(part.batch);
        moved.extend(part.moved);
        let steps = (WRITTEN - MODELLED) * written / all / PROGRESS_STEP;
        progress(store, run, MODELLED + steps * PROGRESS_STEP).await?;
    }
    Ok((batches, moved))
}

async fn derive(
    store: &Store,
    described: &RecordType,
    fields: &[usize],
    rows: &[(RawId, Vec<Value>)],
) -> Result<()> {
    let mut tx = store.write(&system()).await?;
    tx.derive(described, fields, rows).await?;
    tx.commit().await.map(drop)
}

/// The rules of life that people wrote, and who meets the standards in them.
async fn rules(store: &Store) -> Result<Rules> {
    let mut view = store.read(&system()).await?;
    let life = LifeRules::read(&mut view).await?;
    let mut prospects = HashSet::new();
    for (rule, about) in life.each() {
        let Some(condition) = &rule.prospect_condition else { continue };
        let filter = kept_condition(&mut view, Customer::NAME, &condition.0).await?.and(about);
        let query = Query::of(filter);
        prospects.extend(view.ids(Customer::NAME, &query, Purpose::Read, i32::MAX as usize).await?);
    }
    Ok(Rules { life, prospects })
}
