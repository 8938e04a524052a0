//! Runs of analyses: taken up one at a time, over the warehouse as it is brought up to date for
//! them; what they find goes to the customers, what set them off to whom it concerns.

use std::time::Instant;

use guanxi_base::{
    Decimal, Error, Id, RawId, Refusal, Result, SignedDuration, TimeZone, Timestamp,
};
use guanxi_record::{
    Choice as _, Filter, Json as JsonField, LongText, Owner, Query, Record, Sort, Stored,
};
use guanxi_store::{Actor, Alone, Hold, JobState, NewJob, Origin, Purpose, Rights, Store, View};
use guanxi_warehouse::{Manifest, Warehouse};
use serde_json::json;
use tokio::sync::watch;

use super::baskets;
use super::catch_up::{catch_up, catch_up_settled};
use super::customer_value::FIELDS;
use super::records::{Analysis, AnalysisRun, AnalysisSchedule, RunState};
use super::value_run::{self, MODELLED};
use crate::access::{Locale, Organisation, actor_of};
use crate::people::Customer;
use crate::resolution::{FOUND, merged_by, resolve};
use crate::sales::Order;
use crate::text::Texts;

/// The queue in which a run that is being done has its lease.
const QUEUE: &str = "analysis";
/// The rule by which one asks for an analysis after the other.
const ASKING: &str = "ask for an analysis";
/// A run without a lease is taken for lost after so long.
const SILENT: SignedDuration = SignedDuration::from_mins(15);
/// So many runs that wait or are being done are looked at.
const LOOKED_AT: usize = 20;

/// Takes up the run that has waited longest and does it; `None` when none waits.
///
/// # Errors
/// When the database fails; what fails in the run itself is told in its record.
pub async fn run_next(store: &Store, warehouse: &Warehouse) -> Result<Option<RawId>> {
    let Some((run, alone)) = claim(store).await? else { return Ok(None) };
    let (id, owner) = (run.id.raw(), run.owner);
    let Some(held) = store.begin_job(id).await? else { return Ok(None) };
    let outcome = perform(store, warehouse, run).await;
    drop(held);
    if let Err(error) = outcome {
        let problem = problem(store, &error, id, owner).await?;
        fail(store, id, problem).await?;
    }
    store.set_job_state(id, JobState::Done, None).await?;
    alone.give_back().await;
    Ok(Some(id))
}

async fn fail(store: &Store, id: RawId, problem: String) -> Result<()> {
    let mut tx = store.write(&system()).await?;
    tx.reach_put_away();
    tx.hold(AnalysisRun::NAME, [id], Hold::Change).await?;
    let mut run: Stored<AnalysisRun> = tx.fetch(Purpose::Change, Id::new(id)).await?;
    run.state = RunState::Failed;
    run.problem = Some(LongText(problem));
    tx.update(&run).await?;
    tx.commit().await.map(drop)
}

/// What went wrong, in the language of whoever asked.
async fn problem(store: &Store, error: &Error, run: RawId, owner: Option<Owner>) -> Result<String> {
    let texts = texts_of(store, owner).await?;
    if let Error::Refused(refusals) = error {
        return Ok(refusals.iter().map(|refusal| texts.refusal(refusal)).collect());
    }
    tracing::error!(%error, %run, "an analysis failed");
    let broken = texts.format("insights-broken", &[("run", &run.to_string())]);
    Ok(format!("{broken} {}", left_behind(store, texts, run).await?))
}

/// What a run that ended before its end has changed.
async fn left_behind(store: &Store, texts: &Texts, run: RawId) -> Result<String> {
    let actor = system().for_job(run);
    let run: Stored<AnalysisRun> =
        store.read(&system()).await?.fetch(Purpose::Read, Id::new(run)).await?;
    let progress = usize::try_from(run.progress.unwrap_or(0)).unwrap_or(0);
    Ok(match run.analysis {
        Analysis::CustomerValue if progress >= MODELLED => texts.get("insights-left-half"),
        Analysis::Duplicates if progress >= FOUND => {
            let merged = merged_by(store, &actor).await?.to_string();
            texts.format("insights-left-merged", &[("count", &merged)])
        }
        _ => texts.get("insights-left-nothing"),
    })
}

