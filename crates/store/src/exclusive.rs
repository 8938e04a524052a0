//! Work that one process at a time may do, of all that have the database open. It is free again the
//! moment the process ends, however it ends.

use std::fs::File;
use std::path::PathBuf;

use guanxi_base::{Error, Result};

use crate::hold::lock_number;
use crate::session::Session;
use crate::sql::SqlValue;
use crate::store::Store;

/// The right to do some work alone, for as long as this is kept.
pub struct Alone(Held);

enum Held {
    /// A lock on a file beside the embedded database.
    File(#[expect(dead_code, reason = "the lock is held for as long as the file is open")] File),
    /// A lock of a connection of its own.
    Session(Option<Box<(Session, i64)>>),
}

impl std::fmt::Debug for Alone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Alone")
    }
}

impl Store {
    /// Takes the right to do the work of this name alone; none while another process has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alone(&self, name: &str) -> Result<Option<Alone>> {
        if let Some(database) = self.embedded_file() {
            let place = PathBuf::from(format!("{}.{name}.lock", database.display()));
            let file = File::create(&place).map_err(Error::internal)?;
            return match file.try_lock() {
                Ok(()) => Ok(Some(Alone(Held::File(file)))),
                Err(std::fs::TryLockError::WouldBlock) => Ok(None),
                Err(std::fs::TryLockError::Error(error)) => Err(Error::internal(error)),
            };
        }
        let number = lock_number(&format!("alone {name}"));
        let mut session = self.writer().await?;
        let mut sql = session.sql("SELECT pg_try_advisory_lock(");
        sql.bind(SqlValue::Integer(number)).push(")");
        match session.value(&sql).await? {
            Some(SqlValue::Boolean(true)) => {
                Ok(Some(Alone(Held::Session(Some(Box::new((session, number)))))))
            }
            _ => Ok(None),
        }
    }
}

impl Alone {
    /// Gives the right back, and returns when others can have it.
    pub async fn give_back(mut self) {
        if let Held::Session(held) = &mut self.0
            && let Some(held) = held.take()
        {
            unlock(*held).await;
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // The connection goes back to the others: its lock must not.
        if let Held::Session(held) = &mut self.0
            && let Some(held) = held.take()
        {
            tokio::spawn(unlock(*held));
        }
    }
}

async fn unlock((mut session, number): (Session, i64)) {
    let mut sql = session.sql("SELECT pg_advisory_unlock(");
    sql.bind(SqlValue::Integer(number)).push(")");
    if let Err(error) = session.rows(&sql).await {
        tracing::error!(%error, "a lock could not be given back");
    }
}
