//! Where an import stands: its job says it to workers, its record to people. Both are written here
//! and nowhere else, in one transaction, and only from where the import is known to stand.

use guanxi_base::{Id, RawId, Refusal, Result, Timestamp};
use guanxi_record::{FileId, Json, Record, Stored};
use guanxi_store::{Actor, Held, Hold, Job, JobState, Purpose, Store, Tx};

use super::keeping::keeping;
use super::progress::Progress;
use super::settled::SETTLED_ROWS;
use super::{ImportJob, ImportStatus};

/// Who goes on with an import that is opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesOn {
    /// Whoever has time.
    Anyone,
    /// This process, whoever has it now.
    Here,
}

/// An import that nobody else moves until the transaction ends.
struct Standing {
    tx: Tx,
    job: Job,
    record: Stored<ImportJob>,
}

impl Standing {
    /// The product itself writes it, for whoever imports.
    async fn of(store: &Store, actor: &Actor, job: RawId) -> Result<Self> {
        let mut tx = store.write(&Actor { job: None, ..keeping(actor) }).await?;
        tx.reach_put_away();
        let held = tx.hold_job(job).await?;
        tx.hold(ImportJob::NAME, [job], Hold::Change).await?;
        let record = tx.fetch(Purpose::Change, Id::new(job)).await?;
        Ok(Self { tx, job: held, record })
    }

    fn now(&self) -> Timestamp {
        self.tx.store().clock().now()
    }

    /// Moves job and record, and notes how far the import is; `keep` makes it last.
    async fn comes_to(
        &mut self,
        state: JobState,
        status: ImportStatus,
        error: Option<String>,
        change: impl FnOnce(&mut ImportJob, Timestamp),
    ) -> Result<()> {
        if status != ImportStatus::Running {
            self.tx.set_job_state(self.job.id, state, error).await?;
        }
        let now = self.now();
        let record = &mut self.record.record;
        record.status = status;
        if let Ok(progress) = serde_json::from_value::<Progress>(self.job.progress.clone()) {
            record.lines_read = i64::try_from(progress.lines).ok();
            record.lines_refused = i64::try_from(progress.refused).ok();
            record.counts = serde_json::to_value(&progress.counts).ok().map(Json);
        }
        change(record, now);
        Ok(())
    }

    async fn keep(mut self) -> Result<Stored<ImportJob>> {
        let record = self.tx.update(&self.record).await?;
        self.tx.commit().await?;
        Ok(record)
    }

    async fn moves(
        mut self,
        state: JobState,
        status: ImportStatus,
        error: Option<String>,
        change: impl FnOnce(&mut ImportJob, Timestamp),
    ) -> Result<Stored<ImportJob>> {
        self.comes_to(state, status, error, change).await?;
        self.keep().await
    }
}

/// How a job stands whose record says this.
fn state_of(status: ImportStatus) -> JobState {
    match status {
        ImportStatus::Queued | ImportStatus::Running => JobState::Open,
        ImportStatus::Paused => JobState::Paused,
        ImportStatus::Done => JobState::Done,
        ImportStatus::Failed => JobState::Failed,
        ImportStatus::Undone => JobState::Undone,
    }
}

/// Notes that a worker has begun.
pub(super) async fn begins(store: &Store, actor: &Actor, held: &Held) -> Result<()> {
    let standing = Standing::of(store, actor, held.job()).await?;
    if !held.holds(&standing.job) {
        return Err(not_to_be_begun(&standing.job).into());
    }
    let begun = |record: &mut ImportJob, now| record.started_at = record.started_at.or(Some(now));
    standing.moves(JobState::Open, ImportStatus::Running, None, begun).await.map(drop)
}

/// Why nobody can begin on an import now.
pub(super) fn not_to_be_begun(job: &Job) -> Refusal {
    let is_open = job.state == JobState::Open;
    Refusal::new(if is_open { "import-running" } else { "job-not-open" })
}

/// Notes that all lines are done, also of an import that somebody stopped too late.
pub(super) async fn ends(
    store: &Store,
    actor: &Actor,
    held: &Held,
    error_file: Option<FileId>,
) -> Result<Stored<ImportJob>> {
    let standing = Standing::of(store, actor, held.job()).await?;
    if !held.holds(&standing.job) && standing.job.state != JobState::Paused {
        return Ok(standing.record);
    }
    let ended = |record: &mut ImportJob, now| {
        record.error_file = error_file;
        record.finished_at = Some(now);
    };
    standing.moves(JobState::Done, ImportStatus::Done, None, ended).await
}

