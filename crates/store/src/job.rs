//! Work that outlives a request: a queue in the database, claimed with a lease, so that a killed
//! process loses nothing and two processes never do the same.

use guanxi_base::{Error, RawId, Result, Timestamp};
use jiff::SignedDuration;
use serde_json::Value as Json;

use crate::dialect::Dialect;
use crate::hold::Hold;
use crate::sql::{Sql, SqlRow, SqlValue};
use crate::store::Store;

/// A worker that does not report for so long is taken for dead.
const LEASE_SECONDS: i64 = 60;
/// So often a worker says that it is at it.
const RENEWAL: std::time::Duration = std::time::Duration::from_secs(20);
/// A job that failed so often is not tried again.
const ATTEMPTS_MAX: i64 = 25;
/// A job that ended its worker may have crashed it: it gets one more try, unless it came further
/// meanwhile.
const FRAGILE_ATTEMPTS_MAX: i64 = 2;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker, or is worked on.
    Open,
    /// A person stopped it; it can go on.
    Paused,
    /// Done.
    Done,
    /// It failed; a person may have it tried again.
    Failed,
    /// All that it did is undone, or is being undone: nobody goes on with it.
    Undone,
}

impl JobState {
    /// As the queue keeps it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    /// From where alone a job comes to stand so.
    fn comes_from(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Paused, Self::Failed],
            Self::Paused | Self::Done | Self::Failed => &[Self::Open],
            Self::Undone => &[Self::Paused, Self::Done, Self::Failed],
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "paused" => Self::Paused,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "undone" => Self::Undone,
            _ => Self::Open,
        }
    }
}

/// A job to be done.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Which worker does it.
    pub queue: &'static str,
    /// What the worker needs to know.
    pub payload: Json,
    /// For whom.
    pub actor: Option<RawId>,
}

/// That a worker has a job: its lease is renewed for as long as this is kept, and nobody else
/// reports for it.
#[derive(Debug)]
pub struct Held {
    job: RawId,
    /// Who has it: made anew with every claim.
    worker: RawId,
    renewal: tokio::task::JoinHandle<()>,
}

impl Held {
    /// Which job it is.
    #[must_use]
    pub fn job(&self) -> RawId {
        self.job
    }

    /// Whether the job, as it is now, is still this worker's to go on with.
    #[must_use]
    pub fn holds(&self, job: &Job) -> bool {
        job.state == JobState::Open && job.locked_by == Some(self.worker)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// A job in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id; also that of the record that stands for it, if there is one.
    pub id: RawId,
    /// Which worker does it.
    pub queue: String,
    /// What the worker needs to know.
    pub payload: Json,
    /// For whom.
    pub actor: Option<RawId>,
    /// How often it was begun.
    pub attempts: i64,
    /// Where it stands.
    pub state: JobState,
    /// What the worker last reported.
    pub progress: Json,
    /// Why it failed.
    pub error: Option<String>,
    /// Until when a worker has it, or until when nobody is to try it again.
    pub locked_until: Option<Timestamp>,
    /// Which worker has it.
    locked_by: Option<RawId>,
}

impl Job {
    /// Whether somebody works on it.
    #[must_use]
    pub fn is_worked_on(&self, now: Timestamp) -> bool {
        self.locked_by.is_some() && self.locked_until.is_some_and(|until| until >= now)
    }

    /// Whether it has ended all the workers that it may end.
    #[must_use]
    pub fn is_spent(&self, now: Timestamp) -> bool {
        self.state == JobState::Open
            && self.attempts >= FRAGILE_ATTEMPTS_MAX
            && self.locked_until.is_some_and(|until| until < now)
    }
}

const COLUMNS: &str =
    "id, queue, payload, actor, attempts, state, progress, error, locked_until, locked_by";

impl Store {
    /// Puts a job into the queue under this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(&self, id: RawId, job: NewJob) -> Result<()> {
        let row = row_of(id, &job, self.clock().now());
        self.writer().await?.insert_rows("job", &NEW_COLUMNS, &[row]).await
    }

