//! Which records the lines of an import name: exactly one, or it is said why not. What was merged
//! leads to the survivor, what was put away is written to by nobody unasked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_base::{RawId, Refusal, Result};
use guanxi_record::{Filter, Query, Record as _, RecordType, Row, Sort, Value};
use guanxi_store::{Hold, Purpose, Rights, Tx, key_of};

use super::answers::Twins;
use super::import::{Import, Reads};
use super::mapping::{Mode, Repeat};
use super::origin::Origin;
use super::plan::Part;
use super::read_lines::{about, key_cells};
use super::row::FileRow;
use super::step::Step;
use crate::people::Customer;

/// So many records are asked for at once.
const IDS_AT_ONCE: usize = 500;

/// What an import has learned about the records of one part. Cells come first: the same text
/// needs to be read only once.
#[derive(Debug, Default, Clone)]
pub(super) struct Known {
    /// By the text of the cells of the key.
    pub(super) by_cells: HashMap<String, Option<RawId>>,
    /// By the values of the key.
    pub(super) by_key: HashMap<String, RawId>,
}

impl Known {
    pub(super) fn extend(&mut self, more: Self) {
        self.by_cells.extend(more.by_cells);
        self.by_key.extend(more.by_key);
    }
}

/// How a record was come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It has the key.
    Directly,
    /// What has the key was merged into it.
    AsSurvivor,
}

/// What a key leads to, of what the importer may see.
#[derive(Debug, Clone)]
pub(super) enum Sought {
    /// One record.
    One(Row, Came),
    /// So many, and nothing tells them apart.
    Several(usize),
    /// One that was put away.
    Away(Row),
}

/// What a link by a field leads to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Linked {
    Nothing,
    One(RawId, Came),
    Several(usize),
    Away,
}

/// The key of a line's record.
#[derive(Debug)]
pub(super) enum Key {
    /// The line has nothing in any of the key's fields.
    Empty,
    /// As text, and the values.
    Of(String, Vec<Value>),
}

