//! When two texts are the same key: whatever their width, the form of their accents and their case,
//! and of telephones whatever stands between and before the digits that count.

use guanxi_record::{Kind, Value};
use unicode_normalization::UnicodeNormalization;

/// Country codes of two digits; `1` and `7` have one, all others three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// A value as the key that it is, to be compared with other keys of its kind; empty for nothing.
#[must_use]
pub fn key_text(kind: &Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Phone, Value::Text(text)) => significant_digits(text),
        (_, Value::Text(text)) => same_text(text),
        _ => value.to_text(),
    }
}

/// Full width as half, composed accents, small letters, one blank where there are several.
fn same_text(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The digits of a telephone number without country code and trunk zero.
fn significant_digits(text: &str) -> String {
    let plain: String = text.nfkc().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let abroad = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
    let rest = match abroad {
        None => plain.as_str(),
        Some(digits) => {
            let two = digits.get(..2).unwrap_or_default();
            let length = match digits.as_bytes().first() {
                Some(b'1' | b'7') => 1,
                _ if TWO_DIGITS.contains(&two) => 2,
                _ => 3,
            };
            digits.get(length..).unwrap_or_default()
        }
    };
    let digits = rest.trim_start_matches('0');
    // The code of a country written without its sign: no number of China itself is so long.
    let of_china = digits.strip_prefix("86").filter(|own| own.len() >= 10 && abroad.is_none());
    of_china.unwrap_or(digits).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_however_it_is_written() {
        let same = |kind: Kind, texts: &[&str]| {
            let keys: Vec<String> =
                texts.iter().map(|t| key_text(&kind, &Value::Text((*t).to_owned()))).collect();
            assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
            assert!(!keys[0].is_empty());
        };
        same(Kind::Email, &["a.b@example.org", "A.B@Example.ORG"]);
        same(Kind::Text, &["Cafe\u{301} NF", "Caf\u{e9} NF", "CAF\u{c9}  NF"]);
        same(Kind::Text, &["ＡＢ－１２", "AB-12", "ab-12"]);
        same(Kind::Phone, &["+8613800138000", "13800138000", "008613800138000", "8613800138000"]);
        same(Kind::Phone, &["0573-8212345", "+86 573 8212345", "05738212345"]);
        same(Kind::Phone, &["+14155550123", "4155550123", "(415) 555-0123"]);
        same(
            Kind::Phone,
            &["+49 30 123456", "030 123456", "１３０123456".trim_start_matches('１')],
        );
        let key = |text: &str| key_text(&Kind::Text, &Value::Text(text.to_owned()));
        assert_ne!(key("Acme Ltd"), key("Acme Inc"));
        assert_eq!(key_text(&Kind::Integer, &Value::Integer(7)), "7");
    }
}
