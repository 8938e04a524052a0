//! The import itself: batch by batch, each in one transaction with its progress, so that a
//! killed import goes on where its last acknowledged batch ended, and can be undone whole.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use csv::StringRecord;
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Filter, Op, Query, Row, Value};
use guanxi_store::{Actor, JobState, Store, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::mapping::{Mapping, Mode, Repeat};
use super::plan::{Origin, Part, Plan};
use super::source::Source;
use crate::people::CollectionPoint;

/// Lines of one transaction.
const BATCH_LINES: usize = 4_000;
/// An import with more refused lines than this stops: the mapping is wrong, not the lines.
const REFUSED_MAX: u64 = 100_000;
/// Stands between the values of a key of several fields.
const KEY_SEPARATOR: &str = "\u{1f}";

/// How many records of one type an import made and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Made.
    pub created: u64,
    /// Changed.
    pub updated: u64,
    /// There already, and as the file says.
    pub unchanged: u64,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// 1: the records; 2: links between records of the file itself.
    pub pass: u8,
    /// Lines of this pass that are done.
    pub line: u64,
    /// Lines of the file.
    pub lines: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// By type.
    pub counts: BTreeMap<String, Counts>,
    /// Whether it came to its end.
    pub is_done: bool,
}

/// Whether an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It writes.
    ForReal,
    /// It only counts what it would write.
    Dry,
}

/// A line that was refused, with the reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedLine {
    /// Counted from 1, without the header.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// Why.
    pub refusals: Vec<Refusal>,
}

impl RefusedLine {
    /// As the queue keeps it.
    fn to_json(&self) -> Json {
        let refusals = self.refusals.iter().map(|refusal| {
            let args: BTreeMap<_, _> = refusal.args.iter().cloned().collect();
            json!({ "code": refusal.code, "field": refusal.field, "args": args })
        });
        json!({ "cells": self.cells, "refusals": refusals.collect::<Vec<_>>() })
    }
}

/// What an import has learned about the records of one part. Cells come first: the same text
/// needs to be read only once.
#[derive(Debug, Default, Clone)]
struct Known {
    /// By the text of the cells of the key.
    by_cells: HashMap<String, Option<RawId>>,
    /// By the values of the key.
    by_key: HashMap<String, RawId>,
}

impl Known {
    fn extend(&mut self, more: Self) {
        self.by_cells.extend(more.by_cells);
        self.by_key.extend(more.by_key);
    }
}

/// One import on its way.
struct Import<'a> {
    store: &'a Store,
    actor: Actor,
    job: RawId,
    plan: Plan,
    run: Run,
    known: Vec<Known>,
    found: Found,
    progress: Progress,
    refused: Vec<RefusedLine>,
}

/// Records that were looked up by a field: `(type, field, text)`.
type Found = HashMap<(String, String, String), Option<RawId>>;

/// What one transaction adds to the import; it is forgotten if the transaction fails.
struct Step {
    known: Vec<Known>,
    /// Rows that were there before, by part and key.
    existing: Vec<HashMap<String, Row>>,
    creates: Vec<Vec<Row>>,
    updates: Vec<Update>,
    progress: Progress,
    refused: Vec<RefusedLine>,
}

/// Fields to be set of a record that is there.
struct Update {
    part: usize,
    id: RawId,
    version: i64,
    fields: Vec<(usize, Value)>,
}

/// What one line adds to its step, if all of it can be read.
#[derive(Default)]
struct Line {
    ids: Vec<Option<RawId>>,
    creates: Vec<(usize, Row)>,
    updates: Vec<Update>,
    unchanged: Vec<usize>,
    keys: Vec<(usize, Option<String>, Option<String>, Option<RawId>)>,
    refusals: Vec<Refusal>,
}

