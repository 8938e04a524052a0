//! Many records are put away, all or none, and taken back the same way. What takes more than one
//! transaction is a job: where the program ends on the way, whoever takes the job up goes on.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::RecordType;
use guanxi_store::{
    Actor, Held, Job, JobState, NewJob, Origin, Purpose, Store, Tx, is_machine_failure,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::bulk::{Act, STEP, act_on};
use crate::patience::Patience;

/// The queue of these jobs.
pub const QUEUE: &str = "archive_many";

/// How far a job is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Steps that are done.
    steps: usize,
    /// Why what was done is taken back; of what somebody takes back, nothing is said.
    taken_back: Option<String>,
}

impl Progress {
    fn of(job: &Job) -> Result<Self> {
        match &job.progress {
            Json::Null => Ok(Self::default()),
            known => serde_json::from_value(known.clone()).map_err(Error::internal),
        }
    }
}

/// Archives records, all or none: what was done before one of them is refused is taken back. The job under
/// which it was done.
///
/// # Errors
/// `Forbidden`; the refusals of the first that may not be archived.
pub async fn archive_all(
    store: &Store,
    actor: &Actor,
    described: &RecordType,
    ids: &[RawId],
) -> Result<RawId> {
    let job = store.new_id();
    let of_job = actor.clone().for_job(job);
    if ids.len() <= STEP {
        archive_at_once(store, &of_job, described, ids).await?;
        return Ok(job);
    }
    let mut tx = store.write(actor).await?;
    let payload = json!({ "type": described.name });
    tx.enqueue(job, NewJob { queue: QUEUE, payload, actor: actor.user }).await?;
    let texts = |step: &[RawId]| step.iter().map(ToString::to_string).collect::<Json>();
    let rows = (0..).zip(ids.chunks(STEP).map(texts));
    tx.keep_job_rows(job, rows.collect()).await?;
    tx.claim_job(job).await?;
    tx.commit().await?;
    let held = store.begin_job(job).await?.ok_or_else(goes_on)?;
    match archive(store, &of_job, &held).await {
        Ok(()) => Ok(job),
        Err(error) => {
            // Whoever asked is told that nothing was done.
            take_back(store, &of_job, &held, Some(&error)).await?;
            Err(error)
        }
    }
}

/// Goes on with a job of which the program ended.
///
/// # Errors
/// What it is refused for; it is taken back then. Where the machine fails it waits to be taken up again.
pub async fn go_on(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let Some(held) = store.begin_job(job).await? else { return Ok(()) };
    let of_job = actor.clone().for_job(job);
    // What they may do no more is taken back all the same.
    let product = of_job.with_all_rights();
    let outcome = match Progress::of(&store.job(job).await?)?.taken_back {
        Some(_) => take_back(store, &product, &held, None).await,
        None => match archive(store, &of_job, &held).await {
            Err(error) if !is_machine_failure(&error) => {
                take_back(store, &product, &held, Some(&error)).await.and(Err(error))
            }
            outcome => outcome,
        },
    };
    if let Err(error) = &outcome
        && is_machine_failure(error)
    {
        store.put_off_job(&held, error.to_string()).await?;
    }
    outcome
}

/// Takes back a job of somebody who may not sign in any more: nobody may go on for them.
///
/// # Errors
/// As [`go_on`].
pub async fn give_up(store: &Store, job: RawId) -> Result<()> {
    let Some(held) = store.begin_job(job).await? else { return Ok(()) };
    let of_job = Actor::system(Origin::Job).for_job(job);
    take_back(store, &of_job, &held, Some(&Error::Forbidden)).await
}

/// Archives what a job has left to do, step by step, each with how far it is.
async fn archive(store: &Store, actor: &Actor, held: &Held) -> Result<()> {
    let job = held.job();
    let known = store.job(job).await?;
    let name = known.payload["type"].as_str().unwrap_or_default();
    let described = store.catalog().get(name)?.clone();
    let mut progress = Progress::of(&known)?;
    loop {
        // Whoever waits for an answer comes in between.
        tokio::task::yield_now().await;
        let at = i64::try_from(progress.steps).map_err(Error::internal)?;
        // The steps have numbers from 0 on, and are asked for after one.
        let step = store.job_rows(job, at - 1, 1).await?.into_iter().next();
        let Some((_, ids)) = step else { break };
        let ids: Vec<String> = serde_json::from_value(ids).map_err(Error::internal)?;
        let ids = ids.iter().map(|id| id.parse::<RawId>().map_err(|_| Error::NotFound));
        let ids: Vec<RawId> = ids.collect::<Result<_>>()?;
        progress.steps += 1;
        let mut patience = Patience::new(store);
        let mut done = archive_step(store, actor, &described, &ids, (held, &progress)).await;
        while patience.tries_again(&done).await {
            done = archive_step(store, actor, &described, &ids, (held, &progress)).await;
        }
        done?;
    }
    ends(store, actor, held, (JobState::Done, None)).await
}