impl Import<'_> {
    /// Fetches the records that these lines name and that nobody has looked up yet.
    pub(super) async fn look_up(
        &mut self,
        tx: &mut Tx,
        lines: &[FileRow],
        step: &mut Step,
        reads: Reads,
    ) -> Result<()> {
        for at in 0..self.plan.parts.len() {
            self.find_links(tx, lines, at).await?;
            let part = &self.plan.parts[at];
            if self.progress.pass == 2 {
                let places = self.progress.line..self.progress.line + lines.len() as u64;
                let ids: BTreeSet<RawId> =
                    places.filter_map(|line| self.settled.of(at, line).id).collect();
                if reads == Reads::Held {
                    tx.hold(&part.record_type.name, ids.iter().copied(), Hold::Change).await?;
                }
                let rows = self.rows_for(tx, part, &ids, Purpose::Change).await?;
                step.linking.extend(rows.into_iter().map(|row| (row.id, row)));
                continue;
            }
            if !part.match_places.is_empty() {
                let keys = self.keys_of(lines, step, at);
                let (record_type, places) = (&part.record_type, &part.match_places);
                step.existing[at] = sought(tx, record_type, places, &keys).await?;
                while reads == Reads::Held && !hold(tx, part, &step.existing[at]).await? {
                    step.existing[at] = sought(tx, record_type, places, &keys).await?;
                }
            }
            if part.asks_for_twins() && self.has_customers(tx).await? {
                step.twins[at] = self.twins(tx, lines, step, at).await?;
                while reads == Reads::Held && !hold(tx, part, &step.twins[at]).await? {
                    step.twins[at] = self.twins(tx, lines, step, at).await?;
                }
            }
            self.find_locked(tx, step, at).await?;
        }
        Ok(())
    }

    /// Notes which of the records that were found the importer may not change, or not bring back.
    async fn find_locked(&self, tx: &mut Tx, step: &mut Step, at: usize) -> Result<()> {
        if matches!(self.actor.rights, Rights::All) {
            return Ok(());
        }
        let (mut all, mut away) = (BTreeSet::new(), BTreeSet::new());
        for sought in step.existing[at].values().chain(step.twins[at].values()) {
            match sought {
                Sought::One(row, _) => drop(all.insert(row.id)),
                Sought::Away(row) => {
                    all.insert(row.id);
                    away.insert(row.id);
                }
                Sought::Several(_) => {}
            }
        }
        for (ids, purpose) in [(all, Purpose::Change), (away, Purpose::Archive)] {
            let rows = self.rows_for(tx, &self.plan.parts[at], &ids, purpose).await?;
            let allowed: BTreeSet<RawId> = rows.iter().map(|row| row.id).collect();
            step.locked.extend(ids.difference(&allowed));
        }
        Ok(())
    }

    /// The records of a part that the importer may use for a purpose.
    async fn rows_for(
        &self,
        tx: &mut Tx,
        part: &Part,
        ids: &BTreeSet<RawId>,
        purpose: Purpose,
    ) -> Result<Vec<Row>> {
        let record_type = &part.record_type;
        let (ids, mut rows) = (Vec::from_iter(ids.iter().copied()), Vec::new());
        if self.actor.rights.scope(&record_type.name, purpose).is_some() {
            for chunk in ids.chunks(IDS_AT_ONCE) {
                rows.extend(tx.rows_by_ids(record_type, chunk, purpose).await?);
            }
        }
        Ok(rows)
    }

    /// The keys that lines give to a part and that are not known yet.
    fn keys_of(&self, lines: &[FileRow], step: &Step, at: usize) -> BTreeMap<String, Vec<Value>> {
        let part = &self.plan.parts[at];
        let mut keys = BTreeMap::new();
        for row in lines {
            let cells = key_cells(part, row);
            let seen = cells.as_ref().is_some_and(|c| self.known[at].by_cells.contains_key(c));
            if seen && part.on_repeat != Repeat::Last {
                continue;
            }
            let ids = self.ids_before(row, step, at);
            if let Ok(Key::Of(key, values)) = self.key(part, row, &ids) {
                keys.entry(key).or_insert(values);
            }
        }
        keys
    }

    /// The records of earlier parts of a line, as far as they are there already.
    fn ids_before(&self, row: &FileRow, step: &Step, at: usize) -> Vec<Option<RawId>> {
        let part = &self.plan.parts[at];
        let known = |place: usize, key: &str| {
            let others = self.plan.others_alike(place);
            std::iter::once(place).chain(others).find_map(|at| self.known[at].by_key.get(key))
        };
        let by_link = part.match_places.iter().any(|place| {
            let origin = part.fields.iter().find(|(known, _)| known == place);
            matches!(origin, Some((_, Origin::SameLine { .. })))
        });
        let mut ids = Vec::new();
        for (place, part) in self.plan.parts[..at].iter().enumerate() {
            let key = if by_link { self.key(part, row, &ids).ok() } else { None };
            ids.push(match key {
                Some(Key::Of(key, _)) => match step.existing[place].get(&key) {
                    Some(Sought::One(row, _)) => Some(row.id),
                    _ => known(place, &key).copied(),
                },
                _ => None,
            });
        }
        ids
    }

    /// The key that a line gives to a part's record.
    ///
    /// # Errors
    /// `match-empty` when only some of it is there; what is wrong with a cell.
    pub(super) fn key(
        &self,
        part: &Part,
        row: &FileRow,
        ids: &[Option<RawId>],
    ) -> std::result::Result<Key, Refusal> {
        let mut values = Vec::with_capacity(part.match_places.len());
        for place in &part.match_places {
            let origin = part.fields.iter().find(|(known, _)| known == place);
            let value = match origin {
                Some((_, Origin::SameLine { part })) => {
                    Ok(ids.get(*part).copied().flatten().map_or(Value::Null, Value::Link))
                }
                Some((_, Origin::Find { column, to, by, later: false })) => {
                    self.found_link(row, *column, to, by).map(|(value, _)| value)
                }
                Some((_, origin)) => origin.value(part, *place, row, &self.plan.formats),
                None => Ok(Value::Null),
            };
            values.push(value.map_err(|refusal| about(part, *place, refusal))?);
        }
        // The record that it hangs on says nothing about itself.
        let hangs = |place: &usize| {
            let origin = part.fields.iter().find(|(known, _)| known == place);
            matches!(origin, Some((_, Origin::SameLine { .. })))
        };
        let own = || part.match_places.iter().zip(&values).filter(|(place, _)| !hangs(place));
        let is_empty = own().next().is_some() && own().all(|(_, value)| value.is_null());
        if is_empty || values.iter().all(Value::is_null) {
            return Ok(Key::Empty);
        }
        if let Some(empty) = values.iter().position(Value::is_null) {
            let place = part.match_places[empty];
            // The record that it hangs on may be made by this very line.
            if !hangs(&place) {
                return Err(about(part, place, Refusal::new("match-empty")));
            }
        }
        Ok(Key::Of(key_of(&part.record_type, &part.match_places, &values), values))
    }

    /// Looks up what links of a part name by a field.
    pub(super) async fn find_links(
        &mut self,
        tx: &mut Tx,
        lines: &[FileRow],
        at: usize,
    ) -> Result<()> {
        for (_, origin) in &self.plan.parts[at].fields {
            let Origin::Find { column, to, by, later } = origin else { continue };
            if *later != (self.progress.pass == 2) {
                continue;
            }
            let texts = lines.iter().filter_map(|row| row.get(*column)).map(str::trim);
            let place = |text: &str| (to.clone(), by.clone(), text.to_owned());
            let new = texts.filter(|text| !text.is_empty());
            let new: BTreeSet<&str> =
                new.filter(|text| !self.found.contains_key(&place(text))).collect();
            let described = tx.catalog().get(to)?.clone();
            let Some(field) = described.position(by) else { continue };
            let kind = &described.fields[field].kind;
            let mut keys = BTreeMap::new();
            let mut written = Vec::new();
            for text in new {
                let Ok(value) = Value::from_text(kind, text) else {
                    self.found.insert(place(text), Linked::Nothing);
                    continue;
                };
                let key = key_of(&described, &[field], std::slice::from_ref(&value));
                written.push((text, key.clone()));
                keys.insert(key, vec![value]);
            }
            let found = sought(tx, &described, &[field], &keys).await?;
            for (text, key) in written {
                self.found.insert(place(text), linked(found.get(&key)));
            }
        }
        Ok(())
    }

    /// What a link by a field leads to, and how it was come to.
    pub(super) fn found_link(
        &self,
        row: &FileRow,
        column: usize,
        to: &str,
        by: &str,
    ) -> std::result::Result<(Value, Came), Refusal> {
        let text = row.get(column).unwrap_or_default().trim();
        if text.is_empty() {
            return Ok((Value::Null, Came::Directly));
        }
        let place = (to.to_owned(), by.to_owned(), text.to_owned());
        let refusal = |code| Refusal::new(code).with("type", to).with("value", text);
        match self.found.get(&place).copied().unwrap_or(Linked::Nothing) {
            Linked::One(id, came) => Ok((Value::Link(id), came)),
            Linked::Nothing => Err(refusal("link-to-nothing")),
            Linked::Several(count) => Err(refusal("several-there").with("count", count)),
            Linked::Away => Err(refusal("link-to-archived").with("title", text)),
        }
    }

    /// Whether a run that only counts would have made what a link names.
    pub(super) fn would_be_made(&self, row: &FileRow, column: usize, to: &str, by: &str) -> bool {
        if self.made.is_empty() {
            return false;
        }
        let catalog = self.store.catalog();
        let Ok(described) = catalog.get(to) else { return false };
        let Some(place) = described.position(by) else { return false };
        let text = row.get(column).unwrap_or_default().trim();
        let Ok(value) = Value::from_text(&described.fields[place].kind, text) else {
            return false;
        };
        let key = key_of(described, &[place], std::slice::from_ref(&value));
        self.made.contains(&(to.to_owned(), by.to_owned(), key))
    }

    /// Whether the base had a customer before this import began: ids are made in the order of time.
    async fn has_customers(&self, tx: &mut Tx) -> Result<bool> {
        let first = Query::of(Filter::everything()).sorted(vec![Sort::up("id")]).limited(1);
        let rows = tx.list(Customer::NAME, &first).await?.rows;
        Ok(rows.first().is_some_and(|row| row.id < self.job))
    }

    /// Customers of the names that new ones would have, but for those of this very import.
    async fn twins(
        &self,
        tx: &mut Tx,
        lines: &[FileRow],
        step: &Step,
        at: usize,
    ) -> Result<HashMap<String, Sought>> {
        let part = &self.plan.parts[at];
        let title = part.record_type.title_position();
        let Some((_, origin)) = part.fields.iter().find(|(place, _)| *place == title) else {
            return Ok(HashMap::new());
        };
        let mut names = BTreeMap::new();
        for row in lines {
            let ids = self.ids_before(row, step, at);
            let is_known = match self.key(part, row, &ids) {
                Ok(Key::Of(key, _)) => {
                    step.existing[at].contains_key(&key) || self.known[at].by_key.contains_key(&key)
                }
                _ => false,
            };
            let value = origin.value(part, title, row, &self.plan.formats);
            if let (false, Ok(value @ Value::Text(_))) = (is_known, value) {
                let key = key_of(&part.record_type, &[title], std::slice::from_ref(&value));
                names.insert(key, vec![value]);
            }
        }
        let keys: Vec<Vec<Value>> = names.into_values().collect();
        let rows = tx.rows_of_keys(&part.record_type, &[title], &keys).await?;
        let mut twins = HashMap::new();
        for (name, rows) in rows {
            let before: Vec<Row> = rows.into_iter().filter(|row| row.id < self.job).collect();
            let in_use = before.iter().filter(|row| row.archived_at.is_none()).count();
            let twin = match (before.len(), in_use) {
                (0, _) => continue,
                (_, 2..) => Sought::Several(in_use),
                // What was merged leads to the one that stayed; what was put away is a twin too.
                _ => only(tx, &part.record_type, (&[], &[]), before).await?,
            };
            twins.insert(name, twin);
        }
        Ok(twins)
    }
}

