//! The one door for writes: validates against the description, checks rights and versions, and
//! writes row, search terms, history and event in one transaction.

mod remove;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::{Deref, DerefMut};

use guanxi_base::{Error, RawId, Result};
use guanxi_record::{
    Changes, Field, FieldChange, OnDelete, Record, RecordType, Row, Stored, Value,
};
use serde_json::Value as Json;

use crate::actor::{Origin, Purpose, Rights};
use crate::audit::Operation;
use crate::columns::changed_columns;
use crate::counter;
use crate::custom_field;
use crate::custom_values::write_custom;
use crate::hold::Hold;
use crate::search;
use crate::sql::{SqlRow, SqlValue};
use crate::store::{Changed, Store};
use crate::validate;
use crate::view::View;
use crate::wording::Wording;

/// The types of this area say who may do what.
const ACCESS_AREA: &str = "organisation";
/// Counts the changes of who may do what.
pub(crate) const ACCESS_COUNTER: &str = "#access";

/// A transaction of one Actor. It reads like a [`View`], and sees its own writes.
pub struct Tx {
    pub(crate) view: View,
    /// How whoever writes was shown what is there.
    wording: Option<&'static Wording>,
    pub(crate) store: Store,
    /// The id of the set of changes that this transaction makes.
    pub(crate) change_set: RawId,
    pub(crate) undoes: Option<RawId>,
    pub(crate) items: Vec<SqlRow>,
    changed: Vec<Changed>,
    /// Wholes whose sums are to be made anew: `(type, id)`.
    pub(crate) stale_sums: BTreeSet<(String, RawId)>,
    /// Records that an import has looked up or made: links to them need no second look.
    pub(crate) known_links: HashSet<RawId>,
    /// Records that are held because something links to them now.
    pub(crate) held_links: HashSet<RawId>,
    /// The custom fields of types, held because values of them are written.
    pub(crate) held_definitions: HashMap<String, Vec<Field>>,
    /// Whether it changes records, too, that were put away.
    reaches_put_away: bool,
    /// Records that rules have read: see `row_for_rules`.
    read_for_rules: HashMap<RawId, Row>,
    catalog_changed: bool,
    access_changed: bool,
}

impl Deref for Tx {
    type Target = View;
    fn deref(&self) -> &View {
        &self.view
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut View {
        &mut self.view
    }
}

impl Tx {
    pub(crate) fn new(store: Store, mut view: View) -> Self {
        let change_set = store.new_id();
        // Rules weigh and write what is kept, not what is shown.
        let wording = view.actor.wording.take();
        let reaches_put_away = view.actor.user.is_none() && view.actor.origin == Origin::Job;
        Self {
            view,
            wording,
            store,
            change_set,
            undoes: None,
            items: Vec::new(),
            changed: Vec::new(),
            stale_sums: BTreeSet::new(),
            known_links: HashSet::new(),
            held_links: HashSet::new(),
            held_definitions: HashMap::new(),
            reaches_put_away,
            read_for_rules: HashMap::new(),
            catalog_changed: false,
            access_changed: false,
        }
    }

    /// The database that it writes to.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How often it changed who may do what, as this transaction sees it; `None` when it changes
    /// that itself: what is derived from it now must not be kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn access_version(&mut self) -> Result<Option<i64>> {
        if self.access_changed {
            return Ok(None);
        }
        counter::value(&mut self.view.session, ACCESS_COUNTER).await.map(Some)
    }

    /// The id of the set of changes that this transaction makes; what undo takes.
    #[must_use]
    pub fn change_set(&self) -> RawId {
        self.change_set
    }

    /// Says that these records are there and may be linked to; for whoever just made or saw them.
    pub fn know_links(&mut self, ids: impl IntoIterator<Item = RawId>) {
        self.known_links.extend(ids);
    }

    /// From now on records that were put away are changed like others: for what the product does
    /// besides what somebody asks for, as moving what links to a merged customer. Its own jobs may.
    pub fn reach_put_away(&mut self) {
        self.reaches_put_away = true;
    }

