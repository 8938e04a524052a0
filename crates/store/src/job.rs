//! Work that outlives a request: a queue in the database, claimed with a lease, so that a killed
//! process loses nothing and two processes never do the same.

use guanxi_base::{Error, RawId, Result, Timestamp};
use jiff::SignedDuration;
use serde_json::Value as Json;

use crate::dialect::Dialect;
use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;

/// A worker that does not report for so long is taken for dead.
const LEASE_SECONDS: i64 = 60;
/// So often a worker says that it is at it.
const RENEWAL: std::time::Duration = std::time::Duration::from_secs(20);
/// A job that failed so often is not tried again.
const ATTEMPTS_MAX: i64 = 25;
/// A job that ended its worker may have been the reason: it gets one more try, unless it came
/// further meanwhile.
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
    /// It failed for good.
    Failed,
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
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "paused" => Self::Paused,
            "done" => Self::Done,
            "failed" => Self::Failed,
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

/// That somebody works on a job: its lease is renewed for as long as this is kept.
#[derive(Debug)]
pub struct Held(tokio::task::JoinHandle<()>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
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
    /// Until when a worker has it.
    pub locked_until: Option<Timestamp>,
}

impl Job {
    /// Whether somebody works on it.
    #[must_use]
    pub fn is_worked_on(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| until >= now)
    }
}