async fn texts_of(store: &Store, owner: Option<Owner>) -> Result<&'static Texts> {
    let organisation = Organisation::of(store).await?;
    let user = owner.and_then(|owner| organisation.user(owner.0));
    Ok(Texts::of(user.map_or_else(|| Locale::preferred(""), |user| user.locale)))
}

/// Asks again for every analysis whose moment has come: by its schedule, or, without one, once so
/// much time has gone by since it was asked for. It is asked as it was when it was done last: what
/// failed meanwhile ends nothing, and is tried again at the next moment like any other.
///
/// # Errors
/// When the database fails.
pub async fn repeat(store: &Store, every: SignedDuration) -> Result<usize> {
    let organisation = Organisation::of(store).await?;
    let mut view = store.read(&system()).await?;
    let mut wanted = Vec::new();
    for analysis in [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates] {
        if due(&mut view, &organisation, analysis, every).await?.is_some() {
            wanted.push(analysis);
        }
    }
    drop(view);
    if wanted.is_empty() {
        return Ok(0);
    }
    let mut tx = store.write(&system()).await?;
    // Of two servers the second sees what the first asked for.
    tx.take_turn(ASKING).await?;
    let mut asked = 0;
    for analysis in wanted {
        if let Some(next) = due(&mut tx, &organisation, analysis, every).await? {
            tx.create(&next).await?;
            asked += 1;
        }
    }
    tx.commit().await?;
    Ok(asked)
}

/// The run that is to be asked for now, if any.
async fn due(
    view: &mut View,
    organisation: &Organisation,
    analysis: Analysis,
    every: SignedDuration,
) -> Result<Option<AnalysisRun>> {
    let now = view.now();
    let last = last_run(view, analysis, false).await?;
    let schedule = view.find_by(AnalysisSchedule::NAME, "analysis", analysis.code()).await?;
    let schedule: Option<Stored<AnalysisSchedule>> = schedule.map(TryInto::try_into).transpose()?;
    let done = last_run(view, analysis, true).await?;
    let is_due = match (&schedule, &last) {
        _ if last.as_ref().is_some_and(is_going_on) => false,
        (Some(schedule), _) => {
            let before = last.as_ref().map_or(schedule.created_at, |last| last.created_at);
            let zone = schedule.owner.map(|owner| organisation.time_zone_of(owner.0));
            let zone = zone.unwrap_or(TimeZone::UTC);
            let next =
                schedule.rhythm.next(schedule.hour, before.to_zoned(zone.clone()).datetime());
            let next = next.and_then(|next| next.to_zoned(zone).ok());
            schedule.is_active && next.is_some_and(|next| next.timestamp() <= now)
        }
        // Without a schedule only what somebody could ask for is asked for again.
        (None, Some(last)) => done.is_some() && last.created_at + every <= now,
        (None, None) => false,
    };
    if !is_due {
        return Ok(None);
    }
    let mut next = AnalysisRun::of(analysis, None);
    if let Some(last) = done.or(last) {
        (next.counts_free, next.owner) = (last.counts_free, last.owner);
        (next.merge_above, next.calibration_until) = (last.merge_above, last.calibration_until);
        next.counts_returned = last.counts_returned;
    }
    next.owner = schedule.map_or(next.owner, |schedule| schedule.owner);
    Ok(Some(next))
}

/// Whether a run waits or is being done.
#[must_use]
pub fn is_going_on(run: &Stored<AnalysisRun>) -> bool {
    matches!(run.state, RunState::Waiting | RunState::Running)
}

