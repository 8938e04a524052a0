//! Reading the lines of an import: what they make of the records that they name, or why not.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Address, Kind, Row, Value};
use guanxi_store::{Tx, key_of};

use super::answers::{Archived, Identical, Twins};
use super::import::{Import, Run};
use super::look_up::{Came, Sought};
use super::mapping::Repeat;
use super::named::Named;
use super::origin::Origin;
use super::plan::Part;
use super::progress::Notice;
use super::row::FileRow;
use super::settled::{CameTo, Links};
use super::step::{Idle, Line, LineKey, Step, Update};

/// Stands between the cells of a key of several fields.
const CELL_SEPARATOR: &str = "\u{1f}";

impl Import<'_> {
    /// Reads one line of the first pass: what it makes and changes, or why not.
    pub(super) async fn read_line(&self, tx: &mut Tx, row: &FileRow, step: &Step) -> Result<Line> {
        let mut line = Line { number: row.place(), ..Line::default() };
        if let Some(refusal) = self.plan.refusal(row) {
            line.refusals.push(refusal);
            return Ok(line);
        }
        let leaves_out = self.plan.leaves_out_identical();
        if let Some(first) = row.same_as().filter(|_| !leaves_out) {
            line.notices.push(self.notice(&line, 0, Identical::Make.notice(), first.to_string()));
        } else if let Some(first) = row.same_as() {
            let all = 0..self.plan.parts.len();
            line.idle.extend(all.map(|at| (at, Idle::Repeated)));
            line.notices.push(self.notice(
                &line,
                0,
                Identical::LeaveOut.notice(),
                first.to_string(),
            ));
            return Ok(line);
        }
        for (at, part) in self.plan.parts.iter().enumerate() {
            let cells = key_cells(part, row);
            let seen = cells.as_ref().and_then(|cells| {
                let known = step.known[at].by_cells.get(cells);
                known.or_else(|| self.known[at].by_cells.get(cells))
            });
            // What a line without a key says may be wrong although another said nothing.
            let seen = seen.filter(|_| part.on_repeat == Repeat::First);
            let came_to = match seen.copied().flatten() {
                Some(id) => {
                    line.idle.push((at, Idle::Repeated));
                    CameTo { id: Some(id), links: Links::No }
                }
                None => self.read_part(tx, row, at, cells, step, &mut line).await?,
            };
            tx.know_links(came_to.id);
            line.ids.push(came_to.id);
            line.came_to.push(came_to);
        }
        let says_nothing = line.idle.iter().all(|(_, idle)| *idle == Idle::Absent)
            && line.creates.is_empty()
            && line.updates.is_empty();
        if says_nothing && line.refusals.is_empty() {
            let part = &self.plan.parts[0];
            let place = part.match_places.first().copied().unwrap_or(0);
            line.refusals.push(about(part, place, Refusal::new("match-empty")));
        }
        Ok(line)
    }

    async fn read_part(
        &self,
        tx: &mut Tx,
        row: &FileRow,
        at: usize,
        cells: Option<String>,
        step: &Step,
        line: &mut Line,
    ) -> Result<CameTo> {
        let part = &self.plan.parts[at];
        let named = match self.named(row, at, step, line) {
            Ok(named) => named,
            Err(refusal) => {
                line.refusals.push(refusal);
                return Ok(CameTo::default());
            }
        };
        let (key, mut old, said_by) = match named {
            Named::Settled(came_to) => {
                line.keys.push(LineKey { part: at, cells, key: None, id: came_to.id });
                return Ok(came_to);
            }
            Named::New(key) => (key, None, None),
            Named::There(key, old) => (key, Some(old), None),
            Named::Again(key, old, other) => (key, Some(old), Some(other)),
        };
        let before = line.refusals.len();
        let mut fields = self.values(part, row, line);
        // A record that an earlier part should have made is missing: that is no news.
        if line.refusals.len() > before || before > 0 {
            return Ok(CameTo::default());
        }
        if old.is_none() {
            match twin(part, &fields, step, at) {
                Ok(None) => {}
                Ok(Some((twin, _))) if part.twins == Twins::LeaveOut => {
                    line.idle.push((at, Idle::LeftOut));
                    line.keys.push(LineKey { part: at, cells, key, id: Some(twin.id) });
                    return Ok(CameTo { id: Some(twin.id), links: Links::No });
                }
                Ok(Some((twin, came))) => {
                    old = Some(step.pending.get(&twin.id).unwrap_or(twin));
                    // The name by which it was found stays as it is, as a key does.
                    let title = part.record_type.title_position();
                    let name = fields.extract_if(.., |(place, _)| *place == title).next();
                    if let (Came::AsSurvivor, Some((_, name))) = (came, name) {
                        line.notices.push(self.notice(line, at, "to-survivor", name.to_text()));
                    }
                }
                Err(refusal) => {
                    line.refusals.push(refusal);
                    return Ok(CameTo::default());
                }
            }
        }
        let id = match old {
            Some(old) => {
                let said = said_by.map(|other| &self.plan.parts[other]);
                let unchanged = [Idle::Unchanged, Idle::Repeated][usize::from(said.is_some())];
                let changed = changes(part, old, not_said(said, old, fields));
                if changed.is_empty() && old.archived_at.is_none() {
                    line.idle.push((at, unchanged));
                } else {
                    line.refusals.extend(not_yours(tx, part, old, &changed, step).await?);
                    line.updates.push(Update { part: at, old: old.clone(), fields: changed });
                }
                old.id
            }
            None => match self.make(tx, at, part, fields, line).await? {
                Some(id) => id,
                None => return Ok(CameTo::default()),
            },
        };
        line.keys.push(LineKey { part: at, cells, key, id: Some(id) });
        Ok(CameTo { id: Some(id), links: said_by.map_or(Links::AsSaid, Links::unsaid_by) })
    }

    /// Something that is done otherwise than a line says, as it is told.
    pub(super) fn notice(&self, line: &Line, at: usize, code: &str, value: String) -> Notice {
        let record_type = self.plan.parts[at].record_type.name.to_string();
        Notice { line: line.number, code: code.to_owned(), record_type, value }
    }

    async fn make(
        &self,
        tx: &mut Tx,
        at: usize,
        part: &Part,
        fields: Vec<(usize, Value)>,
        line: &mut Line,
    ) -> Result<Option<RawId>> {
        let mut values = vec![Value::Null; part.record_type.fields.len()];
        for (place, value) in fields {
            values[place] = value;
        }
        let typed = |refusal: Refusal| Refusal { field: typed_field(part, &refusal), ..refusal };
        let broken = part.asked.broken(&part.record_type, &values);
        if !broken.is_empty() {
            line.refusals.extend(broken.into_iter().map(typed));
            return Ok(None);
        }
        match tx.prepare(&part.record_type, values).await {
            Ok(row) => {
                let id = row.id;
                line.creates.push((at, row));
                Ok(Some(id))
            }
            Err(Error::Refused(refusals)) => {
                line.refusals.extend(refusals.into_iter().map(typed));
                Ok(None)
            }
            Err(other) => Err(other),
        }
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
                Origin::Find { column, to, by, .. } => {
                    self.found_link(row, *column, to, by).map(|(value, came)| {
                        if came == Came::AsSurvivor {
                            line.notices.push(Notice {
                                line: line.number,
                                code: "to-survivor".to_owned(),
                                record_type: to.clone(),
                                value: row.get(*column).unwrap_or_default().trim().to_owned(),
                            });
                        }
                        value
                    })
                }
                cell => {
                    if let Some(text) = cell.placeholder(part, *place, row) {
                        line.notices.push(Notice {
                            line: line.number,
                            code: "placeholder".to_owned(),
                            record_type: part.record_type.name.to_string(),
                            value: text.to_owned(),
                        });
                    }
                    cell.value(part, *place, row, &self.plan.formats)
                }
            };
            match value {
                Ok(value) => values.push((*place, value)),
                Err(refusal) => line.refusals.push(about(part, *place, refusal)),
            }
        }
        for (place, name, origin) in &part.address_parts {
            let cell = match origin {
                Origin::Cell { column: Some(column), .. } => row.get(*column).unwrap_or_default(),
                _ => "",
            };
            match Value::from_text(&Kind::Text, cell.trim()) {
                Ok(text) => put_address_part(&mut values, *place, name, &text.to_text()),
                Err(refusal) => line.refusals.push(about(part, *place, refusal)),
            }
        }
        values
    }

    /// Reads one line of the second pass: what it links, by the fields that name records of the
    /// file itself, the record to which it came in the first pass. A line that was refused there, or
    /// whose record an earlier line had named already, came to nothing that it may link.
    pub(super) fn link_line(&self, row: &FileRow, at_line: u64, step: &Step) -> Line {
        let mut line = Line { number: row.place(), ..Line::default() };
        for (at, part) in self.plan.parts.iter().enumerate() {
            let CameTo { id: Some(id), links } = self.settled.of(at, at_line) else { continue };
            let said = match links {
                Links::No => continue,
                Links::AsSaid => None,
                Links::Unsaid(other) => self.plan.parts.get(usize::from(other)),
            };
            let old = step.pending.get(&id).or_else(|| step.linking.get(&id));
            let (mut fields, mut to_come) = (Vec::new(), Vec::new());
            for (place, origin) in &part.fields {
                let Origin::Find { column, to, by, later: true } = origin else { continue };
                match self.found_link(row, *column, to, by) {
                    Ok((Value::Null, _)) => {}
                    Ok((link, _)) => fields.push((*place, link)),
                    // A run that only counts has not made what is named.
                    Err(_) if self.would_be_made(row, *column, to, by) => {
                        to_come.push((*place, Value::Null));
                    }
                    Err(refusal) => line.refusals.push(about(part, *place, refusal)),
                }
            }
            match old {
                Some(old) => {
                    let mut fields = changes(part, old, not_said(said, old, fields));
                    fields.extend(not_said(said, old, to_come));
                    if !fields.is_empty() {
                        line.updates.push(Update { part: at, old: old.clone(), fields });
                    }
                }
                // A run that only counts has not made the record either.
                None if matches!(self.run, Run::Dry) => {}
                None => line.refusals.extend(
                    fields
                        .first()
                        .map(|(place, _)| about(part, *place, Refusal::new("not-yours-to-change"))),
                ),
            }
        }
        line
    }
}

