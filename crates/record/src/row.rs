//! One stored record of any type: what generic code passes around.

use guanxi_base::{RawId, Timestamp};

use crate::{RecordType, Value};

/// One stored record; `values` are in the order of its type's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: RawId,
    /// Counts its changes from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was put away, if it was.
    pub archived_at: Option<Timestamp>,
    /// In the order of the type's fields.
    pub values: Vec<Value>,
}

impl Row {
    /// The value of a field of the type, or of one that the store keeps; `Null` if there is none.
    #[must_use]
    pub fn value(&self, record_type: &RecordType, name: &str) -> Value {
        match name {
            "version" => Value::Integer(self.version),
            "created_at" => Value::Instant(self.created_at),
            "updated_at" => Value::Instant(self.updated_at),
            "archived_at" => self.archived_at.map_or(Value::Null, Value::Instant),
            _ => record_type
                .position(name)
                .and_then(|place| self.values.get(place))
                .cloned()
                .unwrap_or(Value::Null),
        }
    }

    /// What people call the record; its id when it has no name.
    #[must_use]
    pub fn title(&self, record_type: &RecordType) -> String {
        match self.values.get(record_type.title_position()) {
            Some(Value::Null) | None => self.id.to_string(),
            Some(value) => value.to_text(),
        }
    }

    /// The record as the API gives it.
    #[must_use]
    pub fn to_json(&self, record_type: &RecordType) -> serde_json::Map<String, serde_json::Value> {
        let mut json = serde_json::Map::with_capacity(self.values.len() + 5);
        json.insert("id".to_owned(), self.id.to_string().into());
        for field in &crate::SYSTEM_FIELDS {
            json.insert(field.name.to_string(), self.value(record_type, &field.name).to_json());
        }
        for (field, value) in record_type.fields.iter().zip(&self.values) {
            json.insert(field.name.to_string(), value.to_json());
        }
        json
    }
}
