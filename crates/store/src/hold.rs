//! What a transaction holds while it looks, so that what it saw is still so when it writes. SQLite
//! has one writer at a time; on PostgreSQL several write at once, and each rule that looks before
//! it writes holds what it looks at first: what is read afterwards is what the others left.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{RawId, Result};
use sha2::{Digest, Sha256};

use crate::dialect::Dialect;
use crate::sql::SqlValue;
use crate::tx::Tx;

/// Records of one statement.
const CHUNK: usize = 500;

/// Against what a record is held until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is linked to: nobody puts it away or removes it. Others may link to it and change it.
    Link,
    /// One who holds it so, or changes it, comes after the other. Others may link to it.
    Change,
    /// It is put away or removed: nobody links to it either.
    PutAway,
}

impl Hold {
    /// As PostgreSQL says it at the end of a query. A foreign key that is written holds what it
    /// leads to as `Link` does.
    pub(crate) fn clause(self) -> &'static str {
        match self {
            Self::Link => "FOR KEY SHARE",
            Self::Change => "FOR NO KEY UPDATE",
            Self::PutAway => "FOR UPDATE",
        }
    }
}

/// Who goes at once by a rule that is about more than the records that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// One after the other.
    Alone,
    /// All of these together, but none who goes alone.
    Together,
}

/// The number by which PostgreSQL knows a lock of this name.
pub(crate) fn lock_number(name: &str) -> i64 {
    let digest = Sha256::digest(format!("guanxi {name}"));
    i64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

impl Tx {
    /// Holds records until the transaction ends, in the order of their ids, so that of two who hold
    /// the same ones none waits for the other for ever. For rules about more than one record.
    ///
    /// # Errors
    /// When the database fails; `try-again` when two wait for one another all the same.
    pub async fn hold(
        &mut self,
        record_type: &str,
        ids: impl IntoIterator<Item = RawId>,
        hold: Hold,
    ) -> Result<()> {
        self.versions_held(record_type, ids, hold).await.map(drop)
    }

    /// Holds records that were read before; whether they are as they were, each at its version.
    ///
    /// # Errors
    /// As [`Tx::hold`].
    pub async fn hold_as_read(
        &mut self,
        record_type: &str,
        read: &BTreeMap<RawId, i64>,
        hold: Hold,
    ) -> Result<bool> {
        let held = self.versions_held(record_type, read.keys().copied(), hold).await?;
        Ok(held.is_none_or(|held| held == *read))
    }

    /// Holds records; their versions, but for SQLite, where nobody else writes.
    async fn versions_held(
        &mut self,
        record_type: &str,
        ids: impl IntoIterator<Item = RawId>,
        hold: Hold,
    ) -> Result<Option<BTreeMap<RawId, i64>>> {
        let record_type = self.catalog.get(record_type)?.name.clone();
        if self.view.session.dialect() == Dialect::Sqlite {
            return Ok(None);
        }
        let ids: BTreeSet<RawId> = ids.into_iter().collect();
        let ids: Vec<RawId> = ids.into_iter().collect();
        let mut versions = BTreeMap::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = self.view.session.sql("SELECT \"id\", \"version\" FROM ");
            sql.name(&record_type).push(" WHERE \"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0)));
            sql.push(") ORDER BY \"id\" ").push(hold.clause());
            for row in self.view.session.rows(&sql).await? {
                versions.insert(RawId(row[0].integer()?), row[1].integer()?);
            }
        }
        Ok(Some(versions))
    }

    /// Waits until nobody else goes by the rule of this name, and lets none until the transaction
    /// ends: for rules about records that may not be there yet.
    ///
    /// # Errors
    /// When the database fails; `try-again` when two wait for one another.
    pub async fn take_turn(&mut self, rule: &str) -> Result<()> {
        self.take_turn_of(rule, Turn::Alone).await
    }

    pub(crate) async fn take_turn_of(&mut self, rule: &str, turn: Turn) -> Result<()> {
        if self.view.session.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let lock = match turn {
            Turn::Alone => "pg_advisory_xact_lock",
            Turn::Together => "pg_advisory_xact_lock_shared",
        };
        let mut sql = self.view.session.sql(format!("SELECT CAST({lock}("));
        sql.bind(SqlValue::Integer(lock_number(rule))).push(") AS TEXT)");
        self.view.session.rows(&sql).await.map(drop)
    }
}
