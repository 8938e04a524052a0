//! Conditions as URL parameters:
//! `country=China&amount.ge=100&customer.created_at.within=this_year`. The same words serve the
//! API and the address bar, so that a copied URL shows the same rows.

use serde_json::Value as Json;

use crate::{Filter, Op};

/// Conditions nested deeper than this are refused: no person writes them.
pub const MAX_FILTER_DEPTH: usize = 12;

/// Parameters of a list's address that are no conditions. A field of such a name is asked for with
/// its operation: `total.eq=500`.
pub const PARAMETERS: [&str; 14] = [
    "q", "sort", "after", "limit", "archived", "filter", "total", "format", "columns", "group_by",
    "measures", "part", "saved", "view",
];

/// Whether a parameter has a meaning of its own, whatever fields there are.
#[must_use]
pub fn is_parameter(name: &str) -> bool {
    PARAMETERS.contains(&name)
}

/// The name of the parameter that compares a field so: what [`condition_from_param`] reads.
#[must_use]
pub fn param_name(field: &str, op: Op) -> String {
    let ends_in_operation =
        || field.rsplit_once('.').is_some_and(|(_, last)| Op::from_name(last).is_some());
    match op {
        Op::Eq if !is_parameter(field) && !ends_in_operation() => field.to_owned(),
        op => format!("{field}.{}", op.name()),
    }
}

/// The condition that a URL parameter states: `field=value` or `field.op=value`. Several values
/// of `in` and `not_in` are separated by commas; see [`read_list`].
#[must_use]
pub fn condition_from_param(name: &str, value: &str) -> Filter {
    let (field, op) = match name.rsplit_once('.') {
        Some((field, op)) => match Op::from_name(op) {
            Some(op) => (field, op),
            None => (name, Op::Eq),
        },
        None => (name, Op::Eq),
    };
    // Beside the periods of a date stands that it has none.
    let (op, value) = match (op, value) {
        (Op::Within, "empty") => (Op::Empty, "true"),
        known => known,
    };
    let value = match op {
        Op::In | Op::NotIn => read_list(value).into_iter().map(Json::from).collect(),
        Op::Empty => Json::Bool(value != "false"),
        _ => Json::from(value),
    };
    Filter::Compare { field: field.to_owned(), op, value }
}

/// Reads values that are separated by commas. One that holds a comma stands in quotation marks, as
/// in a CSV file: `"STRASSE, Grosse",other`; a quotation mark inside is written twice.
#[must_use]
pub fn read_list(text: &str) -> Vec<String> {
    read_separated(text, ',')
}

/// The same of values between which stands another mark.
pub(crate) fn read_separated(text: &str, between: char) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, after) = quoted_value(rest, between).unwrap_or_else(|| {
            let split = rest.split_once(between);
            let (value, after) = split.map_or((rest, None), |(v, r)| (v, Some(r)));
            (value.trim().to_owned(), after)
        });
        if !value.is_empty() {
            values.push(value);
        }
        match after {
            Some(after) => rest = after,
            None => return values,
        }
    }
}

/// A value in quotation marks, and what stands after its mark; `None` where it is none.
fn quoted_value(text: &str, between: char) -> Option<(String, Option<&str>)> {
    let mut rest = text.trim_start().strip_prefix('"')?;
    let mut value = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => {
                let after = after.trim_start();
                return match after.strip_prefix(between) {
                    Some(after) => Some((value, Some(after))),
                    None => after.is_empty().then_some((value, None)),
                };
            }
        }
    }
}

/// Writes what [`read_list`] reads.
#[must_use]
pub fn write_list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    write_separated(values, (",", ','))
}

/// Writes what [`read_separated`] reads, with this text between values and this mark in it.
pub(crate) fn write_separated<'a>(
    values: impl IntoIterator<Item = &'a str>,
    (written, between): (&str, char),
) -> String {
    let values = values.into_iter().map(|value| {
        let plain = !value.contains(between) && !value.starts_with('"') && value.trim() == value;
        if plain { value.to_owned() } else { format!("\"{}\"", value.replace('"', "\"\"")) }
    });
    values.collect::<Vec<_>>().join(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_parameters() {
        let read = |name, value| condition_from_param(name, value);
        assert_eq!(read("country", "China"), Filter::eq("country", "China"));
        assert_eq!(read("customer.country", "China"), Filter::eq("customer.country", "China"));
        assert_eq!(read("a.ge", "5"), Filter::compare("a", Op::Ge, "5"));
        assert_eq!(read("a.in", "x, y"), Filter::compare("a", Op::In, json!(["x", "y"])));
        assert_eq!(read("a.in", ""), Filter::compare("a", Op::In, json!([])));
        assert_eq!(read("a.within", "empty"), Filter::compare("a", Op::Empty, true));
        assert_eq!(read("a.b.empty", "true"), Filter::compare("a.b", Op::Empty, true));
    }

    #[test]
    fn a_list_in_a_parameter_may_hold_commas() {
        for (text, values) in [
            ("", vec![]),
            (" , ", vec![]),
            ("a, b ,,c", vec!["a", "b", "c"]),
            ("\"STRASSE, Gro\u{df}e\", b", vec!["STRASSE, Gro\u{df}e", "b"]),
            ("\"say \"\"yes\"\", no\"", vec!["say \"yes\", no"]),
            // What is not closed, or goes on after it, is no quotation.
            ("\"a, b", vec!["\"a", "b"]),
            ("\"a\" b, c", vec!["\"a\" b", "c"]),
            ("5\", 6", vec!["5\"", "6"]),
        ] {
            assert_eq!(read_list(text), values, "{text}");
        }
        for values in [vec!["a,b", "c"], vec!["\"", "\",\""], vec![" a", "b\"c"], vec!["a"]] {
            assert_eq!(read_list(&write_list(values.iter().copied())), values);
        }
    }

    #[test]
    fn a_field_named_like_a_parameter_is_asked_for_with_its_operation() {
        for (field, op, name) in [
            ("country", Op::Eq, "country"),
            ("total", Op::Eq, "total.eq"),
            ("total", Op::Ge, "total.ge"),
            ("customer.total", Op::Eq, "customer.total"),
        ] {
            assert_eq!(param_name(field, op), name);
            let read = condition_from_param(name, "5");
            assert_eq!(read, Filter::compare(field, op, "5"));
        }
    }
}