/// Why the importer may not change these fields of a record, if so: asked before anything is written,
/// so that such a line costs no transaction of its own.
async fn not_yours(
    tx: &mut Tx,
    part: &Part,
    old: &Row,
    fields: &[(usize, Value)],
    step: &Step,
) -> Result<Vec<Refusal>> {
    if step.locked.contains(&old.id) {
        return Ok(vec![Refusal::new("not-yours-to-change")]);
    }
    // It was asked of an earlier line of these; what they made is not there yet.
    if step.pending.contains_key(&old.id) {
        return Ok(Vec::new());
    }
    let mut values = old.values.clone();
    for (place, value) in fields {
        values[*place].clone_from(value);
    }
    match tx.may_write(&part.record_type, Some(old), &values).await {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Refused(refusals)) => {
            let typed =
                |refusal: Refusal| Refusal { field: typed_field(part, &refusal), ..refusal };
            Ok(refusals.into_iter().map(typed).collect())
        }
        Err(Error::Forbidden | Error::NotFound) => Ok(vec![Refusal::new("not-yours-to-change")]),
        Err(other) => Err(other),
    }
}

/// What a line says of a record of which another part said something before: that stands.
fn not_said(
    said: Option<&Part>,
    old: &Row,
    mut fields: Vec<(usize, Value)>,
) -> Vec<(usize, Value)> {
    let Some(said) = said else { return fields };
    let is_said = |place: usize| {
        said.fields.iter().any(|(known, _)| *known == place)
            || said.address_parts.iter().any(|(known, ..)| *known == place)
    };
    fields
        .retain(|(place, _)| !is_said(*place) || old.values.get(*place).is_none_or(Value::is_null));
    fields
}

