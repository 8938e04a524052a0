//! Texts that the product wrote itself, as the names of the roles that a company starts with: shown in
//! the language of whoever reads, for as long as nobody has put other words in their place.

use std::collections::HashMap;

use guanxi_record::{Catalog, RecordType, Row, Value};

/// So many texts that are shown in the words of a search are looked for.
const SEARCHED_MAX: usize = 20;

/// What texts of fields are called in a reader's language.
#[derive(Debug, Default)]
pub struct Wording(HashMap<String, HashMap<String, HashMap<String, String>>>);

impl Wording {
    /// From now on a text of a field is shown in these words; the first ones that it is given hold.
    pub fn add(&mut self, record_type: &str, field: &str, text: &str, shown: &str) {
        let of = self.0.entry(record_type.to_owned()).or_default();
        let words = of.entry(field.to_owned()).or_default();
        words.entry(text.to_owned()).or_insert_with(|| shown.to_owned());
    }

    /// How a text of a field is shown.
    #[must_use]
    pub fn shown<'a>(&'a self, record_type: &str, field: &str, text: &'a str) -> &'a str {
        let words = self.0.get(record_type).and_then(|of| of.get(field));
        words.and_then(|words| words.get(text)).map_or(text, String::as_str)
    }

    /// The texts of a field that are shown in words that fit.
    #[must_use]
    pub fn texts(&self, record_type: &str, field: &str, fits: impl Fn(&str) -> bool) -> Vec<&str> {
        let words = self.0.get(record_type).and_then(|of| of.get(field));
        let fitting = words.into_iter().flatten().filter(|(_, shown)| fits(shown));
        let mut texts: Vec<&str> = fitting.map(|(text, _)| text.as_str()).collect();
        texts.sort_unstable();
        texts
    }

    /// The searched texts of types, all or these, that are shown in words that have these in them: the type
    /// and the text, and how it is shown.
    pub(crate) fn searched(
        &self,
        catalog: &Catalog,
        types: &[&str],
        words: &str,
    ) -> Vec<(String, &str, &str)> {
        let words = words.trim().to_lowercase();
        let mut found = Vec::new();
        let all = self.0.iter().filter(|(of, _)| types.is_empty() || types.contains(&of.as_str()));
        for (of, fields) in all.filter(|_| !words.is_empty()) {
            let Ok(described) = catalog.get(of) else { continue };
            let is_searched =
                |name: &str| described.field(name).is_some_and(|field| field.searchable);
            for (_, texts) in fields.iter().filter(|(name, _)| is_searched(name)) {
                let fits = texts.iter().filter(|(_, shown)| shown.to_lowercase().contains(&words));
                found.extend(fits.map(|(text, shown)| (of.clone(), text.as_str(), shown.as_str())));
            }
        }
        found.sort_unstable();
        found.truncate(SEARCHED_MAX);
        found
    }

    /// Puts what is shown in the place of what is kept.
    pub(crate) fn word(&self, record_type: &RecordType, row: &mut Row) {
        let Some(of) = self.0.get(record_type.name.as_ref()) else { return };
        for (field, value) in record_type.fields.iter().zip(row.values.iter_mut()) {
            let Some(words) = of.get(field.name.as_ref()) else { continue };
            if let Value::Text(text) = value
                && let Some(shown) = words.get(text)
            {
                text.clone_from(shown);
            }
        }
    }
}
