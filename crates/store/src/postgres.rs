//! PostgreSQL by tokio-postgres: pooled connections, cached statements, COPY for many rows.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime, TimeoutType,
};
use futures_util::SinkExt;
use guanxi_base::{Date, Error, Refusal, Result, Timestamp};
use tokio::sync::Semaphore;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{NoTls, Row};

use crate::constraint;
use crate::session::Session;
use crate::sql::{Sql, SqlRow, SqlValue, quoted, quoted_list};

/// So long a new connection may take.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// So long somebody waits while all connections are in use.
const TURN_WAIT: Duration = Duration::from_secs(60);
/// Connections at once from one process.
const CONNECTIONS: usize = 16;
/// Of these, so many for transactions, which may wait for what others hold: those who read, and what is
/// written in one statement, always find another.
const TRANSACTIONS: usize = 10;
/// Where half of them are taken already, somebody who waits for an answer waits so long only for what
/// another holds: all of them may be waiting for one record, and others want to write elsewhere.
const CROWDED_WAIT: Duration = Duration::from_secs(1);
/// A transaction in which nothing is done for so long is ended by the server: its program hangs, and
/// others wait for what it holds.
const FORGOTTEN: Duration = Duration::from_mins(5);

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    pool: Pool,
    transactions: Arc<Semaphore>,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let config: tokio_postgres::Config = url.parse().map_err(|error| {
            Error::internal(format!("the database address cannot be read: {error}"))
        })?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, NoTls, recycling);
        let limits = format!(
            "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
            Session::TURN.as_millis(),
            FORGOTTEN.as_millis()
        );
        let limited = Hook::async_fn(move |client, _| {
            let limits = limits.clone();
            Box::pin(async move { client.batch_execute(&limits).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .create_timeout(Some(CONNECT_WAIT))
            .wait_timeout(Some(TURN_WAIT))
            .post_create(limited)
            .build()
            .map_err(Error::internal)?;
        Ok(Self { pool, transactions: Arc::new(Semaphore::new(TRANSACTIONS)) })
    }

    /// A connection for those who read, or write in one statement.
    ///
    /// # Errors
    /// `database-busy` when all are in use for too long.
    pub(crate) async fn session(&self) -> Result<Session> {
        let client = self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => busy(),
            error => {
                // What went wrong at the bottom says most.
                let mut reason: &dyn StdError = &error;
                while let Some(below) = reason.source() {
                    reason = below;
                }
                constraint::away(&reason)
            }
        })?;
        Ok(Session::Postgres { client: Some(client), in_transaction: false, turn: None })
    }

    /// A connection for a transaction of records.
    ///
    /// # Errors
    /// `database-busy` when it is not its turn for too long.
    pub(crate) async fn transaction(&self) -> Result<Session> {
        let turn = self.transactions.clone().acquire_owned();
        let turn = tokio::time::timeout(TURN_WAIT, turn).await.map_err(|_| busy())?;
        let its_turn = turn.map_err(Error::internal)?;
        let mut session = self.session().await?;
        if let Session::Postgres { turn, .. } = &mut session {
            *turn = Some(its_turn);
        }
        Ok(session)
    }

    /// How long a transaction that has until then waits for what another holds.
    pub(crate) fn wait_until(&self, until: Instant) -> Instant {
        match self.transactions.available_permits() * 2 < TRANSACTIONS {
            true => until.min(Instant::now() + CROWDED_WAIT),
            false => until,
        }
    }
}

fn busy() -> Error {
    Refusal::new("database-busy").into()
}

/// Begins a transaction that waits for each thing that another holds until then at most.
pub(crate) async fn begin(client: &Client, until: Instant) -> Result<()> {
    let wait = until.saturating_duration_since(Instant::now()).as_millis().max(1);
    run(client, &format!("BEGIN; SET LOCAL lock_timeout = {wait}")).await
}

/// Begins a transaction that waits for others as long as they take.
pub(crate) async fn begin_patiently(client: &Client) -> Result<()> {
    let limits = "SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
    run(client, &format!("BEGIN; {limits}")).await
}

pub(crate) fn open(client: &mut Option<Object>) -> Result<&mut Object> {
    client.as_mut().ok_or_else(|| Error::internal("the connection was given back"))
}

pub(crate) async fn rows(client: &Client, sql: &Sql) -> Result<Vec<SqlRow>> {
    let fail = |error| constraint::from_postgres(&error, &sql.text);
    let statement = client.prepare_cached(&sql.text).await.map_err(fail)?;
    let params: Vec<&(dyn ToSql + Sync)> = sql.params.iter().map(|value| value as _).collect();
    let rows = client.query(&statement, &params).await.map_err(fail)?;
    rows.iter().map(decode).collect()
}

pub(crate) async fn execute(client: &Client, sql: &Sql) -> Result<u64> {
    let fail = |error| constraint::from_postgres(&error, &sql.text);
    let params: Vec<&(dyn ToSql + Sync)> = sql.params.iter().map(|value| value as _).collect();
    if params.is_empty() {
        client.batch_execute(&sql.text).await.map_err(fail)?;
        return Ok(0);
    }
    let statement = client.prepare_cached(&sql.text).await.map_err(fail)?;
    client.execute(&statement, &params).await.map_err(fail)
}

