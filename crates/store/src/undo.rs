//! Undo of any set of changes, or of all that a job did: the old values come back, new records
//! go, removed ones return. What was changed or built upon since is not undone; it is named.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_base::{Error, RawId, Refusal, Result, Timestamp};
use guanxi_record::{Changes, Field, RecordType, Row, Value};

use crate::actor::{Actor, Purpose};
use crate::audit::{Operation, UNDONE};
use crate::columns::{read_row, select_list};
use crate::hold::Hold;
use crate::objections::{Objections, Own, changed_since};
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
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) record_type: String,
    pub(crate) record: RawId,
    /// The record's version after it.
    pub(crate) version: i64,
    pub(crate) operation: Operation,
    pub(crate) diff: serde_json::Value,
}

/// The places of links that an undo put back, by type and record.
type Led = BTreeMap<(String, RawId), BTreeSet<usize>>;

impl Tx {
    /// Undoes a set of changes, newest first.
    ///
    /// # Errors
    /// `NotFound`; `changed-since`, `still-linked`, `still-linked-unseen` and `still-shared` when
    /// later work builds on it; `link-to-archived` and `link-to-merged` when something would hang on
    /// what was put away since; `already-undone`.
    pub async fn undo(&mut self, change_set: RawId) -> Result<UndoReport> {
        self.undo_of(change_set, Own::Set(change_set)).await
    }