    /// Takes the oldest job of a queue that nobody works on, with a lease.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_job(&self, queue: &str) -> Result<Option<Job>> {
        self.claim(queue, ATTEMPTS_MAX).await
    }

    /// The same of a queue whose jobs read what people sent: one that ended two workers without
    /// coming any further is left to [`Store::fail_spent_jobs`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_fragile_job(&self, queue: &str) -> Result<Option<Job>> {
        self.claim(queue, FRAGILE_ATTEMPTS_MAX).await
    }

    /// The jobs of a queue that ended all the workers they may end: see [`Job::is_spent`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spent_jobs(&self, queue: &str) -> Result<Vec<RawId>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql("SELECT id FROM job WHERE queue = ");
        sql.bind(SqlValue::Text(queue.to_owned())).push(" AND state = 'open' AND attempts >= ");
        sql.bind(SqlValue::Integer(FRAGILE_ATTEMPTS_MAX)).push(" AND locked_until < ");
        sql.bind(SqlValue::Instant(self.clock().now()));
        session.rows(&sql).await?.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// Takes this very job if nobody works on it and it has not ended too many workers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_this_job(&self, id: RawId) -> Result<bool> {
        let mut session = self.writer().await?;
        let now = self.clock().now();
        let worker = self.new_id();
        let mut sql = session.sql("UPDATE job SET attempts = attempts + 1, ");
        lease(&mut sql, worker, now);
        sql.push(" WHERE state = 'open' AND id = ").bind(SqlValue::Integer(id.0));
        sql.push(" AND (locked_until IS NULL OR locked_until < ").bind(SqlValue::Instant(now));
        sql.push(") AND attempts < ").bind(SqlValue::Integer(FRAGILE_ATTEMPTS_MAX));
        let is_claimed = session.execute(&sql).await? > 0;
        if is_claimed {
            self.claims().insert(id, worker);
        }
        Ok(is_claimed)
    }

    /// Begins to work on a job: on the claim that this process has on it and nobody has begun on,
    /// or by claiming it now. None where another has it, or it is not open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_job(&self, id: RawId) -> Result<Option<Held>> {
        let claimed = self.claims().remove(&id);
        if let Some(worker) = claimed
            && self.renew_lease(id, worker).await?
        {
            return Ok(Some(self.held(id, worker)));
        }
        if !self.claim_this_job(id).await? {
            return Ok(None);
        }
        let worker = self.claims().remove(&id);
        Ok(worker.map(|worker| self.held(id, worker)))
    }

    /// Renews the lease again and again, as long as what it answers is kept: the work may take long
    /// before it has anything to report.
    fn held(&self, job: RawId, worker: RawId) -> Held {
        let store = self.clone();
        let renewal = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWAL).await;
                match store.renew_lease(job, worker).await {
                    Ok(true) => {}
                    // It was stopped, or is another's.
                    Ok(false) => break,
                    Err(error) => tracing::warn!(%error, "the lease of a job was not renewed"),
                }
            }
        });
        Held { job, worker, renewal }
    }

    /// Whether the lease of a worker was renewed: not if the job was stopped, or is another's.
    async fn renew_lease(&self, id: RawId, worker: RawId) -> Result<bool> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE job SET ");
        lease(&mut sql, worker, self.clock().now());
        of_worker(&mut sql, id, worker);
        Ok(session.execute(&sql).await? > 0)
    }

    /// Gives back a job for which its worker can do nothing now, through no fault of the job: it may
    /// be taken up again in a while, and is not counted as a try.
    ///
    /// # Errors
    /// When the database fails; the lease runs out then.
    pub async fn put_off_job(&self, held: &Held, error: String) -> Result<()> {
        let mut session = self.writer().await?;
        let until = self.clock().now() + SignedDuration::from_secs(LEASE_SECONDS);
        let mut sql = session.sql("UPDATE job SET locked_by = NULL, locked_until = ");
        sql.bind(SqlValue::Instant(until)).push(", error = ").bind(SqlValue::Text(error));
        sql.push(", attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END");
        of_worker(&mut sql, held.job, held.worker);
        session.execute(&sql).await.map(drop)
    }

    /// What this process has claimed and not begun on.
    fn claims(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<RawId, RawId>> {
        self.claimed_jobs().lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn claim(&self, queue: &str, attempts_max: i64) -> Result<Option<Job>> {
        let mut session = self.writer().await?;
        let now = self.clock().now();
        let worker = self.new_id();
        let mut sql = session.sql("UPDATE job SET attempts = attempts + 1, ");
        lease(&mut sql, worker, now);
        sql.push(" WHERE id IN (SELECT id FROM job WHERE queue = ");
        sql.bind(SqlValue::Text(queue.to_owned()));
        // When it came only says whose turn it is: the clock may have been set back since.
        sql.push(" AND state = 'open' AND (locked_until IS NULL OR locked_until < ");
        sql.bind(SqlValue::Instant(now));
        sql.push(&format!(") AND attempts < {attempts_max} ORDER BY run_at LIMIT 1"));
        if session.dialect() == Dialect::Postgres {
            sql.push(" FOR UPDATE SKIP LOCKED");
        }
        sql.push(&format!(") RETURNING {COLUMNS}"));
        let job = session.rows(&sql).await?.into_iter().next().map(read).transpose()?;
        if let Some(job) = &job {
            self.claims().insert(job.id, worker);
        }
        Ok(job)
    }

    /// A job by its id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn job(&self, id: RawId) -> Result<Job> {
        let mut session = self.reader().await?;
        let mut sql = session.sql(format!("SELECT {COLUMNS} FROM job WHERE id = "));
        sql.bind(SqlValue::Integer(id.0));
        session.rows(&sql).await?.into_iter().next().map(read).transpose()?.ok_or(Error::NotFound)
    }

    /// Keeps what a job reports.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_job_progress(&self, id: RawId, progress: Json) -> Result<()> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE job SET progress = ");
        sql.bind(SqlValue::Json(progress.to_string())).push(" WHERE id = ");
        sql.bind(SqlValue::Integer(id.0));
        session.execute(&sql).await?;
        Ok(())
    }

    /// Sets a job's state, if it stands where it may come to that from; whether it did. A job that
    /// is opened again may be claimed at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_job_state(
        &self,
        id: RawId,
        state: JobState,
        error: Option<String>,
    ) -> Result<bool> {
        self.claims().remove(&id);
        let mut session = self.writer().await?;
        let mut sql = session.sql("");
        stands_now(&mut sql, id, state, error);
        sql.push(" AND state IN (");
        let from = state.comes_from().iter().map(|from| SqlValue::Text(from.name().to_owned()));
        sql.bind_all(from).push(")");
        Ok(session.execute(&sql).await? > 0)
    }
}

