//! The values of custom fields beside a record, each kept under its field's name. What a change does
//! not know, as what an archived field held, stays as it is; and a definition may change only so
//! far as every value that is kept stays what it is.

use std::collections::{HashMap, HashSet};

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Field, RecordType, Row, Stored, Value};
use serde_json::{Map, Value as Json};

use crate::actor::Rights;
use crate::columns::{Expression, custom_json, read_row, select_list};
use crate::custom_field::{CustomField, CustomKind, FIELDS_MAX, TYPE_NAME};
use crate::dialect::Dialect;
use crate::hold::Hold;
use crate::sql::{Sql, SqlValue};
use crate::tx::Tx;

/// Under this word the log keeps what archived fields held of a record that is removed.
const CARRIED: &str = "custom";

/// Writes `"custom" = …`: the fields of the type get their values, all others keep theirs.
pub(crate) fn write_custom(sql: &mut Sql, record_type: &RecordType, row: &Row) {
    let known = record_type.fields.iter().filter(|field| field.is_custom());
    let known: Vec<&str> = known.map(|field| field.name.as_ref()).collect();
    let values = custom_json(record_type, row);
    sql.push("\"custom\" = NULLIF(");
    match sql.dialect {
        Dialect::Sqlite => {
            sql.push(if values.is_empty() { "" } else { "json_set(" });
            sql.push("json_remove(COALESCE(\"custom\", '{}')");
            for name in &known {
                sql.push(&format!(", '$.{name}'"));
            }
            sql.push(")");
            for (name, value) in &values {
                sql.push(&format!(", '$.{name}', json("));
                sql.bind(SqlValue::Text(value.to_string())).push(")");
            }
            sql.push(if values.is_empty() { ", '{}')" } else { "), '{}')" });
        }
        Dialect::Postgres => {
            sql.push("(COALESCE(\"custom\", '{}'::jsonb) - ARRAY[");
            for (at, name) in known.iter().enumerate() {
                sql.push(if at > 0 { ", " } else { "" }).push(&format!("'{name}'"));
            }
            sql.push("]::text[]) || ");
            sql.bind(SqlValue::Json(Json::Object(values).to_string()));
            sql.push("::jsonb, '{}'::jsonb)");
        }
    }
}

impl Tx {
    /// What fields that the type does not have now, as archived ones, hold of these records.
    pub(crate) async fn carried(
        &mut self,
        record_type: &RecordType,
        ids: &[RawId],
    ) -> Result<HashMap<RawId, Map<String, Json>>> {
        let mut carried = HashMap::new();
        for chunk in ids.chunks(500) {
            let mut sql = self.view.session.sql("SELECT \"id\", \"custom\" FROM ");
            sql.name(&record_type.name).push(" WHERE \"custom\" IS NOT NULL AND \"id\" IN (");
            sql.bind_all(chunk.iter().map(|id| SqlValue::Integer(id.0))).push(")");
            for row in self.view.session.rows(&sql).await? {
                let text = row[1].clone().into_text()?;
                let Ok(Json::Object(mut held)) = serde_json::from_str(&text) else { continue };
                held.retain(|name, _| record_type.position(name).is_none());
                if !held.is_empty() {
                    carried.insert(RawId(row[0].integer()?), held);
                }
            }
        }
        Ok(carried)
    }

    /// Lets a record that is removed take what it carries into the log.
    pub(crate) fn note_carried(diff: &mut Json, carried: Option<Map<String, Json>>) {
        if let (Json::Object(diff), Some(held)) = (diff, carried) {
            diff.insert(CARRIED.to_owned(), Json::Array(vec![Json::Object(held), Json::Null]));
        }
    }

    /// Gives a record that is made again what it carried when it was removed.
    pub(crate) async fn carry_again(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        diff: &Json,
    ) -> Result<()> {
        let Some(Json::Object(held)) = diff.get(CARRIED).and_then(|pair| pair.get(0)) else {
            return Ok(());
        };
        let held = held.clone();
        let row = self.custom_of(record_type, id).await?;
        let whole = held.into_iter().chain(row).collect();
        self.set_custom(record_type, id, whole).await
    }

