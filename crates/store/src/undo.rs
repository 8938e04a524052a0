//! Undo of any set of changes, or of all that a job did: the old values come back, new records
//! go, removed ones return. What was changed again since is not overwritten; it is named.

use guanxi_base::{Error, RawId, Refusal, Result, Timestamp};
use guanxi_record::{Changes, RecordType, Row, Value};

use crate::actor::{Actor, Purpose};
use crate::audit::Operation;
use crate::columns::{read_row, select_list};
use crate::sql::SqlValue;
use crate::store::Store;
use crate::tx::Tx;
use crate::view::View;

/// What an undo did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UndoReport {
    /// How many changes of records were undone.
    pub changes: usize,
    /// The set of changes that the undo made; undo it to redo.
    pub change_set: Option<RawId>,
}

/// One change of one record, as the log has it.
struct Item {
    record_type: String,
    record: RawId,
    operation: Operation,
    diff: serde_json::Value,
}

impl Tx {
    /// Undoes a set of changes, newest first.
    ///
    /// # Errors
    /// `NotFound`; `changed-since` and `still-linked` when later work builds on it;
    /// `already-undone`.
    pub async fn undo(&mut self, change_set: RawId) -> Result<UndoReport> {
        self.undoes = Some(change_set);
        if self.is_undone(change_set).await? {
            return Err(Refusal::new("already-undone").into());
        }
        let items = self.items_of(change_set).await?;
        if items.is_empty() {
            return Err(Error::NotFound);
        }
        let changes = items.len();
        let mut items = items.into_iter().peekable();
        while let Some(item) = items.next() {
            let record_type = self.catalog.named(&item.record_type)?.clone();
            if item.operation == Operation::Create {
                // Neighbours of one type go together: a job made them by the thousand.
                let mut ids = vec![item.record];
                while let Some(next) = items.next_if(|next| {
                    next.operation == Operation::Create && next.record_type == item.record_type
                }) {
                    ids.push(next.record);
                }
                self.undo_creation(&record_type, change_set, &ids).await?;
            } else {
                self.undo_item(&record_type, item).await?;
            }
        }
        Ok(UndoReport { changes, change_set: Some(self.change_set) })
    }

    async fn is_undone(&mut self, change_set: RawId) -> Result<bool> {
        let mut sql = self.view.session.sql("SELECT COUNT(*) FROM change_set WHERE undoes = ");
        sql.bind(SqlValue::Integer(change_set.0));
        // An undo that was itself undone leaves the change standing.
        sql.push(" AND id NOT IN (SELECT undoes FROM change_set WHERE undoes IS NOT NULL)");
        let count = self.view.session.value(&sql).await?.unwrap_or(SqlValue::Integer(0));
        Ok(count.integer()? > 0)
    }

    async fn items_of(&mut self, change_set: RawId) -> Result<Vec<Item>> {
        let mut sql = self
            .view
            .session
            .sql("SELECT type, record, operation, diff FROM change_item WHERE change_set = ");
        sql.bind(SqlValue::Integer(change_set.0)).push(" ORDER BY seq DESC");
        let rows = self.view.session.rows(&sql).await?;
        let items = rows
            .into_iter()
            .map(|row| {
                let mut row = row.into_iter();
                let mut next = || row.next().unwrap_or(SqlValue::Null);
                let record_type = next().into_text()?;
                let record = RawId(next().integer()?);
                let operation = next().into_text()?;
                let diff = next().into_text().ok();
                Ok(Item {
                    record_type,
                    record,
                    operation: Operation::from_name(&operation)
                        .ok_or_else(|| Error::internal(format!("{operation} is in the log")))?,
                    diff: diff
                        .and_then(|text| serde_json::from_str(&text).ok())
                        .unwrap_or_default(),
                })
            })
            .filter(|item: &Result<Item>| item.as_ref().map_or(true, |i| i.operation.is_change()));
        items.collect()
    }

    async fn undo_creation(
        &mut self,
        record_type: &RecordType,
        change_set: RawId,
        ids: &[RawId],
    ) -> Result<()> {
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(500) {
            let found = self.view.rows_by_ids(record_type, chunk, Purpose::Change).await?;
            if found.len() < chunk.len() {
                return Err(changed_since(record_type, "?"));
            }
            rows.extend(found);
        }
        for row in rows.iter().filter(|row| row.version > 1) {
            if self.has_later_changes(row.id, change_set).await? {
                return Err(changed_since(record_type, &row.title(record_type)));
            }
        }
        if rows.len() > 1 && self.is_kept_by_all_links(record_type) {
            return self.remove_rows(record_type, rows).await;
        }
        for row in rows {
            self.remove(record_type, row).await?;
        }
        Ok(())
    }

    /// Whether nothing is to be cleared or removed along with records of this type: the database
    /// itself refuses while anything links to them, so that one statement removes many.
    fn is_kept_by_all_links(&self, record_type: &RecordType) -> bool {
        let mut links = self.catalog.links_to(&record_type.name);
        links.all(|(_, _, rule)| rule == guanxi_record::OnDelete::Refuse)
    }

