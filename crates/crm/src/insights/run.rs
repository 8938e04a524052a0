//! Runs of analyses: taken up one at a time, over the warehouse as it is brought up to date for
//! them; what they find goes to the customers, what set them off to whom it concerns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use guanxi_base::{Decimal, Error, Id, RawId, Refusal, Result, SignedDuration};
use guanxi_record::{
    Choice as _, Filter, Json as JsonField, LongText, Owner, Query, Record, Sort, Stored,
};
use guanxi_store::{Actor, Origin, Purpose, Rights, Store, View};
use guanxi_warehouse::{Manifest, Warehouse, day_number};

use super::baskets;
use super::catch_up::{catch_up, warm};
use super::customer_value::{FIELDS, Found, Rules};
use super::knowledge::{self, Moved};
use super::life::LifeRule;
use super::purchases::Purchases;
use super::records::{Analysis, AnalysisRun, RunState};
use super::standing::Standing;
use crate::access::{Locale, Organisation, actor_of};
use crate::people::Customer;
use crate::resolution::resolve;
use crate::sales::Order;
use crate::text::Texts;

/// A run that says nothing for so long has lost its process, and is taken up again.
const SILENT: SignedDuration = SignedDuration::from_mins(15);
/// Customers that are written in one transaction.
const WRITTEN_AT_ONCE: usize = 20_000;

/// Takes up the run that has waited longest and does it; `None` when none waits.
///
/// # Errors
/// When the database fails; what fails in the run itself is told in its record.
pub async fn run_next(store: &Store, warehouse: &Warehouse) -> Result<Option<RawId>> {
    let Some(run) = claim(store).await? else { return Ok(None) };
    let (id, owner) = (run.id.raw(), run.owner);
    if let Err(error) = perform(store, warehouse, run).await {
        let problem = problem(store, &error, id, owner).await?;
        let mut tx = store.write(&system()).await?;
        let mut run: Stored<AnalysisRun> = tx.fetch(Purpose::Change, Id::new(id)).await?;
        run.state = RunState::Failed;
        run.problem = Some(LongText(problem));
        tx.update(&run).await?;
        tx.commit().await?;
    }
    Ok(Some(id))
}

/// What went wrong, in the language of whoever asked.
async fn problem(store: &Store, error: &Error, run: RawId, owner: Option<Owner>) -> Result<String> {
    let organisation = Organisation::of(store).await?;
    let user = owner.and_then(|owner| organisation.user(owner.0));
    let texts = Texts::of(user.map_or_else(|| Locale::preferred(""), |user| user.locale));
    if let Error::Refused(refusals) = error {
        return Ok(refusals.iter().map(|refusal| texts.refusal(refusal)).collect());
    }
    tracing::error!(%error, %run, "an analysis failed");
    Ok(texts.format("insights-broken", &[("run", &run.to_string())]))
}

/// Asks again for every analysis that was done last time, once so much time has gone by: for whoever
/// asked first, and as they asked. One that failed waits for somebody to look at it.
///
/// # Errors
/// When the database fails.
pub async fn repeat(store: &Store, every: SignedDuration) -> Result<usize> {
    let mut view = store.read(&system()).await?;
    let mut due = Vec::new();
    for analysis in [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates] {
        let Some(last) = last_run(&mut view, analysis, false).await? else { continue };
        if last.state != RunState::Done || last.created_at + every > store.clock().now() {
            continue;
        }
        let mut next = AnalysisRun::of(analysis, last.calibration_until);
        (next.counts_free, next.owner) = (last.counts_free, last.owner);
        next.merge_above = last.merge_above;
        due.push(next);
    }
    drop(view);
    if !due.is_empty() {
        let mut tx = store.write(&system()).await?;
        for next in &due {
            tx.create(next).await?;
        }
        tx.commit().await?;
    }
    Ok(due.len())
}

/// The last run of an analysis that somebody may see, or the last that is done.
///
/// # Errors
/// When the database fails.
pub async fn last_run(
    view: &mut View,
    analysis: Analysis,
    is_done: bool,
) -> Result<Option<Stored<AnalysisRun>>> {
    let mut filter = Filter::eq("analysis", analysis.code());
    if is_done {
        filter = filter.and(Filter::eq("state", RunState::Done.code()));
    }
    let query = Query::of(filter).sorted(vec![Sort::down("id")]).limited(1);
    let row = view.list(AnalysisRun::NAME, &query).await?.rows.into_iter().next();
    row.map(TryInto::try_into).transpose()
}