/// Imports a file for a job, from where the job's last report says it is. `observe` is told after
/// every batch; the job's state decides whether to go on.
///
/// # Errors
/// Refusals when file and mapping do not fit; nothing is written then.
pub async fn import(
    store: &Store,
    actor: &Actor,
    job: RawId,
    path: &Path,
    mapping: &Mapping,
    run: Run,
    mut observe: impl FnMut(&Progress, &[RefusedLine]) + Send,
) -> Result<Progress> {
    let hints = mapping.file.hints();
    let open = || Source::open(path, &hints);
    let point = collection_point(store, actor, mapping).await?;
    let plan = Plan::new(&store.catalog(), mapping, open()?, point)?;
    let progress = match store.job(job).await {
        Ok(known) if run == Run::ForReal && !known.progress.is_null() => {
            serde_json::from_value(known.progress).map_err(Error::internal)?
        }
        _ => Progress { pass: 1, lines: open()?.count_rows()?, ..Progress::default() },
    };
    let known = plan.parts.iter().map(|_| Known::default()).collect();
    let actor = actor.clone().for_job(job);
    let (found, refused) = (Found::new(), Vec::new());
    let mut import = Import { store, actor, job, plan, run, known, found, progress, refused };
    while import.progress.pass <= 2 && !import.progress.is_done {
        let mut source = open()?;
        let mut row = StringRecord::new();
        for _ in 0..import.progress.line {
            source.next_row(&mut row)?;
        }
        loop {
            let mut lines = Vec::with_capacity(BATCH_LINES);
            while lines.len() < BATCH_LINES && source.next_row(&mut row)? {
                lines.push(row.clone());
            }
            let at_end = lines.len() < BATCH_LINES;
            let state = import.batch(lines, at_end).await?;
            observe(&import.progress, &import.refused);
            import.refused.clear();
            if state != JobState::Open {
                return Ok(import.progress);
            }
            if import.progress.refused > REFUSED_MAX {
                return Err(Refusal::new("too-many-refused").with("limit", REFUSED_MAX).into());
            }
            if at_end {
                break;
            }
        }
    }
    Ok(import.progress)
}

async fn collection_point(
    store: &Store,
    actor: &Actor,
    mapping: &Mapping,
) -> Result<Option<RawId>> {
    let Some(name) = &mapping.source else { return Ok(None) };
    let mut view = store.read(actor).await?;
    let type_name = <CollectionPoint as guanxi_record::Record>::NAME;
    match view.find_by(type_name, "name", name.as_str()).await? {
        Some(point) => Ok(Some(point.id)),
        None => Err(Refusal::field("link-to-nothing", "source")
            .with("type", type_name)
            .with("value", name)
            .into()),
    }
}

