//! Groups by what people are shown: a text that the product wrote is one, under whichever of its names it
//! is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;

use guanxi_base::Result;
use guanxi_record::{Aggregate, Filter, Op, Value};
use guanxi_store::{Group, View};

use crate::wording::{at_the_end, in_english};

/// The type and the field that a key ends in.
type End = (String, String);

/// Groups of records and their numbers, of those that words find where there are some.
///
/// # Errors
/// As `View::aggregate`.
pub fn groups<'a>(
    view: &'a mut View,
    record_type: &'a str,
    wanted: &'a Aggregate,
    words: Option<&'a str>,
) -> Pin<Box<dyn Future<Output = Result<Vec<Group>>> + Send + 'a>> {
    Box::pin(async move {
        let found = view.aggregate_found(record_type, wanted, words).await?;
        let ends = ends(view, record_type, wanted)?;
        let Some((place, several)) = told_twice(&ends, &found) else { return Ok(found) };
        let order = Order::of(&ends, &found);
        let mut joined = found;
        let mut next = Some((place, several));
        while let Some((place, several)) = next {
            for texts in several {
                let is_one = |group: &Group| {
                    group.keys[place].as_text().is_some_and(|text| texts.contains(text))
                };
                joined.retain(|group| !is_one(group));
                let mut narrowed = wanted.clone();
                let key = narrowed.group_by.remove(place);
                let among: Vec<&str> = texts.iter().map(String::as_str).collect();
                let among = Filter::compare(key.field, Op::In, among);
                narrowed.filter = narrowed.filter.and(among);
                for mut group in groups(view, record_type, &narrowed, words).await? {
                    group
                        .keys
                        .insert(place, Value::Text(texts.first().cloned().unwrap_or_default()));
                    joined.push(group);
                }
            }
            next = told_twice(&ends, &joined);
        }
        joined.sort_by_key(|group| order.place(&ends, group));
        Ok(joined)
    })
}

/// Where each key ends, where that is a text.
fn ends(view: &View, record_type: &str, wanted: &Aggregate) -> Result<Vec<Option<End>>> {
    let described = view.catalog().get(record_type)?;
    let end = |path: &str| {
        let (of, field) = at_the_end(view.catalog(), described, path)?;
        Some((of.name.to_string(), field.name.to_string()))
    };
    Ok(wanted.group_by.iter().map(|key| end(&key.field).filter(|_| key.bucket.is_none())).collect())
}

/// The first key of which some values are names of the same, and those names.
fn told_twice(ends: &[Option<End>], groups: &[Group]) -> Option<(usize, Vec<BTreeSet<String>>)> {
    ends.iter().enumerate().find_map(|(place, end)| {
        let (of, field) = end.as_ref()?;
        let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for text in groups.iter().filter_map(|group| group.keys.get(place)?.as_text()) {
            names.entry(in_english(of, field, text)).or_default().insert(text.to_owned());
        }
        let several: Vec<_> = names.into_values().filter(|names| names.len() > 1).collect();
        (!several.is_empty()).then_some((place, several))
    })
}

/// In which order the groups stood.
struct Order(HashMap<String, usize>);

impl Order {
    fn of(ends: &[Option<End>], groups: &[Group]) -> Self {
        let mut places = HashMap::new();
        for (at, group) in groups.iter().enumerate() {
            places.entry(called(ends, group)).or_insert(at);
        }
        Self(places)
    }

    fn place(&self, ends: &[Option<End>], group: &Group) -> usize {
        self.0.get(&called(ends, group)).copied().unwrap_or(usize::MAX)
    }
}

/// The keys of a group in one language.
fn called(ends: &[Option<End>], group: &Group) -> String {
    let keys = group.keys.iter().zip(ends).map(|(key, end)| match (key, end) {
        (Value::Text(text), Some((of, field))) => in_english(of, field, text).to_owned(),
        (key, _) => format!("{key:?}"),
    });
    format!("{:?}", keys.collect::<Vec<_>>())
}
