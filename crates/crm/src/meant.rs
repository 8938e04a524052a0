//! What a person means by the words that they wrote in the place of a record: the one that is called so or
//! has this number, or those among which they are to choose. Nobody is guessed.

use std::collections::HashMap;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Catalog, Field, Filter, Kind, Op, Query, RecordType, Row};
use guanxi_store::{Hit, Purpose, View, Wording};
use serde_json::{Value as Json, json};

use crate::wording::{as_kept, at_the_end, every_wording};

/// So many are looked at.
const LOOKED_AT_MAX: usize = 50;
/// So many are offered.
const OFFERED_MAX: usize = 20;
/// So many are named in a sentence.
const NAMED_MAX: usize = 5;
/// So much is told of each besides its name.
const BESIDES_MAX: usize = 3;

/// One of several that are called alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: RawId,
    /// What it is called.
    pub title: String,
    /// What it has besides, by which people tell them apart.
    pub besides: String,
}

/// What words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// This record.
    One(RawId),
    /// One of these, which are all called so.
    Several(Vec<Candidate>),
    /// Nobody is called so; these have something of it.
    Like(Vec<Candidate>),
    /// Nothing that this person may see.
    Nothing,
}

impl Meant {
    /// The one record.
    ///
    /// # Errors
    /// `several-of-name`, `none-of-name` and `link-to-nothing`.
    pub fn one(self, target: &str, words: &str) -> std::result::Result<RawId, Refusal> {
        match self {
            Self::One(id) => Ok(id),
            Self::Several(candidates) => {
                Err(named(Refusal::new("several-of-name"), target, words, &candidates))
            }
            Self::Like(candidates) => {
                Err(named(Refusal::new("none-of-name"), target, words, &candidates))
            }
            Self::Nothing => {
                Err(Refusal::new("link-to-nothing").with("type", target).with("value", words))
            }
        }
    }
}

fn named(refusal: Refusal, target: &str, words: &str, candidates: &[Candidate]) -> Refusal {
    let some = candidates.iter().take(NAMED_MAX).map(Candidate::label);
    let some = some.collect::<Vec<_>>().join("; ");
    refusal.with("type", target).with("value", words).with("some", some)
}

impl Candidate {
    /// The name, and what it has besides.
    #[must_use]
    pub fn label(&self) -> String {
        if self.besides.is_empty() {
            return self.title.clone();
        }
        format!("{} ({})", self.title, self.besides)
    }
}

/// What words mean as a record of a type, by its id, its name as it is kept or as this reader is shown it,
/// or what only it has. What has only some of the words is offered, not taken.
///
/// # Errors
/// When the database fails.
pub async fn meant(
    view: &mut View,
    wording: Option<&Wording>,
    target: &str,
    words: &str,
) -> Result<Meant> {
    let words = words.trim();
    let described = view.catalog().named(target)?.clone();
    let id = words.parse().ok();
    if let Some(id) = id {
        // Numbers of goods and of documents look like ids.
        let is_there = view.titles(&described.name, &[id]).await?.contains_key(&id);
        let number = if is_there { None } else { by_number(view, &described, words).await? };
        return Ok(Meant::One(number.unwrap_or(id)));
    }
    let hits = hits(view, wording, &described, words).await?;
    let alike = |title: &str| title.to_lowercase() == words.to_lowercase();
    let named = |is_it: &dyn Fn(&str) -> bool| -> Vec<RawId> {
        hits.iter().filter(|(hit, _)| is_it(&hit.title)).map(|(hit, _)| hit.id).collect()
    };
    let exact: Vec<RawId> =
        hits.iter().filter(|(_, is_it)| *is_it).map(|(hit, _)| hit.id).collect();
    if exact.is_empty()
        && let Some(id) = by_number(view, &described, words).await?
    {
        return Ok(Meant::One(id));
    }
    for some in [exact, named(&alike)] {
        if !some.is_empty() {
            return among(view, &described, &some).await;
        }
    }
    let found: Vec<RawId> = hits.iter().map(|(hit, _)| hit.id).collect();
    match candidates(view, &described, &found).await? {
        candidates if candidates.is_empty() => Ok(Meant::Nothing),
        candidates => Ok(Meant::Like(candidates)),
    }
}