/// What a line changes of a record that is there. Its key stays as it is: it is the same to people.
fn changes(part: &Part, old: &Row, fields: Vec<(usize, Value)>) -> Vec<(usize, Value)> {
    let mut changed = Vec::new();
    for (place, value) in fields {
        let held = old.values.get(place).unwrap_or(&Value::Null);
        let is_key = part.match_places.contains(&place) && !held.is_null();
        let value = match (held, value) {
            (Value::Address(held), Value::Address(new)) => whole_address(held, &new),
            (_, value) => value,
        };
        if !is_key && !value.is_null() && *held != value {
            changed.push((place, value));
        }
    }
    changed
}

/// The customer that has the name which a new one would have, and what is to be done with it.
fn twin<'s>(
    part: &Part,
    fields: &[(usize, Value)],
    step: &'s Step,
    at: usize,
) -> std::result::Result<Option<(&'s Row, Came)>, Refusal> {
    let title = part.record_type.title_position();
    let Some((_, name)) = fields.iter().find(|(place, _)| *place == title) else {
        return Ok(None);
    };
    let key = key_of(&part.record_type, &[title], std::slice::from_ref(name));
    let refuse = |code, count| {
        let refusal = Refusal::new(code).with("type", &part.record_type.name);
        about(part, title, refusal.with("value", name.to_text()).with("count", count))
    };
    match (step.twins[at].get(&key), part.twins) {
        (None, _) | (_, Twins::Make) => Ok(None),
        (Some(Sought::Several(count)), Twins::Ask) => Err(refuse("twin-there", *count)),
        (Some(Sought::One(..) | Sought::Away(_)), Twins::Ask) => Err(refuse("twin-there", 1)),
        (Some(Sought::Away(_)), Twins::Update) if part.archived == Archived::Refuse => {
            Err(refuse("archived-there", 1))
        }
        (Some(Sought::Away(row)), _) => Ok(Some((row, Came::Directly))),
        (Some(Sought::Several(count)), _) => Err(refuse("several-there", *count)),
        (Some(Sought::One(row, came)), _) => Ok(Some((row, *came))),
    }
}