const COLUMNS: &str = "id, queue, payload, actor, attempts, state, progress, error, locked_until";

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

    /// Marks the jobs of a queue as failed that ended all the workers they may end; which.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail_spent_jobs(&self, queue: &str, error: &str) -> Result<Vec<RawId>> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE job SET state = 'failed', error = ");
        sql.bind(SqlValue::Text(error.to_owned())).push(" WHERE queue = ");
        sql.bind(SqlValue::Text(queue.to_owned())).push(" AND state = 'open' AND attempts >= ");
        sql.bind(SqlValue::Integer(FRAGILE_ATTEMPTS_MAX)).push(" AND locked_until < ");
        sql.bind(SqlValue::Instant(self.clock().now())).push(" RETURNING id");
        session.rows(&sql).await?.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// Takes this very job if nobody works on it and it has not ended too many workers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_this_job(&self, id: RawId) -> Result<bool> {
        let mut session = self.writer().await?;
        let now = self.clock().now();
        let until = now + SignedDuration::from_secs(LEASE_SECONDS);
        let mut sql = session.sql("UPDATE job SET attempts = attempts + 1, locked_until = ");
        sql.bind(SqlValue::Instant(until)).push(" WHERE state = 'open' AND id = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND (locked_until IS NULL OR locked_until < ");
        sql.bind(SqlValue::Instant(now)).push(") AND attempts < ");
        sql.bind(SqlValue::Integer(FRAGILE_ATTEMPTS_MAX));
        Ok(session.execute(&sql).await? > 0)
    }

    /// Says that a worker has this very job, for as long as the lease lasts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_job(&self, id: RawId) -> Result<()> {
        let mut session = self.writer().await?;
        let until = self.clock().now() + SignedDuration::from_secs(LEASE_SECONDS);
        let mut sql = session.sql("UPDATE job SET locked_until = ");
        sql.bind(SqlValue::Instant(until)).push(" WHERE state = 'open' AND id = ");
        sql.bind(SqlValue::Integer(id.0));
        session.execute(&sql).await.map(drop)
    }

    /// Says so again and again, as long as what it answers is kept: the work may take long before
    /// it has anything to report.
    #[must_use]
    pub fn keep_hold(&self, id: RawId) -> Held {
        let store = self.clone();
        Held(tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWAL).await;
                if let Err(error) = store.hold_job(id).await {
                    tracing::warn!(%error, "the lease of a job was not renewed");
                }
            }
        }))
    }

    /// Stops a job that nobody works on, as one whose worker was killed; whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stop_left_job(&self, id: RawId) -> Result<bool> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE job SET state = 'paused' WHERE state = 'open' AND id = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND (locked_until IS NULL OR locked_until < ");
        sql.bind(SqlValue::Instant(self.clock().now())).push(")");
        Ok(session.execute(&sql).await? > 0)
    }

    async fn claim(&self, queue: &str, attempts_max: i64) -> Result<Option<Job>> {
        let mut session = self.writer().await?;
        let now = self.clock().now();
        let until = now + SignedDuration::from_secs(LEASE_SECONDS);
        let mut sql = session.sql("UPDATE job SET attempts = attempts + 1, locked_until = ");
        sql.bind(SqlValue::Instant(until)).push(" WHERE id IN (SELECT id FROM job WHERE queue = ");
        sql.bind(SqlValue::Text(queue.to_owned()));
        sql.push(" AND state = 'open' AND run_at <= ").bind(SqlValue::Instant(now));
        sql.push(" AND (locked_until IS NULL OR locked_until < ").bind(SqlValue::Instant(now));
        sql.push(&format!(") AND attempts < {attempts_max} ORDER BY run_at LIMIT 1"));
        if session.dialect() == Dialect::Postgres {
            sql.push(" FOR UPDATE SKIP LOCKED");
        }
        sql.push(&format!(") RETURNING {COLUMNS}"));
        session.rows(&sql).await?.into_iter().next().map(read).transpose()
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

    /// The rows that a job set aside, in the order of their numbers, from after this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_rows(&self, job: RawId, after: i64, limit: usize) -> Result<Vec<(i64, Json)>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql("SELECT number, content FROM job_row WHERE job = ");
        sql.bind(SqlValue::Integer(job.0)).push(" AND number > ").bind(SqlValue::Integer(after));
        sql.push(&format!(" ORDER BY number LIMIT {limit}"));
        let rows = session.rows(&sql).await?;
        rows.into_iter()
            .map(|row| {
                let content = row[1].clone().into_text()?;
                Ok((row[0].integer()?, serde_json::from_str(&content).map_err(Error::internal)?))
            })
            .collect()
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

    /// Sets a job's state; a job that is opened again may be claimed at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_job_state(
        &self,
        id: RawId,
        state: JobState,
        error: Option<String>,
    ) -> Result<()> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE job SET locked_until = NULL, attempts = 0, state = ");
        sql.bind(SqlValue::Text(state.name().to_owned()));
        sql.push(", error = ").bind(SqlValue::or_null(error, SqlValue::Text));
        sql.push(" WHERE id = ").bind(SqlValue::Integer(id.0));
        session.execute(&sql).await?;
        Ok(())
    }
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

    /// Forgets what a job kept, for whatever it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_job_rows(&mut self, job: RawId) -> Result<()> {
        let mut sql = self.view.session.sql("DELETE FROM job_row WHERE job = ");
        sql.bind(SqlValue::Integer(job.0));
        self.view.session.execute(&sql).await.map(drop)
    }

    /// Keeps rows that a job sets aside, such as those that an import refuses: `(number, row)`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_job_rows(&mut self, job: RawId, rows: Vec<(i64, Json)>) -> Result<()> {
        let row = |(number, row): (i64, Json)| {
            let content = SqlValue::Json(row.to_string());
            vec![SqlValue::Integer(job.0), SqlValue::Integer(number), content]
        };
        let rows: Vec<SqlRow> = rows.into_iter().map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.view.session.insert_rows("job_row", &["job", "number", "content"], &rows).await
    }

    /// Reports how far a job is, in the transaction that did the work, and renews its lease.
    /// The state that the job is in tells the worker whether to go on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn report_job(&mut self, id: RawId, progress: &Json) -> Result<JobState> {
        let until = self.view.now + SignedDuration::from_secs(LEASE_SECONDS);
        let mut sql = self.view.session.sql("UPDATE job SET progress = ");
        sql.bind(SqlValue::Json(progress.to_string()));
        // What comes further is no danger to its worker.
        sql.push(", attempts = 0, locked_until = ").bind(SqlValue::Instant(until));
        sql.push(" WHERE id = ").bind(SqlValue::Integer(id.0)).push(" RETURNING state");
        let state = self.view.session.value(&sql).await?.ok_or(Error::NotFound)?;
        Ok(JobState::from_name(&state.into_text()?))
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
    })
}
