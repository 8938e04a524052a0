//! What changed, in the order of commits, and all that there is: for whoever keeps a copy in
//! another shape, as the warehouse does. It is asked by the product itself, not by people.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{RawId, Result, Timestamp};
use guanxi_record::{RecordType, Row};
use serde_json::Value as Json;

use crate::audit::Operation;
use crate::columns::{read_row, select_list};
use crate::log_order::push_settled;
use crate::sql::SqlValue;
use crate::store::Store;
use crate::view::View;

/// Changes that are read at once.
const EVENTS_AT_ONCE: usize = 50_000;

/// A place in the log, in the order of commits: no later commit appears before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// In the order of commits.
    pub position: i64,
    /// The set of changes there.
    pub change_set: RawId,
    /// The change in it.
    pub seq: i64,
}

impl Place {
    /// Before everything.
    pub const START: Self = Self { position: 0, change_set: RawId(0), seq: 0 };
}

/// A change as others hear of it: what it was of, not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where in the log.
    pub place: Place,
    /// The record's type.
    pub record_type: String,
    /// The record.
    pub record: RawId,
    /// What was done.
    pub operation: Operation,
    /// What the record was or became part of, where that changed.
    pub wholes: Vec<RawId>,
}

/// Which records changed up to a place, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The ids by the name of their type, with the wholes that parts left or came to; whoever reads
    /// the parts finds those that they are in now.
    pub records: BTreeMap<String, BTreeSet<RawId>>,
    /// Up to here.
    pub until: Place,
    /// Whether there may be more.
    pub more: bool,
}

impl Store {
    /// The changes after a place, oldest first: each exactly once, in an order that no later
    /// commit can change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_after(&self, after: Place, limit: usize) -> Result<Vec<Event>> {
        let catalog = self.catalog();
        let mut session = self.reader().await?;
        // Only of parts it is asked what changed: their wholes.
        let mut sql = session.sql(
            "SELECT s.position, s.id, i.seq, i.type, i.record, i.operation, CASE WHEN i.type IN (",
        );
        let parts = catalog.types().filter(|one| one.part_of.is_some());
        sql.bind_all(parts.map(|one| SqlValue::Text(one.name.to_string())));
        sql.push(
            ") THEN i.diff END FROM change_set s JOIN change_item i ON i.change_set = s.id \
             WHERE (s.position, s.id, i.seq) > (",
        );
        sql.bind_all([after.position, after.change_set.0, after.seq].map(SqlValue::Integer));
        sql.push(") AND ");
        push_settled(&mut sql);
        sql.push(" AND i.operation IN (");
        sql.bind_all(followed().map(|one| SqlValue::Text(one.name().to_owned())));
        // The index on position serves this bound, the row comparison alone would not use it.
        sql.push(") AND s.position >= ").bind(SqlValue::Integer(after.position));
        sql.push(&format!(" ORDER BY s.position, s.id, i.seq LIMIT {}", limit.clamp(1, 100_000)));
        let mut events = Vec::new();
        for row in session.long_rows(&sql).await? {
            let record_type = row[3].clone().into_text()?;
            let link = catalog.get(&record_type).ok().and_then(|described| described.part_of);
            let wholes = match (link, row[6].clone().into_text()) {
                (Some(link), Ok(diff)) => links_in(&diff, link),
                _ => Vec::new(),
            };
            let operation = Operation::from_name(&row[5].clone().into_text()?);
            events.push(Event {
                place: Place {
                    position: row[0].integer()?,
                    change_set: RawId(row[1].integer()?),
                    seq: row[2].integer()?,
                },
                record_type,
                record: RawId(row[4].integer()?),
                operation: operation.unwrap_or(Operation::Update),
                wholes,
            });
        }
        Ok(events)
    }

    /// The end of the log as it stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_end(&self) -> Result<Place> {
        let mut session = self.reader().await?;
        let mut sql = session.sql("SELECT s.position, s.id FROM change_set s WHERE ");
        push_settled(&mut sql);
        sql.push(" ORDER BY s.position DESC, s.id DESC LIMIT 1");
        let Some(row) = session.rows(&sql).await?.into_iter().next() else {
            return Ok(Place::START);
        };
        let (position, change_set) = (row[0].integer()?, RawId(row[1].integer()?));
        Ok(Place { position, change_set, seq: i64::MAX })
    }

    /// Whether the log is the one in which this place was seen: not that of another database, or
    /// of a backup from before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_reaches(&self, place: Place) -> Result<bool> {
        let mut session = self.reader().await?;
        // What people did may have been purged since; its seal stays.
        for (table, column) in [("change_set", "id"), ("seal", "change_set")] {
            let mut sql = session.sql(format!("SELECT 1 FROM {table} WHERE {column} = "));
            sql.bind(SqlValue::Integer(place.change_set.0)).push(" AND position = ");
            sql.bind(SqlValue::Integer(place.position));
            if session.value(&sql).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(place == Place::START)
    }

    /// The records that changed after a place, in order, some at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touched_since(&self, after: Place) -> Result<Touched> {
        let catalog = self.catalog();
        let events = self.events_after(after, EVENTS_AT_ONCE).await?;
        let more = events.len() == EVENTS_AT_ONCE;
        let until = events.last().map_or(after, |event| event.place);
        let mut records: BTreeMap<String, BTreeSet<RawId>> = BTreeMap::new();
        for event in events {
            let whole = catalog.get(&event.record_type).ok().and_then(|one| one.whole());
            if let Some((target, _)) = whole {
                records.entry(target.to_owned()).or_default().extend(event.wholes);
            }
            records.entry(event.record_type).or_default().insert(event.record);
        }
        Ok(Touched { records, until, more })
    }

    /// Records as they are now, with all that they hold; those that are gone are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows_now(&self, record_type: &RecordType, ids: &[RawId]) -> Result<Vec<Row>> {
        let mut session = self.reader().await?;
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(1_000) {
            let columns = select_list(record_type, "t0");
            let mut sql = session.sql(format!("SELECT {columns} FROM "));
            sql.name(&record_type.name).push(" t0 WHERE t0.\"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            for row in session.long_rows(&sql).await? {
                found.push(read_row(record_type, row)?);
            }
        }
        Ok(found)
    }

    /// All records of a type, archived ones too, in the order of their ids: those after one, so
    /// many at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows_after(
        &self,
        record_type: &RecordType,
        after: RawId,
        limit: usize,
    ) -> Result<Vec<Row>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql(format!("SELECT {} FROM ", select_list(record_type, "t0")));
        sql.name(&record_type.name).push(" t0 WHERE t0.\"id\" > ");
        sql.bind(SqlValue::Integer(after.0));
        sql.push(&format!(" ORDER BY t0.\"id\" LIMIT {limit}"));
        let rows = session.long_rows(&sql).await?;
        rows.into_iter().map(|row| read_row(record_type, row)).collect()
    }
}

