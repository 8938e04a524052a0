//! What of a record an Actor is shown: fields that are not theirs to see are empty, masked ones
//! keep so much that a person recognises them.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Kind, Meaning, RecordType, Row, Value};
use serde_json::{Value as Json, json};

use crate::actor::{Actor, FieldAccess, Purpose, Rights};
use crate::audit::Operation;
use crate::condition::Conditions;
use crate::sql::{Sql, SqlRow, SqlValue};
use crate::tx::Tx;
use crate::view::View;

/// Makes of a row what its reader is shown: without what the rights do not let them see, in their
/// words. `told` says which of the fields that are shown on some records are shown on this one.
pub(crate) fn withhold(actor: &Actor, record_type: &RecordType, row: &mut Row, told: &[bool]) {
    if let Some(wording) = actor.wording {
        wording.word(record_type, row);
    }
    let rights = &actor.rights;
    withhold_field_values(rights, record_type, row);
    let Some(fields) = rights.fields(&record_type.name) else { return };
    let all = rights.told(&record_type.name);
    let is_told = |name: &str| {
        all.iter().zip(told).any(|(one, is_told)| *is_told && one.fields.contains(name))
    };
    for (field, value) in record_type.fields.iter().zip(row.values.iter_mut()) {
        let access = fields.get(field.name.as_ref()).copied();
        let access = access.filter(|_| !is_told(&field.name)).unwrap_or(FieldAccess::Write);
        *value = shown(&field.kind, std::mem::take(value), access);
    }
}

/// Takes from what a record says of fields of another type those that its reader may not see there.
fn withhold_field_values(rights: &Rights, record_type: &RecordType, row: &mut Row) {
    let named = record_type.fields.iter().position(|f| f.means == Some(Meaning::RecordType));
    let of = named.and_then(|at| row.values.get(at)?.as_text().map(str::to_owned));
    for (field, value) in record_type.fields.iter().zip(row.values.iter_mut()) {
        if field.means == Some(Meaning::FieldValues) {
            without_hidden(rights, of.as_deref(), value);
        }
    }
}

/// Values of fields of a type without those that the rights hide. Of a type that nobody names, nothing.
pub(crate) fn without_hidden(rights: &Rights, of: Option<&str>, value: &mut Value) {
    if matches!(rights, Rights::All) {
        return;
    }
    let Value::Json(json) = value else { return };
    let Some(of) = of else {
        *value = Value::Null;
        return;
    };
    let json: &mut Json = json;
    if let Json::Object(by_name) = json {
        by_name.retain(|name, _| rights.reads(of, name));
    }
    drop_hidden(rights, of, json);
}

/// Drops the objects, however deep, that name a field which is hidden.
fn drop_hidden(rights: &Rights, of: &str, json: &mut Json) {
    let is_hidden = |one: &Json| {
        let path = one.get("field").and_then(Json::as_str);
        let path = path.map(|path| path.split_once('.').unwrap_or((of, path)));
        path.is_some_and(|(of, field)| !rights.reads(of, field))
    };
    match json {
        Json::Array(all) => {
            all.retain(|one| !is_hidden(one));
            all.iter_mut().for_each(|one| drop_hidden(rights, of, one));
        }
        Json::Object(by_name) => {
            by_name.retain(|_, one| !is_hidden(one));
            by_name.values_mut().for_each(|one| drop_hidden(rights, of, one));
        }
        _ => {}
    }
}

/// A value as far as the access goes.
pub(crate) fn shown(kind: &Kind, value: Value, access: FieldAccess) -> Value {
    match (access, value) {
        (FieldAccess::Read | FieldAccess::Write, value) => value,
        (FieldAccess::Masked, Value::Text(text)) => Value::Text(masked(kind, &text)),
        _ => Value::Null,
    }
}

/// `138****5678`, `l***@example.com`, `W***`: the middle of what is there, however long it is, is
/// four stars, so that not even its length shows.
fn masked(kind: &Kind, text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let part = |from: usize, to: usize| letters[from..to].iter().collect::<String>();
    match kind {
        Kind::Phone if letters.len() >= 11 => {
            format!("{}****{}", part(0, letters.len() - 8), part(letters.len() - 4, letters.len()))
        }
        Kind::Phone => format!("****{}", part(letters.len().saturating_sub(2), letters.len())),
        Kind::Email => {
            let domain = text.split_once('@').map_or("", |(_, domain)| domain);
            format!("{}***@{domain}", part(0, letters.len().min(1)))
        }
        _ => format!("{}***", part(0, letters.len().min(1))),
    }
}

