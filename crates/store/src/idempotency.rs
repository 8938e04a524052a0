//! Answers to writes, remembered under the caller's own key: a request that is sent again after
//! a lost answer gets that answer, and is not done twice.

use guanxi_base::{Error, RawId, Refusal, Result, SignedDuration};

use crate::sql::SqlValue;
use crate::store::Store;
use crate::tx::Tx;

/// So long an answer is remembered: whoever sends the same later does it anew.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 90);

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub response: String,
}

/// Whose a key is that somebody comes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Nobody's until now.
    Free,
    /// The same request's, which got this answer.
    Same(Remembered),
    /// Another request's, which got this answer.
    Other(Remembered),
}

impl Tx {
    /// Takes a key for a request before its work is done, where no request has it. Whoever comes
    /// with a key that is being used waits until that is done.
    ///
    /// # Errors
    /// `try-again` when whoever had it gave it back at this moment; when the database fails.
    pub async fn take_key(&mut self, key: &str, request: &str) -> Result<Taken> {
        let (actor, at) = (self.view.actor.user.unwrap_or(RawId(0)), self.view.now);
        let session = &mut self.view.session;
        let mut sql = session.sql("INSERT INTO idempotency ");
        sql.push("(actor, key, request, status, response, at) VALUES (");
        sql.bind_all([
            SqlValue::Integer(actor.0),
            SqlValue::Text(key.to_owned()),
            SqlValue::Text(request.to_owned()),
            // Nobody else ever sees it: the answer comes with the commit.
            SqlValue::Integer(0),
            SqlValue::Text(String::new()),
            SqlValue::Instant(at),
        ]);
        sql.push(") ON CONFLICT (actor, key) DO NOTHING");
        if session.execute(&sql).await? > 0 {
            return Ok(Taken::Free);
        }
        let mut sql =
            session.sql("SELECT request, status, response FROM idempotency WHERE actor = ");
        sql.bind(SqlValue::Integer(actor.0));
        sql.push(" AND key = ").bind(SqlValue::Text(key.to_owned()));
        let row = session.rows(&sql).await?.into_iter().next();
        // Whoever had it took it back between the two statements.
        let mut row = row.ok_or_else(|| Refusal::new("try-again"))?.into_iter();
        let mut next = || row.next().unwrap_or(SqlValue::Null);
        let is_same = next().into_text()? == request;
        let status = u16::try_from(next().integer()?).map_err(Error::internal)?;
        let answer = Remembered { status, response: next().into_text()? };
        Ok(if is_same { Taken::Same(answer) } else { Taken::Other(answer) })
    }

    /// Remembers the answer under a key that this transaction took.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remember(&mut self, key: &str, answer: &Remembered) -> Result<()> {
        let actor = self.view.actor.user.unwrap_or(RawId(0));
        let mut sql = self.view.session.sql("UPDATE idempotency SET status = ");
        sql.bind(SqlValue::Integer(i64::from(answer.status))).push(", response = ");
        sql.bind(SqlValue::Text(answer.response.clone())).push(" WHERE actor = ");
        sql.bind(SqlValue::Integer(actor.0));
        sql.push(" AND key = ").bind(SqlValue::Text(key.to_owned()));
        self.view.session.execute(&sql).await.map(drop)
    }
}

impl Store {
    /// Forgets answers of requests that nobody sends a second time any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_old_answers(&self) -> Result<()> {
        let before = self.clock().now() - REMEMBERED;
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM idempotency WHERE at < ");
        sql.bind(SqlValue::Instant(before));
        session.execute(&sql).await.map(drop)
    }
}