fn system() -> Actor {
    Actor::system(Origin::Job)
}

/// Two processes may want the same run: the version of its record lets one have it.
async fn claim(store: &Store) -> Result<Option<Stored<AnalysisRun>>> {
    let silent = store.clock().now() - SILENT;
    let waits = Filter::eq("state", RunState::Waiting.code()).or(Filter::eq(
        "state",
        RunState::Running.code(),
    )
    .and(Filter::compare("updated_at", guanxi_record::Op::Lt, silent.to_string())));
    let query = Query::of(waits).sorted(vec![Sort::up("id")]).limited(1);
    let mut view = store.read(&system()).await?;
    let waiting = view.list(AnalysisRun::NAME, &query).await?.rows.into_iter().next();
    drop(view);
    let Some(row) = waiting else { return Ok(None) };
    let mut run: Stored<AnalysisRun> = row.try_into()?;
    run.state = RunState::Running;
    let mut tx = store.write(&system()).await?;
    match tx.update(&run).await {
        Ok(run) => tx.commit().await.map(|_| Some(run)),
        Err(Error::Conflict { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn perform(store: &Store, warehouse: &Warehouse, mut run: Stored<AnalysisRun>) -> Result<()> {
    sees_all(store, &run).await?;
    let begun = Instant::now();
    catch_up(store, warehouse).await?;
    let manifest = warehouse.known().await?;
    match run.analysis {
        Analysis::CustomerValue => value(store, warehouse, &manifest, &mut run).await?,
        Analysis::Baskets => baskets::run(store, warehouse, &manifest, &mut run).await?,
        Analysis::Duplicates => duplicates(store, warehouse, &manifest, &mut run).await?,
    }
    run.as_of = Some(manifest.as_of);
    run.release = Some(env!("CARGO_PKG_VERSION").to_owned());
    let micros = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
    run.seconds = Some(Decimal::from_units(micros));
    run.state = RunState::Done;
    let mut tx = store.write(&system()).await?;
    tx.update(&run).await?;
    tx.commit().await.map(drop)
}

/// Merges, where the run is to merge, are whoever's who asked for it.
async fn duplicates(
    store: &Store,
    warehouse: &Warehouse,
    manifest: &Manifest,
    run: &mut Stored<AnalysisRun>,
) -> Result<()> {
    let actor = match run.owner {
        Some(owner) => actor_of(store, owner.0, Origin::Job, None).await?.0,
        None => system(),
    };
    let number = run.number.clone().unwrap_or_default();
    let actor = actor.for_job(run.id.raw());
    let found = resolve(store, warehouse, manifest, (&actor, &number, run.merge_above)).await?;
    run.customers = i64::try_from(found.customers).ok();
    run.falls_back = Some(found.falls_back);
    let model = if found.falls_back { "rules" } else { "Fellegi\u{2013}Sunter" };
    run.model = Some(model.to_owned());
    run.card = Some(JsonField(found.card));
    Ok(())
}

/// The card tells sums over all customers: only who may see all of them asks for it.
async fn sees_all(store: &Store, run: &Stored<AnalysisRun>) -> Result<()> {
    let Some(owner) = run.owner else { return Ok(()) };
    let (actor, _) = actor_of(store, owner.0, Origin::Job, None).await?;
    if sees_all_customers(&actor) {
        return Ok(());
    }
    Err(Refusal::new("needs-all-customers").into())
}

/// Whether somebody sees every customer and order, with what they are worth.
#[must_use]
pub fn sees_all_customers(actor: &Actor) -> bool {
    let all = |record_type: &str| {
        actor.rights.scope(record_type, Purpose::Read).is_some_and(Filter::is_everything)
    };
    matches!(actor.rights, Rights::All)
        || (all(Customer::NAME)
            && all(Order::NAME)
            && actor.rights.reads(Order::NAME, "total")
            && FIELDS.iter().all(|field| actor.rights.reads(Customer::NAME, field)))
}

async fn value(
    store: &Store,
    warehouse: &Warehouse,
    manifest: &Manifest,
    run: &mut Stored<AnalysisRun>,
) -> Result<()> {
    let catalog = store.catalog();
    let today = day_number(store.clock().now().to_zoned(guanxi_base::TimeZone::UTC).date());
    let purchases =
        Purchases::read(warehouse, manifest, &catalog, (today, run.counts_free)).await?;
    if let Some((from, until)) = purchases.range() {
        (run.data_from, run.data_until) = (Some(from), Some(until));
    }
    let rules = rules(store).await?;
    let calibration = run.calibration_until.map(day_number);
    // Models keep a processor busy for long: not one of those that serve people.
    let found = tokio::task::spawn_blocking(move || Found::out(purchases, &rules, calibration));
    let mut found = found.await.map_err(Error::internal)??;
    let mut standing = Standing::of(store, warehouse, manifest, &found).await?;
    found.card["standing"] = standing.card.take();
    let before = knowledge::read(warehouse, manifest).await?;
    let as_of = guanxi_warehouse::day_of(found.purchases().as_of);
    let mut moved: Vec<Moved> = Vec::new();
    let mut moves: BTreeMap<(&'static str, &'static str), usize> = BTreeMap::new();
    let described = catalog.get(Customer::NAME)?.clone();
    let places: Vec<usize> = FIELDS.iter().filter_map(|field| described.position(field)).collect();
    let mut kept = knowledge::Kept::default();
    let values_of = |place: usize| {
        let mut values = found.values(place);
        values.extend(standing.values(place));
        values
    };
    let all: Vec<usize> = (0..found.len()).collect();
    for chunk in all.chunks(WRITTEN_AT_ONCE) {
        let rows: Vec<(RawId, Vec<_>)> =
            chunk.iter().map(|place| (found.customer(*place), values_of(*place))).collect();
        for place in chunk {
            let stages = found.stages(*place);
            let new = before.moves(found.customer(*place), stages);
            for (from, to) in &new {
                *moves.entry((*from, *to)).or_default() += 1;
            }
            if !new.is_empty() {
                let (customer, reason) = (found.customer(*place), found.reason(*place));
                moved.push(Moved { customer, stages: new, reason });
            }
        }
        kept.push(&rows)?;
        let mut tx = store.write(&system()).await?;
        tx.derive(&described, &places, &rows).await?;
        tx.commit().await?;
    }
    kept.publish(warehouse).await?;
    warm(store, warehouse).await?;
    knowledge::follow(store, run.id, as_of, moved).await?;
    run.customers = i64::try_from(found.len()).ok();
    run.purchases = i64::try_from(found.purchases().all().len()).ok();
    run.model = found.worth().map(|worth| worth.model.to_owned());
    run.falls_back = found.worth().map(|worth| worth.alive.is_none());
    found.card["moves"] =
        moves.into_iter().map(|((from, to), count)| serde_json::json!([from, to, count])).collect();
    run.card = Some(JsonField(found.card));
    Ok(())
}

/// The rules of life that people wrote, and who meets the standards in them.
async fn rules(store: &Store) -> Result<Rules> {
    let mut view = store.read(&system()).await?;
    let query = Query::of(Filter::everything()).limited(Query::LIMIT_MAX);
    let rows = view.list(LifeRule::NAME, &query).await?.rows;
    let mut by_line = HashMap::from([(None, LifeRule::usual())]);
    for row in rows {
        let rule: Stored<LifeRule> = row.try_into()?;
        by_line.insert(rule.product_line.map(Id::raw), rule.record);
    }
    let mut prospects = HashSet::new();
    let lines: Vec<RawId> = by_line.keys().flatten().copied().collect();
    for (line, rule) in &by_line {
        let Some(condition) = &rule.prospect_condition else { continue };
        let of_line = match line {
            Some(line) => Filter::eq("product_line", line.to_string()),
            None => Filter::Not(Box::new(Filter::one_of("product_line", lines.clone()))),
        };
        let filter = crate::access::conditions::parse(&condition.0)?.and(of_line);
        let query = Query::of(filter);
        prospects.extend(view.ids(Customer::NAME, &query, Purpose::Read, i32::MAX as usize).await?);
    }
    Ok(Rules { by_line, prospects })
}