/// The records that words find, and of each whether it is called exactly so.
async fn hits(
    view: &mut View,
    wording: Option<&Wording>,
    described: &RecordType,
    words: &str,
) -> Result<Vec<(Hit, bool)>> {
    let kept = kept_names(wording, described, words);
    let target: &[&str] = &[&described.name];
    let mut hits = view.search(words, target, LOOKED_AT_MAX).await?;
    for name in &kept {
        hits.extend(view.search(name, target, LOOKED_AT_MAX).await?);
    }
    let mut seen = std::collections::HashSet::new();
    hits.retain(|hit| seen.insert(hit.id));
    let is_it = |hit: &Hit| hit.title == words || kept.contains(&hit.title);
    Ok(hits
        .into_iter()
        .map(|hit| {
            let same = is_it(&hit);
            (hit, same)
        })
        .collect())
}

/// A filter in which links may be compared with names as one by ids: of all that are called so, in whatever
/// language. A name that nobody has stays, and is refused as no id.
///
/// # Errors
/// When the database fails.
pub async fn by_names(view: &mut View, of: &RecordType, filter: Filter) -> Result<Filter> {
    let catalog = view.catalog().clone();
    let mut asked = Vec::new();
    names_in(&catalog, of, &filter, &mut asked);
    let mut known = HashMap::new();
    for (target, name) in asked {
        let described = catalog.named(&target)?.clone();
        let ids = called(view, &described, &name).await?;
        if !ids.is_empty() {
            known.insert((target, name), ids);
        }
    }
    Ok(if known.is_empty() { filter } else { with_ids(&catalog, of, filter, &known) })
}

/// All records of a type that are called so, in whatever language.
async fn called(view: &mut View, described: &RecordType, name: &str) -> Result<Vec<RawId>> {
    let title = described.field(&described.title).filter(|title| title.kind.is_text());
    let rights = &view.actor().rights;
    let asks = |title: &&Field| {
        rights.may(&described.name, Purpose::Read) && rights.asks(&described.name, &title.name)
    };
    let Some(title) = title.filter(asks).filter(|_| !name.trim().is_empty()) else {
        return Ok(Vec::new());
    };
    let named = Filter::eq(title.name.as_ref(), name);
    let named = as_kept(view.catalog(), &every_wording(), described, named);
    match view.ids(&described.name, &Query::of(named), Purpose::Read, i32::MAX as usize).await {
        // Nothing can be called so.
        Err(Error::Refused(_)) => Ok(Vec::new()),
        other => other,
    }
}

/// A name that a link is compared with: its type, and the name.
pub(crate) fn unknown_name(
    catalog: &Catalog,
    of: &RecordType,
    filter: &Filter,
) -> Option<(String, String)> {
    let mut names = Vec::new();
    names_in(catalog, of, filter, &mut names);
    names.into_iter().next()
}

type KnownNames = HashMap<(String, String), Vec<RawId>>;

/// The type that a path leads to, where its end is a link.
fn linked(catalog: &Catalog, of: &RecordType, path: &str) -> Option<String> {
    at_the_end(catalog, of, path)?.1.kind.leads_to().map(str::to_owned)
}

/// The names, and not ids, that links are compared with.
fn names_in(
    catalog: &Catalog,
    of: &RecordType,
    filter: &Filter,
    found: &mut Vec<(String, String)>,
) {
    match filter {
        Filter::All(all) | Filter::Any(all) => {
            all.iter().for_each(|one| names_in(catalog, of, one, found));
        }
        Filter::Not(inner) => names_in(catalog, of, inner, found),
        Filter::Related { record_type, filter, .. } => {
            if let Ok(related) = catalog.get(record_type) {
                names_in(catalog, related, filter, found);
            }
        }
        Filter::Compare { field, op: Op::Eq | Op::Ne | Op::In | Op::NotIn, value } => {
            let Some(target) = linked(catalog, of, field) else { return };
            let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let names = texts.iter().filter_map(Json::as_str);
            let names = names.filter(|name| name.parse::<RawId>().is_err() && *name != "me");
            found.extend(names.map(|name| (target.clone(), name.to_owned())));
        }
        Filter::Compare { .. } | Filter::Linked { .. } | Filter::Shared { .. } => {}
    }
}

