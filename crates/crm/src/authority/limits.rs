//! How far somebody decides alone, what of a record goes beyond it, and what of that was allowed.

use guanxi_base::{RawId, Result};
use guanxi_record::{
    Aggregate, Catalog, Choice as _, Filter, Function, Kind, Measure, Query, Record, RecordType,
    Row, Sort, Stored, Value,
};
use guanxi_store::{Tx, View};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::request::{ApprovalRequest, RequestState};
use crate::access::{AuthorityLimit, Organisation};
use crate::kept_condition::kept_condition;
use crate::sales::{Order, OrderKind, OrderLine};
use crate::trading::{ALLOWED_DELIVERIES, allowed_amount};

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
        let mut beyond = None;
        for limit in limits.iter().filter(|limit| limit.path == path) {
            match is_beyond(tx, described, row, limit).await? {
                Some(value) => {
                    beyond = Some(Beyond {
                        field: path.to_owned(),
                        value: value.to_text(),
                        at_most: limit.limit.at_most.clone(),
                        role: limit.limit.role.to_string(),
                    });
                }
                // One role that decides so far is enough.
                None => {
                    beyond = None;
                    break;
                }
            }
        }
        found.extend(beyond);
    }
    Ok(found)
}

/// The value that goes beyond a limit, if one does.
async fn is_beyond(
    tx: &mut Tx,
    described: &RecordType,
    row: &Row,
    limited: &Limited<'_>,
) -> Result<Option<Value>> {
    let mut parts = Filter::everything();
    if let Some(text) = &limited.limit.condition {
        let condition = kept_condition(tx, &limited.limit.record_type, text).await?;
        if limited.is_of_parts {
            parts = condition;
        } else if !tx.passes(&described.name, row.id, &condition).await? {
            return Ok(None);
        }
    }
    let at_most = &limited.limit.at_most;
    let Some((kind, values)) = limited_values(tx, described, row, (&limited.path, parts)).await?
    else {
        return Ok(None);
    };
    Ok(values.into_iter().find(|value| exceeds(&kind, value, at_most)))
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

/// The values of a record that are allowed by an approval, for as long as they do not grow.
pub(super) async fn allowed_values(
    tx: &mut Tx,
    organisation: &Organisation,
    described: &RecordType,
    row: &Row,
) -> Result<Json> {
    let mut allowed = serde_json::Map::new();
    let catalog = tx.catalog().clone();
    let mut paths: Vec<String> =
        organisation.limited_fields_of(&described.name).into_iter().map(str::to_owned).collect();
    for (part, _) in catalog.parts_of(&described.name) {
        let fields = organisation.limited_fields_of(&part.name);
        paths.extend(fields.into_iter().map(|field| format!("{}.{field}", part.name)));
    }
    for path in paths {
        let all = (path.as_str(), Filter::everything());
        let values = limited_values(tx, described, row, all).await?;
        if let Some(value) = values.and_then(|(_, values)| values.into_iter().next()) {
            allowed.insert(path, value.to_text().into());
        }
    }
    if described.name == Order::NAME
        && let Some(amount) = allowed_amount(tx, row.id).await?
    {
        allowed.insert(ALLOWED_DELIVERIES.to_owned(), amount.into());
    }
    Ok(Json::Object(allowed))
}

/// Whether a value was approved, or a larger one.
pub(super) async fn is_approved(
    tx: &mut Tx,
    described: &RecordType,
    row: &Row,
    path: &str,
) -> Result<bool> {
    let Some(allowed) = allowed(tx, row.id, path).await? else { return Ok(false) };
    let now = limited_values(tx, described, row, (path, Filter::everything())).await?;
    Ok(now
        .is_some_and(|(kind, values)| values.iter().all(|value| !exceeds(&kind, value, &allowed))))
}

/// What the last approval of a record allowed under a key.
pub(super) async fn allowed(tx: &mut Tx, record: RawId, key: &str) -> Result<Option<String>> {
    let filter = Filter::eq("record", record.to_string())
        .and(Filter::eq("state", RequestState::Approved.code()));
    let query = Query::of(filter).limited(1).sorted(vec![Sort::down("id")]);
    let Some(found) = tx.list(ApprovalRequest::NAME, &query).await?.rows.into_iter().next() else {
        return Ok(None);
    };
    let request: Stored<ApprovalRequest> = found.try_into()?;
    let allowed = request.allowed.as_ref().and_then(|allowed| allowed.0.get(key)?.as_str());
    Ok(allowed.map(str::to_owned))
}
