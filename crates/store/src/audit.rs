//! The change log: who changed what, when, from where, old and new. It is history for people,
//! the source of undo, and the outbox that feeds everything that follows changes.

use std::collections::HashSet;

use guanxi_base::{RawId, Result, Timestamp};
use guanxi_record::{Changes, Meaning};

use crate::actor::{Actor, FieldAccess, Purpose};
use crate::log_order::push_position;
use crate::session::Session;
use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;
use crate::tx::Tx;
use crate::view::View;
use crate::withhold::{shown, without_hidden};

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It was made.
    Create,
    /// Fields were changed.
    Update,
    /// It was put away.
    Archive,
    /// It was brought back.
    Restore,
    /// It was removed for good.
    Remove,
    /// It was shared with somebody.
    Share,
    /// It is not shared with somebody any more.
    Unshare,
    /// A masked field of it was shown whole.
    Reveal,
    /// It was looked at, and says something about a living person.
    View,
    /// It was in a file that was taken out; the record is unknown, the detail says which list.
    Export,
    /// Somebody signed in.
    SignIn,
    /// Somebody tried to sign in and could not.
    SignInFailed,
    /// Somebody signed out.
    SignOut,
    /// How somebody signs in was changed: password, second factor, token, lock.
    Credential,
    /// A request for approval was decided.
    Decide,
    /// Entries of this log were removed by its rule.
    Purge,
    /// What it said about a person was taken out for good.
    Erase,
}

impl Operation {
    const NAMES: [(&'static str, Self); 17] = [
        ("create", Self::Create),
        ("update", Self::Update),
        ("archive", Self::Archive),
        ("restore", Self::Restore),
        ("remove", Self::Remove),
        ("share", Self::Share),
        ("unshare", Self::Unshare),
        ("reveal", Self::Reveal),
        ("view", Self::View),
        ("export", Self::Export),
        ("sign_in", Self::SignIn),
        ("sign_in_failed", Self::SignInFailed),
        ("sign_out", Self::SignOut),
        ("credential", Self::Credential),
        ("decide", Self::Decide),
        ("purge", Self::Purge),
        ("erase", Self::Erase),
    ];

    /// As the change log keeps it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, operation)| *operation == self).map_or("", |(name, _)| name)
    }

    /// Whether the record itself changed: what undo takes back and what others follow.
    #[must_use]
    pub fn is_change(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Archive | Self::Restore | Self::Remove)
    }

    /// All of them, in the order in which people see them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(_, operation)| *operation)
    }

    /// The operation of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, operation)| *operation)
    }
}

/// One line of a record's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The set of changes that it belongs to; what undo takes.
    pub change_set: RawId,
    /// When.
    pub at: Timestamp,
    /// Which user; `None` for the product itself.
    pub actor: Option<RawId>,
    /// By which face.
    pub origin: String,
    /// From which network address.
    pub address: Option<String>,
    /// For which job.
    pub job: Option<RawId>,
    /// What was done.
    pub operation: Operation,
    /// The record's version after it.
    pub version: i64,
    /// Old and new values.
    pub changes: Changes,
}

/// That the set of changes `s` is undone: by an undo that was not undone itself, and so on. Each undo
/// in the line turns the one before it over, since nobody undoes what is undone already.
pub(crate) const UNDONE: &str = "(EXISTS (SELECT 1 FROM change_set u WHERE u.undoes = s.id) AND \
     (WITH RECURSIVE line (id) AS (SELECT s.id UNION ALL \
     SELECT u.id FROM change_set u JOIN line ON u.undoes = line.id) \
     SELECT COUNT(*) FROM line) % 2 = 0)";

/// A set of changes or a deed, as it is entered in the log.
pub(crate) struct Entered<'a> {
    pub(crate) id: RawId,
    pub(crate) at: Timestamp,
    pub(crate) actor: &'a Actor,
    pub(crate) undoes: Option<RawId>,
}

/// Enters a set of changes in the log, without what is in it.
pub(crate) async fn enter(session: &mut Session, set: Entered<'_>) -> Result<()> {
    let mut sql = session.sql(
        "INSERT INTO change_set (id, at, actor, origin, address, job, undoes, position) VALUES (",
    );
    let id = |id: Option<RawId>| SqlValue::or_null(id, |id| SqlValue::Integer(id.0));
    sql.bind_all([
        SqlValue::Integer(set.id.0),
        SqlValue::Instant(set.at),
        id(set.actor.user),
        SqlValue::Text(set.actor.origin.name().to_owned()),
        SqlValue::or_null(set.actor.address.clone(), SqlValue::Text),
        id(set.actor.job),
        id(set.undoes),
    ]);
    sql.push(", ");
    push_position(&mut sql, set.id);
    sql.push(")");
    session.execute(&sql).await.map(drop)
}

/// Enters what is in sets of changes.
pub(crate) async fn enter_items(session: &mut Session, items: &[SqlRow]) -> Result<()> {
    let columns = ["change_set", "seq", "type", "record", "version", "operation", "diff"];
    session.insert_rows("change_item", &columns, items).await
}

