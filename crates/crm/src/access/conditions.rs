//! Conditions as the address of a list has them, kept as data: rights, rules and views state
//! records in the same words that a person can copy from the browser.

use guanxi_base::{Error, Refusal, Result};
use guanxi_record::{Filter, Op, RecordType, condition_from_param, is_parameter, param_name};
use serde_json::Value as Json;

/// Reads `status=confirmed&total.lt=5000`; `filter` is a condition as JSON, for what cannot be said so.
///
/// # Errors
/// `not-a-condition` when a part has no `=`; `wrong-filter`.
pub fn parse(text: &str) -> Result<Filter> {
    let mut filter = Filter::everything();
    for (name, value) in parts(text)? {
        filter = filter.and(match name.as_str() {
            FILTER => read_filter(&value)?,
            name => condition_from_param(name, &value),
        });
    }
    Ok(filter)
}

/// A filter in the words of `parse`: nothing for all records.
#[must_use]
pub fn written(filter: &Filter) -> String {
    let one = std::slice::from_ref(filter);
    let all = match filter {
        Filter::All(all) => all.as_slice(),
        Filter::Compare { .. } => one,
        _ => &[],
    };
    let pairs: Option<Vec<String>> = all.iter().map(pair).collect();
    match pairs {
        Some(pairs) if !pairs.is_empty() || filter.is_everything() => pairs.join("&"),
        _ => format!("{FILTER}={}", encoded(&filter.to_json().to_string())),
    }
}

/// A comparison as an address has it, where that means the same.
fn pair(filter: &Filter) -> Option<String> {
    let Filter::Compare { field, op, value } = filter else { return None };
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Array(all) => {
            let texts: Option<Vec<&str>> = all.iter().map(Json::as_str).collect();
            texts?.join(",")
        }
        _ => return None,
    };
    let name = param_name(field, *op);
    // Whatever is read otherwise than it was meant is written as JSON: a comma in a name, say.
    let same = match (condition_from_param(&name, &text), value) {
        (read, Json::String(_) | Json::Array(_)) => read == *filter,
        (Filter::Compare { value: read, .. }, Json::Bool(_)) if *op == Op::Empty => read == *value,
        (Filter::Compare { field: read, .. }, _) => read == *field,
        _ => false,
    };
    same.then(|| format!("{}={}", encoded(&name), encoded(&text)))
}

/// The parameter that states a condition as JSON.
pub const FILTER: &str = "filter";

/// A condition as JSON in a parameter.
///
/// # Errors
/// `wrong-filter`.
pub fn read_filter(text: &str) -> Result<Filter> {
    let json = serde_json::from_str(text)
        .map_err(|_| Refusal::field("wrong-filter", FILTER).with("value", text))?;
    Filter::from_json(&json)
}

/// The same conditions as the address of a list needs them, where `total=500` would be no condition:
/// `total.eq=500`.
///
/// # Errors
/// `not-a-condition`.
pub fn as_address(text: &str) -> Result<String> {
    let written = parts(text)?.into_iter().map(|(name, value)| {
        let name = match name == FILTER {
            true => name,
            false if is_parameter(&name) => param_name(&name, Op::Eq),
            false => name,
        };
        format!("{}={}", encoded(&name), encoded(&value))
    });
    Ok(written.collect::<Vec<_>>().join("&"))
}

/// The parameters of an address, in their order.
pub(crate) fn parts(text: &str) -> Result<Vec<(String, String)>> {
    let parts = text.trim().trim_start_matches('?').split('&').filter(|part| !part.is_empty());
    let read = parts.map(|part| {
        let (name, value) = part.split_once('=').ok_or_else(|| not_one(part))?;
        let name = decoded(name).ok_or_else(|| not_one(part))?;
        Ok((name, decoded(value).ok_or_else(|| not_one(part))?))
    });
    read.collect()
}

/// What is wrong with conditions on records of a type, as far as the description tells.
pub fn check(text: &str, described: &RecordType) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    match parse(text) {
        Ok(filter) => unknown_fields(&filter, described, &mut wrong),
        Err(Error::Refused(refusals)) => wrong.extend(refusals),
        Err(_) => {}
    }
    wrong
}

