//! What a person chose on their way through an import, as a mapping: by the table of columns or as text, with
//! what they decided about the file and answered to what was asked.

use std::sync::Arc;

use guanxi_base::{Refusal, Result};
use guanxi_crm::exchange::{
    Archived, LayoutHints, Mapping, Mode, RecordMapping, Repeat, Rule, WithoutKey, asks_for_twins,
    chosen_source, column_names, is_of_column, state_status,
};
use guanxi_record::RecordType;

use super::fields::Entries;
use super::import_decisions::{DECIDED, DECIDED_OF_COLUMNS, OF_THE_LAYOUT};
use super::import_preview::TWINS;
use crate::app::App;

pub(super) const MODES: [(&str, Mode); 3] =
    [("upsert", Mode::Upsert), ("create", Mode::Create), ("update", Mode::Update)];
pub(super) const ARCHIVED: [(&str, Archived); 2] =
    [("refuse", Archived::Refuse), ("restore", Archived::Restore)];
pub(super) const REPEATS: [(&str, Repeat); 3] =
    [("first", Repeat::First), ("last", Repeat::Last), ("refuse", Repeat::Refuse)];
/// The answers to "the field by which a record is known is empty".
pub(super) const WITHOUT_KEY: [(&str, WithoutKey); 2] =
    [("absent", WithoutKey::Absent), ("refuse", WithoutKey::Refuse)];

/// A mapping of one record type by columns alone.
pub(super) struct Simple {
    pub(super) described: Arc<RecordType>,
    pub(super) mapping: Mapping,
}

/// The mapping as a table, if a table can say all of it.
pub(super) fn simple(app: &App, toml: &str) -> Option<Simple> {
    let mapping = Mapping::parse(toml).ok()?;
    let [record] = mapping.records.as_slice() else { return None };
    let described = app.store.catalog().get(&record.record_type).ok()?.clone();
    let is_plain = |name: &str, rule: &Rule| {
        let bare = Rule {
            column: rule.column.clone(),
            position: rule.position,
            find_by: rule.find_by.clone(),
            currency_column: rule.currency_column.clone(),
            two_digit_years: rule.two_digit_years,
            plain_percent: rule.plain_percent,
            unit: rule.unit,
            ..Rule::default()
        };
        let stated = Rule { default: rule.default.clone(), ..Rule::default() };
        (*rule == bare && is_of_column(rule)) || (*rule == stated && name == "status")
    };
    let plain = record.fields.iter().all(|(name, source)| is_plain(name, &source.rule()));
    (plain && record.match_fields.len() < 2).then_some(Simple { described, mapping })
}

/// How a file of a mapping is opened: by the columns that it names, and where it names none by what columns
/// of its types are called.
pub(super) fn hints(app: &App, mapping: &Mapping) -> LayoutHints {
    let hints = mapping.hints();
    if !hints.columns.is_empty() {
        return hints;
    }
    LayoutHints { columns: columns_of(app, mapping), ..hints }
}

/// How columns of the types of a mapping are called.
pub(super) fn columns_of(app: &App, mapping: &Mapping) -> Vec<String> {
    let catalog = app.store.catalog();
    let types = mapping.records.iter().filter_map(|one| catalog.get(&one.record_type).ok());
    types.flat_map(|described| column_names(described)).collect()
}

/// Something that a person decided otherwise than the mapping says yet.
struct Decided<'a> {
    matter: &'a str,
    /// The place of the column that it is about, from 0; the whole file if none.
    column: Option<usize>,
    choice: &'a str,
}

/// Whether a person decided something about how the file is read at all.
pub(super) fn reads_otherwise(entries: &Entries) -> bool {
    decided(entries).any(|one| OF_THE_LAYOUT.contains(&one.matter))
}

/// Whether a person decided anything that the mapping does not say yet.
pub(super) fn decides_anything(entries: &Entries) -> bool {
    decided(entries).next().is_some()
}

fn decided(entries: &Entries) -> impl Iterator<Item = Decided<'_>> {
    entries.names().filter_map(|name| {
        let key = name.strip_prefix("decide.")?;
        let choice = entries.all(name).first()?.trim();
        let (matter, column) = match key.rsplit_once('.') {
            Some((matter, position)) => {
                (matter, Some(position.parse::<usize>().ok()?.checked_sub(1)?))
            }
            None => (key, None),
        };
        let is_known = match column {
            Some(_) => DECIDED_OF_COLUMNS.contains(&matter),
            None => DECIDED.contains(&matter),
        };
        let is_new = entries.text(&format!("decided.{key}")) != choice;
        (is_known && is_new).then_some(Decided { matter, column, choice })
    })
}

