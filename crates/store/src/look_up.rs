//! All records that a key names, however it is written: for who writes to what is found, and must
//! know when there are several. Only what the Actor may see is found.

use std::collections::{BTreeSet, HashMap, HashSet};

use guanxi_base::{RawId, Result, composed};
use guanxi_record::{Filter, Op, Query, RecordType, Row, Sort, Value, half_width};
use serde_json::Value as Json;

use crate::key::key_text;
use crate::terms;
use crate::view::View;

/// Values or terms of one question.
const CHUNK: usize = 200;
/// Between the parts of a key of several fields.
const SEPARATOR: &str = "\u{1f}";

/// The values of some fields as one key: equal keys are the same to people.
#[must_use]
pub fn key_of(record_type: &RecordType, places: &[usize], values: &[Value]) -> String {
    let parts = places.iter().zip(values).map(|(place, value)| {
        record_type.fields.get(*place).map_or_else(String::new, |f| key_text(&f.kind, value))
    });
    parts.collect::<Vec<_>>().join(SEPARATOR)
}

impl View {
    /// The records whose fields at these places are one of these keys, archived ones too, by
    /// [`key_of`] of what they hold.
    ///
    /// # Errors
    /// A refusal when the Actor may not ask for such a field.
    pub async fn rows_of_keys(
        &mut self,
        record_type: &RecordType,
        places: &[usize],
        keys: &[Vec<Value>],
    ) -> Result<HashMap<String, Vec<Row>>> {
        let wanted: HashSet<String> =
            keys.iter().map(|key| key_of(record_type, places, key)).collect();
        let mut found: HashMap<String, Vec<Row>> = HashMap::new();
        let mut seen: HashSet<RawId> = HashSet::new();
        let filters = self.filters_of(record_type, places, keys).await?;
        for filter in filters {
            for row in self.all_rows(record_type, filter).await? {
                let held: Vec<Value> = places.iter().map(|at| row.values[*at].clone()).collect();
                let key = key_of(record_type, places, &held);
                if wanted.contains(&key) && seen.insert(row.id) {
                    found.entry(key).or_default().push(row);
                }
            }
        }
        Ok(found)
    }

    /// Conditions that between them pass all records of these keys, and some others.
    async fn filters_of(
        &mut self,
        record_type: &RecordType,
        places: &[usize],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Filter>> {
        let field = |place: usize| &record_type.fields[place];
        let text = |at: &usize| field(places[*at]).kind.is_text();
        let by_words = |at: &usize| text(at) && field(places[*at]).searchable;
        // The field that narrows the choice: one that the search knows, else a text, else any.
        let all = || 0..places.len();
        let lead = all().find(by_words).or_else(|| all().find(text)).unwrap_or(0);
        let name = field(places[lead]).name.to_string();
        let mut filters = Vec::new();
        if !field(places[lead]).kind.is_text() {
            for key in keys {
                let pairs = places.iter().zip(key);
                let same = pairs.map(|(at, v)| Filter::eq(field(*at).name.as_ref(), v.to_json()));
                filters.push(Filter::All(same.collect()));
            }
            return Ok(filters);
        }
        let texts: BTreeSet<String> =
            keys.iter().filter_map(|key| key.get(lead)).map(Value::to_text).collect();
        let texts: Vec<String> = texts.into_iter().collect();
        if texts.len() > CHUNK && by_words(&lead) {
            self.tidy_index().await?;
        }
        let is_indexed = field(places[lead]).unique || field(places[lead]).indexed;
        for chunk in texts.chunks(CHUNK) {
            let mut written: BTreeSet<String> = BTreeSet::new();
            let mut terms = Vec::new();
            for text in chunk {
                let found_by = if by_words(&lead) { wholes(text) } else { Vec::new() };
                if is_indexed || found_by.is_empty() {
                    written.extend(ways(text));
                }
                terms.extend(found_by);
            }
            if !written.is_empty() {
                let list: Json = written.into_iter().collect();
                filters.push(Filter::compare(name.as_str(), Op::In, list));
            }
            let ids = self.ids_of_terms(record_type, &terms).await?;
            for some in ids.chunks(Filter::VALUES_MAX) {
                let list: Json = some.iter().map(ToString::to_string).collect();
                filters.push(Filter::compare("id", Op::In, list));
            }
        }
        Ok(filters)
    }

    /// Every record that passes, page by page.
    async fn all_rows(&mut self, record_type: &RecordType, filter: Filter) -> Result<Vec<Row>> {
        let mut query = Query::of(filter).sorted(vec![Sort::up("id")]).limited(Query::LIMIT_MAX);
        query.with_archived = true;
        let mut rows = Vec::new();
        loop {
            let page = self.list(&record_type.name, &query).await?;
            rows.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() {
                return Ok(rows);
            }
        }
    }
}

/// The ways in which a text is likely to be stored.
fn ways(text: &str) -> Vec<String> {
    let (small, plain) = (text.to_lowercase(), composed(&half_width(text)));
    vec![text.to_owned(), small, composed(text), plain]
}

/// The terms by one of which the search finds a text as the whole of a field.
fn wholes(text: &str) -> Vec<String> {
    let has_letters = text.chars().any(char::is_alphanumeric);
    if has_letters { terms::wholes(text) } else { Vec::new() }
}
