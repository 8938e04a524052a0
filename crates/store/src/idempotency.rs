//! Answers to writes, remembered under the caller's own key: a request that is sent again after
//! a lost answer gets that answer, and is not done twice.

use guanxi_base::{Error, RawId, Refusal, Result};

use crate::sql::SqlValue;
use crate::tx::Tx;

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub response: String,
}

impl Tx {
    /// Takes a key for a request before its work is done; or the answer that was given under it to
    /// the same request. Whoever comes with a key that is being used waits until that is done.
    ///
    /// # Errors
    /// `key-reused` when the key belongs to another request.
    pub async fn take_key(&mut self, key: &str, request: &str) -> Result<Option<Remembered>> {
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
            return Ok(None);
        }
        let mut sql =
            session.sql("SELECT request, status, response FROM idempotency WHERE actor = ");
        sql.bind(SqlValue::Integer(actor.0));
        sql.push(" AND key = ").bind(SqlValue::Text(key.to_owned()));
        let row = session.rows(&sql).await?.into_iter().next();
        // Whoever had it took it back between the two statements.
        let mut row = row.ok_or_else(|| Refusal::new("try-again"))?.into_iter();
        let mut next = || row.next().unwrap_or(SqlValue::Null);
        if next().into_text()? != request {
            return Err(Refusal::new("key-reused").into());
        }
        let status = u16::try_from(next().integer()?).map_err(Error::internal)?;
        Ok(Some(Remembered { status, response: next().into_text()? }))
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