impl Tx {
    pub(crate) async fn write_change_set(&mut self) -> Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let items = std::mem::take(&mut self.items);
        let (id, at, undoes) = (self.change_set, self.view.now, self.undoes);
        let entered = Entered { id, at, actor: &self.view.actor, undoes };
        enter(&mut self.view.session, entered).await?;
        enter_items(&mut self.view.session, &items).await
    }
}

impl View {
    /// The history of a record, newest first.
    ///
    /// # Errors
    /// `NotFound` when the Actor may not see the record.
    pub async fn history(
        &mut self,
        record_type: &str,
        id: RawId,
        limit: usize,
    ) -> Result<Vec<Entry>> {
        let record_type = self.catalog.get(record_type)?.clone();
        let row = self.row(&record_type.name, id, Purpose::Read).await?;
        let named = record_type.fields.iter().find(|f| f.means == Some(Meaning::RecordType));
        let of = named
            .and_then(|field| row.value(&record_type, &field.name).as_text().map(str::to_owned));
        let mut sql = self.session.sql(
            "SELECT s.id, s.at, s.actor, s.origin, s.address, s.job, i.operation, i.version, i.diff \
             FROM change_item i JOIN change_set s ON s.id = i.change_set \
             WHERE i.operation IN ('create', 'update', 'archive', 'restore', 'remove', 'share', \
             'unshare', 'reveal', 'decide', 'erase') AND i.record = ",
        );
        sql.bind(SqlValue::Integer(id.0));
        sql.push(&format!(" ORDER BY i.change_set DESC, i.seq DESC LIMIT {}", limit.min(1_000)));
        let rows = self.session.rows(&sql).await?;
        let rights = self.actor.rights.clone();
        let about_others = rights.about_others(&record_type.name);
        let is_withheld = |field: &str| {
            about_others.is_some_and(|fields| fields.contains(field))
                && row.value(&record_type, &record_type.title).is_null()
        };
        let read = |row: SqlRow| -> Result<Entry> {
            let mut row = row.into_iter();
            let mut next = || row.next().unwrap_or(SqlValue::Null);
            let change_set = RawId(next().integer()?);
            let at = next().instant()?;
            let optional_id = |value: SqlValue| value.integer().ok().map(RawId);
            let actor = optional_id(next());
            let origin = next().into_text()?;
            let address = next().into_text().ok();
            let job = optional_id(next());
            let operation = Operation::from_name(&next().into_text()?).unwrap_or(Operation::Update);
            let version = next().integer()?;
            let diff = next().into_text().ok();
            let diff = diff.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            let mut changes = Changes::from_json(&record_type, &diff);
            for change in &mut changes.0 {
                let access = match is_withheld(&change.field) {
                    true => FieldAccess::Hidden,
                    false => rights.field(&record_type.name, &change.field),
                };
                let Some(field) = record_type.field(&change.field) else { continue };
                for value in [&mut change.old, &mut change.new] {
                    if field.means == Some(Meaning::FieldValues) {
                        without_hidden(&rights, of.as_deref(), value);
                    }
                    *value = shown(&field.kind, std::mem::take(value), access);
                }
            }
            Ok(Entry { change_set, at, actor, origin, address, job, operation, version, changes })
        };
        rows.into_iter().map(read).collect()
    }
}

impl View {
    /// The records that a set of changes is about, with their types, in the order in which it changed them;
    /// of more than ten thousand the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed_in(&mut self, change_set: RawId) -> Result<Vec<(String, RawId)>> {
        let mut sql = self
            .session
            .sql("SELECT i.type, i.record, MIN(i.seq) FROM change_item i WHERE i.change_set = ");
        sql.bind(SqlValue::Integer(change_set.0));
        sql.push(" GROUP BY i.type, i.record ORDER BY MIN(i.seq) LIMIT 10000");
        let rows = self.session.rows(&sql).await?;
        rows.into_iter()
            .map(|row| Ok((row[0].clone().into_text()?, RawId(row[1].integer()?))))
            .collect()
    }
}

impl Store {
    /// The ids of the sets of changes that a job made and that are not undone, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes_of_job(&self, actor: &Actor, job: RawId) -> Result<Vec<RawId>> {
        let view = self.read(actor).await?;
        let mut session = view.session;
        let mut sql =
            session.sql("SELECT s.id FROM change_set s WHERE s.undoes IS NULL AND s.job = ");
        sql.bind(SqlValue::Integer(job.0));
        // Two machines may have worked at it, one after the other, each with a clock of its own.
        sql.push(&format!(" AND NOT {UNDONE} ORDER BY s.position DESC, s.id DESC"));
        let rows = session.rows(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
    }

    /// The records that were there before a job and that it changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed_by_job(&self, job: RawId) -> Result<HashSet<RawId>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql(
            "SELECT DISTINCT i.record FROM change_item i JOIN change_set s ON s.id = i.change_set \
             WHERE s.undoes IS NULL AND i.operation IN ('update', 'restore') AND s.job = ",
        );
        sql.bind(SqlValue::Integer(job.0)).push(" AND i.record < ");
        sql.bind(SqlValue::Integer(job.0));
        let rows = session.rows(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
    }
}
