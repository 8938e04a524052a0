//! When two texts are the same key: whatever their width, the form of their accents and their case,
//! and of telephones whatever stands between and before the digits that count.

use guanxi_base::{Sameness, Telephone, composed, folded, is_invisible};
use guanxi_record::{Kind, Value, half_width};

/// A value as the key that it is, to be compared with other keys of its kind; empty for nothing.
#[must_use]
pub fn key_text(kind: &Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Phone, Value::Text(text)) => {
            Telephone::read(text).map_or_else(|| same_text(text), |one| one.key())
        }
        (_, Value::Text(text)) => same_text(text),
        _ => value.to_text(),
    }
}

/// The texts of which two values have one in common that may be the same key: of a telephone its
/// digits without the country.
pub(crate) fn rough_texts(kind: &Kind, value: &Value) -> Vec<String> {
    match (kind, value.as_text().and_then(Telephone::read)) {
        (Kind::Phone, Some(telephone)) => telephone.all_significant().map(str::to_owned).collect(),
        _ => vec![key_text(kind, value)],
    }
}

/// How sure it is that two values are the same key.
pub(crate) fn sameness(kind: &Kind, one: &Value, other: &Value) -> Sameness {
    let read = |value: &Value| value.as_text().and_then(Telephone::read);
    match (kind, read(one), read(other)) {
        (Kind::Phone, Some(one), Some(other)) => one.sameness(&other),
        _ if key_text(kind, one) == key_text(kind, other) => Sameness::Sure,
        _ => Sameness::Other,
    }
}

/// Full width as half, composed accents, one case for each letter, one blank where there are several.
fn same_text(text: &str) -> String {
    // Some small letters have capitals of two letters, some capitals have no small one of one.
    let letters = half_width(text).to_lowercase().to_uppercase().to_lowercase();
    composed(&letters).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What [`crate::dialect::Dialect::bare_form`] has PostgreSQL make of a text.
pub(crate) fn bare_form(text: &str) -> String {
    let is_left_out = |c: char| {
        matches!(c, '\'' | '-' | '\u{2bc}' | '\u{2000}'..='\u{206f}' | '\u{2212}')
            || c.is_whitespace()
            || is_invisible(c)
    };
    folded(text).chars().filter(|c| !is_left_out(*c)).collect()
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
        same(Kind::Text, &["ＡＢ－１２", "AB-12", "ab-12", "AB\u{200b}-12"]);
        same(Kind::Text, &["Straße", "STRASSE", "STRAẞE", "strasse"]);
        same(Kind::Text, &["ﬁne", "FINE"]);
        same(Kind::Phone, &["+8613800138000", "13800138000", "008613800138000", "8613800138000"]);
        same(Kind::Phone, &["0573-8212345", "+86 573 8212345", "05738212345"]);
        same(Kind::Phone, &["+14155550123", "4155550123", "(415) 555-0123"]);
        same(Kind::Phone, &["852-2111-2222", "+85221112222"]);
        let key = |text: &str| key_text(&Kind::Text, &Value::Text(text.to_owned()));
        assert_ne!(key("Acme Ltd"), key("Acme Inc"));
        assert_eq!(key_text(&Kind::Integer, &Value::Integer(7)), "7");
    }

    #[test]
    fn a_telephone_of_another_country_is_another_key() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (one, other, wanted) in [
            ("+1 216 234 9999", "021-62349999", Sameness::Other),
            ("(216) 234-9999", "021-62349999", Sameness::Other),
            ("+1 916 123 4567", "+7 916 123 4567", Sameness::Other),
            ("+33 30 12345678", "+49 30 12345678", Sameness::Other),
            ("+49 21 68880000", "021-68880000", Sameness::Other),
            ("+86 21 68880000", "021-68880000", Sameness::Sure),
            ("+7 916 123 4567", "916 123 4567", Sameness::Possible),
            ("+1 916 123 4567", "916 123 4567", Sameness::Possible),
            ("+49 30 123456", "030 123456", Sameness::Possible),
            ("+65 6123 4567", "06123 4567", Sameness::Other),
            ("+852 2345 6780", "85223456780", Sameness::Possible),
            ("+7 495 123 45 67", "84951234567", Sameness::Possible),
            ("0755-26001234 x801", "0755-26001234", Sameness::Other),
            ("+49 55501", "55501", Sameness::Other),
            ("55501", "555-01", Sameness::Sure),
        ] {
            let found = sameness(&Kind::Phone, &text(one), &text(other));
            assert_eq!(found, wanted, "{one} {other}");
            let found = sameness(&Kind::Phone, &text(other), &text(one));
            assert_eq!(found, wanted, "{other} {one}");
        }
    }
}