impl Import<'_> {
    /// Does some lines in one transaction; in halves if the database refuses them together.
    async fn batch(&mut self, lines: Vec<StringRecord>, at_end: bool) -> Result<JobState> {
        match self.attempt(&lines, at_end, None).await {
            Err(Error::Refused(refusals)) if lines.len() == 1 => {
                // It is this one line that the database refuses.
                let cells = lines[0].iter().map(str::to_owned).collect();
                let number = self.progress.line + 1;
                let refused = RefusedLine { number, cells, refusals };
                self.attempt(&lines, at_end, Some(refused)).await
            }
            Err(Error::Refused(_)) if lines.len() > 1 => {
                let mut first = lines;
                let second = first.split_off(first.len() / 2);
                match Box::pin(self.batch(first, false)).await? {
                    JobState::Open => Box::pin(self.batch(second, at_end)).await,
                    stopped => Ok(stopped),
                }
            }
            other => other,
        }
    }

    async fn attempt(
        &mut self,
        lines: &[StringRecord],
        at_end: bool,
        known_to_fail: Option<RefusedLine>,
    ) -> Result<JobState> {
        let mut tx = self.store.write(&self.actor).await?;
        let parts = self.plan.parts.len();
        let mut step = Step {
            known: vec![Known::default(); parts],
            existing: vec![HashMap::new(); parts],
            creates: vec![Vec::new(); parts],
            updates: Vec::new(),
            progress: self.progress.clone(),
            refused: Vec::new(),
        };
        if let Some(refused) = known_to_fail {
            step.refused.push(refused);
        } else {
            self.look_up(&mut tx, lines, &mut step).await?;
            for (at, row) in lines.iter().enumerate() {
                let line = match self.progress.pass {
                    1 => self.read_line(&mut tx, row, &step).await?,
                    _ => self.link_line(row, &step),
                };
                let number = self.progress.line + at as u64 + 1;
                step.take(&self.plan.parts, line, row, number);
            }
            if self.run == Run::ForReal {
                step.write(&mut tx, &self.plan.parts).await?;
            }
        }
        step.progress.line += lines.len() as u64;
        step.progress.refused += step.refused.len() as u64;
        if at_end && step.progress.pass == 1 && self.has_later_links() && self.run == Run::ForReal {
            (step.progress.pass, step.progress.line) = (2, 0);
        } else if at_end {
            step.progress.is_done = true;
        }
        let mut state = JobState::Open;
        if self.run == Run::ForReal {
            let rows = step.refused.iter().map(|l| {
                (l.number as i64 + i64::from(self.progress.pass - 1) * (1 << 40), l.to_json())
            });
            tx.keep_job_rows(self.job, rows.collect()).await?;
            let report = serde_json::to_value(&step.progress).map_err(Error::internal)?;
            state = tx.report_job(self.job, &report).await?;
            tx.commit().await?;
        }
        for (known, more) in self.known.iter_mut().zip(step.known) {
            known.extend(more);
        }
        self.progress = step.progress;
        self.refused.extend(step.refused);
        Ok(state)
    }

    fn has_later_links(&self) -> bool {
        let mut origins = self.plan.parts.iter().flat_map(|part| &part.fields);
        origins.any(|(_, origin)| matches!(origin, Origin::Find { later: true, .. }))
    }

    /// Fetches the records that these lines name and that nobody has looked up yet.
    async fn look_up(
        &mut self,
        tx: &mut Tx,
        lines: &[StringRecord],
        step: &mut Step,
    ) -> Result<()> {
        for (at, part) in self.plan.parts.iter().enumerate() {
            if !part.match_places.is_empty() {
                let mut keys: BTreeMap<String, Vec<Value>> = BTreeMap::new();
                for row in lines {
                    let cells = key_cells(part, row);
                    let seen =
                        cells.as_ref().is_some_and(|c| self.known[at].by_cells.contains_key(c));
                    if seen && self.progress.pass == 1 && part.on_repeat != Repeat::Last {
                        continue;
                    }
                    if let Ok(Some((key, values))) = self.key(part, row) {
                        keys.entry(key).or_insert(values);
                    }
                }
                step.existing[at] = existing(tx, part, keys).await?;
            }
            for (_, origin) in &part.fields {
                let Origin::Find { column, to, by, later } = origin else { continue };
                if *later && self.progress.pass == 1 {
                    continue;
                }
                let texts = lines.iter().filter_map(|row| row.get(*column)).map(str::trim);
                let new = texts.filter(|text| !text.is_empty()).map(str::to_owned);
                let place = |text: String| (to.clone(), by.clone(), text);
                let new: std::collections::BTreeSet<String> =
                    new.filter(|text| !self.found.contains_key(&place(text.clone()))).collect();
                for (text, id) in find(tx, to, by, new).await? {
                    self.found.insert(place(text), id);
                }
            }
        }
        Ok(())
    }

    /// The key that a line gives to a part's record; none when all of it is empty.
    #[expect(clippy::type_complexity, reason = "a key is its text and its values")]
    fn key(
        &self,
        part: &Part,
        row: &StringRecord,
    ) -> std::result::Result<Option<(String, Vec<Value>)>, Refusal> {
        let mut values = Vec::with_capacity(part.match_places.len());
        for place in &part.match_places {
            let origin = part.fields.iter().find(|(known, _)| known == place);
            let value = match origin {
                Some((_, origin)) => origin.value(part, *place, row, &self.plan.formats),
                None => Ok(Value::Null),
            };
            values.push(value.map_err(|refusal| about(part, *place, refusal))?);
        }
        if values.iter().all(Value::is_null) {
            return Ok(None);
        }
        Ok(Some((key_text(&values), values)))
    }

    /// Reads one line of the first pass: what it makes and changes, or why not.
    async fn read_line(&self, tx: &mut Tx, row: &StringRecord, step: &Step) -> Result<Line> {
        let mut line = Line::default();
        if row.len() != self.plan.width {
            let refusal = Refusal::new("wrong-column-count").with("wanted", self.plan.width);
            line.refusals.push(refusal.with("found", row.len()));
            return Ok(line);
        }
        if row.iter().any(|cell| cell.contains('\u{fffd}')) {
            line.refusals.push(Refusal::new("unreadable-characters"));
            return Ok(line);
        }
        for (at, part) in self.plan.parts.iter().enumerate() {
            let cells = key_cells(part, row);
            let seen = cells.as_ref().and_then(|cells| {
                let known = step.known[at].by_cells.get(cells);
                known.or_else(|| self.known[at].by_cells.get(cells))
            });
            if let Some(id) = seen.filter(|_| part.on_repeat == Repeat::First) {
                tx.know_links(*id);
                line.ids.push(*id);
                continue;
            }
            let id = self.read_part(tx, row, at, part, cells, step, &mut line).await?;
            tx.know_links(id);
            line.ids.push(id);
        }
        Ok(line)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line, read in its one loop")]
    async fn read_part(
        &self,
        tx: &mut Tx,
        row: &StringRecord,
        at: usize,
        part: &Part,
        cells: Option<String>,
        step: &Step,
        line: &mut Line,
    ) -> Result<Option<RawId>> {
        let mut old = None;
        let mut key = None;
        if !part.match_places.is_empty() {
            key = match self.key(part, row) {
                Ok(Some((key, _))) => Some(key),
                Ok(None) => {
                    line.keys.push((at, cells, None, None));
                    return Ok(None);
                }
                Err(refusal) => {
                    line.refusals.push(refusal);
                    return Ok(None);
                }
            };
            let text = key.as_deref().unwrap_or_default();
            let repeated =
                step.known[at].by_key.get(text).or_else(|| self.known[at].by_key.get(text));
            old = step.existing[at].get(text);
            match (repeated, part.on_repeat) {
                (Some(id), Repeat::First) => return Ok(Some(*id)),
                (Some(_), Repeat::Refuse) => {
                    line.refusals.push(named(part, Refusal::new("repeated-in-file"), text));
                    return Ok(None);
                }
                // Made by this very step: the line that made it stands.
                (Some(id), Repeat::Last) if old.is_none() => return Ok(Some(*id)),
                _ => {}
            }
            let refused = match (old, part.mode) {
                (Some(_), Mode::Create) if repeated.is_none() => Some("already-there"),
                (None, Mode::Update) => Some("not-there"),
                _ => None,
            };
            if let Some(code) = refused {
                line.refusals.push(named(part, Refusal::new(code), text));
                return Ok(None);
            }
        }
        let before = line.refusals.len();
        let fields = self.values(part, row, line);
        // A record that an earlier part should have made is missing: that is no news.
        if line.refusals.len() > before || before > 0 {
            return Ok(None);
        }
        let id = match old {
            Some(old) => {
                let changed = |(place, value): &(usize, Value)| {
                    !value.is_null() && old.values.get(*place) != Some(value)
                };
                let fields: Vec<_> = fields.into_iter().filter(changed).collect();
                if fields.is_empty() {
                    line.unchanged.push(at);
                } else {
                    line.updates.push(Update {
                        part: at,
                        id: old.id,
                        version: old.version,
                        fields,
                    });
                }
                old.id
            }
            None => {
                let mut values = vec![Value::Null; part.record_type.fields.len()];
                for (place, value) in fields {
                    values[place] = value;
                }
                match tx.prepare(&part.record_type, values).await {
                    Ok(row) => {
                        let id = row.id;
                        line.creates.push((at, row));
                        id
                    }
                    Err(Error::Refused(refusals)) => {
                        let typed = |r| Refusal { field: r_field(part, &r), ..r };
                        line.refusals.extend(refusals.into_iter().map(typed));
                        return Ok(None);
                    }
                    Err(other) => return Err(other),
                }
            }
        };
        line.keys.push((at, cells, key, Some(id)));
        Ok(Some(id))
    }

    /// The values that a line gives to the fields of a part.
    fn values(&self, part: &Part, row: &StringRecord, line: &mut Line) -> Vec<(usize, Value)> {
        let mut values = Vec::with_capacity(part.fields.len());
        for (place, origin) in &part.fields {
            let value = match origin {
                Origin::SameLine { part } => Ok(match line.ids.get(*part) {
                    Some(Some(id)) => Value::Link(*id),
                    _ => Value::Null,
                }),
                Origin::Find { later: true, .. } => Ok(Value::Null),
                Origin::Find { column, to, by, .. } => self.found_link(row, *column, to, by),
                cell => cell.value(part, *place, row, &self.plan.formats),
            };
            match value {
                Ok(value) => values.push((*place, value)),
                Err(refusal) => line.refusals.push(about(part, *place, refusal)),
            }
        }
        values
    }

    fn found_link(
        &self,
        row: &StringRecord,
        column: usize,
        to: &str,
        by: &str,
    ) -> std::result::Result<Value, Refusal> {
        let text = row.get(column).unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let place = (to.to_owned(), by.to_owned(), text.to_owned());
        match self.found.get(&place).copied().flatten() {
            Some(id) => Ok(Value::Link(id)),
            None => Err(Refusal::new("link-to-nothing").with("type", to).with("value", text)),
        }
    }

    /// Reads one line of the second pass: the links to records that the file itself made.
    fn link_line(&self, row: &StringRecord, step: &Step) -> Line {
        let mut line = Line::default();
        for (at, part) in self.plan.parts.iter().enumerate() {
            let Ok(Some((key, _))) = self.key(part, row) else { continue };
            let Some(old) = step.existing[at].get(&key) else { continue };
            let mut fields = Vec::new();
            for (place, origin) in &part.fields {
                let Origin::Find { column, to, by, later: true } = origin else { continue };
                match self.found_link(row, *column, to, by) {
                    Ok(Value::Null) => {}
                    Ok(link) if old.values[*place] == link => {}
                    Ok(link) => fields.push((*place, link)),
                    Err(refusal) => line.refusals.push(about(part, *place, refusal)),
                }
            }
            if !fields.is_empty() {
                line.updates.push(Update { part: at, id: old.id, version: old.version, fields });
            }
        }
        line
    }
}

