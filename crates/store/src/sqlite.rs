//! SQLite: one writer, many readers, write-ahead log, every commit on the disk before it is
//! acknowledged.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use guanxi_base::{Date, Error, Result, folded};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::constraint;
use crate::sql::{Sql, SqlRow, SqlValue, quoted, quoted_list};

/// Reads at once; each has its own page cache.
const READERS: usize = 8;
/// The page cache of a reader; the rest is in the operating system's.
const READER_CACHE_KIB: u32 = 16_000;
/// An import changes pages all over its indexes; those that fit here are written once.
const WRITER_CACHE_KIB: u32 = 128_000;
/// So long a statement outside a transaction waits while another process writes.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// So often it is tried again to begin a transaction.
const BUSY_PAUSE: Duration = Duration::from_millis(15);
/// Statements that a connection keeps prepared.
const STATEMENTS_CACHED: usize = 256;

/// An open SQLite database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    pub(crate) path: PathBuf,
    pub(crate) writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        make_private(path);
        let writing = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let writer = connect(path, writing, WRITER_CACHE_KIB)?;
        let readers = (0..READERS)
            .map(|_| connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            path: path.to_owned(),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Arc::new(Mutex::new(readers)),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// A free reader; waits while all are busy.
    pub(crate) async fn reader(&self) -> Result<Reader> {
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        let connection = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let loan = Loan { connection, home: self.readers.clone(), _permit: permit };
        Ok(Reader { loan: Some(loan) })
    }
}

/// Makes a new database readable by its owner alone; its log takes after it.
fn make_private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let is_file = !path.to_string_lossy().starts_with([':', '?']) && !path.starts_with("file:");
    if is_file {
        // What cannot be made is told when it is opened; what is there is left as it is.
        let mut new = std::fs::OpenOptions::new();
        new.write(true).create_new(true).mode(0o600).open(path).ok();
    }
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: u32) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| {
        Error::internal(format!("the database {} cannot be opened: {error}", path.display()))
    })?;
    connection.busy_timeout(BUSY_WAIT).map_err(Error::internal)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // FULL: with a write-ahead log, NORMAL may lose the last acknowledged commits to a power cut.
    let pragmas = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -{cache_kib}; PRAGMA mmap_size = 1073741824;"
    );
    connection.execute_batch(&pragmas).map_err(|error| constraint::from_sqlite(&error, "open"))?;
    let always = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let text_form = |context: &Context<'_>| {
        let text: Option<String> = context.get(0)?;
        Ok::<_, rusqlite::Error>(text.map(|text| folded(&text)))
    };
    let bare_form = |context: &Context<'_>| {
        let text: Option<String> = context.get(0)?;
        Ok::<_, rusqlite::Error>(text.map(|text| crate::key::bare_form(&text)))
    };
    let with = connection.create_scalar_function("text_form", 1, always, text_form);
    with.and_then(|()| connection.create_scalar_function("bare_form", 1, always, bare_form))
        .map_err(Error::internal)?;
    Ok(connection)
}

/// Copies a database as it is at one moment into an empty file.
pub(crate) fn copy_into(path: &Path, file: &Path) -> Result<()> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)?;
    let sql = "VACUUM INTO ?1";
    let copied = connection.execute(sql, [file.to_string_lossy()]);
    copied.map(drop).map_err(|error| constraint::from_sqlite(&error, sql))
}

/// What is wrong with a file as a database of this product; nothing when it is one, and whole.
pub(crate) fn examine(file: &Path) -> Result<Option<String>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(Error::internal)?;
    let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
    let check = ask("PRAGMA quick_check(1)").map_err(Error::internal)?;
    if check != "ok" {
        return Ok(Some(check));
    }
    let taken = ask("SELECT CAST(MAX(\"number\") AS TEXT) FROM \"migration\"");
    Ok(taken.err().map(|error| error.to_string()))
}