fn unknown_fields(filter: &Filter, described: &RecordType, wrong: &mut Vec<Refusal>) {
    match filter {
        Filter::All(all) | Filter::Any(all) => {
            all.iter().for_each(|one| unknown_fields(one, described, wrong));
        }
        Filter::Not(inner) => unknown_fields(inner, described, wrong),
        Filter::Compare { field, op, value } if says_nothing(*op, value) => {
            wrong.push(Refusal::field("nothing-compared", "condition").with("name", field));
        }
        Filter::Compare { field, .. } => {
            let first = field.split('.').next().unwrap_or_default();
            let known = first == "id" || first.starts_with("x_");
            if !known && described.field(first).is_none() {
                let refusal = Refusal::field("unknown-field", "condition").with("name", first);
                wrong.push(refusal.with("type", &described.name));
            }
        }
        Filter::Related { record_type, filter, .. } => {
            match crate::RECORD_TYPES.iter().find(|one| one.name == *record_type) {
                Some(related) => unknown_fields(filter, related, wrong),
                None => {
                    let refusal = Refusal::field("unknown-type", "condition");
                    wrong.push(refusal.with("name", record_type));
                }
            }
        }
        Filter::Linked { .. } | Filter::Shared { .. } => {}
    }
}

/// Whether a comparison has nothing to compare with: of a rule it would let nothing pass.
fn says_nothing(op: Op, value: &Json) -> bool {
    let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    op != Op::Empty && (is_blank || value.as_array().is_some_and(Vec::is_empty))
}

fn not_one(part: &str) -> Error {
    Refusal::field("not-a-condition", "condition").with("value", part).into()
}

/// Percent-encoded for the query of an address.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Percent signs and pluses as letters; `None` when that is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = digit(rest.next())? * 16 + digit(rest.next())?;
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Team;
    use guanxi_record::Record;
    use serde_json::json;

    #[test]
    fn what_is_put_together_is_read_as_it_was_meant() {
        let confirmed = Filter::eq("status", "confirmed");
        let large = Filter::compare("total.amount", Op::Ge, "1000");
        let either = Filter::Any(vec![confirmed.clone(), large.clone()]);
        let named = Filter::compare("name", Op::In, json!(["A, B", "C"]));
        for (filter, text) in [
            (
                Filter::All(vec![confirmed.clone(), large]),
                Some("status=confirmed&total.amount.ge=1000"),
            ),
            (Filter::compare("due_date", Op::Empty, true), Some("due_date.empty=true")),
            (Filter::compare("status", Op::In, json!(["a", "b"])), Some("status.in=a,b")),
            (Filter::everything(), Some("")),
            (either.clone(), None),
            (Filter::Not(Box::new(confirmed)), None),
            (named, None),
        ] {
            let written = written(&filter);
            match text {
                Some(text) => assert_eq!(written, text),
                None => assert!(written.starts_with("filter="), "{written}"),
            }
            let meant = match &filter {
                all @ Filter::All(_) => all.clone(),
                one => Filter::All(vec![one.clone()]),
            };
            assert_eq!(parse(&written).unwrap(), meant, "{written}");
        }
        let order = crate::RECORD_TYPES.iter().find(|one| one.name == "order").unwrap();
        assert_eq!(check(&written(&either), order).len(), 0);
        let unknown = Filter::Not(Box::new(Filter::eq("colour", "red")));
        assert_eq!(check(&written(&unknown), order).len(), 1);
    }

    #[test]
    fn a_copied_address_is_a_condition() {
        let filter = parse("?kind=person&name.starts=%E6%9D%8E+a").unwrap();
        let person = Filter::eq("kind", "person");
        let li = Filter::compare("name", Op::Starts, "李 a");
        assert_eq!(filter, Filter::All(vec![person, li]));
        assert!(parse("").unwrap().is_everything());
        for wrong in ["kind", "kind=%", "kind=%zz", "kind=%ff"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let json = Filter::Any(vec![Filter::eq("kind", "a&b"), Filter::eq("name", "ß")]);
        let text = format!("kind=person&filter={}", encoded(&json.to_json().to_string()));
        assert_eq!(parse(&text).unwrap(), Filter::eq("kind", "person").and(json));
        assert!(parse("filter=%7B").is_err());
        assert_eq!(as_address("?total=5+EUR&a.in=x,y").unwrap(), "total.eq=5%20EUR&a.in=x,y");
        assert_eq!(as_address(&text).unwrap(), text);
        let of = |text| check(text, Team::TYPE).len();
        assert_eq!([of("name=a"), of("leader.team=x"), of("colour=red"), of("a")], [0, 0, 1, 1]);
        assert_eq!([of("name="), of("name.in="), of("name.empty=")], [1, 1, 0]);
    }
}