pub(crate) async fn run(client: &Client, sql: &str) -> Result<()> {
    client.batch_execute(sql).await.map_err(|error| constraint::from_postgres(&error, sql))
}

/// Rolls back on a task of its own: the session that is dropped cannot wait.
pub(crate) fn roll_back(client: Object) {
    tokio::spawn(async move {
        if let Err(error) = client.batch_execute("ROLLBACK").await {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    });
}

/// COPY in its text format: one line a row.
pub(crate) async fn insert_rows(
    client: &Client,
    table: &str,
    columns: &[&str],
    rows: &[SqlRow],
) -> Result<()> {
    const BUFFER_BYTES: usize = 1 << 18;
    let names = quoted_list(columns.iter().copied());
    let text = format!("COPY {} ({names}) FROM STDIN", quoted(table));
    let fail = |error| constraint::from_postgres(&error, &text);
    let sink = client.copy_in::<_, Bytes>(&text).await.map_err(fail)?;
    let mut sink = std::pin::pin!(sink);
    let mut buffer = String::with_capacity(BUFFER_BYTES + 4096);
    for row in rows {
        for (at, value) in row.iter().enumerate() {
            if at > 0 {
                buffer.push('\t');
            }
            copy_text(&mut buffer, value)?;
        }
        buffer.push('\n');
        if buffer.len() >= BUFFER_BYTES {
            let full = std::mem::replace(&mut buffer, String::with_capacity(BUFFER_BYTES + 4096));
            sink.send(Bytes::from(full)).await.map_err(fail)?;
        }
    }
    sink.send(Bytes::from(buffer)).await.map_err(fail)?;
    sink.finish().await.map_err(fail)?;
    Ok(())
}

fn copy_text(buffer: &mut String, value: &SqlValue) -> Result<()> {
    let mut escaped = |text: &str| {
        for c in text.chars() {
            match c {
                '\\' => buffer.push_str("\\\\"),
                '\t' => buffer.push_str("\\t"),
                '\n' => buffer.push_str("\\n"),
                '\r' => buffer.push_str("\\r"),
                c => buffer.push(c),
            }
        }
    };
    match value {
        SqlValue::Null => buffer.push_str("\\N"),
        SqlValue::Text(text) | SqlValue::Json(text) => escaped(text),
        SqlValue::Integer(number) => write!(buffer, "{number}").map_err(Error::internal)?,
        SqlValue::Boolean(yes) => buffer.push(if *yes { 't' } else { 'f' }),
        SqlValue::Date(date) => write!(buffer, "{date}").map_err(Error::internal)?,
        SqlValue::Instant(instant) => write!(buffer, "{instant}").map_err(Error::internal)?,
        SqlValue::Bytes(bytes) => {
            buffer.push_str("\\\\x");
            bytes
                .iter()
                .try_for_each(|byte| write!(buffer, "{byte:02x}"))
                .map_err(Error::internal)?;
        }
    }
    Ok(())
}

type BoxedError = Box<dyn StdError + Sync + Send>;

impl ToSql for SqlValue {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, BoxedError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(*number)?.to_sql(kind, out)
            }
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Boolean(yes) => yes.to_sql(kind, out),
            Self::Date(date) if *kind == Type::DATE => date.to_sql(kind, out),
            Self::Date(date) => date.to_string().to_sql(kind, out),
            Self::Instant(instant) if *kind == Type::TIMESTAMPTZ => instant.to_sql(kind, out),
            Self::Instant(instant) => instant.as_microsecond().to_sql(kind, out),
            Self::Text(text) | Self::Json(text) if *kind == Type::JSONB => {
                // The first byte is the format's version.
                out.put_u8(1);
                out.put_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            Self::Text(text) | Self::Json(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    /// What does not fit is told by the inner type when it is written.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// JSON as its text.
struct JsonText(String);

impl<'a> FromSql<'a> for JsonText {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, BoxedError> {
        let raw = if *kind == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::JSON | Type::JSONB)
    }
}

fn decode(row: &Row) -> Result<SqlRow> {
    row.columns()
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let value = match *column.type_() {
                Type::INT8 => row.try_get::<_, Option<i64>>(at).map(|v| v.map(SqlValue::Integer)),
                Type::INT4 => row
                    .try_get::<_, Option<i32>>(at)
                    .map(|v| v.map(|number| SqlValue::Integer(i64::from(number)))),
                Type::BOOL => row.try_get::<_, Option<bool>>(at).map(|v| v.map(SqlValue::Boolean)),
                Type::DATE => row.try_get::<_, Option<Date>>(at).map(|v| v.map(SqlValue::Date)),
                Type::TIMESTAMPTZ => {
                    row.try_get::<_, Option<Timestamp>>(at).map(|v| v.map(SqlValue::Instant))
                }
                Type::JSON | Type::JSONB => row
                    .try_get::<_, Option<JsonText>>(at)
                    .map(|v| v.map(|JsonText(text)| SqlValue::Json(text))),
                Type::BYTEA => {
                    row.try_get::<_, Option<Vec<u8>>>(at).map(|v| v.map(SqlValue::Bytes))
                }
                _ => row.try_get::<_, Option<String>>(at).map(|v| v.map(SqlValue::Text)),
            };
            value.map(|value| value.unwrap_or(SqlValue::Null)).map_err(Error::internal)
        })
        .collect()
}