/// What of a type stands after a place in the log, though its stamp says that it came before: a stamp
/// is of the beginning of a transaction, its place of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// The earliest of those stamps.
    pub from: Timestamp,
    /// How many records were made with one.
    pub made: i64,
}

impl View {
    /// What of a type was committed after a place in the log with a stamp that is not later than a
    /// moment; none where stamps and places agree.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn late(
        &mut self,
        record_type: &str,
        after: Place,
        until: Timestamp,
    ) -> Result<Option<Late>> {
        let mut sql = self.session.sql(
            "SELECT MIN(s.at), SUM(CASE WHEN i.operation = 'create' THEN 1 ELSE 0 END) \
             FROM change_set s JOIN change_item i ON i.change_set = s.id \
             WHERE (s.position, s.id) > (",
        );
        sql.bind_all([after.position, after.change_set.0].map(SqlValue::Integer));
        // The index on position serves this bound, the row comparison alone would not use it.
        sql.push(") AND s.position >= ").bind(SqlValue::Integer(after.position));
        sql.push(" AND s.at <= ").bind(SqlValue::Instant(until));
        sql.push(" AND i.type = ").bind(SqlValue::Text(record_type.to_owned()));
        sql.push(" AND i.operation IN (");
        sql.bind_all(followed().map(|one| SqlValue::Text(one.name().to_owned()))).push(")");
        let rows = self.session.long_rows(&sql).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let Some(from) = row[0].optional_instant()? else { return Ok(None) };
        Ok(Some(Late { from, made: row[1].integer()? }))
    }
}

/// The operations that others follow.
fn followed() -> impl Iterator<Item = Operation> {
    Operation::all().filter(|one| one.is_change() || *one == Operation::Erase)
}

/// The records that a link led to before and after a change.
fn links_in(diff: &str, link: &str) -> Vec<RawId> {
    let Ok(Json::Object(diff)) = serde_json::from_str::<Json>(diff) else { return Vec::new() };
    let sides = diff.get(link).and_then(Json::as_array).into_iter().flatten();
    sides.filter_map(|side| side.as_str()?.parse().ok()).collect()
}