    /// A record with all that it holds, whoever asks: for rules, never for eyes. Read once in a
    /// transaction, for as long as that does not change it; `None` when it is not there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn row_for_rules(&mut self, record_type: &str, id: RawId) -> Result<Option<Row>> {
        if let Some(known) = self.read_for_rules.get(&id) {
            return Ok(Some(known.clone()));
        }
        let rights = self.view.act_with(Rights::All);
        let found = self.view.unmasked_row(record_type, id, Purpose::Read).await;
        self.view.act_with(rights);
        match found {
            Ok(row) => {
                self.read_for_rules.insert(id, row.clone());
                Ok(Some(row))
            }
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the changes last. What it acknowledges is on the disk.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn commit(mut self) -> Result<RawId> {
        self.renew_sums().await?;
        if let Some(guard) = self.store.guard() {
            let changed = std::mem::take(&mut self.changed);
            guard(&mut self, &changed).await?;
        }
        if self.access_changed {
            self.reserve_numbers(ACCESS_COUNTER, 1).await?;
        }
        self.write_change_set().await?;
        self.view.session.commit().await?;
        let Self { view, store, change_set, catalog_changed, .. } = self;
        drop(view);
        if catalog_changed {
            store.reload_catalog().await?;
        }
        Ok(change_set)
    }

    /// Makes a record from a Rust struct.
    ///
    /// # Errors
    /// Refusals of the type's rules; `Forbidden`.
    pub async fn create<T: Record>(&mut self, record: &T) -> Result<Stored<T>> {
        let mut values = record.values();
        let record_type = self.catalog.get(T::NAME)?.clone();
        values.resize(record_type.fields.len(), Value::Null);
        self.new_row(&record_type, values).await?.try_into()
    }

    /// Makes a record from values in the order of the type's fields.
    ///
    /// # Errors
    /// Refusals of the type's rules; `Forbidden`.
    pub async fn create_row(
        &mut self,
        record_type: &RecordType,
        values: Vec<Value>,
    ) -> Result<Row> {
        let row = self.new_row(record_type, values).await?;
        self.view.withheld(record_type, row).await
    }

    async fn new_row(&mut self, record_type: &RecordType, values: Vec<Value>) -> Result<Row> {
        self.may_create(record_type)?;
        let row = self.prepare(record_type, values).await?;
        self.insert(record_type, vec![row.clone()]).await?;
        Ok(row)
    }

    /// Changes the built-in fields of a record that was fetched for `Purpose::Change`.
    ///
    /// # Errors
    /// Refusals of the type's rules; `Conflict` when somebody was faster.
    pub async fn update<T: Record>(&mut self, record: &Stored<T>) -> Result<Stored<T>> {
        let record_type = self.catalog.get(T::NAME)?.clone();
        let old = self.unmasked_row(T::NAME, record.id.raw(), Purpose::Change).await?;
        self.must_be_in_use(&record_type, &old).await?;
        let mut values = record.record.values();
        values.extend(old.values.iter().skip(values.len()).cloned());
        self.change_row(&record_type, old, record.version, values).await?.try_into()
    }

    /// Sets some fields of a record, by their places in the type.
    ///
    /// # Errors
    /// Refusals of the type's rules; `Conflict` when the record is at another version.
    pub async fn update_fields(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        version: i64,
        fields: Vec<(usize, Value)>,
    ) -> Result<Row> {
        let old = self.unmasked_row(&record_type.name, id, Purpose::Change).await?;
        self.must_be_in_use(record_type, &old).await?;
        let mut values = old.values.clone();
        for (place, value) in fields {
            // What was shown in other words, and comes back in them, has not been changed.
            let is_same = self.is_reworded(record_type, place, values.get(place), &value);
            if let Some(slot) = values.get_mut(place).filter(|_| !is_same) {
                *slot = value;
            }
        }
        self.may_write(record_type, Some(&old), &values).await?;
        let row = self.change_row(record_type, old, version, values).await?;
        self.view.withheld(record_type, row).await
    }

    /// That a record that somebody changes was not put away.
    async fn must_be_in_use(&mut self, record_type: &RecordType, row: &Row) -> Result<()> {
        if row.archived_at.is_none() || self.reaches_put_away {
            return Ok(());
        }
        Err(self.put_away_refusal(record_type, row.id).await?.into())
    }

    fn is_reworded(
        &self,
        record_type: &RecordType,
        place: usize,
        old: Option<&Value>,
        new: &Value,
    ) -> bool {
        let Some(wording) = self.wording else { return false };
        let field = record_type.fields.get(place);
        match (field, old.and_then(Value::as_text), new.as_text()) {
            (Some(field), Some(old), Some(new)) => {
                wording.shown(&record_type.name, &field.name, old) == new
            }
            _ => false,
        }
    }

    pub(crate) async fn change_row(
        &mut self,
        record_type: &RecordType,
        old: Row,
        version: i64,
        values: Vec<Value>,
    ) -> Result<Row> {
        if version != old.version {
            return Err(Error::Conflict { current_version: old.version });
        }
        let mut values = self.settled(record_type, values, Some(&old)).await?;
        // Whoever read it before the others' last change does not write, or tell, what it was then.
        for (place, field) in record_type.fields.iter().enumerate() {
            if field.is_computed() {
                values[place] = old.values[place].clone();
            }
        }
        let changes = Changes::between(record_type, &old.values, &values);
        if changes.is_empty() {
            return Ok(old);
        }
        let (version, updated_at) = (old.version + 1, self.view.now);
        let new = Row { version, updated_at, values, ..old.clone() };
        self.store_row(record_type, &old, &new).await?;
        self.note(record_type, &new, Operation::Update, Some(changes.to_json()));
        Ok(new)
    }

    /// Writes a row over its older version, and its search terms.
    pub(crate) async fn store_row(
        &mut self,
        record_type: &RecordType,
        old: &Row,
        new: &Row,
    ) -> Result<()> {
        let is_definition = record_type.name == custom_field::TYPE_NAME;
        let comes_back = old.archived_at.is_some() && new.archived_at.is_none();
        if is_definition {
            self.definition_may_change(old, new).await?;
        }
        if is_definition && comes_back {
            self.definitions_have_room(1).await?;
        }
        self.hold_definitions(record_type, Some(old), std::slice::from_ref(new)).await?;
        self.will_change_mirrors(record_type, old, new).await?;
        let mut sql = self.view.session.sql("UPDATE ");
        sql.name(&record_type.name).push(" SET ");
        for (at, (name, value)) in changed_columns(record_type, new).into_iter().enumerate() {
            sql.push(if at > 0 { ", " } else { "" }).name(&name).push(" = ").bind(value);
        }
        if record_type.fields.iter().any(Field::is_custom) {
            sql.push(", ");
            write_custom(&mut sql, record_type, new);
        }
        sql.push(" WHERE \"id\" = ").bind(SqlValue::Integer(old.id.0));
        sql.push(" AND \"version\" = ").bind(SqlValue::Integer(old.version));
        if self.view.session.execute(&sql).await? == 0 {
            return Err(Error::Conflict { current_version: old.version + 1 });
        }
        let searched = |row: &Row| search::searched(record_type, &row.values);
        if searched(old) != searched(new) {
            search::remove(&mut self.view.session, &[old.id]).await?;
            search::add(&mut self.view.session, record_type, std::slice::from_ref(new)).await?;
        }
        self.whole_is_stale(record_type, old);
        self.whole_is_stale(record_type, new);
        self.renew_mirrors(record_type, old, new).await?;
        if is_definition && comes_back {
            self.lead_to_successors(new).await?;
        }
        Ok(())
    }

    /// Puts a record away: it leaves lists and search, nothing is lost.
    ///
    /// # Errors
    /// `Conflict`, `Forbidden`, `NotFound`.
    pub async fn archive(&mut self, record_type: &str, id: RawId, version: i64) -> Result<Row> {
        let at = Some(self.view.now);
        let row = self.set_archived(record_type, id, version, at, Operation::Archive).await?;
        let described = self.catalog.get(record_type)?.clone();
        self.view.withheld(&described, row).await
    }

    /// Brings a record back.
    ///
    /// # Errors
    /// `Conflict`, `Forbidden`, `NotFound`; `link-to-archived` and `link-to-merged` when it would
    /// hang on what was put away.
    pub async fn restore(&mut self, record_type: &str, id: RawId, version: i64) -> Result<Row> {
        let row = self.set_archived(record_type, id, version, None, Operation::Restore).await?;
        let described = self.catalog.get(record_type)?.clone();
        self.view.withheld(&described, row).await
    }

    pub(crate) async fn set_archived(
        &mut self,
        record_type: &str,
        id: RawId,
        version: i64,
        archived_at: Option<guanxi_base::Timestamp>,
        operation: Operation,
    ) -> Result<Row> {
        let record_type = self.catalog.get(record_type)?.clone();
        // Whoever links to it meanwhile is seen by those who move or look for what links to it.
        let hold = if archived_at.is_some() { Hold::PutAway } else { Hold::Change };
        self.hold(&record_type.name, [id], hold).await?;
        let old = self.unmasked_row(&record_type.name, id, Purpose::Archive).await?;
        if version != old.version {
            return Err(Error::Conflict { current_version: old.version });
        }
        if old.archived_at.is_some() == archived_at.is_some() {
            return Ok(old);
        }
        if archived_at.is_none() {
            self.must_hang_on_what_is_there(&record_type, &old).await?;
        }
        let (version, updated_at) = (old.version + 1, self.view.now);
        let mut new = Row { version, updated_at, archived_at, ..old.clone() };
        // What stands for itself again went into no other.
        let into = record_type.succeeded_by.and_then(|name| record_type.position(name));
        if let Some(place) = into.filter(|_| archived_at.is_none()) {
            new.values[place] = Value::Null;
        }
        self.store_row(&record_type, &old, &new).await?;
        let mut changes = Changes::between(&record_type, &old.values, &new.values);
        changes.0.push(FieldChange {
            field: "archived_at".to_owned(),
            old: old.archived_at.map_or(Value::Null, Value::Instant),
            new: archived_at.map_or(Value::Null, Value::Instant),
        });
        self.note(&record_type, &new, operation, Some(changes.to_json()));
        Ok(new)
    }

    /// Notes a change for history, undo and events.
    pub(crate) fn note(
        &mut self,
        record_type: &RecordType,
        row: &Row,
        operation: Operation,
        diff: Option<Json>,
    ) {
        if record_type.name == custom_field::TYPE_NAME {
            self.catalog_changed = true;
        }
        if record_type.area == ACCESS_AREA {
            self.access_changed = true;
        }
        self.read_for_rules.remove(&row.id);
        self.changed.push(Changed {
            record_type: record_type.name.to_string(),
            record: row.id,
            whole: record_type.part_of.and_then(|link| row.value(record_type, link).as_link()),
            operation,
            diff: diff.clone(),
        });
        let seq = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
        self.items.push(vec![
            SqlValue::Integer(self.change_set.0),
            SqlValue::Integer(seq),
            SqlValue::Text(record_type.name.to_string()),
            SqlValue::Integer(row.id.0),
            SqlValue::Integer(row.version),
            SqlValue::Text(operation.name().to_owned()),
            SqlValue::or_null(diff, |diff| SqlValue::Json(diff.to_string())),
        ]);
    }

    /// The next number of a series, such as `SO-000042`.
    pub(crate) async fn next_number(&mut self, prefix: &str) -> Result<String> {
        let number = self.reserve_numbers(prefix, 1).await?;
        Ok(format!("{prefix}-{number:06}"))
    }

    /// Takes so many numbers of a series at once; the first of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reserve_numbers(&mut self, prefix: &str, count: i64) -> Result<i64> {
        let last = counter::add(&mut self.view.session, prefix, count).await?;
        Ok(last - count + 1)
    }

    /// Defaults, the type's own rule, and every fact of the description.
    pub(crate) async fn settled(
        &mut self,
        record_type: &RecordType,
        mut values: Vec<Value>,
        old: Option<&Row>,
    ) -> Result<Vec<Value>> {
        if old.is_none() {
            self.fill_defaults(record_type, &mut values).await?;
        }
        if let Some(complete) = self.store.complete() {
            complete(self, record_type, &mut values, old).await?;
        }
        let mut refusals = validate::missing(record_type, &values);
        if let Some(settle) = record_type.settle {
            // A rule speaks about whole records; of one that lacks something it knows nothing.
            if refusals.is_empty() {
                let built_in = record_type.built_in().count();
                refusals.extend(settle(&mut values[..built_in]));
            }
        }
        refusals.extend(self.broken_links(record_type, &values, old).await?);
        if refusals.is_empty() { Ok(values) } else { Err(Error::Refused(refusals)) }
    }
}