fn put_address_part(values: &mut Vec<(usize, Value)>, place: usize, name: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let at = values.iter().position(|(known, _)| *known == place).unwrap_or_else(|| {
        values.push((place, Value::Null));
        values.len() - 1
    });
    let mut address = match &values[at].1 {
        Value::Address(address) => (**address).clone(),
        _ => Address::default(),
    };
    if let Some(part) = address.part_mut(name) {
        text.clone_into(part);
    }
    values[at].1 = Value::Address(Box::new(address));
}

/// An empty part of an address says nothing, as an empty cell does.
fn whole_address(held: &Address, new: &Address) -> Value {
    let mut whole = held.clone();
    for name in Address::PARTS {
        if let (Some(text), Some(place)) = (new.part(name), whole.part_mut(name))
            && !text.is_empty()
        {
            text.clone_into(place);
        }
    }
    Value::Address(Box::new(whole))
}

impl Part {
    /// The columns that fill it.
    fn columns(&self) -> impl Iterator<Item = usize> {
        let of_fields = self.fields.iter().map(|(_, origin)| origin);
        let origins = of_fields.chain(self.address_parts.iter().map(|(_, _, origin)| origin));
        origins.filter_map(|origin| match origin {
            Origin::Cell { column, .. } => *column,
            Origin::Find { column, .. } => Some(*column),
            _ => None,
        })
    }
}

/// Whether a line has nothing in any column that fills a part.
pub(super) fn is_blank(part: &Part, row: &FileRow) -> bool {
    part.columns().all(|column| row.get(column).unwrap_or_default().trim().is_empty())
}

/// The text of the cells that make a part's key; none when the key is not made of cells.
pub(super) fn key_cells(part: &Part, row: &FileRow) -> Option<String> {
    let mut text = String::new();
    for place in &part.match_places {
        match part.fields.iter().find(|(known, _)| known == place) {
            Some((_, Origin::Cell { column: Some(column), .. })) => {
                text.push_str(row.get(*column).unwrap_or_default());
                text.push_str(CELL_SEPARATOR);
            }
            _ => return None,
        }
    }
    (!part.match_places.is_empty()).then_some(text)
}

fn typed_field(part: &Part, refusal: &Refusal) -> Option<String> {
    refusal.field.as_ref().map(|field| format!("{}.{field}", part.record_type.name))
}

/// A refusal of a field, named with its type: a line may make several records.
pub(super) fn about(part: &Part, place: usize, refusal: Refusal) -> Refusal {
    let field = &part.record_type.fields[place].name;
    let path = format!("{}.{field}", part.record_type.name);
    let refusal = match refusal.code {
        // So that its options are told as people call them.
        "not-an-option" => refusal.with("field_of", &path),
        _ => refusal,
    };
    Refusal { field: Some(path), ..refusal }
}