/// Begins a transaction that writes. While another process writes it waits without holding up a
/// thread.
///
/// # Errors
/// `database-busy` when it is still not its turn then.
pub(crate) async fn begin(connection: &mut Connection, until: Instant) -> Result<()> {
    loop {
        connection.busy_timeout(Duration::ZERO).map_err(Error::internal)?;
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        connection.busy_timeout(BUSY_WAIT).map_err(Error::internal)?;
        match begun {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && Instant::now() < until =>
            {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            other => {
                return other.map_err(|error| constraint::from_sqlite(&error, "BEGIN IMMEDIATE"));
            }
        }
    }
}

/// A reading connection on loan.
pub(crate) struct Reader {
    /// `None` only while a query runs on another thread.
    loan: Option<Loan>,
}

/// Goes home when it is dropped, wherever that happens.
struct Loan {
    connection: Option<Connection>,
    home: Arc<Mutex<Vec<Connection>>>,
    /// Given back after the connection is home.
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) fn connection(&mut self) -> Result<&mut Connection> {
        let loan = self.loan.as_mut().and_then(|loan| loan.connection.as_mut());
        loan.ok_or_else(|| Error::internal("the reader is in use"))
    }

    /// Runs a long query on a thread of its own. If the caller goes away meanwhile, the
    /// connection goes home when the query ends.
    pub(crate) async fn rows_apart(&mut self, sql: &Sql) -> Result<Vec<SqlRow>> {
        let mut loan = self.loan.take().ok_or_else(|| Error::internal("the reader is in use"))?;
        let sql = sql.clone();
        let run = tokio::task::spawn_blocking(move || {
            let found = match loan.connection.as_mut() {
                Some(connection) => rows(connection, &sql),
                None => Err(Error::internal("the reader is in use")),
            };
            (loan, found)
        });
        let (loan, found) = run.await.map_err(Error::internal)?;
        self.loan = Some(loan);
        found
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl ToSql for SqlValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Integer(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Self::Boolean(yes) => ToSqlOutput::Owned(Owned::Integer(i64::from(*yes))),
            Self::Text(text) | Self::Json(text) => {
                ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
            }
            Self::Date(date) => ToSqlOutput::Owned(Owned::Text(date.to_string())),
            Self::Instant(instant) => ToSqlOutput::Owned(Owned::Integer(instant.as_microsecond())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn owned(value: ValueRef<'_>) -> Result<SqlValue> {
    Ok(match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Integer(number),
        ValueRef::Text(bytes) => {
            SqlValue::Text(std::str::from_utf8(bytes).map_err(Error::internal)?.to_owned())
        }
        ValueRef::Blob(bytes) => SqlValue::Bytes(bytes.to_vec()),
        ValueRef::Real(number) => {
            return Err(Error::internal(format!("a float in the database: {number}")));
        }
    })
}

/// What stopped a query: the database, or a value that cannot be.
enum Fault {
    Database(rusqlite::Error),
    Other(Error),
}

impl Fault {
    fn told(self, sql: &Sql) -> Error {
        match self {
            Self::Database(error) => fault(&error, sql),
            Self::Other(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

fn try_rows(connection: &mut Connection, sql: &Sql) -> std::result::Result<Vec<SqlRow>, Fault> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    // A limit of steps is one of this run, not of all since the statement was prepared.
    statement.reset_status(rusqlite::StatementStatus::VmStep);
    let width = statement.column_count();
    let mut found = Vec::new();
    let mut rows = statement.query(rusqlite::params_from_iter(&sql.params))?;
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(width);
        for at in 0..width {
            values.push(owned(row.get_ref(at)?).map_err(Fault::Other)?);
        }
        found.push(values);
    }
    Ok(found)
}

pub(crate) fn rows(connection: &mut Connection, sql: &Sql) -> Result<Vec<SqlRow>> {
    try_rows(connection, sql).map_err(|fault| fault.told(sql))
}

/// Runs a query for so long only; none when it would have taken longer.
pub(crate) fn rows_within(
    connection: &mut Connection,
    sql: &Sql,
    steps_max: i32,
) -> Result<Option<Vec<SqlRow>>> {
    connection.progress_handler(steps_max, Some(|| true)).map_err(Error::internal)?;
    let outcome = try_rows(connection, sql);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(Error::internal)?;
    match outcome {
        Ok(rows) => Ok(Some(rows)),
        // Interrupted, or the index that was named does not serve this query.
        Err(Fault::Database(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
                || error.to_string().contains("no query solution") =>
        {
            Ok(None)
        }
        Err(fault) => Err(fault.told(sql)),
    }
}

pub(crate) fn execute(connection: &mut Connection, sql: &Sql) -> Result<u64> {
    let mut statement = connection.prepare_cached(&sql.text).map_err(|e| fault(&e, sql))?;
    let count =
        statement.execute(rusqlite::params_from_iter(&sql.params)).map_err(|e| fault(&e, sql))?;
    Ok(count as u64)
}

pub(crate) fn insert_rows(
    connection: &mut Connection,
    table: &str,
    columns: &[&str],
    rows: &[SqlRow],
) -> Result<()> {
    let marks = vec!["?"; columns.len()].join(", ");
    let names = quoted_list(columns.iter().copied());
    let text = format!("INSERT INTO {} ({names}) VALUES ({marks})", quoted(table));
    let fail = |error: &rusqlite::Error| constraint::from_sqlite(error, &text);
    let mut statement = connection.prepare_cached(&text).map_err(|e| fail(&e))?;
    for row in rows {
        statement.execute(rusqlite::params_from_iter(row)).map_err(|e| fail(&e))?;
    }
    Ok(())
}

pub(crate) fn run(connection: &mut Connection, sql: &str) -> Result<()> {
    connection.execute_batch(sql).map_err(|error| constraint::from_sqlite(&error, sql))
}

fn fault(error: &rusqlite::Error, sql: &Sql) -> Error {
    constraint::from_sqlite(error, &sql.text)
}

/// SQLite gives dates back as the text that it keeps.
pub(crate) fn date(text: &str) -> Result<Date> {
    text.parse().map_err(Error::internal)
}
