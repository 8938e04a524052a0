//! One conversation with one database: statements in, rows out. The only place that asks by which
//! driver a statement goes.

use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use guanxi_base::Result;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};

use crate::dialect::Dialect;
use crate::postgres;
use crate::sql::{Sql, SqlRow, SqlValue};
use crate::sqlite::{self, Reader};

/// One conversation; a dropped one gives its connection back, without its open transaction.
pub(crate) enum Session {
    SqliteReader(Reader),
    SqliteWriter(OwnedMutexGuard<rusqlite::Connection>),
    Postgres {
        client: Option<Object>,
        in_transaction: bool,
        /// The turn of a transaction, given back with the connection.
        turn: Option<OwnedSemaphorePermit>,
    },
}

impl Session {
    /// What a query may cost on a thread that serves others too: a few milliseconds on SQLite,
    /// some ten thousand rows.
    pub(crate) const INLINE_STEPS_MAX: i32 = 150_000;

    /// So long a transaction waits for its turn while another process writes, and for each thing that
    /// another holds.
    pub(crate) const TURN: Duration = Duration::from_secs(60);

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::SqliteReader(_) | Self::SqliteWriter(_) => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// Starts a statement of this session's dialect.
    pub(crate) fn sql(&self, text: impl Into<String>) -> Sql {
        Sql::new(self.dialect(), text)
    }

    /// Runs a query. On SQLite it runs inline: a read by index costs microseconds.
    pub(crate) async fn rows(&mut self, sql: &Sql) -> Result<Vec<SqlRow>> {
        match self {
            Self::SqliteReader(reader) => sqlite::rows(reader.connection()?, sql),
            Self::SqliteWriter(connection) => sqlite::rows(connection, sql),
            Self::Postgres { client, .. } => postgres::rows(postgres::open(client)?, sql).await,
        }
    }

    /// Runs a query inline; on SQLite none when it would take more steps than these. PostgreSQL
    /// has a process of its own for every query.
    pub(crate) async fn quick_rows(
        &mut self,
        sql: &Sql,
        steps_max: i32,
    ) -> Result<Option<Vec<SqlRow>>> {
        match self {
            Self::SqliteReader(reader) => sqlite::rows_within(reader.connection()?, sql, steps_max),
            Self::SqliteWriter(connection) => sqlite::rows_within(connection, sql, steps_max),
            Self::Postgres { .. } => self.rows(sql).await.map(Some),
        }
    }

    /// Runs a query that costs nobody knows how much: inline while it is little, else apart.
    pub(crate) async fn rows_anywhere(&mut self, sql: &Sql) -> Result<Vec<SqlRow>> {
        match self.quick_rows(sql, Self::INLINE_STEPS_MAX).await? {
            Some(rows) => Ok(rows),
            None => self.long_rows(sql).await,
        }
    }

    /// Runs a query that may read a whole table, where it does not hold up other requests.
    pub(crate) async fn long_rows(&mut self, sql: &Sql) -> Result<Vec<SqlRow>> {
        match self {
            Self::SqliteReader(reader) => reader.rows_apart(sql).await,
            _ => self.rows(sql).await,
        }
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &Sql) -> Result<u64> {
        match self {
            Self::SqliteReader(reader) => sqlite::execute(reader.connection()?, sql),
            Self::SqliteWriter(connection) => sqlite::execute(connection, sql),
            Self::Postgres { client, .. } => postgres::execute(postgres::open(client)?, sql).await,
        }
    }

    /// Inserts many rows of one table, the fastest way that the database has.
    pub(crate) async fn insert_rows(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[SqlRow],
    ) -> Result<()> {
        match self {
            Self::SqliteReader(reader) => {
                sqlite::insert_rows(reader.connection()?, table, columns, rows)
            }
            Self::SqliteWriter(connection) => sqlite::insert_rows(connection, table, columns, rows),
            Self::Postgres { client, .. } => {
                postgres::insert_rows(postgres::open(client)?, table, columns, rows).await
            }
        }
    }

    /// The first value of the first row.
    pub(crate) async fn value(&mut self, sql: &Sql) -> Result<Option<SqlValue>> {
        Ok(self.rows(sql).await?.into_iter().next().and_then(|row| row.into_iter().next()))
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        self.begin_before(Instant::now() + Self::TURN).await
    }

    /// Begins a transaction; an error when it is not its turn before a time. It waits so long, too, for
    /// each thing that another transaction holds.
    pub(crate) async fn begin_before(&mut self, until: Instant) -> Result<()> {
        match self {
            Self::SqliteReader(_) => Ok(()),
            Self::SqliteWriter(connection) => sqlite::begin(connection, until).await,
            Self::Postgres { client, in_transaction, .. } => {
                postgres::begin(postgres::open(client)?, until).await?;
                *in_transaction = true;
                Ok(())
            }
        }
    }

    /// Begins a transaction of a start: others that start may be at the same for minutes.
    pub(crate) async fn begin_patiently(&mut self) -> Result<()> {
        match self {
            Self::Postgres { client, in_transaction, .. } => {
                postgres::begin_patiently(postgres::open(client)?).await?;
                *in_transaction = true;
                Ok(())
            }
            _ => self.begin().await,
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<()> {
        match self {
            Self::SqliteReader(_) => Ok(()),
            Self::SqliteWriter(connection) => sqlite::run(connection, "COMMIT"),
            Self::Postgres { client, in_transaction, .. } => {
                postgres::run(postgres::open(client)?, "COMMIT").await?;
                *in_transaction = false;
                Ok(())
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        match self {
            Self::SqliteReader(_) => {}
            Self::SqliteWriter(connection) => {
                if !connection.is_autocommit()
                    && let Err(error) = sqlite::run(connection, "ROLLBACK")
                {
                    tracing::error!(%error, "a transaction could not be rolled back");
                }
            }
            Self::Postgres { client, in_transaction, .. } => {
                if *in_transaction && let Some(client) = client.take() {
                    postgres::roll_back(client);
                }
            }
        }
    }
}
