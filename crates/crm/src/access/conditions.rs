//! Conditions as the address of a list has them, kept as data: rights, rules and views state
//! records in the same words that a person can copy from the browser.

use guanxi_base::{Error, Refusal, Result};
use guanxi_record::{Filter, RecordType, condition_from_param};

/// What the address of a list says besides conditions.
pub const LIST_PARAMETERS: [&str; 14] = [
    "q", "sort", "after", "limit", "archived", "filter", "total", "format", "columns", "group_by",
    "measures", "part", "saved", "view",
];

/// Reads `status=confirmed&total.lt=5000`.
///
/// # Errors
/// `not-a-condition` when a part has no `=`.
pub fn parse(text: &str) -> Result<Filter> {
    let mut filter = Filter::everything();
    for (name, value) in pairs(text)? {
        filter = filter.and(condition_from_param(&name, &value));
    }
    Ok(filter)
}

/// The names and values of an address's parameters.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let parts = text.trim().trim_start_matches('?').split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').ok_or_else(|| not_one(part))?;
        let name = decoded(name).ok_or_else(|| not_one(part))?;
        Ok((name, decoded(value).ok_or_else(|| not_one(part))?))
    };
    parts.map(pair).collect()
}

/// What is wrong with conditions on records of a type, as far as the description tells.
pub fn check(text: &str, described: &RecordType) -> Vec<Refusal> {
    let filter = match parse(text) {
        Ok(filter) => filter,
        Err(Error::Refused(refusals)) => return refusals,
        Err(_) => return Vec::new(),
    };
    let Filter::All(all) = filter else { return Vec::new() };
    let wrong = all.iter().filter_map(|one| match one {
        Filter::Compare { field, .. } => {
            let first = field.split('.').next().unwrap_or_default();
            let known = first == "id" || first.starts_with("x_");
            (!known && described.field(first).is_none()).then(|| {
                let refusal = Refusal::field("unknown-field", "condition").with("name", first);
                refusal.with("type", &described.name)
            })
        }
        _ => None,
    });
    wrong.collect()
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
    use guanxi_record::{Op, Record};

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
        let of = |text| check(text, Team::TYPE).len();
        assert_eq!([of("name=a"), of("leader.team=x"), of("colour=red"), of("a")], [0, 0, 1, 1]);
    }
}