/// A lease of a worker, from now on.
fn lease(sql: &mut Sql, worker: RawId, now: Timestamp) {
    let until = now + SignedDuration::from_secs(LEASE_SECONDS);
    sql.push("locked_by = ").bind(SqlValue::Integer(worker.0));
    sql.push(", locked_until = ").bind(SqlValue::Instant(until));
}

/// Only while the job is open and this worker's.
fn of_worker(sql: &mut Sql, id: RawId, worker: RawId) {
    sql.push(" WHERE state = 'open' AND id = ").bind(SqlValue::Integer(id.0));
    sql.push(" AND locked_by = ").bind(SqlValue::Integer(worker.0));
}

fn stands_now(sql: &mut Sql, id: RawId, state: JobState, error: Option<String>) {
    sql.push("UPDATE job SET locked_until = NULL, locked_by = NULL, attempts = 0, state = ");
    sql.bind(SqlValue::Text(state.name().to_owned()));
    sql.push(", error = ").bind(SqlValue::or_null(error, SqlValue::Text));
    sql.push(" WHERE id = ").bind(SqlValue::Integer(id.0));
}

const NEW_COLUMNS: [&str; 7] = ["id", "queue", "payload", "actor", "run_at", "attempts", "state"];

fn row_of(id: RawId, job: &NewJob, now: Timestamp) -> SqlRow {
    vec![
        SqlValue::Integer(id.0),
        SqlValue::Text(job.queue.to_owned()),
        SqlValue::Json(job.payload.to_string()),
        SqlValue::or_null(job.actor, |user| SqlValue::Integer(user.0)),
        SqlValue::Instant(now),
        SqlValue::Integer(0),
        SqlValue::Text(JobState::Open.name().to_owned()),
    ]
}

