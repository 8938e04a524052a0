//! What the product wrote itself, in both languages: names of the roles, dashboards and charts that a
//! company starts with, countries, and the words of the demo data. Who reads sees them in their own
//! language; who renames one sees their own words.

use std::sync::LazyLock;

use guanxi_store::Wording;

use crate::access::{Locale, STANDARD_ROLES};
use crate::demo;
use crate::text::Texts;

static ENGLISH: LazyLock<Wording> = LazyLock::new(|| made(Locale::En));
static CHINESE: LazyLock<Wording> = LazyLock::new(|| made(Locale::ZhCn));

/// Texts of these keys are names of these fields.
const NAMED: [(&str, &[(&str, &str)]); 3] = [
    ("standard-chart-", &[("chart", "name")]),
    ("collection-point.channel-", &[("collection_point", "name")]),
    ("country-", &[("customer", "country"), ("territory", "name")]),
];

/// How readers of a language are shown what the product wrote itself.
#[must_use]
pub fn wording(locale: Locale) -> &'static Wording {
    match locale {
        Locale::En => &ENGLISH,
        Locale::ZhCn => &CHINESE,
    }
}

fn made(locale: Locale) -> Wording {
    let mut wording = Wording::default();
    let both = [Locale::En, Locale::ZhCn].map(Texts::of);
    let mut add = |fields: &[(&str, &str)], texts: [&str; 2]| {
        let shown = if locale == Locale::En { texts[0] } else { texts[1] };
        for text in texts.into_iter().filter(|text| *text != shown) {
            for (record_type, field) in fields {
                wording.add(record_type, field, text, shown);
            }
        }
    };
    let mut add_key = |fields: &[(&str, &str)], key: &str| {
        let [english, chinese] = both.map(|texts| texts.get(key));
        add(fields, [&english, &chinese]);
    };
    for role in STANDARD_ROLES {
        let key = format!("role-{}", role.key);
        add_key(&[("role", "name"), ("dashboard", "name")], &key);
        add_key(&[("role", "description")], &format!("{key}.description"));
    }
    for (beginning, fields) in NAMED {
        for key in both[0].keys().iter().filter(|key| key.starts_with(beginning)) {
            add_key(fields, key);
        }
    }
    for (fields, pairs) in demo::wording() {
        for (chinese, english) in pairs {
            add(fields, [&english, &chinese]);
        }
    }
    wording
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_the_reader_s_language_and_own_words_stay() {
        let shown = |locale, of, field, text| wording(locale).shown(of, field, text).to_owned();
        assert_eq!(shown(Locale::ZhCn, "role", "name", "Salesperson"), "\u{9500}\u{552e}\u{5458}");
        assert_eq!(shown(Locale::En, "role", "name", "\u{9500}\u{552e}\u{5458}"), "Salesperson");
        assert_eq!(shown(Locale::En, "role", "name", "Salesperson"), "Salesperson");
        assert_eq!(shown(Locale::ZhCn, "role", "name", "Our sellers"), "Our sellers");
        assert_eq!(shown(Locale::ZhCn, "customer", "country", "China"), "\u{4e2d}\u{56fd}");
        // A customer who is called so is a customer who is called so.
        assert_eq!(shown(Locale::ZhCn, "customer", "name", "China"), "China");
    }

    #[test]
    fn no_text_stands_for_two() {
        // A text of one language with two meanings in the other would be shown in the wrong words.
        for (fields, pairs) in demo::wording() {
            for (chinese, english) in &pairs {
                for (other_chinese, other) in &pairs {
                    let is_same = chinese == other_chinese;
                    assert!(
                        is_same == (english == other),
                        "{fields:?} {chinese} {english} {other}"
                    );
                }
            }
        }
    }
}
