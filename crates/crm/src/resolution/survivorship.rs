//! Which values a customer has after another was merged into it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use guanxi_base::{RawId, Result};
use guanxi_record::{Choice as _, Filter, Kind, Query, RecordType, Row, Value};
use guanxi_store::View;

use super::records::{Survives, SurvivorshipRule};
use crate::all_records::all;

/// A field whose value comes from the merged customer, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Its place in the type.
    pub place: usize,
    /// The rule that said so: its code, `empty` when the survivor had nothing, `chosen` when a
    /// person did.
    pub rule: &'static str,
}

/// The rules that people wrote.
#[derive(Debug, Clone, Default)]
pub struct Survivorship(BTreeMap<String, Survives>);

impl Survivorship {
    /// Reads them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(view: &mut View) -> Result<Self> {
        let rules = all::<SurvivorshipRule>(view, Query::of(Filter::everything())).await?;
        Ok(Self(rules.into_iter().map(|rule| (rule.record.field, rule.record.survives)).collect()))
    }

    /// The fields that the survivor takes from the merged customer. `chosen` says for some fields
    /// from whom: people know better than rules.
    #[must_use]
    pub fn taken(
        &self,
        described: &RecordType,
        survivor: &Row,
        merged: &Row,
        chosen: &BTreeMap<String, RawId>,
    ) -> Vec<Taken> {
        let mut taken = Vec::new();
        for (place, field) in described.fields.iter().enumerate() {
            let (own, other) = (&survivor.values[place], &merged.values[place]);
            // Its own number names the survivor; what is computed is computed anew.
            let is_kept = field.derived || field.unique || field.read_only;
            if is_kept || other.is_null() || own == other {
                continue;
            }
            let is_itself = other.as_link() == Some(survivor.id);
            let rule = self.0.get(field.name.as_ref()).copied();
            let rule = match chosen.get(field.name.as_ref()) {
                _ if is_itself => None,
                Some(from) => (*from == merged.id).then_some("chosen"),
                None if own.is_null() => Some("empty"),
                None => rule
                    .filter(|rule| rule.prefers_other(survivor, merged, own, other))
                    .map(|rule| rule.code()),
            };
            taken.extend(rule.map(|rule| Taken { place, rule }));
        }
        taken
    }
}

impl Survives {
    fn prefers_other(self, survivor: &Row, merged: &Row, own: &Value, other: &Value) -> bool {
        let larger = |other: &Value, own: &Value| compare(other, own) == Some(Ordering::Greater);
        let length = |value: &Value| value.to_text().chars().count();
        match self {
            Self::Survivors => false,
            Self::Newest => merged.updated_at > survivor.updated_at,
            Self::Oldest => merged.created_at < survivor.created_at,
            Self::Longest => length(other) > length(own),
            Self::Largest => larger(other, own),
            Self::Smallest => larger(own, other),
        }
    }
}

/// Which of two values is larger; none where that has no meaning, as between currencies.
fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Percent(a), Value::Percent(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => {
            Some(a.units.cmp(&b.units))
        }
        _ => None,
    }
}

/// Whether a person may choose whose value of a field stays.
#[must_use]
pub fn may_be_chosen(described: &RecordType, place: usize) -> bool {
    let field = &described.fields[place];
    !(field.derived || field.unique || field.read_only || field.kind == Kind::File)
}
