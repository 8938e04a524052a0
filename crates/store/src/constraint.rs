//! Database constraints become refusals here, and only here: rules that only the database can
//! keep when two people write at once.

use std::io::ErrorKind;

use guanxi_base::{Error, Refusal};

/// What is said when the machine fails, or others are in the way: nothing that was asked for is to
/// blame, and it may be asked for again.
const MACHINE_FAILURES: [&str; 8] = [
    "try-again",
    "record-held",
    "database-away",
    "database-busy",
    "database-damaged",
    "database-read-only",
    "disk-full",
    "disk-fails",
];

/// Whether an error is the machine's, or comes of others who were in the way: whoever does many
/// things at once must not blame one of them.
#[must_use]
pub fn is_machine_failure(error: &Error) -> bool {
    let is_machine = |refusal: &Refusal| MACHINE_FAILURES.contains(&refusal.code);
    matches!(error, Error::Refused(refusals) if refusals.iter().any(is_machine))
}

/// Whether two who wrote at once got into each other's way: nothing was changed, and whoever tries again
/// sees what the other has done.
#[must_use]
pub fn is_met(error: &Error) -> bool {
    let is_met = |refusal: &Refusal| ["try-again", "record-held"].contains(&refusal.code);
    match error {
        Error::Conflict { .. } => true,
        Error::Refused(refusals) => refusals.iter().any(is_met),
        _ => false,
    }
}

/// What went wrong with a file: that the disk is full is for people to mend.
#[must_use]
pub fn of_disk(error: &std::io::Error, file: &str) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Refusal::new("disk-full").into(),
        _ => Error::internal(format!("{file}: {error}")),
    }
}

/// Makes a refusal of a broken unique index, an internal error of anything else.
pub(crate) fn from_sqlite(error: &rusqlite::Error, sql: &str) -> Error {
    if let rusqlite::Error::SqliteFailure(_, Some(message)) = error {
        // "UNIQUE constraint failed: customer.code, customer.name"
        if let Some(columns) = message.strip_prefix("UNIQUE constraint failed: ") {
            let names = columns.split(", ").filter_map(|column| column.split_once('.'));
            return taken(&names.map(|(_, name)| name).collect::<Vec<_>>());
        }
        if message == "integer overflow" {
            return Refusal::new("sum-too-large").into();
        }
        if message.starts_with("FOREIGN KEY") {
            return Refusal::new("link-broken").into();
        }
    }
    if let Some(code) = error.sqlite_error_code() {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
            PermissionDenied, ReadOnly, SystemIoFailure,
        };
        let told = match code {
            DiskFull => Some("disk-full"),
            DatabaseBusy | DatabaseLocked => Some("database-busy"),
            SystemIoFailure => Some("disk-fails"),
            DatabaseCorrupt | NotADatabase => Some("database-damaged"),
            ReadOnly | PermissionDenied | CannotOpen => Some("database-read-only"),
            _ => None,
        };
        if let Some(told) = told {
            tracing::warn!(%error, sql = shortened(sql), "the database");
            return Refusal::new(told).into();
        }
    }
    Error::internal(format!("{error} in {}", shortened(sql)))
}

/// As `from_sqlite`.
pub(crate) fn from_postgres(error: &tokio_postgres::Error, sql: &str) -> Error {
    use tokio_postgres::error::SqlState;
    let Some(database) = error.as_db_error() else {
        if error.is_closed() || is_of_the_network(error) {
            return away(error);
        }
        return Error::internal(format!("{error} in {}", shortened(sql)));
    };
    match *database.code() {
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS => away(error),
        SqlState::UNIQUE_VIOLATION => {
            // The index is named "customer.code.key".
            let name = database.constraint().unwrap_or_default();
            let mut columns: Vec<&str> = name.split('.').skip(1).collect();
            columns.pop();
            taken(&columns)
        }
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE => Refusal::new("sum-too-large").into(),
        SqlState::FOREIGN_KEY_VIOLATION => Refusal::new("link-broken").into(),
        SqlState::DISK_FULL => Refusal::new("disk-full").into(),
        // Two transactions met; whoever asks again will see the other's work.
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Refusal::new("try-again").into(),
        SqlState::LOCK_NOT_AVAILABLE => Refusal::new("record-held").into(),
        _ => Error::internal(format!("{} in {}", database.message(), shortened(sql))),
    }
}

fn is_of_the_network(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|reason| reason.is::<std::io::Error>())
}

/// PostgreSQL cannot be asked now; the operator's log says why.
pub(crate) fn away(reason: &dyn std::fmt::Display) -> Error {
    tracing::warn!(%reason, "no connection to PostgreSQL");
    Refusal::new("database-away").into()
}

fn taken(columns: &[&str]) -> Error {
    let field = columns.last().copied().unwrap_or_default();
    Refusal::field("already-taken", field).with("fields", columns.join(", ")).into()
}

fn shortened(sql: &str) -> String {
    sql.chars().take(300).collect()
}