impl Step {
    /// Adds a line that was read, or its refusal.
    fn take(&mut self, parts: &[Part], line: Line, row: &StringRecord, number: u64) {
        if !line.refusals.is_empty() {
            let cells = row.iter().map(str::to_owned).collect();
            self.refused.push(RefusedLine { number, cells, refusals: line.refusals });
            return;
        }
        let second_pass = self.progress.pass == 2;
        for (part, row) in line.creates {
            self.count(&parts[part]).created += 1;
            self.creates[part].push(row);
        }
        for update in line.updates {
            // A record that the first pass made and the second links was made, not changed.
            if !second_pass {
                self.count(&parts[update.part]).updated += 1;
            }
            self.updates.push(update);
        }
        for part in line.unchanged {
            self.count(&parts[part]).unchanged += 1;
        }
        for (part, cells, key, id) in line.keys {
            if let (Some(key), Some(id)) = (key, id) {
                self.known[part].by_key.insert(key, id);
            }
            if let Some(cells) = cells {
                self.known[part].by_cells.insert(cells, id);
            }
        }
    }

    fn count(&mut self, part: &Part) -> &mut Counts {
        self.progress.counts.entry(part.record_type.name.to_string()).or_default()
    }

    async fn write(&mut self, tx: &mut Tx, parts: &[Part]) -> Result<()> {
        for (part, rows) in parts.iter().zip(self.creates.iter_mut()) {
            let rows = std::mem::take(rows);
            if !rows.is_empty() {
                tx.may_create(&part.record_type)?;
                tx.insert(&part.record_type, rows).await?;
            }
        }
        let mut versions: HashMap<RawId, i64> = HashMap::new();
        for update in std::mem::take(&mut self.updates) {
            // Two lines of one batch may change one record.
            let version = versions.get(&update.id).copied().unwrap_or(update.version);
            let record_type = &parts[update.part].record_type;
            let row = tx.update_fields(record_type, update.id, version, update.fields).await?;
            versions.insert(update.id, row.version);
        }
        Ok(())
    }
}

