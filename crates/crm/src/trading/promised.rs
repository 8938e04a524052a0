//! The orders by which a transaction promises more than before: what their lines come to is compared with
//! what they came to, whichever way they changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_base::{Currency, RawId, Result};
use guanxi_record::{Changes, Choice as _, Filter, Query, Record, RecordType, Row, Value};
use guanxi_store::{Changed, Operation, Tx};

use super::deliveries::CHUNK;
use crate::people::Merges;
use crate::sales::{Order, OrderLine, OrderStatus};

/// The orders by which somebody promises more than before.
pub(super) async fn promised(tx: &mut Tx, changed: &[Changed]) -> Result<BTreeSet<RawId>> {
    let catalog = tx.catalog().clone();
    let (order, line) = (catalog.get(Order::NAME)?, catalog.get(OrderLine::NAME)?);
    let merges = Merges::among(changed);
    let mut promised = BTreeSet::new();
    for one in changed.iter().filter(|one| one.record_type == Order::NAME) {
        let promises = match one.operation {
            Operation::Create | Operation::Restore => true,
            Operation::Update => {
                let changes = one.diff.as_ref().map(|diff| Changes::from_json(order, diff));
                changes.is_some_and(|changes| promises(&changes, &merges))
            }
            _ => false,
        };
        promised.extend(promises.then_some(one.record));
    }
    promised.extend(grown(tx, line, changed).await?);
    Ok(promised)
}

/// Whether a change of an order promises what it did not before: from not agreed to agreed, from agreed to
/// sent, to another customer. One that two customers are merged into is no other.
fn promises(changes: &Changes, merges: &Merges) -> bool {
    changes.0.iter().any(|change| match change.field.as_str() {
        "status" => rank(&change.new) > rank(&change.old),
        "customer" => !merges.moves(change),
        "kind" => true,
        _ => false,
    })
}

/// Whether an order promises more than it did before.
pub(crate) fn promises_more(order: &RecordType, before: &Row, after: &Row) -> bool {
    let [old, new] = [before, after].map(|row| rank(&row.value(order, "status")));
    let differs = |field: &&str| before.value(order, field) != after.value(order, field);
    new > old || (new > 0 && ["customer", "kind"].iter().any(differs))
}

/// How much is promised where an order stands so.
fn rank(status: &Value) -> i8 {
    match status.as_text().and_then(OrderStatus::from_code) {
        Some(OrderStatus::Confirmed) => 1,
        // What has been sent is not sent again by being called done.
        Some(OrderStatus::Shipped | OrderStatus::Completed) => 2,
        _ => 0,
    }
}

/// The orders whose lines come to more than before, in any currency.
async fn grown(tx: &mut Tx, line: &RecordType, changed: &[Changed]) -> Result<BTreeSet<RawId>> {
    let mut of_lines: BTreeMap<RawId, Vec<&Changed>> = BTreeMap::new();
    let is_change = |one: &&Changed| one.operation.is_change();
    for one in changed.iter().filter(|one| one.record_type == OrderLine::NAME).filter(is_change) {
        of_lines.entry(one.record).or_default().push(one);
    }
    let ids: Vec<RawId> = of_lines.keys().copied().collect();
    let mut rows: HashMap<RawId, Row> = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let mut wanted = Query::of(Filter::one_of("id", chunk.iter().copied())).limited(CHUNK);
        wanted.with_archived = true;
        let found = tx.list(OrderLine::NAME, &wanted).await?.rows;
        rows.extend(found.into_iter().map(|row| (row.id, row)));
    }
    let mut growth: BTreeMap<(RawId, Currency), i128> = BTreeMap::new();
    for (id, changes) in of_lines {
        let now = Standing::now(line, rows.get(&id));
        let before = now.before(line, &changes);
        for (standing, sign) in [(&now, 1), (&before, -1)] {
            if let Some((order, currency, units)) = standing.counts() {
                *growth.entry((order, currency)).or_default() += sign * i128::from(units);
            }
        }
    }
    Ok(growth.into_iter().filter(|(_, more)| *more > 0).map(|((order, _), _)| order).collect())
}

/// What a line says of its order at a moment.
#[derive(Debug, Clone, Default)]
struct Standing {
    order: Value,
    amount: Value,
    is_there: bool,
    is_archived: bool,
}

impl Standing {
    fn now(line: &RecordType, row: Option<&Row>) -> Self {
        row.map_or_else(Self::default, |row| Self {
            order: row.value(line, Order::NAME),
            amount: row.value(line, "amount"),
            is_there: true,
            is_archived: row.archived_at.is_some(),
        })
    }

    /// As it was before some changes, the newest of which stands last.
    fn before(&self, line: &RecordType, changes: &[&Changed]) -> Self {
        let mut standing = self.clone();
        for one in changes.iter().rev() {
            match one.operation {
                Operation::Create => standing.is_there = false,
                Operation::Remove => standing.is_there = true,
                Operation::Archive => standing.is_archived = false,
                Operation::Restore => standing.is_archived = true,
                _ => {}
            }
            let diff = one.diff.as_ref().map(|diff| Changes::from_json(line, diff));
            for change in diff.into_iter().flat_map(|changes| changes.0) {
                match change.field.as_str() {
                    Order::NAME => standing.order = change.old,
                    "amount" => standing.amount = change.old,
                    _ => {}
                }
            }
        }
        standing
    }

    /// What it adds to which order.
    fn counts(&self) -> Option<(RawId, Currency, i64)> {
        let order = self.order.as_link().filter(|_| self.is_there && !self.is_archived)?;
        match self.amount {
            Value::Money(amount) => Some((order, amount.currency, amount.units)),
            _ => None,
        }
    }
}