fn with_ids(catalog: &Catalog, of: &RecordType, filter: Filter, known: &KnownNames) -> Filter {
    let each = |all: Vec<Filter>| -> Vec<Filter> {
        all.into_iter().map(|one| with_ids(catalog, of, one, known)).collect()
    };
    match filter {
        Filter::All(all) => Filter::All(each(all)),
        Filter::Any(all) => Filter::Any(each(all)),
        Filter::Not(inner) => Filter::Not(Box::new(with_ids(catalog, of, *inner, known))),
        Filter::Related { record_type, via, count, filter } => {
            let inner = match catalog.get(&record_type) {
                Ok(related) => with_ids(catalog, related, *filter, known),
                Err(_) => *filter,
            };
            Filter::Related { record_type, via, count, filter: Box::new(inner) }
        }
        Filter::Compare { field, op, value } => {
            let Some(target) = linked(catalog, of, &field) else {
                return Filter::Compare { field, op, value };
            };
            let ids = |name: &Json| -> Option<Vec<Json>> {
                let ids = known.get(&(target.clone(), name.as_str()?.to_owned()))?;
                Some(ids.iter().map(|id| json!(id.to_string())).collect())
            };
            let texts = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
            if !texts.iter().any(|text| ids(text).is_some()) {
                return Filter::Compare { field, op, value };
            }
            let all = texts.iter().flat_map(|text| ids(text).unwrap_or_else(|| vec![text.clone()]));
            let all: Vec<Json> = all.collect();
            let negated = matches!(op, Op::Ne | Op::NotIn);
            let by_ids = |ids: Vec<Json>| {
                Filter::compare(&field, if negated { Op::NotIn } else { Op::In }, json!(ids))
            };
            let end = at_the_end(catalog, of, &field).map(|(_, field)| field.kind.link_target());
            let target = end.flatten().and_then(|target| catalog.get(target).ok());
            let Some(target) = target.filter(|_| all.len() > Filter::VALUES_MAX) else {
                return by_ids(all);
            };
            // More than may be listed: by what they are called.
            let (names, others): (Vec<Json>, Vec<Json>) =
                texts.iter().cloned().partition(|text| ids(text).is_some());
            let op = if negated { Op::NotIn } else { Op::In };
            let named = Filter::compare(format!("{field}.{}", target.title), op, json!(names));
            let named = as_kept(catalog, &every_wording(), of, named);
            match (others.is_empty(), negated) {
                (true, _) => named,
                (false, true) => named.and(by_ids(others)),
                (false, false) => named.or(by_ids(others)),
            }
        }
        other => other,
    }
}

/// The names that are kept for what this reader is shown so.
fn kept_names(wording: Option<&Wording>, described: &RecordType, words: &str) -> Vec<String> {
    let Some(wording) = wording else { return Vec::new() };
    let is_it = |shown: &str| shown.to_lowercase() == words.to_lowercase();
    let texts = wording.texts(&described.name, &described.title, is_it);
    texts.into_iter().map(str::to_owned).collect()
}

/// The one record that has this in a field that no two have the same in.
async fn by_number(view: &mut View, described: &RecordType, words: &str) -> Result<Option<RawId>> {
    let rights = view.actor().rights.clone();
    let asks = |field: &&Field| {
        field.unique
            && matches!(field.kind, Kind::Text | Kind::Email | Kind::Phone)
            && rights.asks(&described.name, &field.name)
    };
    for field in described.fields.iter().filter(asks) {
        let query = Query::of(Filter::eq(field.name.as_ref(), words)).limited(2);
        if let [row] = view.list(&described.name, &query).await?.rows.as_slice() {
            return Ok(Some(row.id));
        }
    }
    Ok(None)
}

/// One of these, of which there is at least one.
async fn among(view: &mut View, described: &RecordType, ids: &[RawId]) -> Result<Meant> {
    match ids {
        [one] => Ok(Meant::One(*one)),
        _ => Ok(Meant::Several(candidates(view, described, ids).await?)),
    }
}

/// The first of them, with what tells them apart.
async fn candidates(
    view: &mut View,
    described: &RecordType,
    ids: &[RawId],
) -> Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    let titles = view.titles(&described.name, ids).await?;
    for id in ids.iter().take(OFFERED_MAX) {
        let row = view.row(&described.name, *id, Purpose::Read).await?;
        let title = titles.get(id).cloned().unwrap_or_else(|| id.to_string());
        candidates.push(Candidate { id: *id, title, besides: besides(described, &row) });
    }
    Ok(candidates)
}

/// What tells a record from others of its name: first what only it has, then how it is reached.
fn besides(described: &RecordType, row: &Row) -> String {
    let rank = |field: &Field| match field.kind {
        _ if field.unique => 0,
        Kind::Email | Kind::Phone => 1,
        _ => 2,
    };
    let tells = |field: &&Field| {
        field.name != described.title
            && field.means.is_none()
            && matches!(field.kind, Kind::Text | Kind::Email | Kind::Phone | Kind::Date)
    };
    let mut fields: Vec<&Field> = described.fields.iter().filter(tells).collect();
    fields.sort_by_key(|field| rank(field));
    let texts = fields.iter().map(|field| row.value(described, &field.name).to_text());
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).take(BESIDES_MAX).collect();
    texts.join(", ")
}
