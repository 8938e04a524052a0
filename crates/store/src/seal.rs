//! The chain of hashes over the log: each set of changes gets a seal that holds its digest and the
//! hash of the seal before, so that nothing can be changed, put in or taken out later without
//! breaking the chain. Seals are made in the order that no later commit can change, a moment after
//! the commit; what was not sealed yet is told.

use guanxi_base::{RawId, Result, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::actor::Actor;
use crate::audit::Operation;
use crate::dialect::Dialect;
use crate::log_order::push_settled;
use crate::session::Session;
use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;
use crate::trail::Deed;

/// Sets of changes that are sealed or compared at once.
const BATCH: usize = 500;
/// The chain begins with this.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What the rule of the log may remove; changes of records never.
const PURGEABLE: [Operation; 6] = [
    Operation::View,
    Operation::Reveal,
    Operation::Export,
    Operation::SignIn,
    Operation::SignInFailed,
    Operation::SignOut,
];

/// Where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The number of the seal.
    pub seal: i64,
    /// The set of changes that it is of.
    pub change_set: RawId,
    /// What is wrong: `changed`, `missing`, `chain`, `unsealed`.
    pub what: &'static str,
}

/// What a look at the whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many sets of changes are sealed.
    pub sealed: i64,
    /// How many of them the rule of the log removed.
    pub purged: i64,
    /// How many came after the last seal.
    pub unsealed: i64,
    /// The last hash of the chain: whoever keeps it elsewhere can tell if all of it was replaced.
    pub head: String,
    /// Whether the hash that was asked about is in the chain.
    pub head_seen: bool,
    /// The first place where it does not hold.
    pub broken: Option<Broken>,
}

struct Seal {
    number: i64,
    change_set: RawId,
    position: i64,
    digest: String,
    hash: String,
    purged: bool,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn chained(before: &str, number: i64, change_set: RawId, digest: &str) -> String {
    hex(&Sha256::digest(format!("{before} {number} {} {digest}", change_set.0)))
}

impl Store {
    /// Seals what was committed since the last time; how many sets of changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal(&self) -> Result<usize> {
        let mut sealed = 0;
        loop {
            let mut session = self.writer().await?;
            session.begin().await?;
            if session.dialect() == Dialect::Postgres {
                // One at a time: two processes would give the same numbers.
                let lock = session.sql("LOCK TABLE seal IN EXCLUSIVE MODE");
                session.execute(&lock).await?;
            }
            let last = last_seal(&mut session).await?;
            let (mut number, mut hash, position, set) = match &last {
                Some(last) => (last.number, last.hash.clone(), last.position, last.change_set.0),
                None => (0, START.to_owned(), 0, 0),
            };
            let digests = digests(&mut session, (position, set), None).await?;
            let mut rows: Vec<SqlRow> = Vec::with_capacity(digests.len());
            for (change_set, position, digest) in &digests {
                number += 1;
                hash = chained(&hash, number, *change_set, digest);
                rows.push(vec![
                    SqlValue::Integer(number),
                    SqlValue::Integer(change_set.0),
                    SqlValue::Integer(*position),
                    SqlValue::Text(digest.clone()),
                    SqlValue::Text(hash.clone()),
                ]);
            }
            if rows.is_empty() {
                return Ok(sealed);
            }
            let columns = ["number", "change_set", "position", "digest", "hash"];
            session.insert_rows("seal", &columns, &rows).await?;
            session.commit().await?;
            sealed += rows.len();
            if rows.len() < BATCH {
                return Ok(sealed);
            }
        }
    }