    /// What an archived field held was carried along unseen while records were merged: when the field
    /// comes back, its links lead to what stands in the place of what they led to.
    ///
    /// # Errors
    /// What refuses a change of a record.
    pub(crate) async fn lead_to_successors(&mut self, definition: &Row) -> Result<()> {
        let definition: Stored<CustomField> = definition.clone().try_into()?;
        let catalog = self.catalog.clone();
        let Some(field) = definition.to_field() else { return Ok(()) };
        let target = field.kind.leads_to().and_then(|name| catalog.get(name).ok());
        let (Some(target), Ok(of)) = (target, catalog.get(&definition.record_type)) else {
            return Ok(());
        };
        let rights = self.view.act_with(Rights::All);
        let successors = self.successors(target).await?;
        self.view.act_with(rights);
        if successors.is_empty() {
            return Ok(());
        }
        // The catalog has the field once this is committed.
        let mut described = of.as_ref().clone();
        described.fields.to_mut().push(field);
        let place = described.fields.len() - 1;
        let held = Expression::of(self.view.session.dialect(), "t0", &described.fields[place]).sql;
        let columns = select_list(&described, "t0");
        let mut sql = self.view.session.sql(format!("SELECT {columns} FROM "));
        sql.name(&described.name).push(&format!(" t0 WHERE {held} IS NOT NULL ORDER BY t0.\"id\""));
        for columns in self.view.session.rows(&sql).await? {
            let row = read_row(&described, columns)?;
            let led = |id: &RawId| successors.get(id).copied().unwrap_or(*id);
            let mut values = row.values.clone();
            values[place] = match &row.values[place] {
                Value::Link(id) => Value::Link(led(id)),
                Value::Links(ids) => {
                    let mut all: Vec<RawId> = ids.iter().map(led).collect();
                    let mut seen = HashSet::new();
                    all.retain(|id| seen.insert(*id));
                    Value::Links(all)
                }
                _ => continue,
            };
            let version = row.version;
            Box::pin(self.change_row(&described, row, version, values)).await?;
        }
        Ok(())
    }

    /// The records of a type that were put away with another one in their place, and which.
    async fn successors(&mut self, target: &RecordType) -> Result<HashMap<RawId, RawId>> {
        let link = target.succeeded_by.and_then(|name| target.field(name));
        let Some(link) = link else { return Ok(HashMap::new()) };
        let next = Expression::of(self.view.session.dialect(), "t0", link).sql;
        let mut sql = self.view.session.sql("SELECT t0.\"id\" FROM ");
        sql.name(&target.name).push(" t0 WHERE t0.\"archived_at\" IS NOT NULL AND ");
        sql.push(&next).push(" IS NOT NULL");
        let mut successors = HashMap::new();
        for row in self.view.session.rows(&sql).await? {
            let away = RawId(row[0].integer()?);
            if let Some(survivor) = self.successor_of(target, away).await? {
                successors.insert(away, survivor);
            }
        }
        Ok(successors)
    }

    /// Forgets what a record carries; the names of the fields that held it.
    pub(crate) async fn forget_carried(
        &mut self,
        record_type: &RecordType,
        id: RawId,
    ) -> Result<Vec<String>> {
        let Some(held) = self.carried(record_type, &[id]).await?.remove(&id) else {
            return Ok(Vec::new());
        };
        let mut whole = self.custom_of(record_type, id).await?;
        whole.retain(|name, _| !held.contains_key(name));
        self.set_custom(record_type, id, whole).await?;
        Ok(held.into_iter().map(|(name, _)| name).collect())
    }

