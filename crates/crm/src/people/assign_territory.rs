//! Which part of the market a customer belongs to: found by country, province, city, product line and
//! class when nobody says, for a new customer and for those who have none yet.

use guanxi_base::{RawId, Result};
use guanxi_record::{Choice, Filter, Op, Query, Record, RecordType, Row, Sort, Value};
use guanxi_store::{Actor, Store};

use super::Customer;
use crate::access::{CustomerClass, Organisation};
use crate::bulk::{Moved, STEP, change_each};

/// Fills the territory of a customer that has none, as far as one fits.
pub(super) fn fill(organisation: &Organisation, described: &RecordType, values: &mut [Value]) {
    let Some(place) = described.position("territory") else { return };
    if values.get(place).is_some_and(|value| !value.is_null()) {
        return;
    }
    if let Some(territory) = fitting(organisation, described, values) {
        values[place] = Value::Link(territory);
    }
}

fn fitting(organisation: &Organisation, described: &RecordType, values: &[Value]) -> Option<RawId> {
    let value = |name: &str| values.get(described.position(name)?);
    let mut places: Vec<&str> = value("country").and_then(Value::as_text).into_iter().collect();
    if let Some(Value::Address(address)) = value("address") {
        places.extend(["province", "city"].iter().filter_map(|part| address.part(part)));
    }
    let class = value("class").and_then(Value::as_text).and_then(CustomerClass::from_code);
    let line = value("product_line").and_then(Value::as_link);
    organisation.territory_for(&places, line, class)
}

/// Gives a territory to every customer that has none and fits one. What one of them is refused for keeps
/// no other from its own.
///
/// # Errors
/// When the database fails; what was done before stays done.
pub async fn assign_territories(store: &Store, actor: &Actor) -> Result<Moved> {
    let mut moved = Moved { records: 0, left: Vec::new(), job: store.new_id() };
    let actor = actor.clone().for_job(moved.job);
    let organisation = Organisation::of(store).await?;
    let described = store.catalog().get(Customer::NAME)?.clone();
    let Some(place) = described.position("territory") else { return Ok(moved) };
    let none = Filter::compare("territory", Op::Empty, true);
    let query = Query::of(none).sorted(vec![Sort::up("id")]).limited(STEP);
    let change = |row: &Row| {
        let territory = fitting(&organisation, &described, &row.values)?;
        Some(vec![(place, Value::Link(territory))])
    };
    change_each(store, &actor, (&described, query), &change, &mut moved).await?;
    Ok(moved)
}