/// What is asked of how the file is read at all, and was not answered.
pub(super) fn unanswered(entries: &Entries) -> Option<&'static str> {
    let is_open = |matter: &&str| {
        let choice = entries.all(&format!("decide.{matter}")).first();
        let is_asked = entries.text(&format!("decided.{matter}")).is_empty();
        is_asked && choice.is_some_and(|choice| choice.trim().is_empty())
    };
    OF_THE_LAYOUT.into_iter().find(is_open)
}

/// The mapping that a person chose.
pub(super) fn chosen_mapping(app: &App, entries: &Entries, headers: &[String]) -> Result<String> {
    let text = entries.text("mapping").to_owned();
    let mut mapping = match entries.text("use") {
        "table" => by_table(app, entries, headers, &text)?,
        _ if !decides_anything(entries) && answers_nothing(entries) => return Ok(text),
        _ => Mapping::parse(&text)?,
    };
    for Decided { matter, column, choice } in decided(entries) {
        mapping = match column {
            None => stated(&mapping, matter, choice)?,
            Some(at) => {
                let header = headers.get(at).map_or("", String::as_str);
                mapping.stating_of_column((at, header), matter, choice)?
            }
        };
    }
    mapping.records.iter_mut().for_each(|record| answer(entries, record));
    answer_without_key(entries, &mut mapping);
    state_status(&app.store.catalog(), &mut mapping, entries.text("status"));
    mapping.to_toml()
}

fn answers_nothing(entries: &Entries) -> bool {
    ["twins", "status", "without_key"].iter().all(|name| entries.text(name).is_empty())
}

fn stated(mapping: &Mapping, matter: &str, choice: &str) -> Result<Mapping> {
    if matter == "header_row" && !choice.is_empty() && choice.parse::<u32>().is_err() {
        return Err(Refusal::field("no-header-row", matter).with("value", choice).into());
    }
    mapping.stating(matter, choice)
}

fn by_table(app: &App, entries: &Entries, headers: &[String], text: &str) -> Result<Mapping> {
    let described = app.store.catalog().named(entries.text("record_type"))?.clone();
    // What the table does not show stays as the text has it.
    let mut mapping = Mapping::parse(text)?;
    let Some(record) = mapping.records.first_mut() else {
        return Err(Refusal::new("mapping-empty").into());
    };
    let before = record.fields.clone();
    record.fields.retain(|_, source| !is_of_column(&source.rule()));
    let mut filled: Vec<(String, &str)> = Vec::new();
    let mut refusals = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        let choice = entries.text(&format!("column.{at}"));
        let Some((name, source)) = chosen_source(&described, headers, (at, choice)) else {
            continue;
        };
        if let Some((_, other)) = filled.iter().find(|(known, _)| *known == name) {
            let path = format!("{}.{name}", described.name);
            let refusal = Refusal::field("field-filled-twice", path).with("first", other);
            refusals.push(refusal.with("second", header));
            continue;
        }
        filled.push((name.clone(), header));
        // What was decided about the column stays with it.
        let source = match before.values().find(|known| known.is_from(at, header)) {
            Some(known) => source.with_formats_of(known),
            None => source,
        };
        record.fields.insert(name, source);
    }
    if !refusals.is_empty() {
        return Err(guanxi_base::Error::Refused(refusals));
    }
    let key = entries.text("match");
    record.match_fields = if key.is_empty() { Vec::new() } else { vec![key.to_owned()] };
    let mode = MODES.iter().find(|(code, _)| *code == entries.text("mode"));
    record.mode = mode.map_or(Mode::Upsert, |(_, mode)| *mode);
    let archived = ARCHIVED.iter().find(|(code, _)| *code == entries.text("archived"));
    record.archived = archived.map_or(Archived::Refuse, |(_, archived)| *archived);
    if let Some((_, repeat)) = REPEATS.iter().find(|(code, _)| *code == entries.text("on_repeat")) {
        record.on_repeat = *repeat;
    }
    Ok(mapping)
}

/// What a person answered about customers of names that are there.
fn answer(entries: &Entries, record: &mut RecordMapping) {
    // Of a select and a button of one name, the button was pressed last.
    let answer = entries.all("twins").last().map_or("", String::as_str);
    let twins = TWINS.iter().find(|(code, _)| *code == answer);
    if let Some((_, twins)) = twins.filter(|_| asks_for_twins(record)) {
        record.twins = *twins;
    }
}

/// What a person answered about lines that lack the field by which a record of the mapping is known: its place
/// in the mapping, and what to do.
fn answer_without_key(entries: &Entries, mapping: &mut Mapping) {
    let Some((at, code)) = entries.text("without_key").split_once('=') else { return };
    let record = at.parse().ok().and_then(|at: usize| mapping.records.get_mut(at));
    let answer = WITHOUT_KEY.iter().find(|(known, _)| *known == code);
    if let Some((record, (_, answer))) = record.zip(answer) {
        record.without_key = *answer;
    }
}