/// Asks for a run, unless that analysis waits already or is being done: the one that is there then.
///
/// # Errors
/// `Forbidden` unless the Actor may ask for one; when the database fails.
pub async fn ask(store: &Store, actor: &Actor, run: &AnalysisRun) -> Result<Stored<AnalysisRun>> {
    let mut tx = store.write(actor).await?;
    // Of two who ask at once the second sees what the first asked for.
    tx.take_turn(ASKING).await?;
    let rights = tx.act_with(Rights::All);
    let last = last_run(&mut tx, run.analysis, false).await;
    tx.act_with(rights);
    if let Some(last) = last?.filter(is_going_on) {
        return Ok(last);
    }
    let asked = tx.create(run).await?;
    tx.commit().await?;
    Ok(asked)
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

/// The last analysis of customers that is done, whoever asked for it: what it found is told to
/// everybody, each as far as their rights go.
///
/// # Errors
/// When the database fails.
pub(super) async fn last_of_customers(view: &mut View) -> Result<Option<Stored<AnalysisRun>>> {
    let rights = view.act_with(Rights::All);
    let last = last_run(view, Analysis::CustomerValue, true).await;
    view.act_with(rights);
    last
}

pub(super) fn system() -> Actor {
    Actor::system(Origin::Job)
}

/// The next run to be done: one that waits, or one whose process is gone. The latter is tried once
/// more; who ended two processes is not tried again. Of one analysis one run goes on at a time, in
/// whatever process: what one finds is what the next compares with.
async fn claim(store: &Store) -> Result<Option<(Stored<AnalysisRun>, Alone)>> {
    let states =
        [RunState::Waiting, RunState::Running].map(|state| Filter::eq("state", state.code()));
    let open = Filter::Any(states.into());
    let query = Query::of(open).sorted(vec![Sort::up("id")]).limited(LOOKED_AT);
    let mut view = store.read(&system()).await?;
    let rows = view.list(AnalysisRun::NAME, &query).await?.rows;
    drop(view);
    for row in rows {
        let run: Stored<AnalysisRun> = row.try_into()?;
        let id = run.id.raw();
        let name = format!("analysis-{}", run.analysis.code());
        let Some(alone) = store.alone(&name).await? else { continue };
        // What is there now that nobody else is at it.
        let run = store.read(&system()).await?.fetch::<AnalysisRun>(Purpose::Read, run.id).await;
        let run = match run {
            Ok(run) if is_going_on(&run) => run,
            Ok(_) | Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let is_mine = match run.state {
            RunState::Waiting => {
                let Some(run) = begin(store, run).await? else { continue };
                return Ok(Some((run, alone)));
            }
            _ => is_left(store, &run).await?,
        };
        if is_mine && store.claim_this_job(id).await? {
            return Ok(Some((run, alone)));
        } else if is_mine {
            let texts = texts_of(store, run.owner).await?;
            let left = left_behind(store, texts, id).await?;
            fail(store, id, format!("{} {left}", texts.get("insights-cut-off"))).await?;
        }
        alone.give_back().await;
    }
    Ok(None)
}

/// Two processes may want the same run: the version of its record lets one have it.
async fn begin(store: &Store, mut run: Stored<AnalysisRun>) -> Result<Option<Stored<AnalysisRun>>> {
    run.state = RunState::Running;
    let mut tx = store.write(&system()).await?;
    let run = match tx.update(&run).await {
        Ok(run) => run,
        Err(Error::Conflict { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let id = run.id.raw();
    tx.enqueue(id, NewJob { queue: QUEUE, payload: json!({}), actor: None }).await?;
    tx.commit().await?;
    store.claim_this_job(id).await?;
    Ok(Some(run))
}

/// Whether the process that did a run is gone.
async fn is_left(store: &Store, run: &Stored<AnalysisRun>) -> Result<bool> {
    let now = store.clock().now();
    match store.job(run.id.raw()).await {
        Ok(job) => Ok(!job.is_worked_on(now)),
        Err(Error::NotFound) if run.updated_at < now - SILENT => {
            let job = NewJob { queue: QUEUE, payload: json!({}), actor: None };
            store.enqueue(run.id.raw(), job).await.map(|()| true)
        }
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Says how much is done.
pub(super) async fn progress(
    store: &Store,
    run: &mut Stored<AnalysisRun>,
    percent: usize,
) -> Result<()> {
    let percent = i64::try_from(percent.min(100)).ok();
    if run.progress == percent {
        return Ok(());
    }
    run.progress = percent;
    keep(store, run).await
}

/// Keeps what a run has found out so far. What somebody wrote into its record meanwhile stays as they
/// wrote it: it is for the next run, and no reason for this one to fail.
async fn keep(store: &Store, run: &mut Stored<AnalysisRun>) -> Result<()> {
    let mut tx = store.write(&system()).await?;
    // Whoever puts a run away that is being done does not end it.
    tx.reach_put_away();
    tx.hold(AnalysisRun::NAME, [run.id.raw()], Hold::Change).await?;
    let mut newest: Stored<AnalysisRun> = tx.fetch(Purpose::Change, run.id).await?;
    let written = &newest.record;
    newest.record = AnalysisRun {
        calibration_until: written.calibration_until,
        counts_free: written.counts_free,
        counts_returned: written.counts_returned,
        merge_above: written.merge_above,
        ..run.record.clone()
    };
    run.version = tx.update(&newest).await?.version;
    tx.commit().await.map(drop)
}

async fn perform(store: &Store, warehouse: &Warehouse, mut run: Stored<AnalysisRun>) -> Result<()> {
    sees_all(store, &run).await?;
    let begun = Instant::now();
    catch_up_settled(store, warehouse).await?;
    let mut found = find(store, warehouse, &mut run).await;
    if found.is_err() && warehouse.is_suspect() {
        // A file of the warehouse turned out to be damaged: it is made anew, and asked again.
        catch_up(store, warehouse).await?;
        found = find(store, warehouse, &mut run).await;
    }
    run.as_of = Some(found?);
    run.release = Some(env!("CARGO_PKG_VERSION").to_owned());
    let micros = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
    run.seconds = Some(Decimal::from_units(micros));
    (run.state, run.progress) = (RunState::Done, Some(100));
    keep(store, &mut run).await
}

/// Does what the run asks for; as of when that is.
async fn find(
    store: &Store,
    warehouse: &Warehouse,
    run: &mut Stored<AnalysisRun>,
) -> Result<Timestamp> {
    let manifest = warehouse.known().await?;
    progress(store, run, 10).await?;
    match run.analysis {
        Analysis::CustomerValue => value_run::run(store, warehouse, &manifest, run).await?,
        Analysis::Baskets => baskets::run(store, warehouse, &manifest, run).await?,
        Analysis::Duplicates => duplicates(store, warehouse, &manifest, run).await?,
    }
    Ok(manifest.as_of)
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
    let (done, mut steps) = watch::channel(0);
    let found = resolve(store, warehouse, manifest, (&actor, &number, run.merge_above), done);
    // It ends when the work does, which lets go of the other end.
    let told = async {
        while steps.changed().await.is_ok() {
            let percent = *steps.borrow_and_update();
            progress(store, run, percent).await?;
        }
        Ok(())
    };
    let (found, told): (_, Result<()>) = tokio::join!(found, told);
    let found = found.and_then(|found| told.map(|()| found))?;
    run.customers = i64::try_from(found.customers).ok();
    run.falls_back = Some(found.falls_back);
    // Of few customers it weighs by what is believed, of many by what it has learned.
    run.model = Some("Fellegi\u{2013}Sunter".to_owned());
    run.card = Some(JsonField(found.card));
    Ok(())
}

/// The card tells sums over all customers: only who may see all of them asks for it.
async fn sees_all(store: &Store, run: &Stored<AnalysisRun>) -> Result<()> {
    let Some(owner) = run.owner else { return Ok(()) };
    let (actor, user) = actor_of(store, owner.0, Origin::Job, None).await?;
    if sees_all_customers(&actor) {
        return Ok(());
    }
    // They might when they asked: who reads it is whoever looks at the overview.
    Err(Refusal::new("owner-needs-all-customers").with("name", &user.name).into())
}

/// Whether somebody sees every customer and order, with what they are worth.
#[must_use]
pub fn sees_all_customers(actor: &Actor) -> bool {
    see_all_customers(&actor.rights)
}

/// Whether rights show every customer and order, with what they are worth.
#[must_use]
pub fn see_all_customers(rights: &Rights) -> bool {
    let all = |record_type: &str| {
        rights.scope(record_type, Purpose::Read).is_some_and(Filter::is_everything)
    };
    matches!(rights, Rights::All)
        || (all(Customer::NAME)
            && all(Order::NAME)
            && rights.reads(Order::NAME, "total")
            && FIELDS.iter().all(|field| rights.reads(Customer::NAME, field)))
}
