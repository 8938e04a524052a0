//! What a form holds, and the way back from what it sends to values of every kind of field. Records are
//! carried by id: a name is only asked about where somebody wrote one.

use std::collections::{BTreeMap, HashMap};

use guanxi_base::{RawId, Refusal, Result, TimeZone, Timestamp};
use guanxi_crm::local_time::LocalTime;
use guanxi_crm::meant::{Candidate, Meant, meant};
use guanxi_crm::trading::is_taken;
use guanxi_record::{Address, Field, Kind, Meaning, RecordType, Value};
use guanxi_store::{Titles, View, Wording};

use super::conditions::Group;
use super::form_parts;
use super::shown::{Shown, with_plain_line_ends};
use crate::params::Params;

/// What a form holds: the texts of its controls, by name.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    texts: HashMap<String, Vec<String>>,
    /// Between what a person is to choose, where what they wrote means several: values and labels.
    offered: HashMap<String, Vec<(String, String)>>,
}

impl Entries {
    /// What the browser sent.
    pub(crate) fn sent(params: Params) -> Self {
        let mut entries = Self::default();
        for (name, value) in params {
            let value = with_plain_line_ends(&value).into_owned();
            entries.texts.entry(name).or_default().push(value);
        }
        entries
    }

    /// What a record holds.
    pub(crate) fn of(described: &RecordType, values: &[Value], titles: &Titles) -> Self {
        let mut entries = Self::default();
        for (field, value) in described.fields.iter().zip(values) {
            let name = field.name.as_ref();
            match value {
                Value::Null => {}
                Value::Money(money) => {
                    entries.set(name, money.amount_text());
                    entries.set(&format!("{name}.currency"), money.currency.to_string());
                }
                Value::Address(address) => {
                    for part in Address::PARTS {
                        let text = address.part(part).unwrap_or_default().to_owned();
                        entries.set(&format!("{name}.{part}"), text);
                    }
                }
                Value::Link(id) => {
                    let title = titles.get(id).cloned().unwrap_or_else(|| id.to_string());
                    entries.set(&format!("{name}.id"), id.to_string());
                    entries.set(&format!("{name}.shown"), title.clone());
                    entries.set(name, title);
                }
                Value::Links(ids) => {
                    for id in ids {
                        entries.link(name, *id, titles.get(id).cloned());
                    }
                }
                Value::Choices(codes) => {
                    entries.texts.insert(name.to_owned(), codes.clone());
                }
                // A browser's control for times knows no zone; the page's is the reader's.
                Value::Instant(instant) => {
                    entries.set(name, instant.to_string());
                    entries.set(&format!("{name}.was"), instant.to_string());
                }
                other => entries.set(name, other.to_text()),
            }
        }
        entries
    }

    /// The names of all that was sent.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    pub(crate) fn set(&mut self, name: &str, text: String) {
        self.texts.insert(name.to_owned(), vec![text]);
    }

    /// One more of the records that a field links to; without a name where it may not be seen.
    fn link(&mut self, name: &str, id: RawId, title: Option<String>) {
        self.texts.entry(format!("{name}.id")).or_default().push(id.to_string());
        if let Some(title) = title {
            self.set(&format!("{name}.title.{id}"), title);
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.all(name).first().map(String::as_str).unwrap_or_default()
    }

    /// All texts of this name.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.texts.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// All texts of this name, with commas between.
    pub(crate) fn joined(&self, name: &str) -> String {
        self.all(name).join(",")
    }

    /// All that is there but these, by name.
    pub(super) fn besides(&self, names: &[&str]) -> BTreeMap<&str, &[String]> {
        let others = self.texts.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        others.map(|(name, texts)| (name.as_str(), texts.as_slice())).collect()
    }

    /// Takes away all that begins so.
    pub(crate) fn clear(&mut self, start: &str) {
        self.texts.retain(|name, _| !name.starts_with(start));
    }

    pub(super) fn has(&self, name: &str, code: &str) -> bool {
        self.all(name).iter().any(|text| text == code)
    }

    /// Between what a person is to choose for a field.
    pub(super) fn offered(&self, name: &str) -> &[(String, String)] {
        self.offered.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Asks which of several a text means.
    fn ask(&mut self, name: &str, text: &str, offered: Vec<(String, String)>) {
        self.set(&format!("{name}.asked"), text.to_owned());
        self.offered.insert(name.to_owned(), offered);
    }

    /// What a person chose, where they were asked about this very text.
    fn chosen(&self, name: &str, text: &str) -> Option<&str> {
        let is_answer = self.text(&format!("{name}.asked")) == text;
        Some(self.text(&format!("{name}.which"))).filter(|which| is_answer && !which.is_empty())
    }
}

/// A form that is read: who may write what, and how its reader is shown what the product wrote.
pub(crate) struct Reading<'a> {
    pub(crate) view: &'a mut View,
    pub(crate) wording: Option<&'static Wording>,
    /// What the form showed of the record that it changes, where it changes one.
    pub(crate) shown: Option<&'a Shown<'a>>,
}

