//! What every transaction passes before it is committed, whichever face it came from: nobody goes
//! beyond their authority without approval, and nothing changes while it waits for one.

use std::future::Future;
use std::pin::Pin;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{
    Aggregate, Choice as _, Filter, Function, Kind, Measure, Query, Record, RecordType, Row, Sort,
    Stored, Value,
};
use guanxi_store::{Changed, Operation, Purpose, Rights, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::request::{ApprovalRequest, RequestState, open_about};
use crate::access::{AuthorityLimit, Organisation, conditions};
use crate::sales::Order;
use crate::trading::{ALLOWED_DELIVERIES, allowed_amount, held_orders, is_within};

/// Refuses what goes beyond the Actor's authority; see `guanxi_store::Guard`.
pub fn guard<'a>(
    tx: &'a mut Tx,
    changed: &'a [Changed],
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let Some(user) = tx.actor().user else { return Ok(()) };
        let organisation = Organisation::within(tx).await?;
        let is_limited = !matches!(tx.actor().rights, Rights::All);
        // The rule looks at what the Actor may not see.
        let rights = tx.act_with(Rights::All);
        let limits = is_limited.then_some((&*organisation, user));
        let outcome = async {
            check(tx, changed, limits).await?;
            may_deliver(tx, changed, &rights).await
        }
        .await;
        tx.act_with(rights);
        outcome
    })
}

/// Nothing is promised to customers who may not be delivered to, unless somebody allowed this order.
async fn may_deliver(tx: &mut Tx, changed: &[Changed], reader: &Rights) -> Result<()> {
    for (order, reasons) in held_orders(tx, changed, reader).await? {
        let allowed = allowed(tx, order.id.raw(), ALLOWED_DELIVERIES).await?;
        if !allowed.is_some_and(|allowed| is_within(&order, &allowed)) {
            return Err(Error::Refused(reasons));
        }
    }
    Ok(())
}

async fn check(
    tx: &mut Tx,
    changed: &[Changed],
    limits: Option<(&Organisation, RawId)>,
) -> Result<()> {
    // One question for all: an import changes thousands, and mostly nothing waits.
    let open = Query::of(Filter::eq("state", RequestState::Open.code())).limited(1);
    let any_waits = !tx.list(ApprovalRequest::NAME, &open).await?.rows.is_empty();
    for one in changed.iter().filter(|one| one.operation.is_change()) {
        if any_waits {
            nothing_waits(tx, one).await?;
        }
        if let (Some((organisation, user)), false) =
            (limits, matches!(one.operation, Operation::Archive | Operation::Remove))
        {
            within_authority(tx, organisation, user, one).await?;
        }
    }
    Ok(())
}

/// A record that waits for approval, and its parts, stay as they are.
async fn nothing_waits(tx: &mut Tx, changed: &Changed) -> Result<()> {
    if changed.operation == Operation::Create && changed.whole.is_none() {
        return Ok(());
    }
    let query = Query::of(open_about(changed.whole.unwrap_or(changed.record))).limited(1);
    if tx.list(ApprovalRequest::NAME, &query).await?.rows.is_empty() {
        return Ok(());
    }
    Err(Refusal::new("waits-for-approval").into())
}

async fn within_authority(
    tx: &mut Tx,
    organisation: &Organisation,
    user: RawId,
    changed: &Changed,
) -> Result<()> {
    let catalog = tx.catalog().clone();
    let mut described = catalog.get(&changed.record_type)?.clone();
    let whole = described.whole().map(|(target, _)| target.to_owned());
    let limited = whole.as_deref().unwrap_or(&changed.record_type);
    if organisation.limits_of(user, limited).next().is_none() {
        return Ok(());
    }
    let mut record = changed.record;
    // A part counts for its whole: a discount of a line is a discount of the order.
    if let (Some(target), Some(whole)) = (&whole, changed.whole) {
        (described, record) = (catalog.get(target)?.clone(), whole);
    }
    let Ok(row) = tx.row(&described.name, record, Purpose::Read).await else { return Ok(()) };
    for one in beyond_authority(tx, organisation, user, (&described, &row)).await? {
        if is_approved(tx, &described, &row, &one.field).await? {
            continue;
        }
        let name = one.field.split('.').next_back().unwrap_or(&one.field);
        let refusal = match described.position(name) {
            Some(_) => Refusal::field("over-your-limit", &one.field),
            None => Refusal::new("over-your-limit"),
        };
        return Err(refusal
            .with("name", &one.field)
            .with("field_of", one.field_of(&described))
            .with("limit", one.at_most)
            .with("value", one.value)
            .into());
    }
    Ok(())
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
    let limits: Vec<&AuthorityLimit> = organisation.limits_of(user, &described.name).collect();
    let mut fields: Vec<&str> = limits.iter().map(|limit| limit.field.as_str()).collect();
    fields.sort_unstable();
    fields.dedup();
    let mut found = Vec::new();
    for field in fields {
        let of_field = limits.iter().filter(|limit| limit.field == field);
        let mut beyond = None;
        for limit in of_field {
            match is_beyond(tx, described, row, limit).await? {
                Some(value) => {
                    beyond = Some(Beyond {
                        field: field.to_owned(),
                        value: value.to_text(),
                        at_most: limit.at_most.clone(),
                        role: limit.role.to_string(),
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

/// The value that goes beyond a limit, if it does.
async fn is_beyond(
    tx: &mut Tx,
    described: &RecordType,
    row: &Row,
    limit: &AuthorityLimit,
) -> Result<Option<Value>> {
    if let Some(text) = &limit.condition
        && !tx.passes(&described.name, row.id, &conditions::parse(text)?).await?
    {
        return Ok(None);
    }
    let Some((kind, value)) = limited_value(tx, described, row, &limit.field).await? else {
        return Ok(None);
    };
    Ok(exceeds(&kind, &value, &limit.at_most).then_some(value))
}

/// What a record has in a field that authority limits: its own, or the largest of its parts.
async fn limited_value(
    tx: &mut Tx,
    described: &RecordType,
    row: &Row,
    path: &str,
) -> Result<Option<(Kind, Value)>> {
    let Some((part, name)) = path.split_once('.') else {
        let Some(field) = described.field(path) else { return Ok(None) };
        return Ok(Some((field.kind.clone(), row.value(described, path))));
    };
    let catalog = tx.catalog().clone();
    let part = catalog.get(part)?;
    let (Some(link), Some(field)) = (part.part_of, part.field(name)) else { return Ok(None) };
    let wanted = Aggregate {
        filter: Filter::eq(link, row.id.to_string()),
        group_by: Vec::new(),
        measures: vec![Measure::of(Function::Max, name)],
        with_archived: false,
    };
    let groups = tx.aggregate(&part.name, &wanted).await?;
    let largest = groups.into_iter().next().and_then(|mut group| group.measures.pop());
    Ok(Some((field.kind.clone(), largest.unwrap_or_default())))
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
    for field in organisation.limited_fields_of(&described.name) {
        if let Some((_, value)) = limited_value(tx, described, row, field).await? {
            allowed.insert(field.to_owned(), value.to_text().into());
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
async fn is_approved(tx: &mut Tx, described: &RecordType, row: &Row, field: &str) -> Result<bool> {
    let allowed = allowed(tx, row.id, field).await?;
    let now = limited_value(tx, described, row, field).await?;
    Ok(match (allowed, now) {
        (Some(allowed), Some((kind, value))) => !exceeds(&kind, &value, &allowed),
        _ => false,
    })
}

/// What the last approval of a record allowed under a key.
async fn allowed(tx: &mut Tx, record: RawId, key: &str) -> Result<Option<String>> {
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
