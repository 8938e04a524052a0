//! When two texts are the same key: whatever their width, the form of their accents and their case,
//! and of telephones whatever stands between and before the digits that count.

use guanxi_base::{Telephone, composed};
use guanxi_record::{Kind, Value, half_width};

/// A value as the key that it is, to be compared with other keys of its kind; empty for nothing.
#[must_use]
pub fn key_text(kind: &Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Phone, Value::Text(text)) => Telephone::read(text).map_or_else(
            || same_text(text),
            |one| format!("{}x{}", one.significant(), one.extension()),
        ),
        (_, Value::Text(text)) => same_text(text),
        _ => value.to_text(),
    }
}

/// Full width as half, composed accents, small letters, one blank where there are several.
fn same_text(text: &str) -> String {
    let small = composed(&half_width(text).to_lowercase());
    small.split_whitespace().collect::<Vec<_>>().join(" ")
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