impl View {
    /// What the Actor is shown of a row.
    pub(crate) async fn withheld(&mut self, record_type: &RecordType, mut row: Row) -> Result<Row> {
        let actor = self.actor.clone();
        let mut told = Vec::new();
        for one in actor.rights.told(&record_type.name) {
            told.push(self.passes(&record_type.name, row.id, &one.on).await?);
        }
        withhold(&actor, record_type, &mut row, &told);
        self.withhold_about_others(record_type, std::slice::from_mut(&mut row), &[told]).await?;
        Ok(row)
    }

    /// Adds to what a list selects whether the fields that are shown on some records are shown.
    pub(crate) fn select_told(&self, sql: &mut Sql, record_type: &RecordType) -> Result<()> {
        let mut conditions = Conditions::new(&self.catalog, &self.actor, self.now);
        for told in self.actor.rights.told(&record_type.name) {
            sql.push(", COALESCE(");
            conditions.rule(sql, record_type, "t0", &told.on)?;
            sql.push(", FALSE)");
        }
        Ok(())
    }

    /// Takes from a row of a list what `select_told` added.
    pub(crate) fn take_told(&self, record_type: &RecordType, columns: &mut SqlRow) -> Vec<bool> {
        let number = self.actor.rights.told(&record_type.name).len();
        let told = columns.split_off(columns.len().saturating_sub(number));
        told.iter()
            .map(|one| matches!(one, SqlValue::Boolean(true) | SqlValue::Integer(1)))
            .collect()
    }
}

impl Tx {
    /// The whole value of a field that the Actor sees masked; that they saw it is noted.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` when the field is hidden from them.
    pub async fn reveal(&mut self, record_type: &str, id: RawId, field: &str) -> Result<Value> {
        let described = self.catalog.get(record_type)?.clone();
        let row = self.unmasked_row(record_type, id, Purpose::Read).await?;
        described.position(field).ok_or(Error::NotFound)?;
        if self.actor.rights.field(record_type, field) < FieldAccess::Masked {
            return Err(Error::Forbidden);
        }
        self.note(&described, &row, Operation::Reveal, Some(json!({ "field": field })));
        Ok(row.value(&described, field))
    }

    /// That fields which change are the Actor's to change, and who answers for the record too.
    ///
    /// # Errors
    /// `field-not-yours` and `may-not-assign`.
    pub async fn may_write(
        &mut self,
        record_type: &RecordType,
        old: Option<&Row>,
        values: &[Value],
    ) -> Result<()> {
        let before = |at: usize| old.and_then(|old| old.values.get(at)).unwrap_or(&Value::Null);
        let changed = |at: usize| values.get(at).is_some_and(|value| value != before(at));
        let rights = &self.view.actor.rights;
        let fields = record_type.fields.iter().enumerate();
        let refused: Vec<Refusal> = fields
            .filter(|(at, field)| changed(*at) && !rights.writes(&record_type.name, &field.name))
            .map(|(_, field)| {
                Refusal::field("field-not-yours", field.name.as_ref())
                    .with("name", &field.name)
                    .with("field_of", format!("{}.{}", record_type.name, field.name))
            })
            .collect();
        if !refused.is_empty() {
            return Err(Error::Refused(refused));
        }
        let owner = record_type.owner_field().and_then(|field| record_type.position(&field.name));
        if let (Some(old), Some(_)) = (old, owner.filter(|at| changed(*at))) {
            let id = old.id;
            return match self.unmasked_row(&record_type.name, id, Purpose::Assign).await {
                Err(Error::Forbidden) => Err(Refusal::field("may-not-assign", "owner").into()),
                other => other.map(drop),
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_value_shows_how_it_begins_and_ends() {
        let check = |kind: Kind, text: &str, expected: &str| {
            assert_eq!(masked(&kind, text), expected);
        };
        check(Kind::Phone, "13812345678", "138****5678");
        check(Kind::Phone, "+8613812345678", "+86138****5678");
        check(Kind::Phone, "88123", "****23");
        check(Kind::Email, "li.wei@example.com", "l***@example.com");
        check(Kind::Text, "王小明", "王***");
        check(Kind::Text, "", "***");
        let money = Value::Integer(5);
        assert_eq!(shown(&Kind::Integer, money, FieldAccess::Masked), Value::Null);
    }
}
