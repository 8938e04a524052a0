//! What an approval allows: what went beyond the authority of whoever asked, and no more, for as long as it
//! does not grow and the record is of the same customer.

use guanxi_base::{RawId, Result};
use guanxi_record::{Choice as _, Filter, Query, Record, RecordType, Row, Sort, Stored};
use guanxi_store::Tx;
use serde::{Deserialize, Serialize};

use super::limits::{Beyond, is_as_far};
use super::request::{ApprovalRequest, RequestState};
use crate::sales::Order;
use crate::trading::{allowed_amount, is_within, promises_more};

/// What an approval allows of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Allowed {
    /// What went beyond limits.
    beyond: Vec<Beyond>,
    /// The amount for which its customer is delivered to all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deliveries: Option<Known>,
    /// The record that it follows: of another, nothing of this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    follows: Option<Known>,
}

/// What a field held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    field: String,
    value: String,
}

impl Allowed {
    /// What the last approval of a record allowed, for as long as the record follows the same.
    pub(super) async fn of(tx: &mut Tx, described: &RecordType, row: &Row) -> Result<Self> {
        let filter = Filter::eq("record", row.id.to_string())
            .and(Filter::eq("state", RequestState::Approved.code()));
        let query = Query::of(filter).limited(1).sorted(vec![Sort::down("id")]);
        let last = tx.list(ApprovalRequest::NAME, &query).await?.rows.into_iter().next();
        let Some(last) = last else { return Ok(Self::default()) };
        let request: Stored<ApprovalRequest> = last.try_into()?;
        let allowed = request.allowed.as_ref().map(|allowed| allowed.0.clone());
        let allowed: Self =
            allowed.and_then(|known| serde_json::from_value(known).ok()).unwrap_or_default();
        let was = allowed.follows.as_ref().and_then(|known| known.value.parse::<RawId>().ok());
        let is_same = match (was, followed(described, row)) {
            (was, now) if was == now => true,
            (Some(was), Some(now)) => {
                let target = described.followed().and_then(|link| described.field(link));
                let target = target.and_then(|field| field.kind.link_target());
                let Some(target) = target else { return Ok(Self::default()) };
                let target = tx.catalog().get(target)?.clone();
                tx.successors_of(&target, &[was]).await?.get(&was) == Some(&now)
            }
            _ => false,
        };
        Ok(if is_same { allowed } else { Self::default() })
    }

    /// What an approval allows that made `after` of `before`: what went beyond, and what was allowed before
    /// of which it says nothing. Deliveries are allowed by who agrees to a promise.
    pub(super) async fn made(
        tx: &mut Tx,
        described: &RecordType,
        (before, after): (&Row, &Row),
        beyond: Vec<Beyond>,
    ) -> Result<Self> {
        let mut allowed = Self::of(tx, described, after).await?;
        allowed.beyond.retain(|known| {
            beyond
                .iter()
                .all(|one| (&one.field, &one.condition) != (&known.field, &known.condition))
        });
        allowed.beyond.extend(beyond);
        if described.name == Order::NAME && promises_more(described, before, after) {
            let amount = allowed_amount(tx, after.id).await?;
            allowed.deliveries = amount.map(|value| Known { field: "total".to_owned(), value });
        }
        allowed.follows = described.followed().and_then(|link| {
            let value = followed(described, after)?.to_string();
            Some(Known { field: link.to_owned(), value })
        });
        Ok(allowed)
    }

    /// Whether what goes beyond a limit was allowed, or more of it.
    pub(super) fn covers(&self, tx: &Tx, described: &RecordType, one: &Beyond) -> bool {
        self.beyond.iter().any(|known| is_as_far(tx.catalog(), described, one, known))
    }

    /// Whether an order may be delivered whatever its customer's terms and limit say.
    pub(super) fn delivers(&self, order: &Order) -> bool {
        self.deliveries.as_ref().is_some_and(|known| is_within(order, &known.value))
    }
}

/// What a record follows, as an order its customer.
fn followed(described: &RecordType, row: &Row) -> Option<RawId> {
    row.value(described, described.followed()?).as_link()
}