    /// Compares the whole log with its seals.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_seals(&self, head: Option<&str>) -> Result<Verified> {
        let mut session = self.reader().await?;
        let mut verified = Verified {
            sealed: 0,
            purged: 0,
            unsealed: 0,
            head: START.to_owned(),
            head_seen: false,
            broken: None,
        };
        let mut at = (0, 0);
        loop {
            let seals = seals_after(&mut session, verified.sealed).await?;
            let Some(last) = seals.last() else { break };
            let until = (last.position, last.change_set.0);
            let mut found = digests(&mut session, at, Some(until)).await?.into_iter().peekable();
            for seal in &seals {
                verified.sealed += 1;
                verified.purged += i64::from(seal.purged);
                let hash = chained(&verified.head, verified.sealed, seal.change_set, &seal.digest);
                let there = found.next_if(|(set, _, _)| *set == seal.change_set);
                let what = match there {
                    _ if seal.number != verified.sealed || seal.hash != hash => Some("chain"),
                    Some((_, _, digest)) => {
                        (digest != seal.digest && !seal.purged).then_some("changed")
                    }
                    None => (!seal.purged).then_some("missing"),
                };
                verified.head_seen |= head == Some(hash.as_str());
                verified.head = hash;
                if let Some(what) = what.filter(|_| verified.broken.is_none()) {
                    let (seal, change_set) = (seal.number, seal.change_set);
                    verified.broken = Some(Broken { seal, change_set, what });
                }
            }
            // What stands between sealed sets and has no seal was put in afterwards.
            if let (Some((change_set, _, _)), None) = (found.next(), &verified.broken) {
                let seal = verified.sealed;
                verified.broken = Some(Broken { seal, change_set, what: "unsealed" });
            }
            at = until;
        }
        let mut sql = session.sql("SELECT COUNT(*) FROM change_set WHERE (position, id) > (");
        sql.bind_all([SqlValue::Integer(at.0), SqlValue::Integer(at.1)]).push(")");
        verified.unsealed = session.value(&sql).await?.unwrap_or(SqlValue::Integer(0)).integer()?;
        Ok(verified)
    }

    /// Removes what people did, but never what changed, from before a time: the seals stay and say
    /// that it was removed. How many entries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_deeds(
        &self,
        actor: &Actor,
        operation: Operation,
        before: Timestamp,
    ) -> Result<usize> {
        if !PURGEABLE.contains(&operation) {
            return Ok(0);
        }
        self.seal().await?;
        let mut purged = 0;
        loop {
            let mut session = self.writer().await?;
            session.begin().await?;
            let mut sql = session.sql(
                "SELECT s.id FROM change_item i JOIN change_set s ON s.id = i.change_set \
                 JOIN seal x ON x.change_set = s.id WHERE i.seq = 0 AND i.operation = ",
            );
            sql.bind(SqlValue::Text(operation.name().to_owned())).push(" AND s.at < ");
            sql.bind(SqlValue::Instant(before)).push(&format!(" LIMIT {BATCH}"));
            let rows = session.rows(&sql).await?;
            let ids: Vec<SqlValue> = rows.into_iter().map(|mut row| row.remove(0)).collect();
            if ids.is_empty() {
                break;
            }
            let mut sql = session.sql("UPDATE seal SET purged_by = ");
            sql.bind(SqlValue::Integer(actor.user.map_or(0, |user| user.0)));
            sql.push(" WHERE change_set IN (").bind_all(ids.iter().cloned()).push(")");
            session.execute(&sql).await?;
            for (table, column) in [("change_item", "change_set"), ("change_set", "id")] {
                let mut sql = session.sql(format!("DELETE FROM {table} WHERE {column} IN ("));
                sql.bind_all(ids.iter().cloned()).push(")");
                session.execute(&sql).await?;
            }
            session.commit().await?;
            purged += ids.len();
        }
        if purged > 0 {
            let detail = json!({
                "operation": operation.name(), "before": before.to_string(), "entries": purged,
            });
            let deed = Deed {
                actor: actor.clone(),
                operation: Operation::Purge,
                record_type: "user".to_owned(),
                record: actor.user.unwrap_or(RawId(0)),
                detail: Some(detail),
            };
            self.note_deeds(&[deed]).await?;
        }
        Ok(purged)
    }
}

async fn last_seal(session: &mut Session) -> Result<Option<Seal>> {
    let sql = session.sql(
        "SELECT number, change_set, position, digest, hash, purged_by FROM seal \
         ORDER BY number DESC LIMIT 1",
    );
    session.rows(&sql).await?.into_iter().next().map(read_seal).transpose()
}

async fn seals_after(session: &mut Session, number: i64) -> Result<Vec<Seal>> {
    let mut sql = session.sql(
        "SELECT number, change_set, position, digest, hash, purged_by FROM seal WHERE number > ",
    );
    sql.bind(SqlValue::Integer(number)).push(&format!(" ORDER BY number LIMIT {BATCH}"));
    session.rows(&sql).await?.into_iter().map(read_seal).collect()
}

fn read_seal(row: SqlRow) -> Result<Seal> {
    Ok(Seal {
        number: row[0].integer()?,
        change_set: RawId(row[1].integer()?),
        position: row[2].integer()?,
        digest: row[3].clone().into_text()?,
        hash: row[4].clone().into_text()?,
        purged: row[5] != SqlValue::Null,
    })
}

/// The sets of changes after a place, in order, at most a batch or up to another place, and the
/// digest of each with all that it did.
async fn digests(
    session: &mut Session,
    after: (i64, i64),
    until: Option<(i64, i64)>,
) -> Result<Vec<(RawId, i64, String)>> {
    let mut sql = session.sql(
        "SELECT id, position, at, actor, origin, address, job, undoes FROM change_set \
         WHERE (position, id) > (",
    );
    sql.bind_all([SqlValue::Integer(after.0), SqlValue::Integer(after.1)]).push(")");
    match until {
        Some((position, id)) => {
            sql.push(" AND (position, id) <= (");
            sql.bind_all([SqlValue::Integer(position), SqlValue::Integer(id)]).push(")");
        }
        None => {
            sql.push(" AND ");
            push_settled(&mut sql);
        }
    }
    sql.push(" ORDER BY position, id");
    if until.is_none() {
        sql.push(&format!(" LIMIT {BATCH}"));
    }
    let sets = session.rows(&sql).await?;
    let mut found = Vec::with_capacity(sets.len());
    for set in sets {
        let (id, position) = (set[0].integer()?, set[1].integer()?);
        let mut sql = session.sql(
            "SELECT seq, type, record, version, operation, diff FROM change_item \
             WHERE change_set = ",
        );
        sql.bind(SqlValue::Integer(id)).push(" ORDER BY seq");
        let mut digest = Sha256::new();
        digest.update(format!("{set:?}"));
        for item in session.rows(&sql).await? {
            digest.update(format!("{item:?}"));
        }
        found.push((RawId(id), position, hex(&digest.finalize())));
    }
    Ok(found)
}
