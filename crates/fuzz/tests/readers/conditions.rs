//! Filters, orders, places in a list and the addresses that hold them: what is read is written so
//! that it means the same.

use guanxi_crm::access::conditions::{as_address, parse};
use guanxi_record::{
    Aggregate, Cursor, Filter, GroupKey, Measure, Op, Query, Sort, condition_from_param,
    param_name, read_list, write_list,
};
use serde_json::Value as Json;

use crate::{as_text, corpus};

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"all\":[",
    "\"any\":[",
    "\"not\":",
    "\"field\":\"name\"",
    "\"op\":\"in\"",
    "\"value\":",
    "\"related\":\"order\"",
    "\"via\":\"customer\"",
    "\"count\":{\"op\":\"ge\",\"number\":3}",
    ",",
    "null",
    "1e400",
    "-1",
    ".eq",
    ".in=",
    ".not_in=",
    ".empty=true",
    "filter=",
    "total=",
    "&",
    "=",
    "%22",
    "%00",
    "%",
    "+",
    "\"",
    "a,b",
    "\"a, b\"",
    "customer.country",
    "-",
    "sort",
    "\u{df}",
];

fn filters(text: &str) {
    let Ok(json) = serde_json::from_str::<Json>(text) else { return };
    if let Ok(filter) = Filter::from_json(&json) {
        let written = filter.to_json();
        assert_eq!(Filter::from_json(&written).unwrap(), filter, "{text}");
    }
}

fn parameters(text: &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let Filter::Compare { field, op, value } = condition_from_param(name, value) else {
        panic!("a parameter is a comparison: {text:?}");
    };
    let written = match &value {
        Json::Array(all) => write_list(all.iter().filter_map(Json::as_str)),
        Json::Bool(yes) => yes.to_string(),
        other => other.as_str().unwrap().to_owned(),
    };
    let again = condition_from_param(&param_name(&field, op), &written);
    assert_eq!(again, Filter::Compare { field, op, value }, "{text:?}");
}

fn lists(text: &str) {
    let values = read_list(text);
    assert!(values.iter().all(|value| !value.is_empty()), "{text:?}");
    assert_eq!(read_list(&write_list(values.iter().map(String::as_str))), values, "{text:?}");
    let any: Vec<&str> = text.split(';').filter(|one| !one.is_empty()).collect();
    assert_eq!(read_list(&write_list(any.iter().copied())), any, "{text:?}");
}

/// The address of a list, a chart's condition, a saved view.
fn addresses(text: &str) {
    let Ok(filter) = parse(text) else {
        return;
    };
    let written = as_address(text).unwrap();
    assert_eq!(parse(&written).unwrap(), filter, "{text:?} {written:?}");
    assert_eq!(as_address(&written).unwrap(), written, "{text:?}");
}

fn orders(text: &str) {
    let sorts = Sort::parse_list(text);
    assert_eq!(Sort::parse_list(&Sort::write_list(&sorts)), sorts, "{text:?}");
    if let Ok(cursor) = Cursor::from_text(text) {
        assert_eq!(Cursor::from_text(&cursor.to_text()).unwrap(), cursor, "{text:?}");
    }
    let filter = Filter::compare("name", Op::Contains, text);
    let query = Query::of(filter.clone());
    let keys = text.split(',').filter_map(|word| GroupKey::parse(word).ok()).collect();
    let measures = text.split(',').filter_map(|word| Measure::parse(word).ok()).collect();
    let groups = Aggregate { filter, group_by: keys, measures, with_archived: false };
    assert_eq!(query.filter, groups.filter);
}

crate::fuzz! {
    100_000 inputs;
    filters_in_json: corpus("filters", WORDS).by_line() => as_text(filters);
    conditions_in_parameters: corpus("addresses", WORDS).by_line() => as_text(parameters);
    lists_in_parameters: corpus("addresses", WORDS).by_line() => as_text(lists);
    addresses_of_lists: corpus("addresses", WORDS).by_line() => as_text(addresses);
    orders_and_places_in_a_list: corpus("orders", WORDS).by_line() => as_text(orders);
}