impl Reading<'_> {
    /// Reads a form: every field that it shows, all mistakes at once.
    pub(crate) async fn all(
        &mut self,
        described: &RecordType,
        entries: &mut Entries,
    ) -> Result<std::result::Result<Vec<(usize, Value)>, Vec<Refusal>>> {
        let mut values = Vec::new();
        let mut refusals = Vec::new();
        for (place, field) in described.fields.iter().enumerate() {
            let may_write = self.view.actor().rights.writes(&described.name, &field.name);
            if field.read_only || !may_write {
                continue;
            }
            match self.one(field, entries).await? {
                Ok(value) => values.push((place, value)),
                // The product says what is in it, or else the store that it lacks.
                Err(refusal)
                    if refusal.code == "required" && is_brought(described, field, entries) =>
                {
                    values.push((place, Value::Null));
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        Ok(if refusals.is_empty() { Ok(values) } else { Err(refusals) })
    }

    /// Reads one field of a form.
    pub(crate) async fn one(
        &mut self,
        field: &Field,
        entries: &mut Entries,
    ) -> Result<std::result::Result<Value, Refusal>> {
        let name = field.name.as_ref();
        if let Some(held) = self.shown.and_then(|shown| shown.untouched(field, entries)) {
            return Ok(Ok(held.clone()));
        }
        Ok(match self.value(field, entries).await? {
            Ok(Value::Null) if field.required && field.default.is_none() => {
                Err(Refusal::field("required", name))
            }
            Ok(value) => Ok(value),
            Err(refusal) => Err(Refusal { field: Some(name.to_owned()), ..refusal }),
        })
    }

    async fn value(
        &mut self,
        field: &Field,
        entries: &mut Entries,
    ) -> Result<std::result::Result<Value, Refusal>> {
        let name = field.name.as_ref();
        let text = entries.text(name).trim().to_owned();
        if matches!(field.means, Some(Meaning::Condition(_)))
            && form_parts::is_put_together(entries)
        {
            let group = Group::sent(entries);
            let of = field.means.and_then(Meaning::of).unwrap_or(entries.text("record_type"));
            if let Err(refusal) = form_parts::is_complete(&group, name, of) {
                return Ok(Err(refusal));
            }
            let kept = form_parts::kept_text(entries, name);
            let written = form_parts::condition_text(&group, kept);
            return Ok(Value::from_text(&field.kind, &written));
        }
        Ok(match &field.kind {
            // Where nobody must say, nothing said is neither.
            Kind::Boolean if has_three_states(field) && text.is_empty() => Ok(Value::Null),
            Kind::Boolean => Ok(Value::Boolean(!text.is_empty() && text != "false")),
            Kind::Money if text.is_empty() => Ok(Value::Null),
            Kind::Money => {
                let code = entries.text(&format!("{name}.currency")).trim().to_uppercase();
                Value::from_text(&field.kind, &format!("{text} {code}"))
            }
            Kind::Address => Ok(address(name, entries)),
            // What stands at the start of a text is part of it.
            Kind::LongText => Value::from_text(&field.kind, entries.text(name)),
            // Each by itself: an option, or what holds it, may have any letter.
            Kind::Choice(_) => Value::from_text(&field.kind, entries.text(name)),
            Kind::Choices(_) => {
                Value::from_json(&field.kind, &entries.all(name).iter().cloned().collect())
            }
            Kind::File if entries.text(&format!("{name}.remove")) == "true" => Ok(Value::Null),
            Kind::File => match entries.text(&format!("{name}.id")) {
                "" => Ok(Value::Null),
                id => Value::from_text(&field.kind, id),
            },
            Kind::Links { to } => return self.links(field, to, entries).await,
            Kind::Instant => instant(field, &text, &self.view.actor().time_zone, entries),
            kind => match kind.link_target() {
                None => Value::from_text(kind, &text),
                Some(_) if text.is_empty() => Ok(Value::Null),
                Some(target) => self.link(name, target, &text, entries).await?.map(Value::Link),
            },
        })
    }

    /// The record that a field links to: the one whose id the form carries, as long as its name stands
    /// there unchanged; else the one that is called so.
    async fn link(
        &mut self,
        name: &str,
        target: &str,
        text: &str,
        entries: &mut Entries,
    ) -> Result<std::result::Result<RawId, Refusal>> {
        let carried = entries.text(&format!("{name}.id")).parse();
        let shown = entries.all(&format!("{name}.shown")).first();
        match carried {
            Ok(id) if shown.is_none_or(|shown| shown.trim() == text) => Ok(Ok(id)),
            _ => self.named(name, target, text, entries).await,
        }
    }

    /// The record that a person wrote the name of, or chose after they were asked.
    async fn named(
        &mut self,
        name: &str,
        target: &str,
        text: &str,
        entries: &mut Entries,
    ) -> Result<std::result::Result<RawId, Refusal>> {
        if let Some(Ok(id)) = entries.chosen(name, text).map(str::parse) {
            return Ok(Ok(id));
        }
        let meant = meant(self.view, self.wording, target, text).await?;
        if let Meant::Several(candidates) | Meant::Like(candidates) = &meant {
            let offered = |one: &Candidate| (one.id.to_string(), one.label());
            entries.ask(name, text, candidates.iter().map(offered).collect());
        }
        Ok(meant.one(target, text))
    }

    /// The records that a field links to: those that are ticked, and those whose names were written.
    async fn links(
        &mut self,
        field: &Field,
        target: &str,
        entries: &mut Entries,
    ) -> Result<std::result::Result<Value, Refusal>> {
        let name = field.name.as_ref();
        let text = entries.text(name).trim().to_owned();
        // A name may itself have what stands between names.
        let whole = match text.is_empty() {
            true => Meant::Nothing,
            false => meant(self.view, self.wording, target, &text).await?,
        };
        let words: Vec<&str> = match whole {
            Meant::Nothing | Meant::Like(_) => {
                text.split([';', '\u{ff1b}']).map(str::trim).collect()
            }
            _ => vec![&text],
        };
        let mut left = Vec::new();
        let mut refused = None;
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            if refused.is_some() {
                left.push(word);
                continue;
            }
            match self.named(name, target, word, entries).await? {
                Ok(id) => {
                    let title = self.view.titles(target, &[id]).await?.remove(&id);
                    entries.link(name, id, title);
                }
                Err(refusal) => {
                    left.push(word);
                    refused = Some(refusal);
                }
            }
        }
        // What was understood is carried by id; what was not stands there still.
        entries.set(name, left.join("; "));
        if let Some(refusal) = refused {
            return Ok(Err(refusal));
        }
        let mut ids = entries.all(&format!("{name}.id")).to_vec();
        let mut seen = std::collections::HashSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        Ok(Value::from_json(&field.kind, &ids.into_iter().collect()))
    }
}

/// Whether a field says yes, no, or nothing.
pub(super) fn has_three_states(field: &Field) -> bool {
    field.kind == Kind::Boolean && !field.required
}

/// Whether what a field lacks comes with the product that is chosen.
fn is_brought(described: &RecordType, field: &Field, entries: &Entries) -> bool {
    is_taken(described, &field.name) && !entries.text("product").trim().is_empty()
}

fn address(name: &str, entries: &Entries) -> Value {
    let mut address = Address::default();
    for part in Address::PARTS {
        if let Some(slot) = address.part_mut(part) {
            entries.text(&format!("{name}.{part}")).trim().clone_into(slot);
        }
    }
    // Whoever pastes the whole address into one field means all of it.
    let only_street = Address { street: address.street.clone(), ..Address::default() };
    if let Some(whole) = Address::from_line(&address.street).filter(|_| address == only_street) {
        address = whole;
    }
    if address == Address::default() { Value::Null } else { Value::Address(Box::new(address)) }
}

/// How an instant stands in a control, in the reader's zone.
pub(super) fn local_text(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// An instant that nobody touched is the one that it was, to its last digit; a time that does not exist is
/// refused, and one that comes twice is asked about.
fn instant(
    field: &Field,
    text: &str,
    zone: &TimeZone,
    entries: &mut Entries,
) -> std::result::Result<Value, Refusal> {
    let name = field.name.as_ref();
    let was = entries.text(&format!("{name}.was"));
    if text.is_empty() || text.ends_with('Z') {
        return Value::from_text(&field.kind, text);
    }
    if !was.is_empty() && entries.text(&format!("{name}.shown")) == text {
        return Value::from_text(&field.kind, was);
    }
    let local = text.parse::<jiff::civil::DateTime>().ok();
    let said = |code| Refusal::new(code).with("value", text.replacen('T', " ", 1));
    match local.and_then(|local| LocalTime::read(local, zone)) {
        None => Err(Refusal::new("not-a-time").with("value", text)),
        Some(LocalTime::At(instant)) => Ok(Value::Instant(instant)),
        Some(LocalTime::Never) => Err(said("time-not-there")),
        Some(LocalTime::Twice(both)) => {
            let chosen = entries.chosen(name, text).and_then(|which| which.parse().ok());
            if let Some(instant) = both.into_iter().find(|one| Some(*one) == chosen) {
                return Ok(Value::Instant(instant));
            }
            let label = |one: Timestamp| {
                let zoned = one.to_zoned(zone.clone());
                (one.to_string(), zoned.strftime("%H:%M (UTC%:z)").to_string())
            };
            entries.ask(name, text, both.map(label).to_vec());
            Err(said("time-twice"))
        }
    }
}

/// The one record that a person means by a name or number.
pub(crate) async fn find(
    view: &mut View,
    wording: Option<&Wording>,
    target: &str,
    words: &str,
) -> Result<std::result::Result<RawId, Refusal>> {
    Ok(meant(view, wording, target, words).await?.one(target, words))
}