    /// Whether a record has changes after a set that are neither undone nor undo.
    async fn has_later_changes(&mut self, record: RawId, change_set: RawId) -> Result<bool> {
        let mut sql = self.view.session.sql(
            "SELECT COUNT(*) FROM change_item i JOIN change_set s ON s.id = i.change_set \
             WHERE s.undoes IS NULL AND NOT EXISTS \
             (SELECT 1 FROM change_set u WHERE u.undoes = s.id) AND i.record = ",
        );
        sql.bind(SqlValue::Integer(record.0));
        sql.push(" AND i.change_set > ").bind(SqlValue::Integer(change_set.0));
        let count = self.view.session.value(&sql).await?.unwrap_or(SqlValue::Integer(0));
        Ok(count.integer()? > 0)
    }

    async fn undo_item(&mut self, record_type: &RecordType, item: Item) -> Result<()> {
        let changes = Changes::from_json(record_type, &item.diff);
        if item.operation == Operation::Remove {
            return self.undo_removal(record_type, item.record, &changes).await;
        }
        let id = item.record;
        let row = self.unmasked_row(&record_type.name, id, Purpose::Change).await?;
        let mut values = row.values.clone();
        let mut archived_at = row.archived_at;
        for change in &changes.0 {
            if row.value(record_type, &change.field) != change.new {
                return Err(changed_since(record_type, &row.title(record_type)));
            }
            if change.field == "archived_at" {
                archived_at = as_instant(&change.old);
            } else if let Some(place) = record_type.position(&change.field) {
                values[place] = change.old.clone();
            }
        }
        self.may_write(record_type, Some(&row), &values).await?;
        let (version, updated_at) = (row.version + 1, self.view.now);
        let new = Row { version, updated_at, archived_at, values, ..row.clone() };
        self.store_row(record_type, &row, &new).await?;
        let reverse = changes.0.into_iter().map(|change| guanxi_record::FieldChange {
            field: change.field,
            old: change.new,
            new: change.old,
        });
        let operation = match item.operation {
            Operation::Archive => Operation::Restore,
            Operation::Restore => Operation::Archive,
            other => other,
        };
        let diff = Changes(reverse.collect()).to_json();
        self.note(record_type, &new, operation, Some(diff));
        Ok(())
    }

    async fn undo_removal(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        changes: &Changes,
    ) -> Result<()> {
        self.may_create(record_type)?;
        let mut values = vec![Value::Null; record_type.fields.len()];
        for change in &changes.0 {
            if let Some(place) = record_type.position(&change.field) {
                values[place] = change.old.clone();
            }
        }
        let now = self.view.now;
        let version = self.last_version(id).await? + 1;
        let created_at = id.made_at();
        let row = Row { id, version, created_at, updated_at: now, archived_at: None, values };
        self.insert_without_history(record_type, std::slice::from_ref(&row)).await?;
        self.whole_is_stale(record_type, &row);
        self.note(record_type, &row, Operation::Create, None);
        Ok(())
    }

    async fn last_version(&mut self, record: RawId) -> Result<i64> {
        let mut sql = self
            .view
            .session
            .sql("SELECT COALESCE(MAX(version), 0) FROM change_item WHERE record = ");
        sql.bind(SqlValue::Integer(record.0));
        self.view.session.value(&sql).await?.unwrap_or(SqlValue::Integer(0)).integer()
    }
}

impl View {
    /// The rows of these ids that the Actor may use for this purpose, in any order, with all that
    /// they hold: for rules, never for eyes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows_by_ids(
        &mut self,
        record_type: &RecordType,
        ids: &[RawId],
        purpose: Purpose,
    ) -> Result<Vec<Row>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.session.sql(format!("SELECT {} FROM ", select_list(record_type, "t0")));
        sql.name(&record_type.name).push(" t0 WHERE t0.\"id\" IN (");
        sql.bind_all(ids.iter().map(|id| SqlValue::Integer(id.0))).push(") AND ");
        let catalog = self.catalog.clone();
        let mut conditions = crate::condition::Conditions::new(&catalog, &self.actor, self.now);
        conditions.scope(&mut sql, record_type, "t0", purpose)?;
        let rows = self.session.rows(&sql).await?;
        rows.into_iter().map(|columns| read_row(record_type, columns)).collect()
    }
}

impl Store {
    /// Undoes one set of changes.
    ///
    /// # Errors
    /// As `Tx::undo`.
    pub async fn undo(&self, actor: &Actor, change_set: RawId) -> Result<UndoReport> {
        let mut tx = self.write(actor).await?;
        let report = tx.undo(change_set).await?;
        tx.commit().await?;
        Ok(report)
    }

    /// Undoes all that a job did, newest first, one set of changes a transaction: stopped half
    /// way, it goes on where it was. `progress` is told how many sets are done, and of how many.
    ///
    /// # Errors
    /// As `Tx::undo`; what was undone before stays undone.
    pub async fn undo_job(
        &self,
        actor: &Actor,
        job: RawId,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<UndoReport> {
        let sets = self.changes_of_job(actor, job).await?;
        let mut report = UndoReport::default();
        for (done, change_set) in sets.iter().enumerate() {
            progress(done, sets.len());
            report.changes += self.undo(actor, *change_set).await?.changes;
        }
        progress(sets.len(), sets.len());
        Ok(report)
    }
}

fn as_instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Instant(instant) => Some(*instant),
        _ => None,
    }
}

fn changed_since(record_type: &RecordType, title: &str) -> Error {
    Refusal::new("changed-since").with("type", &record_type.name).with("title", title).into()
}
