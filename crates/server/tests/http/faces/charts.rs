//! Charts: every mark is the number of the list that it leads to, in REST and on the page, and the
//! columns of the warehouse make the same groups.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use guanxi_base::{Currency, Rng};
use guanxi_crm::access::Locale;
use guanxi_crm::dashboards::{Chart, Drawn, draw, grouped};
use guanxi_crm::segments::Choosing;
use guanxi_crm::text::Texts;
use guanxi_record::{Field, Kind, Stored, Value};
use guanxi_store::{Purpose, average};
use serde_json::{Value as Json, json};

use super::look::Look;

/// So many marks of a chart are followed.
const FOLLOWED: usize = 10;

/// What a chart shows: label, series, number; or the codes of its refusal.
pub(crate) type Shown = Result<Vec<(String, String, String)>, Vec<String>>;

/// Draws a chart and follows its marks.
pub(crate) async fn compared(look: &Look<'_>, chart: &Json, rng: &mut Rng) -> Shown {
    let mut made = chart.clone();
    made["dashboard"] = json!(look.world.dashboard);
    let house = &look.world.house;
    let answer = house.call("POST", "/chart", made).await;
    if answer.status != StatusCode::CREATED {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        return Err(answer.problems());
    }
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let answer = look.api(&format!("/chart/{id}/numbers")).await;
    if answer.status != StatusCode::OK {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{chart}: {}", answer.text);
        return Err(answer.problems());
    }
    let drawn = answer.json();
    let (mut shown, mut lists) = (Vec::new(), Vec::new());
    let series = drawn["series"].as_array().unwrap();
    for item in drawn["items"].as_array().unwrap() {
        for (mark, series) in item["marks"].as_array().unwrap().iter().zip(series) {
            if mark.is_null() {
                continue;
            }
            let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
            shown.push((text(&item["label"]), text(series), mark["value"].to_string()));
            lists.extend(mark["list"].as_str().map(|list| (list.to_owned(), &mark["value"])));
        }
    }
    for _ in 0..FOLLOWED.min(lists.len()) {
        let (list, value) = lists.swap_remove(rng.below(lists.len()));
        if !goes_by_own_offset(look, chart) {
            follow(look, chart, &list, value).await;
        }
    }
    by_columns(look, &id, chart).await;
    shown.sort_unstable();
    Ok(shown)
}

/// Whether times are put together by day or month in a zone whose offset changes: groups and lists
/// still part there.
fn goes_by_own_offset(look: &Look<'_>, chart: &Json) -> bool {
    let keys = [&chart["group_by"], &chart["split_by"]];
    let is_time = |key: &&Json| {
        key.as_str().is_some_and(|key| {
            ["at:", "x_seen:", "created_at:"].iter().any(|time| key.starts_with(time))
        })
    };
    let is_utc = look.person.actor.time_zone == guanxi_base::TimeZone::UTC;
    keys.iter().any(is_time) && !is_utc
}

/// The list of a mark has what the mark says, and its page shows the same records.
async fn follow(look: &Look<'_>, chart: &Json, list: &str, value: &Json) {
    let items = look.items(list).await;
    let told = || format!("{chart} {list}");
    let ids: BTreeSet<usize> =
        items.iter().map(|item| look.world.place(item["id"].as_str().unwrap())).collect();
    assert_eq!(look.page(list).await, ids, "{}", told());
    let measure = chart["measure"].as_str().unwrap();
    let Some((function, name)) = measure.split_once(':') else {
        assert_eq!(json!(items.len()), *value, "{}", told());
        return;
    };
    let catalog = look.world.house.store.catalog();
    let described = catalog.get(chart["record_type"].as_str().unwrap()).unwrap();
    let field = described.field(name).unwrap();
    let wanted = Value::from_json(&measured(function, field), value).unwrap();
    let values: Vec<Value> = items
        .iter()
        .map(|item| Value::from_json(&field.kind, &item[name]).unwrap())
        .filter(|value| !value.is_null())
        .collect();
    let currency = currency_of(&wanted);
    for one in &values {
        assert_eq!(currency_of(one), currency, "another currency: {}", told());
    }
    let numbers: Vec<i64> = values.iter().map(units).collect();
    let found = match function {
        "sum" => with_units(&field.kind, numbers.iter().sum(), currency),
        "avg" => average(&field.kind, numbers.iter().sum(), numbers.len() as i64, currency),
        "min" => with_units(&field.kind, some(numbers.iter().min(), told), currency),
        _ => with_units(&field.kind, some(numbers.iter().max(), told), currency),
    };
    assert_eq!(found, wanted, "{}", told());
}

fn some(number: Option<&i64>, told: impl Fn() -> String) -> i64 {
    *number.unwrap_or_else(|| panic!("a mark of nothing: {}", told()))
}

/// What the number of a measure is.
fn measured(function: &str, field: &Field) -> Kind {
    match (function, &field.kind) {
        ("avg", Kind::Integer) => Kind::Decimal,
        (_, kind) => kind.clone(),
    }
}

fn currency_of(value: &Value) -> Option<Currency> {
    if let Value::Money(money) = value { Some(money.currency) } else { None }
}

fn units(value: &Value) -> i64 {
    match value {
        Value::Integer(number) => *number,
        Value::Decimal(number) => number.units(),
        Value::Percent(number) => number.units(),
        Value::Money(money) => money.units,
        Value::Instant(at) => at.as_microsecond(),
        Value::Date(date) => i64::from(guanxi_warehouse::day_number(*date)),
        other => panic!("{other:?} is no number"),
    }
}

fn with_units(kind: &Kind, units: i64, currency: Option<Currency>) -> Value {
    use guanxi_base::{Decimal, Money, Percent, Timestamp};
    match kind {
        Kind::Integer => Value::Integer(units),
        Kind::Decimal => Value::Decimal(Decimal::from_units(units)),
        Kind::Percent => Value::Percent(Percent::from_units(units)),
        Kind::Money => Value::Money(Money::new(units, currency.unwrap())),
        Kind::Instant => Value::Instant(Timestamp::from_microsecond(units).unwrap()),
        _ => Value::Date(guanxi_warehouse::day_of(i32::try_from(units).unwrap())),
    }
}

/// The columns of the warehouse, where they keep what a chart asks for, make the same groups.
async fn by_columns(look: &Look<'_>, id: &str, told: &Json) {
    let store = &look.world.house.store;
    let actor = &look.person.actor;
    let mut view = store.read(actor).await.unwrap();
    let id = guanxi_base::Id::new(id.parse().unwrap());
    let chart: Stored<Chart> = view.fetch(Purpose::Read, id).await.unwrap();
    drop(view);
    let choosing = Choosing::begin(store, &look.world.warehouse, actor).await.unwrap();
    let Some(ahead) = grouped(&choosing, &chart).await.unwrap() else { return };
    let texts = Texts::of(Locale::En);
    let mut view = store.read(actor).await.unwrap();
    let slow = draw(&mut view, texts, &chart, None).await.unwrap();
    let fast = draw(&mut view, texts, &chart, Some(ahead)).await.unwrap();
    assert_eq!(numbers(&fast), numbers(&slow), "columns: {told}");
}

fn numbers(drawn: &Drawn) -> Vec<String> {
    let shapes = drawn.shapes.iter().flat_map(|shape| {
        let marks = shape.marks.iter().zip(&drawn.series);
        marks.map(|(mark, series)| format!("{} {series}: {mark:?}", shape.label))
    });
    let mut all: Vec<String> = shapes.filter(|one| !one.ends_with("None")).collect();
    all.sort_unstable();
    all
}
