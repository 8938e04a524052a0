//! What the product wrote itself, in both languages: names of the roles, dashboards and charts that a
//! company starts with, countries, and the words of the demo data. Who reads sees them in their own
//! language; who renames one sees their own words.

use std::sync::LazyLock;

use guanxi_record::{Catalog, Field, Filter, Kind, Op, RecordType};
use guanxi_store::Wording;
use serde_json::{Value as Json, json};

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

/// All languages: for conditions that are kept, which hold whoever reads.
#[must_use]
pub fn every_wording() -> [&'static Wording; 2] {
    [&ENGLISH, &CHINESE]
}

/// What a text of a field is called in English: names of the same are called the same.
pub(crate) fn in_english<'a>(record_type: &str, field: &str, text: &'a str) -> &'a str {
    ENGLISH.shown(record_type, field, text)
}

/// A filter by what people are shown as one by what is kept: whoever asks for a country finds it under each
/// of its names.
#[must_use]
pub fn as_kept(
    catalog: &Catalog,
    wordings: &[&Wording],
    of: &RecordType,
    filter: Filter,
) -> Filter {
    let each = |all: Vec<Filter>| -> Vec<Filter> {
        all.into_iter().map(|one| as_kept(catalog, wordings, of, one)).collect()
    };
    match filter {
        Filter::All(filters) => Filter::All(each(filters)),
        Filter::Any(filters) => Filter::Any(each(filters)),
        Filter::Not(inner) => Filter::Not(Box::new(as_kept(catalog, wordings, of, *inner))),
        Filter::Related { record_type, via, count, filter } => {
            let inner = match catalog.get(&record_type) {
                Ok(related) => as_kept(catalog, wordings, related, *filter),
                Err(_) => *filter,
            };
            Filter::Related { record_type, via, count, filter: Box::new(inner) }
        }
        Filter::Compare { field, op, value } => match at_the_end(catalog, of, &field) {
            Some((last, one)) => compared(wordings, (last, one), (field, op, value)),
            None => Filter::Compare { field, op, value },
        },
        other => other,
    }
}

/// The type and the field at the end of a path: `customer.country`.
pub(crate) fn at_the_end<'a>(
    catalog: &'a Catalog,
    of: &'a RecordType,
    path: &str,
) -> Option<(&'a RecordType, &'a Field)> {
    match path.split_once('.') {
        None => Some((of, of.field(path)?)),
        Some((link, rest)) => {
            let target = of.field(link)?.kind.link_target()?;
            at_the_end(catalog, catalog.get(target).ok()?, rest)
        }
    }
}

fn compared(
    wordings: &[&Wording],
    (of, described): (&RecordType, &Field),
    (field, op, value): (String, Op, Json),
) -> Filter {
    let kept = |fits: &dyn Fn(&str) -> bool| -> Vec<Json> {
        let texts = wordings.iter().flat_map(|one| one.texts(&of.name, &described.name, fits));
        texts.map(Json::from).collect()
    };
    let asked: Vec<&str> = match &value {
        _ if !matches!(described.kind, Kind::Text) => Vec::new(),
        Json::Array(all) => all.iter().filter_map(Json::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let word = asked.first().map(|word| word.to_lowercase()).unwrap_or_default();
    let others = match op {
        _ if word.is_empty() => Vec::new(),
        Op::Eq | Op::Ne | Op::In | Op::NotIn => kept(&|shown| asked.contains(&shown)),
        Op::Contains => kept(&|shown| shown.to_lowercase().contains(&word)),
        Op::Starts => kept(&|shown| shown.to_lowercase().starts_with(&word)),
        _ => Vec::new(),
    };
    if others.is_empty() {
        return Filter::Compare { field, op, value };
    }
    let with_asked = || {
        let mut all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        all.extend(
            others.iter().filter(|one| !asked.contains(&one.as_str().unwrap_or_default())).cloned(),
        );
        json!(all)
    };
    match op {
        Op::Eq | Op::In => Filter::compare(field, Op::In, with_asked()),
        Op::Ne | Op::NotIn => Filter::compare(field, Op::NotIn, with_asked()),
        _ => {
            let kept = Filter::compare(&field, Op::In, json!(others));
            Filter::Compare { field, op, value }.or(kept)
        }
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