/// Notes that an import failed, unless it was stopped or taken up by another meanwhile.
pub(super) async fn fails(store: &Store, actor: &Actor, held: &Held, error: String) -> Result<()> {
    let standing = Standing::of(store, actor, held.job()).await?;
    if !held.holds(&standing.job) {
        return Ok(());
    }
    failed(standing, error).await
}

/// Marks an import as failed that ended the program twice, if it still stands so.
pub(super) async fn is_given_up(
    store: &Store,
    actor: &Actor,
    job: RawId,
    error: String,
) -> Result<()> {
    let standing = Standing::of(store, actor, job).await?;
    if !standing.job.is_spent(standing.now()) {
        return Ok(());
    }
    failed(standing, error).await
}

/// Marks an import as failed that nobody may go on with.
pub(super) async fn is_left(store: &Store, actor: &Actor, job: RawId, error: String) -> Result<()> {
    failed(Standing::of(store, actor, job).await?, error).await
}

async fn failed(standing: Standing, error: String) -> Result<()> {
    let ended = |record: &mut ImportJob, now| record.finished_at = Some(now);
    standing.moves(JobState::Failed, ImportStatus::Failed, Some(error), ended).await.map(drop)
}

/// Stops an import that waits or is being done: from then on nothing more of it is committed.
///
/// # Errors
/// `NotFound`; `job-not-open` where it is neither.
pub async fn stop_import(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    must_be_seen(store, actor, job).await?;
    let standing = Standing::of(store, actor, job).await?;
    if standing.job.state != JobState::Open {
        return Err(Refusal::new("job-not-open").into());
    }
    standing.moves(JobState::Paused, ImportStatus::Paused, None, |_, _| {}).await.map(drop)
}

/// Goes on with an import that was stopped, has failed, or was left by a worker that is gone.
///
/// # Errors
/// `NotFound`; `import-running`; `job-not-open` where it is done or undone.
pub async fn resume_import(
    store: &Store,
    actor: &Actor,
    job: RawId,
    goes_on: GoesOn,
) -> Result<()> {
    must_be_seen(store, actor, job).await?;
    let mut standing = Standing::of(store, actor, job).await?;
    let is_undone = standing.record.status == ImportStatus::Undone;
    match standing.job.state {
        JobState::Paused | JobState::Failed if !is_undone => {}
        // Who had it, if they are still there, commits nothing more: the claim is another's now.
        JobState::Open if goes_on == GoesOn::Here => {}
        JobState::Open if !standing.job.is_worked_on(standing.now()) => {}
        _ => return Err(not_to_be_begun(&standing.job).into()),
    }
    let waits = |record: &mut ImportJob, _| record.finished_at = None;
    standing.comes_to(JobState::Open, ImportStatus::Queued, None, waits).await?;
    if goes_on == GoesOn::Here {
        standing.tx.claim_job(job).await?;
    }
    standing.keep().await.map(drop)
}

/// That somebody may see an import that they name.
async fn must_be_seen(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let mut view = store.read(actor).await?;
    view.fetch::<ImportJob>(Purpose::Read, Id::new(job)).await.map(drop)
}

/// From here on nobody goes on with an import: it is being undone.
pub(super) async fn undo_begins(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let standing = Standing::of(store, actor, job).await?;
    let status = match standing.job.state {
        JobState::Open if standing.job.is_worked_on(standing.now()) => {
            return Err(Refusal::new("import-running").into());
        }
        JobState::Open => ImportStatus::Paused,
        _ => standing.record.status,
    };
    let error = standing.job.error.clone();
    standing.moves(JobState::Undone, status, error, |_, _| {}).await.map(drop)
}

/// Nothing was undone: the import stands as it stood.
pub(super) async fn undo_came_to_nothing(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let standing = Standing::of(store, actor, job).await?;
    if standing.job.state != JobState::Undone {
        return Ok(());
    }
    let (status, error) = (standing.record.status, standing.job.error.clone());
    standing.moves(state_of(status), status, error, |_, _| {}).await.map(drop)
}

/// All of it was undone.
pub(super) async fn undo_ends(store: &Store, actor: &Actor, job: RawId) -> Result<()> {
    let mut standing = Standing::of(store, actor, job).await?;
    standing.tx.forget_job_rows_from(job, SETTLED_ROWS).await?;
    standing.moves(JobState::Undone, ImportStatus::Undone, None, |_, _| {}).await.map(drop)
}
