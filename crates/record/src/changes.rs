//! The difference between two states of a record: what history shows and undo reverses.

use serde_json::{Map, Value as Json};

use crate::{RecordType, Value};

/// One field's old and new value.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field's name.
    pub field: String,
    /// Before.
    pub old: Value,
    /// After.
    pub new: Value,
}

/// All fields that differ.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes(pub Vec<FieldChange>);

impl Changes {
    /// What differs between two states of a record of this type.
    #[must_use]
    pub fn between(record_type: &RecordType, old: &[Value], new: &[Value]) -> Self {
        let pairs = record_type.fields.iter().zip(old.iter().zip(new));
        let changed = pairs.filter(|(_, (old, new))| old != new);
        Self(
            changed
                .map(|(field, (old, new))| FieldChange {
                    field: field.name.to_string(),
                    old: old.clone(),
                    new: new.clone(),
                })
                .collect(),
        )
    }

    /// As the change log keeps it: `{"field": [old, new]}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let pairs = self.0.iter().map(|change| {
            (change.field.clone(), Json::Array(vec![change.old.to_json(), change.new.to_json()]))
        });
        Json::Object(pairs.collect::<Map<_, _>>())
    }

    /// Reads the change log. A field that the type no longer has, or a value that its kind no
    /// longer allows, is left out: it cannot be shown or restored.
    #[must_use]
    pub fn from_json(record_type: &RecordType, json: &Json) -> Self {
        let Json::Object(pairs) = json else { return Self::default() };
        let changes = pairs.iter().filter_map(|(name, pair)| {
            let kind = &record_type.field(name)?.kind;
            Some(FieldChange {
                field: name.clone(),
                old: Value::from_kept_json(kind, pair.get(0)?).ok()?,
                new: Value::from_kept_json(kind, pair.get(1)?).ok()?,
            })
        });
        Self(changes.collect())
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
