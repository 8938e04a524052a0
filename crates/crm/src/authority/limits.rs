//! How far somebody decides alone, and what of a record goes beyond it.

use guanxi_base::{RawId, Result};
use guanxi_record::{
    Aggregate, Catalog, Choice as _, Filter, Function, Kind, Measure, Record, RecordType, Row,
    Value,
};
use guanxi_store::{Tx, View};
use serde::{Deserialize, Serialize};

use crate::access::{AuthorityLimit, Organisation};
use crate::kept_condition::kept_condition;
use crate::sales::{Order, OrderKind, OrderLine};

/// A limit, as it is asked about a record or, said of a type of parts, about those parts of it.
#[derive(Debug, Clone)]
pub(super) struct Limited<'a> {
    /// The field, or one of the parts: `order_line.discount`.
    pub(super) path: String,
    limit: &'a AuthorityLimit,
    /// Whether its condition is one on parts.
    is_of_parts: bool,
}

/// The limits of somebody about records of a type, and those about parts of them: a part is weighed with
/// its whole.
pub(super) fn limits_about<'a>(
    organisation: &'a Organisation,
    catalog: &'a Catalog,
    user: RawId,
    described: &'a RecordType,
) -> Vec<Limited<'a>> {
    let name: &str = &described.name;
    let own = organisation.limits_of(user, name);
    let own = own.map(|limit| Limited { path: limit.field.clone(), limit, is_of_parts: false });
    let mut found: Vec<Limited<'_>> = own.collect();
    for (part, _) in catalog.parts_of(name) {
        found.extend(organisation.limits_of(user, &part.name).map(|limit| Limited {
            path: format!("{}.{}", part.name, limit.field),
            limit,
            is_of_parts: true,
        }));
    }
    found
}

/// What of a record goes beyond the authority of somebody, and how far they decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beyond {
    /// The field, or one of the parts: `order_line.discount`.
    pub field: String,
    /// What is in it, as text.
    pub value: String,
    /// So far the role decides that decides most.
    pub at_most: String,
    /// The id of that role.
    pub role: String,
    /// Where that holds, if not everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl Beyond {
    /// The type and the name of the field.
    #[must_use]
    pub fn field_of(&self, described: &RecordType) -> String {
        match self.field.contains('.') {
            true => self.field.clone(),
            false => format!("{}.{}", described.name, self.field),
        }
    }
}

/// All that goes beyond somebody's authority in a record, whether somebody else allowed it or not.
pub(super) async fn beyond_authority(
    tx: &mut Tx,
    organisation: &Organisation,
    user: RawId,
    (described, row): (&RecordType, &Row),
) -> Result<Vec<Beyond>> {
    let catalog = tx.catalog().clone();
    let limits = limits_about(organisation, &catalog, user, described);
    let mut paths: Vec<&str> = limits.iter().map(|limit| limit.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        let mut beyond = Vec::new();
        for limit in limits.iter().filter(|limit| limit.path == path) {
            let values = values_beyond(tx, described, row, limit).await?;
            let more = |value: &Value| Beyond {
                field: path.to_owned(),
                value: value.to_text(),
                at_most: limit.limit.at_most.clone(),
                role: limit.limit.role.to_string(),
                condition: limit.limit.condition.clone(),
            };
            beyond = values.iter().map(more).collect();
            // One role that decides so far is enough.
            if beyond.is_empty() {
                break;
            }
        }
        found.extend(beyond);
    }
    Ok(found)
}

/// The values that go beyond a limit: of amounts the largest of each currency.
async fn values_beyond(
    tx: &mut Tx,
    described: &RecordType,
    row: &Row,
    limited: &Limited<'_>,
) -> Result<Vec<Value>> {
    let mut parts = Filter::everything();
    if let Some(text) = &limited.limit.condition {
        let condition = kept_condition(tx, &limited.limit.record_type, text).await?;
        if limited.is_of_parts {
            parts = condition;
        } else if !tx.passes(&described.name, row.id, &condition).await? {
            return Ok(Vec::new());
        }
    }
    let at_most = &limited.limit.at_most;
    let Some((kind, values)) = limited_values(tx, described, row, (&limited.path, parts)).await?
    else {
        return Ok(Vec::new());
    };
    Ok(values.into_iter().filter(|value| exceeds(&kind, value, at_most)).collect())
}

/// What a record has in a field that authority limits: its own, or the largest of its parts that pass a
/// filter, of amounts the largest of each currency.
async fn limited_values(
    view: &mut View,
    described: &RecordType,
    row: &Row,
    (path, parts): (&str, Filter),
) -> Result<Option<(Kind, Vec<Value>)>> {
    let Some((part, name)) = path.split_once('.') else {
        let Some(field) = described.field(path) else { return Ok(None) };
        return Ok(Some((field.kind.clone(), vec![row.value(described, path)])));
    };
    let catalog = view.catalog().clone();
    let part = catalog.get(part)?;
    let (Some(link), Some(field)) = (part.part_of, part.field(name)) else { return Ok(None) };
    // What comes back is sold neither at list nor below it.
    let is_return = described.name == Order::NAME
        && row.value(described, "kind").as_text() != Some(OrderKind::Sale.code());
    if is_return && (&*part.name, name) == (OrderLine::NAME, "below_list") {
        return Ok(None);
    }
    let wanted = Aggregate {
        filter: Filter::eq(link, row.id.to_string()).and(parts),
        group_by: Vec::new(),
        measures: vec![Measure::of(Function::Max, name)],
        with_archived: false,
    };
    let groups = view.aggregate(&part.name, &wanted).await?;
    let values = groups.into_iter().filter_map(|mut group| group.measures.pop()).collect();
    Ok(Some((field.kind.clone(), values)))
}

/// Whether what goes beyond a limit goes no further than what went beyond the same limit another time.
pub(super) fn is_as_far(
    catalog: &Catalog,
    described: &RecordType,
    one: &Beyond,
    known: &Beyond,
) -> bool {
    let path = one.field_of(described);
    let field = path.split_once('.').and_then(|(of, name)| catalog.get(of).ok()?.field(name));
    let is_same = (&one.field, &one.condition) == (&known.field, &known.condition);
    let value = |kind: &Kind| Value::from_text(kind, &one.value).ok();
    is_same
        && field.is_some_and(|field| {
            value(&field.kind).is_some_and(|value| !exceeds(&field.kind, &value, &known.value))
        })
}

/// Whether a value is more than what was said. What cannot be compared is.
fn exceeds(kind: &Kind, value: &Value, at_most: &str) -> bool {
    match (value, Value::from_text(kind, at_most)) {
        (Value::Null, _) => false,
        // A currency for which nothing was said is beyond what was said.
        (Value::Money(value), Ok(Value::Money(most))) => {
            value.currency != most.currency || value.units > most.units
        }
        (Value::Percent(value), Ok(Value::Percent(most))) => *value > most,
        (Value::Decimal(value), Ok(Value::Decimal(most))) => *value > most,
        (Value::Integer(value), Ok(Value::Integer(most))) => *value > most,
        _ => true,
    }
}
