//! Reading the lines of an import: which records they name, what they make of them, or why not.

use std::collections::{BTreeMap, HashMap};

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Filter, Op, Query, Row, Value};
use guanxi_store::Tx;
use serde_json::Value as Json;

use super::import::{Import, Line, LineKey, Step, Update};
use super::mapping::{Mode, Repeat};
use super::origin::Origin;
use super::plan::Part;
use super::row::FileRow;

/// Stands between the values of a key of several fields.
const KEY_SEPARATOR: &str = "\u{1f}";

impl Import<'_> {
    /// Fetches the records that these lines name and that nobody has looked up yet.
    pub(super) async fn look_up(
        &mut self,
        tx: &mut Tx,
        lines: &[FileRow],
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
    fn key(
        &self,
        part: &Part,
        row: &FileRow,
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
    pub(super) async fn read_line(&self, tx: &mut Tx, row: &FileRow, step: &Step) -> Result<Line> {
        let mut line = Line::default();
        if let Some(refusal) = self.plan.refusal(row) {
            line.refusals.push(refusal);
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
        row: &FileRow,
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
                    line.keys.push(LineKey { part: at, cells, key: None, id: None });
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
                let broken = part.asked.broken(&part.record_type, &values);
                if !broken.is_empty() {
                    let typed = |r| Refusal { field: r_field(part, &r), ..r };
                    line.refusals.extend(broken.into_iter().map(typed));
                    return Ok(None);
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
        line.keys.push(LineKey { part: at, cells, key, id: Some(id) });
        Ok(Some(id))
    }

    /// The values that a line gives to the fields of a part.
    fn values(&self, part: &Part, row: &FileRow, line: &mut Line) -> Vec<(usize, Value)> {
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
        row: &FileRow,
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
    pub(super) fn link_line(&self, row: &FileRow, step: &Step) -> Line {
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
fn key_cells(part: &Part, row: &FileRow) -> Option<String> {
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