/// The records of a part that have these keys, by key.
async fn existing(
    tx: &mut Tx,
    part: &Part,
    keys: BTreeMap<String, Vec<Value>>,
) -> Result<HashMap<String, Row>> {
    const CHUNK: usize = 500;
    let record_type = &part.record_type;
    let names: Vec<&str> =
        part.match_places.iter().map(|p| &*record_type.fields[*p].name).collect();
    let keys: Vec<(String, Vec<Value>)> = keys.into_iter().collect();
    let mut filters = Vec::new();
    match names[..] {
        [name] => filters.extend(keys.chunks(CHUNK).map(|chunk| {
            let texts: Json = chunk.iter().map(|(_, values)| values[0].to_json()).collect();
            Filter::compare(name, Op::In, texts)
        })),
        _ => filters.extend(keys.iter().map(|(_, values)| {
            let pairs = names.iter().zip(values);
            Filter::All(pairs.map(|(name, value)| Filter::eq(*name, value.to_json())).collect())
        })),
    }
    let mut rows = HashMap::with_capacity(keys.len());
    for filter in filters {
        let mut query = Query::of(filter).limited(Query::LIMIT_MAX);
        query.with_archived = true;
        for row in tx.list(&record_type.name, &query).await?.rows {
            let values: Vec<Value> =
                part.match_places.iter().map(|place| row.values[*place].clone()).collect();
            rows.insert(key_text(&values), row);
        }
    }
    Ok(rows)
}