    async fn custom_of(
        &mut self,
        record_type: &RecordType,
        id: RawId,
    ) -> Result<Map<String, Json>> {
        let mut sql = self.view.session.sql("SELECT \"custom\" FROM ");
        sql.name(&record_type.name).push(" WHERE \"id\" = ").bind(SqlValue::Integer(id.0));
        let held = self.view.session.value(&sql).await?.and_then(|value| value.into_text().ok());
        Ok(held.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    async fn set_custom(
        &mut self,
        record_type: &RecordType,
        id: RawId,
        values: Map<String, Json>,
    ) -> Result<()> {
        let value = match values.is_empty() {
            true => SqlValue::Null,
            false => SqlValue::Json(Json::Object(values).to_string()),
        };
        let mut sql = self.view.session.sql("UPDATE ");
        sql.name(&record_type.name).push(" SET \"custom\" = ").bind(value);
        sql.push(" WHERE \"id\" = ").bind(SqlValue::Integer(id.0));
        self.view.session.execute(&sql).await.map(drop)
    }

    /// Holds the definitions of the custom fields of which new values are written: nobody changes
    /// or retires one before this transaction ends, and none was changed since it was read.
    ///
    /// # Errors
    /// `try-again` when one was.
    pub(crate) async fn hold_definitions(
        &mut self,
        record_type: &RecordType,
        old: Option<&Row>,
        rows: &[Row],
    ) -> Result<()> {
        let is_new = |place: usize, row: &Row| {
            let value = row.values.get(place).filter(|value| !value.is_null());
            value.is_some() && old.and_then(|old| old.values.get(place)) != value
        };
        let custom = record_type.fields.iter().enumerate().filter(|(_, field)| field.is_custom());
        let written = custom.filter(|(place, _)| rows.iter().any(|row| is_new(*place, row)));
        let written: Vec<&Field> = written.map(|(_, field)| field).collect();
        if written.is_empty() {
            return Ok(());
        }
        let of = record_type.name.to_string();
        if !self.held_definitions.contains_key(&of) {
            let held = self.definitions_held(record_type).await?;
            self.held_definitions.insert(of.clone(), held);
        }
        let held = &self.held_definitions[&of];
        let stands = |field: &&Field| {
            held.iter().any(|one| one.name == field.name && one.kind == field.kind)
        };
        if written.iter().all(stands) {
            return Ok(());
        }
        self.store.reload_catalog().await?;
        Err(Refusal::new("try-again").into())
    }

    /// The custom fields of a type as they are now, and as they stay.
    async fn definitions_held(&mut self, record_type: &RecordType) -> Result<Vec<Field>> {
        let described = self.catalog.get(TYPE_NAME)?.clone();
        let columns = select_list(&described, "t0");
        let mut sql = self.view.session.sql(format!("SELECT {columns} FROM "));
        sql.name(TYPE_NAME).push(" t0 WHERE t0.\"archived_at\" IS NULL AND t0.\"record_type\" = ");
        sql.bind(SqlValue::Text(record_type.name.to_string())).push(" ORDER BY t0.\"id\"");
        if sql.dialect == Dialect::Postgres {
            sql.push(&format!(" {} OF t0", Hold::Link.clause()));
        }
        let mut held = Vec::new();
        for columns in self.view.session.rows(&sql).await? {
            let definition: Stored<CustomField> = read_row(&described, columns)?.try_into()?;
            held.extend(definition.to_field());
        }
        Ok(held)
    }

    /// That a definition changes only what leaves every value that is kept what it is.
    ///
    /// # Errors
    /// `custom-field-in-use` for the name, the record type, and the kind; `option-in-use`.
    pub(crate) async fn definition_may_change(&mut self, old: &Row, new: &Row) -> Result<()> {
        self.hold(TYPE_NAME, [old.id], Hold::PutAway).await?;
        let old: Stored<CustomField> = old.clone().try_into()?;
        let new: Stored<CustomField> = new.clone().try_into()?;
        let changed = [
            ("record_type", old.record_type != new.record_type),
            ("name", old.name != new.name),
            ("kind", old.kind != new.kind && !stays_itself(old.kind, new.kind)),
            ("link_to", old.link_to != new.link_to),
        ];
        if let Some((field, _)) = changed.iter().find(|(_, is_changed)| *is_changed) {
            let count = self.in_use(&old, None).await?;
            return self.refuse_in_use(count, field, &old);
        }
        if old.kind != new.kind {
            return Ok(());
        }
        let kept = new.option_codes();
        let gone = old.option_codes().into_iter().filter(|code| !kept.contains(code));
        for code in gone {
            let count = self.in_use(&old, Some(&code)).await?;
            if count > 0 {
                let refusal = Refusal::field("option-in-use", "options");
                return Err(refusal.with("value", code).with("count", count).into());
            }
        }
        Ok(())
    }

    /// That so many more custom fields may be in use: of all that there are no more than
    /// [`FIELDS_MAX`].
    ///
    /// # Errors
    /// `too-many-custom-fields`.
    pub(crate) async fn definitions_have_room(&mut self, more: usize) -> Result<()> {
        self.take_turn("custom fields").await?;
        let mut sql = self.view.session.sql("SELECT COUNT(*) FROM ");
        sql.name(TYPE_NAME).push(" WHERE \"archived_at\" IS NULL");
        let there = self.view.session.value(&sql).await?.map_or(Ok(0), |value| value.integer())?;
        let room = (FIELDS_MAX as i64).saturating_sub(there);
        if (more as i64) <= room {
            return Ok(());
        }
        Err(Refusal::new("too-many-custom-fields").with("limit", FIELDS_MAX).into())
    }

    /// That a definition which is removed for good, as its creation is undone, holds nothing.
    ///
    /// # Errors
    /// `custom-field-in-use`.
    pub(crate) async fn definition_may_go(&mut self, row: &Row) -> Result<()> {
        let old: Stored<CustomField> = row.clone().try_into()?;
        let count = self.in_use(&old, None).await?;
        self.refuse_in_use(count, "name", &old)
    }

    fn refuse_in_use(&self, count: i64, field: &str, old: &CustomField) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let refusal = Refusal::field("custom-field-in-use", field).with("name", &old.label_en);
        Err(refusal.with("count", count).into())
    }

    /// How many records, archived ones too, hold a value in a field, or this one of its options.
    async fn in_use(&mut self, definition: &CustomField, option: Option<&str>) -> Result<i64> {
        let known = self.catalog.get(&definition.record_type).is_ok();
        let Some(field) = definition.to_field().filter(|_| known) else { return Ok(0) };
        let dialect = self.view.session.dialect();
        let held = Expression::of(dialect, "t0", &field).sql;
        let mut sql = self.view.session.sql("SELECT COUNT(*) FROM ");
        sql.name(&definition.record_type).push(" t0 WHERE ");
        match (option, definition.kind, dialect) {
            (None, _, Dialect::Sqlite) => {
                sql.push(&format!("json_type(t0.\"custom\", '$.{}') IS NOT NULL", field.name));
            }
            (None, _, Dialect::Postgres) => {
                sql.push(&format!("jsonb_exists(t0.\"custom\", '{}')", field.name));
            }
            (Some(code), CustomKind::Choices, Dialect::Sqlite) => {
                sql.push(&format!("EXISTS (SELECT 1 FROM json_each({held}) WHERE value = "));
                sql.bind(SqlValue::Text(code.to_owned())).push(")");
            }
            (Some(code), CustomKind::Choices, Dialect::Postgres) => {
                sql.push(&format!("{held} @> "));
                sql.bind(SqlValue::Json(Json::from(vec![code]).to_string()));
            }
            (Some(code), _, _) => {
                sql.push(&held).push(" = ").bind(SqlValue::Text(code.to_owned()));
            }
        }
        self.view.session.value(&sql).await?.map_or(Ok(0), |value| value.integer())
    }
}

/// Whether every value of one kind is the same value of the other.
fn stays_itself(old: CustomKind, new: CustomKind) -> bool {
    use CustomKind::{Choice, Email, LongText, Phone, Text, Url};
    matches!(
        (old, new),
        (Text | Choice | Email | Phone | Url, LongText) | (Choice | Email | Phone | Url, Text)
    )
}