impl crate::tx::Tx {
    /// Puts a job into the queue, together with what else the transaction writes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(&mut self, id: RawId, job: NewJob) -> Result<()> {
        let row = row_of(id, &job, self.view.now);
        self.view.session.insert_rows("job", &NEW_COLUMNS, &[row]).await
    }

    /// A job as it is, and as it stays until the transaction ends.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn hold_job(&mut self, id: RawId) -> Result<Job> {
        let mut sql = self.view.session.sql(format!("SELECT {COLUMNS} FROM job WHERE id = "));
        sql.bind(SqlValue::Integer(id.0));
        if sql.dialect == Dialect::Postgres {
            sql.push(" ").push(Hold::Change.clause());
        }
        let job = self.view.session.rows(&sql).await?.into_iter().next();
        job.map(read).transpose()?.ok_or(Error::NotFound)
    }

    /// Sets the state of a job that is held; nobody works on it then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_job_state(
        &mut self,
        id: RawId,
        state: JobState,
        error: Option<String>,
    ) -> Result<()> {
        let mut sql = self.view.session.sql("");
        stands_now(&mut sql, id, state, error);
        self.view.session.execute(&sql).await.map(drop)
    }

    /// Claims a job that is held, or was put into the queue by this transaction, for this process:
    /// nobody else sees it unclaimed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_job(&mut self, id: RawId) -> Result<()> {
        let worker = self.store.new_id();
        let mut sql = self.view.session.sql("UPDATE job SET attempts = 1, ");
        lease(&mut sql, worker, self.view.now);
        sql.push(" WHERE state = 'open' AND id = ").bind(SqlValue::Integer(id.0));
        self.view.session.execute(&sql).await?;
        self.store.claims().insert(id, worker);
        Ok(())
    }

    /// Reports how far a job is, in the transaction that did the work, and renews its lease. False
    /// when the job was stopped, or is another worker's: then the work must not be committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn report_job(&mut self, held: &Held, progress: &Json) -> Result<bool> {
        let mut sql = self.view.session.sql("UPDATE job SET progress = ");
        sql.bind(SqlValue::Json(progress.to_string()));
        // What comes further is no danger to its worker.
        sql.push(", attempts = 0, error = NULL, ");
        lease(&mut sql, held.worker, self.view.now);
        of_worker(&mut sql, held.job, held.worker);
        Ok(self.view.session.execute(&sql).await? > 0)
    }
}

fn read(row: SqlRow) -> Result<Job> {
    let mut row = row.into_iter();
    let mut next = || row.next().unwrap_or(SqlValue::Null);
    let json = |value: SqlValue| -> Result<Json> {
        match value {
            SqlValue::Null => Ok(Json::Null),
            text => serde_json::from_str(&text.into_text()?).map_err(Error::internal),
        }
    };
    Ok(Job {
        id: RawId(next().integer()?),
        queue: next().into_text()?,
        payload: json(next())?,
        actor: next().integer().ok().map(RawId),
        attempts: next().integer()?,
        state: JobState::from_name(&next().into_text()?),
        progress: json(next())?,
        error: next().into_text().ok(),
        locked_until: next().optional_instant()?,
        locked_by: next().integer().ok().map(RawId),
    })
}
