//! Rows that a job sets aside beside its progress: those that an import refuses, and what it needs
//! to go on after a stop.

use guanxi_base::{Error, RawId, Result};
use serde_json::Value as Json;

use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;
use crate::tx::Tx;

impl Store {
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
}

impl Tx {
    /// Forgets what a job kept, for whatever it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_job_rows(&mut self, job: RawId) -> Result<()> {
        self.forget_job_rows_from(job, 0).await
    }

    /// Forgets the rows of a job from this number on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_job_rows_from(&mut self, job: RawId, first: i64) -> Result<()> {
        let mut sql = self.view.session.sql("DELETE FROM job_row WHERE job = ");
        sql.bind(SqlValue::Integer(job.0)).push(" AND number >= ").bind(SqlValue::Integer(first));
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
}
