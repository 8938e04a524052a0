//! All records that a key names, however it is written: for who writes to what is found, and must
//! know when there are several. Only what the Actor may see is found.

use std::collections::{BTreeSet, HashMap, HashSet};

use guanxi_base::{RawId, Result, Sameness};
use guanxi_record::{Filter, Kind, Op, Query, RecordType, Row, Sort, Value};
use serde_json::Value as Json;

use crate::condition::Conditions;
use crate::key::{key_text, rough_texts, sameness};
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

/// The keys that somebody asks for, and what was found of each.
struct Asked<'a> {
    record_type: &'a RecordType,
    places: &'a [usize],
    keys: Vec<(String, &'a [Value])>,
    /// The keys by all that a record may have of them.
    by_rough: HashMap<String, Vec<usize>>,
    /// For each record that was found, the keys that it may have.
    found: Vec<(Row, Vec<(usize, Sameness)>)>,
}

impl<'a> Asked<'a> {
    fn new(record_type: &'a RecordType, places: &'a [usize], keys: &'a [Vec<Value>]) -> Self {
        let mut asked = Self {
            record_type,
            places,
            keys: Vec::new(),
            by_rough: HashMap::new(),
            found: Vec::new(),
        };
        let mut known = HashSet::new();
        for values in keys {
            let key = key_of(record_type, places, values);
            if known.insert(key.clone()) {
                for rough in asked.rough(values) {
                    asked.by_rough.entry(rough).or_default().push(asked.keys.len());
                }
                asked.keys.push((key, values));
            }
        }
        asked
    }

    fn kind(&self, place: usize) -> &'a Kind {
        &self.record_type.fields[place].kind
    }

    /// The texts of which two keys have one in common that may be the same.
    fn rough(&self, values: &[Value]) -> BTreeSet<String> {
        let mut all = BTreeSet::from([String::new()]);
        for (place, value) in self.places.iter().zip(values) {
            let parts = rough_texts(self.kind(*place), value);
            let with = |before: &String| {
                parts.iter().map(|part| format!("{before}{part}{SEPARATOR}")).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(with).collect();
        }
        all
    }

    fn sameness(&self, one: &[Value], other: &[Value]) -> Sameness {
        let each = self.places.iter().zip(one.iter().zip(other));
        let each = each.map(|(place, (one, other))| sameness(self.kind(*place), one, other));
        each.min().unwrap_or(Sameness::Sure)
    }

    /// Takes a record that may have one of the keys.
    fn take(&mut self, row: Row) {
        let held: Vec<Value> = self.places.iter().map(|at| row.values[*at].clone()).collect();
        let rough = self.rough(&held);
        let may: BTreeSet<usize> =
            rough.iter().filter_map(|text| self.by_rough.get(text)).flatten().copied().collect();
        let has = may.into_iter().map(|key| (key, self.sameness(self.keys[key].1, &held)));
        let has: Vec<(usize, Sameness)> =
            has.filter(|(_, same)| *same != Sameness::Other).collect();
        if !has.is_empty() {
            self.found.push((row, has));
        }
    }

    /// What each key leads to: what has it for sure, else what may have it and is not claimed by
    /// another key, such as the same digits of two countries.
    fn end(self) -> HashMap<String, Vec<Row>> {
        let mut found: HashMap<usize, (Sameness, Vec<Row>)> = HashMap::new();
        for (row, has) in &self.found {
            for (key, same) in has {
                let contradicts = |(other, _): &(usize, Sameness)| {
                    self.sameness(self.keys[*key].1, self.keys[*other].1) == Sameness::Other
                };
                if *same != Sameness::Sure && has.iter().any(contradicts) {
                    continue;
                }
                let (best, rows) = found.entry(*key).or_insert((*same, Vec::new()));
                if same > best {
                    rows.clear();
                    *best = *same;
                }
                if same == best {
                    rows.push(row.clone());
                }
            }
        }
        let named = |(key, (_, rows)): (usize, _)| (self.keys[key].0.clone(), rows);
        found.into_iter().map(named).collect()
    }
}

impl View {
    /// The records whose fields at these places are one of these keys, archived ones too, by
    /// [`key_of`] of the key. A telephone without its country may be of any; it is what is so
    /// written before what may be meant.
    ///
    /// # Errors
    /// A refusal when the Actor may not ask for such a field.
    pub async fn rows_of_keys(
        &mut self,
        record_type: &RecordType,
        places: &[usize],
        keys: &[Vec<Value>],
    ) -> Result<HashMap<String, Vec<Row>>> {
        let mut asked = Asked::new(record_type, places, keys);
        let mut seen: HashSet<RawId> = HashSet::new();
        let filters = self.filters_of(record_type, places, keys).await?;
        for filter in filters {
            for row in self.all_rows(record_type, filter).await? {
                if seen.insert(row.id) {
                    asked.take(row);
                }
            }
        }
        Ok(asked.end())
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
        let (words, others): (Vec<String>, Vec<String>) =
            texts.into_iter().partition(|text| by_words(&lead) && has_letters(text));
        if words.len() > CHUNK {
            self.tidy_index().await?;
        }
        let mut ids = Vec::new();
        for chunk in words.chunks(CHUNK) {
            let terms: Vec<String> = chunk.iter().flat_map(|text| terms::wholes(text)).collect();
            ids.extend(self.ids_of_terms(record_type, &terms).await?);
        }
        match field(places[lead]).kind {
            Kind::Phone => {
                for some in others.chunks(Filter::VALUES_MAX) {
                    let list: Json = some.iter().cloned().collect();
                    filters.push(Filter::compare(name.as_str(), Op::In, list));
                }
            }
            _ => ids.extend(self.ids_of_bare_form(record_type, &name, &others).await?),
        }
        for some in ids.chunks(Filter::VALUES_MAX) {
            let list: Json = some.iter().map(ToString::to_string).collect();
            filters.push(Filter::compare("id", Op::In, list));
        }
        Ok(filters)
    }

    /// The ids of the records whose field has one of these texts but for case, width and blanks,
    /// whoever may see them: for who asks for the records afterwards. All records are looked through, once.
    async fn ids_of_bare_form(
        &mut self,
        record_type: &RecordType,
        field: &str,
        texts: &[String],
    ) -> Result<Vec<RawId>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.session.sql("SELECT t0.\"id\" FROM ");
        let catalog = self.catalog.clone();
        let conditions = Conditions::new(&catalog, &self.actor, self.now);
        let left = conditions.expression(&sql, record_type, "t0", field)?.sql;
        let dialect = sql.dialect;
        sql.name(&record_type.name).push(" t0 WHERE ").push(&dialect.bare_form(&left));
        sql.push(" IN (SELECT ").push(&dialect.bare_form("value")).push(" FROM ");
        sql.texts(texts.iter().map(String::as_str)).push(" wanted)");
        let rows = self.session.rows_anywhere(&sql).await?;
        rows.iter().map(|row| row[0].integer().map(RawId)).collect()
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

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