    async fn undo_of(&mut self, change_set: RawId, own: Own) -> Result<UndoReport> {
        let mut objections = Objections::default();
        self.undoes = Some(change_set);
        let items = self.items_of(change_set).await?;
        if items.is_empty() {
            return Err(Error::NotFound);
        }
        // What stands against it is looked for once nobody can add to it.
        self.take_turn(&format!("undo {change_set}")).await?;
        self.hold_all(&items).await?;
        if self.is_undone(change_set).await? {
            return Err(Refusal::new("already-undone").into());
        }
        self.object(change_set, own, &mut objections).await?;
        objections.refuse(Own::Set(change_set))?;
        let changes = items.len();
        let mut led = Led::new();
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
                self.undo_creation(&record_type, &ids).await?;
            } else {
                self.undo_item(&record_type, item, &mut led).await?;
            }
        }
        self.must_all_lead_to_what_is_there(led).await?;
        self.undo_carried_shares(change_set).await?;
        Ok(UndoReport { changes, change_set: Some(self.change_set) })
    }

    /// Holds the records of a set of changes, type by type: parts before their wholes, as who changes
    /// a part does.
    async fn hold_all(&mut self, items: &[Item]) -> Result<()> {
        let mut records: BTreeMap<(bool, String), BTreeSet<RawId>> = BTreeMap::new();
        for item in items {
            let described = self.catalog.named(&item.record_type)?;
            let place = (described.part_of.is_none(), described.name.to_string());
            records.entry(place).or_default().insert(item.record);
        }
        for ((_, name), ids) in records {
            self.hold(&name, ids, Hold::PutAway).await?;
        }
        Ok(())
    }

    /// That the links which an undo put back lead to nothing that was put away meanwhile. Asked at
    /// the end: what it restores may link to what it restores later.
    async fn must_all_lead_to_what_is_there(&mut self, led: Led) -> Result<()> {
        for ((name, id), places) in led {
            let record_type = self.catalog.named(&name)?.clone();
            let found = self.rows_by_ids(&record_type, &[id], Purpose::Change).await?;
            for row in found.iter().filter(|row| row.archived_at.is_none()) {
                self.must_lead_to_what_is_there(&record_type, row, &places).await?;
            }
        }
        Ok(())
    }

    async fn is_undone(&mut self, change_set: RawId) -> Result<bool> {
        let mut sql = self.view.session.sql("SELECT 1 FROM change_set s WHERE s.id = ");
        sql.bind(SqlValue::Integer(change_set.0)).push(&format!(" AND {UNDONE}"));
        Ok(!self.view.session.rows(&sql).await?.is_empty())
    }

    async fn undo_creation(&mut self, record_type: &RecordType, ids: &[RawId]) -> Result<()> {
        for chunk in ids.chunks(500) {
            let found = self.view.rows_by_ids(record_type, chunk, Purpose::Change).await?;
            if found.len() < chunk.len() {
                return Err(changed_since(record_type, "?").into());
            }
            self.remove(record_type, found).await?;
        }
        Ok(())
    }

    async fn undo_item(
        &mut self,
        record_type: &RecordType,
        item: Item,
        led: &mut Led,
    ) -> Result<()> {
        let changes = Changes::from_json(record_type, &item.diff);
        let id = item.record;
        let places = led_anew(record_type, &item, &changes);
        if !places.is_empty() {
            led.entry((item.record_type.clone(), id)).or_default().extend(places);
        }
        if item.operation == Operation::Remove {
            return self.undo_removal(record_type, &item, &changes).await;
        }
        let row = self.unmasked_row(&record_type.name, id, Purpose::Change).await?;
        let mut values = row.values.clone();
        let mut archived_at = row.archived_at;
        for change in &changes.0 {
            if row.value(record_type, &change.field) != change.new {
                let title = self.own_title(record_type, &row).await?;
                return Err(changed_since(record_type, &title).into());
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
        item: &Item,
        changes: &Changes,
    ) -> Result<()> {
        let id = item.record;
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
        self.carry_again(record_type, id, &item.diff).await?;
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
    /// The changes of a set, newest first.
    pub(crate) async fn items_of(&mut self, change_set: RawId) -> Result<Vec<Item>> {
        let mut sql = self.session.sql(
            "SELECT type, record, version, operation, diff FROM change_item WHERE change_set = ",
        );
        sql.bind(SqlValue::Integer(change_set.0)).push(" ORDER BY seq DESC");
        let rows = self.session.rows(&sql).await?;
        let items = rows
            .into_iter()
            .map(|row| {
                let mut row = row.into_iter();
                let mut next = || row.next().unwrap_or(SqlValue::Null);
                let record_type = next().into_text()?;
                let record = RawId(next().integer()?);
                let version = next().integer()?;
                let operation = next().into_text()?;
                let diff = next().into_text().ok();
                Ok(Item {
                    record_type,
                    record,
                    version,
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
    /// As `Tx::undo`, for all sets before the first is undone: `undo-nothing-done` says how many
    /// records stand against it. What others do while it is under way may still stop it:
    /// `undo-half-done`.
    pub async fn undo_job(
        &self,
        actor: &Actor,
        job: RawId,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<UndoReport> {
        let sets = self.changes_of_job(actor, job).await?;
        let mut objections = Objections::default();
        let mut view = self.read(actor).await?;
        for change_set in &sets {
            view.object(*change_set, Own::Job(job), &mut objections).await?;
        }
        drop(view);
        objections.refuse(Own::Job(job))?;
        let mut report = UndoReport::default();
        for (done, change_set) in sets.iter().enumerate() {
            progress(done, sets.len());
            // Whoever waits for an answer comes in between.
            tokio::task::yield_now().await;
            let undone = async {
                let mut tx = self.write(actor).await?;
                let report = tx.undo_of(*change_set, Own::Job(job)).await?;
                tx.commit().await.map(|_| report)
            };
            report.changes += undone.await.map_err(|error| half_done(error, done, &sets))?.changes;
        }
        progress(sets.len(), sets.len());
        Ok(report)
    }
}

/// Whoever is stopped on the way learns that a part is done.
fn half_done(error: Error, done: usize, sets: &[RawId]) -> Error {
    match error {
        Error::Refused(mut refusals) if done > 0 => {
            let told = Refusal::new("undo-half-done").with("done", done).with("all", sets.len());
            refusals.insert(0, told);
            Error::Refused(refusals)
        }
        other => other,
    }
}

/// The places of links that an undo of an item puts back: all of them where it brings the record
/// back.
fn led_anew(record_type: &RecordType, item: &Item, changes: &Changes) -> BTreeSet<usize> {
    let comes_back = item.operation == Operation::Remove
        || changes.0.iter().any(|one| one.field == "archived_at" && one.old.is_null());
    let fields = record_type.fields.iter().enumerate();
    let links = fields.filter(|(_, field)| field.kind.leads_to().is_some());
    let is_led = |field: &Field| comes_back || changes.0.iter().any(|one| one.field == field.name);
    links.filter(|(_, field)| is_led(field)).map(|(place, _)| place).collect()
}

fn as_instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Instant(instant) => Some(*instant),
        _ => None,
    }
}
