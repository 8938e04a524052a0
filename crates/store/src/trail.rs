//! What people did besides changing records: looked, took out, signed in, decided. It stands in the
//! same log as the changes, so that one search, one chain of hashes and one order serve all.

use guanxi_base::{Error, RawId, Result, Timestamp};
use serde_json::Value as Json;

use crate::actor::{Actor, Rights};
use crate::audit::{Entered, Operation, enter, enter_items};
use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;

/// So many entries are shown at once.
const SHOWN_MAX: usize = 200;

/// Something that somebody did.
#[derive(Debug, Clone)]
pub struct Deed {
    /// Who, from where.
    pub actor: Actor,
    /// What.
    pub operation: Operation,
    /// With a record of which type.
    pub record_type: String,
    /// With which record; `RawId(0)` when with none in particular.
    pub record: RawId,
    /// What else there is to know.
    pub detail: Option<Json>,
}

/// What somebody wants to find in the log.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Only this person's.
    pub actor: Option<RawId>,
    /// Only this.
    pub operation: Option<Operation>,
    /// Only with records of this type.
    pub record_type: Option<String>,
    /// Only with this record.
    pub record: Option<RawId>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Only what is older than this entry: where the page before ended.
    pub before: Option<(RawId, i64)>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The set of changes or the deed, and its place in it.
    pub place: (RawId, i64),
    /// When.
    pub at: Timestamp,
    /// Who; `None` for the product itself.
    pub actor: Option<RawId>,
    /// By which face.
    pub origin: String,
    /// From which network address.
    pub address: Option<String>,
    /// What.
    pub operation: Operation,
    /// With a record of which type.
    pub record_type: String,
    /// With which record.
    pub record: RawId,
    /// Old and new values, or what else there is to know.
    pub detail: Json,
}

impl Store {
    /// Writes deeds into the log, in one transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_deeds(&self, deeds: &[Deed]) -> Result<()> {
        if deeds.is_empty() {
            return Ok(());
        }
        let mut session = self.writer().await?;
        session.begin().await?;
        let mut items: Vec<SqlRow> = Vec::with_capacity(deeds.len());
        for deed in deeds {
            let (id, at) = (self.new_id(), self.clock().now());
            let entered = Entered { id, at, actor: &deed.actor, undoes: None };
            enter(&mut session, entered).await?;
            items.push(vec![
                SqlValue::Integer(id.0),
                SqlValue::Integer(0),
                SqlValue::Text(deed.record_type.clone()),
                SqlValue::Integer(deed.record.0),
                SqlValue::Integer(0),
                SqlValue::Text(deed.operation.name().to_owned()),
                SqlValue::or_null(deed.detail.clone(), |json| SqlValue::Json(json.to_string())),
            ]);
        }
        enter_items(&mut session, &items).await?;
        session.commit().await
    }

    /// The log, newest first: for those only who may see everything.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn trail(&self, actor: &Actor, look: &Look) -> Result<Vec<Trace>> {
        if !matches!(actor.rights, Rights::All) {
            return Err(Error::Forbidden);
        }
        let mut session = self.reader().await?;
        let mut sql = session.sql(
            "SELECT s.id, i.seq, s.at, s.actor, s.origin, s.address, i.operation, i.type, \
             i.record, i.diff FROM change_item i JOIN change_set s ON s.id = i.change_set \
             WHERE TRUE",
        );
        if let Some(actor) = look.actor {
            sql.push(" AND s.actor = ").bind(SqlValue::Integer(actor.0));
        }
        if let Some(operation) = look.operation {
            sql.push(" AND i.operation = ").bind(SqlValue::Text(operation.name().to_owned()));
        }
        if let Some(record_type) = &look.record_type {
            sql.push(" AND i.type = ").bind(SqlValue::Text(record_type.clone()));
        }
        if let Some(record) = look.record {
            // A page of a list is one entry that names its records.
            sql.push(" AND (i.record = ").bind(SqlValue::Integer(record.0));
            sql.push(" OR (i.record = 0 AND i.operation = 'view' AND CAST(i.diff AS TEXT) LIKE ");
            sql.bind(SqlValue::Text(format!("%\"{record}\"%"))).push("))");
        }
        if let Some(from) = look.from {
            // Ids are made in the order of time, and the index is on them.
            sql.push(" AND s.at >= ").bind(SqlValue::Instant(from));
        }
        if let Some(to) = look.to {
            sql.push(" AND s.at < ").bind(SqlValue::Instant(to));
        }
        if let Some((set, seq)) = look.before {
            sql.push(" AND (i.change_set, i.seq) < (");
            sql.bind_all([SqlValue::Integer(set.0), SqlValue::Integer(seq)]).push(")");
        }
        sql.push(&format!(" ORDER BY i.change_set DESC, i.seq DESC LIMIT {SHOWN_MAX}"));
        let rows = session.rows_anywhere(&sql).await?;
        rows.into_iter().map(read).collect()
    }
}

fn read(row: SqlRow) -> Result<Trace> {
    let mut row = row.into_iter();
    let mut next = || row.next().unwrap_or(SqlValue::Null);
    let place = (RawId(next().integer()?), next().integer()?);
    let at = next().instant()?;
    let actor = next().integer().ok().map(RawId);
    let origin = next().into_text()?;
    let address = next().into_text().ok();
    let operation = Operation::from_name(&next().into_text()?).unwrap_or(Operation::Update);
    let record_type = next().into_text()?;
    let record = RawId(next().integer()?);
    let detail = next().into_text().ok();
    let detail = detail.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(Trace { place, at, actor, origin, address, operation, record_type, record, detail })
}