impl Part {
    /// Whether new records of this part are to be compared with customers of the same name.
    pub(super) fn asks_for_twins(&self) -> bool {
        self.record_type.name == Customer::NAME
            && self.mode != Mode::Update
            && self.twins != Twins::Make
            && !self.match_places.contains(&self.record_type.title_position())
    }
}

fn linked(found: Option<&Sought>) -> Linked {
    match found {
        None => Linked::Nothing,
        Some(Sought::One(row, came)) => Linked::One(row.id, *came),
        Some(Sought::Several(count)) => Linked::Several(*count),
        Some(Sought::Away(_)) => Linked::Away,
    }
}

/// Holds the records that were found; whether they still are as they were read.
async fn hold(tx: &mut Tx, part: &Part, found: &HashMap<String, Sought>) -> Result<bool> {
    let read = found.values().filter_map(|sought| match sought {
        Sought::One(row, _) | Sought::Away(row) => Some((row.id, row.version)),
        Sought::Several(_) => None,
    });
    let read: BTreeMap<RawId, i64> = read.collect();
    tx.hold_as_read(&part.record_type.name, &read, Hold::Change).await
}

/// What these keys lead to.
async fn sought(
    tx: &mut Tx,
    record_type: &RecordType,
    places: &[usize],
    keys: &BTreeMap<String, Vec<Value>>,
) -> Result<HashMap<String, Sought>> {
    let values: Vec<Vec<Value>> = keys.values().cloned().collect();
    let mut found = HashMap::with_capacity(keys.len());
    for (key, rows) in tx.rows_of_keys(record_type, places, &values).await? {
        let written = keys.get(&key).map(Vec::as_slice).unwrap_or_default();
        found.insert(key, only(tx, record_type, (places, written), rows).await?);
    }
    Ok(found)
}

