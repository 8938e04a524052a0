//! Answers to writes, remembered under the caller's own key: a request that is sent again after
//! a lost answer gets that answer, and is not done twice.

use guanxi_base::{Error, RawId, Refusal, Result};

use crate::sql::SqlValue;
use crate::tx::Tx;
use crate::view::View;

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub response: String,
}

impl View {
    /// The answer that was given under this key to the same request.
    ///
    /// # Errors
    /// `key-reused` when the key belongs to another request.
    pub async fn remembered(&mut self, key: &str, request: &str) -> Result<Option<Remembered>> {
        let mut sql =
            self.session.sql("SELECT request, status, response FROM idempotency WHERE actor = ");
        sql.bind(SqlValue::Integer(self.actor.user.unwrap_or(RawId(0)).0));
        sql.push(" AND key = ").bind(SqlValue::Text(key.to_owned()));
        let Some(row) = self.session.rows(&sql).await?.into_iter().next() else { return Ok(None) };
        let mut row = row.into_iter();
        let mut next = || row.next().unwrap_or(SqlValue::Null);
        if next().into_text()? != request {
            return Err(Refusal::new("key-reused").into());
        }
        let status = u16::try_from(next().integer()?).map_err(Error::internal)?;
        Ok(Some(Remembered { status, response: next().into_text()? }))
    }
}

impl Tx {
    /// Remembers an answer in the transaction that it is about.
    ///
    /// # Errors
    /// A refusal when the same key is being used at the same moment.
    pub async fn remember(&mut self, key: &str, request: &str, answer: &Remembered) -> Result<()> {
        let columns = ["actor", "key", "request", "status", "response", "at"];
        let row = vec![
            SqlValue::Integer(self.view.actor.user.unwrap_or(RawId(0)).0),
            SqlValue::Text(key.to_owned()),
            SqlValue::Text(request.to_owned()),
            SqlValue::Integer(i64::from(answer.status)),
            SqlValue::Text(answer.response.clone()),
            SqlValue::Instant(self.view.now),
        ];
        self.view.session.insert_rows("idempotency", &columns, &[row]).await
    }
}