async fn archive_step(
    store: &Store,
    actor: &Actor,
    described: &RecordType,
    ids: &[RawId],
    (held, progress): (&Held, &Progress),
) -> Result<()> {
    let mut tx = store.write(actor).await?;
    archive_in(&mut tx, described, ids).await?;
    report(tx, held, progress).await
}

async fn archive_at_once(
    store: &Store,
    actor: &Actor,
    described: &RecordType,
    ids: &[RawId],
) -> Result<()> {
    let mut tx = store.write(actor).await?;
    archive_in(&mut tx, described, ids).await?;
    tx.commit().await.map(drop)
}

async fn archive_in(tx: &mut Tx, described: &RecordType, ids: &[RawId]) -> Result<()> {
    tx.restrict_to(Purpose::Bulk);
    act_on(tx, described, ids, &Act::Archive).await
}

/// Commits with how far the job is; not if another has the job meanwhile.
async fn report(mut tx: Tx, held: &Held, progress: &Progress) -> Result<()> {
    let progress = serde_json::to_value(progress).map_err(Error::internal)?;
    if !tx.report_job(held, &progress).await? {
        return Err(goes_on().into());
    }
    tx.commit().await.map(drop)
}

/// Takes back what a job did, because of an error or because it was begun to be. That it is to be taken
/// back is noted first: whoever takes the job up takes back, too.
async fn take_back(store: &Store, actor: &Actor, held: &Held, why: Option<&Error>) -> Result<()> {
    let mut progress = Progress::of(&store.job(held.job()).await?)?;
    if let Some(why) = why {
        progress.taken_back = Some(why.to_string());
        report(store.write(actor).await?, held, &progress).await?;
    }
    let why = progress.taken_back.filter(|why| !why.is_empty());
    let mut patience = Patience::new(store);
    let mut undone = store.undo_job(actor, held.job(), |_, _| {}).await;
    while patience.tries_again(&undone).await {
        undone = store.undo_job(actor, held.job(), |_, _| {}).await;
    }
    match undone {
        Ok(_) if why.is_none() => ends(store, actor, held, (JobState::Undone, None)).await,
        Ok(_) => ends(store, actor, held, (JobState::Failed, why)).await,
        Err(error) if is_machine_failure(&error) => Err(error),
        // What others did with them since stands: so does the rest, and that is told.
        Err(error) => {
            ends(store, actor, held, (JobState::Done, Some(error.to_string()))).await?;
            Err(error)
        }
    }
}

/// Notes that nobody is to go on with a job.
async fn ends(
    store: &Store,
    actor: &Actor,
    held: &Held,
    (state, error): (JobState, Option<String>),
) -> Result<()> {
    let mut tx = store.write(actor).await?;
    let known = tx.hold_job(held.job()).await?;
    if !held.holds(&known) {
        return Err(goes_on().into());
    }
    tx.forget_job_rows(held.job()).await?;
    tx.set_job_state(held.job(), state, error).await?;
    tx.commit().await.map(drop)
}

/// What is said where somebody else is at it.
fn goes_on() -> Refusal {
    Refusal::new("archiving-goes-on")
}

/// Takes back what was done to many at once.
///
/// # Errors
/// `NotFound` where nothing was done so; `archiving-goes-on` while it is being done or taken back; as
/// `Store::undo_job`.
pub async fn undo_all(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let known = match store.job(job).await {
        // What stands in other queues has ways of its own to be taken back.
        Ok(known) if known.queue != QUEUE => return Err(Error::NotFound),
        Ok(known) => Some(known),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    if store.changes_of_job(actor, job).await?.is_empty() {
        return Err(Error::NotFound);
    }
    if known.is_none() {
        return store.undo_job(actor, job, |_, _| {}).await.map(drop);
    }
    let mut tx = store.write(actor).await?;
    if tx.hold_job(job).await?.state == JobState::Open {
        return Err(goes_on().into());
    }
    tx.set_job_state(job, JobState::Open, None).await?;
    tx.claim_job(job).await?;
    tx.commit().await?;
    let held = store.begin_job(job).await?.ok_or_else(goes_on)?;
    let mut progress = Progress::of(&store.job(job).await?)?;
    progress.taken_back = Some(String::new());
    report(store.write(actor).await?, &held, &progress).await?;
    take_back(store, actor, &held, None).await
}