/// The records of a type whose field is one of these texts.
async fn find(
    tx: &mut Tx,
    record_type: &str,
    field: &str,
    texts: std::collections::BTreeSet<String>,
) -> Result<Vec<(String, Option<RawId>)>> {
    const CHUNK: usize = 500;
    let described = tx.catalog().get(record_type)?.clone();
    let place = described.position(field);
    let texts: Vec<String> = texts.into_iter().collect();
    let mut found: HashMap<String, RawId> = HashMap::new();
    for chunk in texts.chunks(CHUNK) {
        let list: Json = chunk.iter().map(String::as_str).collect();
        let query = Query::of(Filter::compare(field, Op::In, list)).limited(Query::LIMIT_MAX);
        for row in tx.list(record_type, &query).await?.rows {
            if let Some(value) = place.and_then(|place| row.values.get(place)) {
                found.insert(value.to_text(), row.id);
            }
        }
    }
    Ok(texts
        .into_iter()
        .map(|text| (found.get(&text).copied(), text))
        .map(|(i, t)| (t, i))
        .collect())
}

/// The text of the cells that make a part's key; none when the key is not made of cells.
fn key_cells(part: &Part, row: &StringRecord) -> Option<String> {
    let mut text = String::new();
    for place in &part.match_places {
        match part.fields.iter().find(|(known, _)| known == place) {
            Some((_, Origin::Cell { column: Some(column), .. })) => {
                text.push_str(row.get(*column).unwrap_or_default());
                text.push_str(KEY_SEPARATOR);
            }
            _ => return None,
        }
    }
    (!part.match_places.is_empty()).then_some(text)
}

fn key_text(values: &[Value]) -> String {
    values.iter().map(Value::to_text).collect::<Vec<_>>().join(KEY_SEPARATOR)
}

fn r_field(part: &Part, refusal: &Refusal) -> Option<String> {
    refusal.field.as_ref().map(|field| format!("{}.{field}", part.record_type.name))
}

/// A refusal of a field, named with its type: a line may make several records.
fn about(part: &Part, place: usize, refusal: Refusal) -> Refusal {
    let field = &part.record_type.fields[place].name;
    Refusal { field: Some(format!("{}.{field}", part.record_type.name)), ..refusal }
}

fn named(part: &Part, refusal: Refusal, key: &str) -> Refusal {
    let key = key.replace(KEY_SEPARATOR, " ");
    refusal.with("type", &part.record_type.name).with("value", key)
}
