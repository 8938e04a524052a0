//! What is chosen from where a field is entered, filtered or compared: the same words everywhere.

use guanxi_crm::text::Texts;
use guanxi_record::{Field, Kind, RecordType};

/// A value, and what it is called.
pub(super) type Options = Vec<(String, String)>;

/// The values of a field that has but a few.
pub(super) fn options_of(texts: &Texts, of: &RecordType, field: &Field) -> Options {
    match &field.kind {
        Kind::Choice(codes) | Kind::Choices(codes) => {
            let label = |code: &str| texts.option_label(of, field, code);
            codes.iter().map(|code| (code.to_string(), label(code))).collect()
        }
        Kind::Boolean => {
            let words = [("true", "ui-yes"), ("false", "ui-no")];
            words.map(|(value, key)| (value.to_owned(), texts.get(key))).into()
        }
        Kind::Owner => vec![("me".to_owned(), texts.get("ui-mine"))],
        _ => Vec::new(),
    }
}

/// The periods that are offered.
pub(super) const PERIODS: [&str; 18] = [
    "overdue",
    "today",
    "tomorrow",
    "this_week",
    "next_week",
    "next_7_days",
    "next_14_days",
    "next_30_days",
    "next_month",
    "last_7_days",
    "last_30_days",
    "last_90_days",
    "last_180_days",
    "last_365_days",
    "this_month",
    "this_quarter",
    "this_year",
    "last_year",
];

/// A word for a time, and what it is called; one that is not known as it is.
pub(super) fn period(texts: &Texts, word: &str) -> (String, String) {
    let key = format!("period-{}", word.replace('_', "-"));
    let known = texts.get(&key);
    (word.to_owned(), if known == key { word.to_owned() } else { known })
}