/// The one of several records that a key means: one in use before those put away, one that is
/// written just so before those that are only the same to people.
async fn only(
    tx: &mut Tx,
    record_type: &RecordType,
    (places, written): (&[usize], &[Value]),
    rows: Vec<Row>,
) -> Result<Sought> {
    let is_just_so = |row: &&Row| {
        places.iter().zip(written).all(|(at, value)| row.values.get(*at) == Some(value))
    };
    let one_of = |rows: &[Row]| match rows {
        [one] => Some(one.clone()),
        several => {
            let mut exact = several.iter().filter(is_just_so);
            exact.next().filter(|_| exact.next().is_none()).cloned()
        }
    };
    let (away, in_use): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.archived_at.is_some());
    if !in_use.is_empty() {
        let one = one_of(&in_use).map(|row| Sought::One(row, Came::Directly));
        return Ok(one.unwrap_or(Sought::Several(in_use.len())));
    }
    let mut survivors = BTreeSet::new();
    for row in &away {
        survivors.extend(tx.successor_of(record_type, row.id).await?);
    }
    if let Some(first) = survivors.first() {
        if survivors.len() > 1 {
            return Ok(Sought::Several(survivors.len()));
        }
        let row = tx.row(&record_type.name, *first, Purpose::Read).await?;
        return Ok(Sought::One(row, Came::AsSurvivor));
    }
    Ok(one_of(&away).map_or(Sought::Several(away.len()), Sought::Away))
}
