//! Values in text and in JSON: dates, times, numbers, amounts, addresses of every sort. What is
//! read is written so that it is read as the same.

use guanxi_record::{Address, Kind, Value, half_width};
use serde_json::Value as Json;

use crate::{as_text, corpus};

const WORDS: &[&str] = &[
    "2026",
    "-",
    "/",
    ":",
    ".",
    ",",
    "0",
    "9",
    "00",
    "T",
    "Z",
    "+08:00",
    "[Asia/Shanghai]",
    "-0",
    "+",
    " ",
    "\u{a0}",
    "\u{3000}",
    "\u{ff11}",
    "\u{0}",
    "%",
    "EUR",
    "JPY",
    "KWD",
    "XXX",
    "eur",
    "e5",
    "99999999999999999999",
    "(",
    ")",
    "@",
    "mailto:",
    "javascript:",
    "http://",
    "\u{130}",
    "\u{200f}",
    "true",
    "null",
    "am",
    "\u{4e0b}\u{5348}",
];

fn kinds() -> Vec<Kind> {
    let options = || ["a", "b, c"].map(str::to_owned).to_vec();
    let names = [
        "text",
        "long_text",
        "integer",
        "decimal",
        "percent",
        "money",
        "boolean",
        "date",
        "instant",
        "choice",
        "choices",
        "link",
        "links",
        "owner",
        "phone",
        "email",
        "url",
        "address",
        "json",
    ];
    let kind = |name| Kind::from_name(name, options(), Some("customer".to_owned())).unwrap();
    names.into_iter().map(kind).collect()
}

/// Whatever is read is written as text that is read as the same.
fn text_is_stable(kind: &Kind, text: &str) -> Option<Value> {
    match Value::from_text(kind, text) {
        Ok(value) => {
            let written = value.to_text();
            let again = Value::from_text(kind, &written);
            assert_eq!(again.as_ref(), Ok(&value), "{kind:?} {text:?} {written:?}");
            let json = value.to_json();
            assert_eq!(Value::from_json(kind, &json).as_ref(), Ok(&value), "{kind:?} {json}");
            Some(value)
        }
        Err(refusal) => {
            assert!(!refusal.code.is_empty());
            None
        }
    }
}

fn dates(text: &str) {
    for kind in [Kind::Date, Kind::Instant] {
        match text_is_stable(&kind, text) {
            Some(Value::Date(date)) => {
                // Nothing of the text was left unread.
                assert_eq!(date.to_string(), text.trim());
                assert!(date.year() >= 1);
            }
            // Both databases keep microseconds.
            Some(Value::Instant(at)) => assert_eq!(at.as_nanosecond() % 1_000, 0),
            _ => {}
        }
    }
}

fn numbers(text: &str) {
    for kind in [Kind::Integer, Kind::Decimal, Kind::Percent, Kind::Money, Kind::Boolean] {
        let value = text_is_stable(&kind, text);
        // Digits, a sign and a point are all that a number has, in whatever width they are typed.
        let plain = half_width(text);
        let plain = plain.trim().trim_end_matches('%').trim();
        if let Some(Value::Integer(_) | Value::Decimal(_) | Value::Percent(_)) = value {
            let fits = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.');
            assert!(plain.chars().all(fits), "{kind:?} {text:?}");
        }
    }
}

fn names(text: &str) {
    for kind in [Kind::Phone, Kind::Email, Kind::Url, Kind::Text, Kind::LongText] {
        match (&kind, text_is_stable(&kind, text)) {
            (Kind::Phone, Some(Value::Text(phone))) => {
                let (digits, extension) = phone.split_once('x').unwrap_or((&phone, ""));
                let digits = digits.strip_prefix('+').unwrap_or(digits);
                let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                assert!(plain(digits) && plain(extension), "{text:?} {phone:?}");
            }
            (Kind::Url, Some(Value::Text(url))) => {
                assert!(url.starts_with("https://") || url.starts_with("http://"), "{url:?}");
            }
            (Kind::Email, Some(Value::Text(email))) => {
                assert_eq!(email.matches('@').count(), 1, "{text:?}");
                assert!(!email.contains(char::is_whitespace), "{text:?}");
            }
            _ => {}
        }
    }
}

fn places(text: &str) {
    let address = Address::from_text(text);
    assert_eq!(Address::from_text(address.to_text().trim()), address, "{text:?}");
}

/// A value of any kind from any JSON.
fn json(text: &str) {
    let Ok(json) = serde_json::from_str::<Json>(text) else { return };
    for kind in kinds() {
        match Value::from_json(&kind, &json) {
            Ok(value) => {
                let written = value.to_json();
                assert_eq!(
                    Value::from_json(&kind, &written).as_ref(),
                    Ok(&value),
                    "{kind:?} {text}"
                );
            }
            Err(refusal) => assert!(!refusal.code.is_empty()),
        }
    }
}

crate::fuzz! {
    100_000 inputs;
    dates_and_times: corpus("dates", WORDS).by_line() => as_text(dates);
    numbers_and_amounts: corpus("numbers", WORDS).by_line() => as_text(numbers);
    telephones_and_mail_addresses: corpus("names", WORDS).by_line() => as_text(names);
    postal_addresses: corpus("names", WORDS).by_line() => as_text(places);
    values_in_json: corpus("json", WORDS).by_line() => as_text(json);
}
