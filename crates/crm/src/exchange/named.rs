//! Which record of a part a line of an import names: one that is there, one that an earlier line or
//! part named, or none yet.

use guanxi_base::{RawId, Refusal};
use guanxi_record::Row;

use super::answers::Archived;
use super::import::Import;
use super::look_up::{Came, Key, Sought};
use super::mapping::{Mode, Repeat, WithoutKey};
use super::origin::Origin;
use super::plan::Part;
use super::read_lines::{about, is_blank};
use super::row::FileRow;
use super::settled::{CameTo, Links};
use super::step::{Idle, Line, Step};

/// What a line's key says about the record of a part.
pub(super) enum Named<'a> {
    /// Nothing more is to be done with this part but to link it.
    Settled(CameTo),
    /// There is none yet.
    New(Option<String>),
    /// It is there.
    There(Option<String>, &'a Row),
    /// Another part named it in an earlier line: what that said stands.
    Again(Option<String>, &'a Row, usize),
}

impl Import<'_> {
    /// Which record of a part the line names.
    pub(super) fn named<'s>(
        &self,
        row: &FileRow,
        at: usize,
        step: &'s Step,
        line: &mut Line,
    ) -> std::result::Result<Named<'s>, Refusal> {
        let part = &self.plan.parts[at];
        if part.match_places.is_empty() {
            return Ok(Named::New(None));
        }
        let key = match self.key(part, row, &line.ids)? {
            Key::Of(key, _) => key,
            Key::Empty
                if part.without_key == WithoutKey::Absent
                    || self.plan.parts.len() > 1 && is_blank(part, row) =>
            {
                line.idle.push((at, Idle::Absent));
                return Ok(Named::Settled(CameTo::default()));
            }
            Key::Empty => {
                return Err(about(part, part.match_places[0], Refusal::new("match-empty")));
            }
        };
        let written = self.written_key(part, row);
        let refuse =
            |code| Refusal::new(code).with("type", &part.record_type.name).with("value", &written);
        let known = step.known[at].by_key.get(&key).or_else(|| self.known[at].by_key.get(&key));
        match (known, part.on_repeat) {
            (Some(id), Repeat::First) => {
                line.idle.push((at, Idle::Repeated));
                return Ok(Named::Settled(CameTo { id: Some(*id), links: Links::No }));
            }
            (Some(_), Repeat::Refuse) => return Err(refuse("repeated-in-file")),
            (Some(id), Repeat::Last) => {
                if let Some(pending) = step.pending.get(id) {
                    return Ok(Named::There(Some(key), pending));
                }
            }
            (None, _) => {
                if let Some((other, id)) = self.known_elsewhere(step, line, at, &key) {
                    if part.on_repeat == Repeat::Refuse {
                        return Err(refuse("repeated-in-file"));
                    }
                    return Ok(self.again(step, line, at, key, (other, id)));
                }
            }
        }
        self.there(at, step, line, (key, known.copied(), written))
    }

    /// What is to be done with the record that was there before under a key, as its cells write it.
    fn there<'s>(
        &self,
        at: usize,
        step: &'s Step,
        line: &mut Line,
        (key, known, written): (String, Option<RawId>, String),
    ) -> std::result::Result<Named<'s>, Refusal> {
        let part = &self.plan.parts[at];
        let refuse =
            |code| Refusal::new(code).with("type", &part.record_type.name).with("value", &written);
        let there = match step.existing[at].get(&key) {
            None => None,
            Some(Sought::Several(count)) => {
                return Err(refuse("several-there").with("count", count));
            }
            Some(Sought::Away(_)) if part.archived == Archived::Refuse => {
                return Err(refuse("archived-there"));
            }
            Some(Sought::Away(row)) => Some((row, Some("restored"))),
            Some(Sought::One(row, Came::AsSurvivor)) => Some((row, Some("to-survivor"))),
            Some(Sought::One(row, Came::Directly)) => Some((row, None)),
        };
        match (there, part.mode) {
            (None, _) if known.is_some() => {
                // It was made by a run that only counts.
                line.idle.push((at, Idle::Repeated));
                Ok(Named::Settled(CameTo { id: known, links: Links::AsSaid }))
            }
            (Some(_), Mode::Create) if known.is_none() => Err(refuse("already-there")),
            (None, Mode::Update) => Err(refuse("not-there")),
            (None, _) => Ok(Named::New(Some(key))),
            (Some((row, told)), _) => {
                let row = step.pending.get(&row.id).unwrap_or(row);
                if let Some(code) = told {
                    line.notices.push(self.notice(line, at, code, written));
                }
                Ok(Named::There(Some(key), row))
            }
        }
    }

    /// The record of a key that another part of the same type has named, and which part.
    fn known_elsewhere(
        &self,
        step: &Step,
        line: &Line,
        at: usize,
        key: &str,
    ) -> Option<(usize, RawId)> {
        let in_line = |other: usize| {
            let mut keys = line.keys.iter().filter(|known| known.part == other);
            keys.find(|known| known.key.as_deref() == Some(key)).and_then(|known| known.id)
        };
        self.plan.others_alike(at).find_map(|other| {
            let before = step.known[other].by_key.get(key);
            let before = before.or_else(|| self.known[other].by_key.get(key)).copied();
            Some((other, in_line(other).or(before)?))
        })
    }

    /// What is to be done with a record that another part has named.
    fn again<'s>(
        &self,
        step: &'s Step,
        line: &mut Line,
        at: usize,
        key: String,
        (other, id): (usize, RawId),
    ) -> Named<'s> {
        let there = match step.existing[at].get(&key) {
            Some(Sought::One(row, _)) if row.id == id => Some(row),
            _ => None,
        };
        match step.pending.get(&id).or(there) {
            Some(row) if self.plan.parts[at].on_repeat == Repeat::Last => {
                Named::There(Some(key), row)
            }
            Some(row) => Named::Again(Some(key), row, other),
            None => {
                line.idle.push((at, Idle::Repeated));
                let links = match self.plan.parts[at].on_repeat {
                    Repeat::Last => Links::AsSaid,
                    _ => Links::unsaid_by(other),
                };
                Named::Settled(CameTo { id: Some(id), links })
            }
        }
    }

    /// The key of a line as its cells have it, for people.
    fn written_key(&self, part: &Part, row: &FileRow) -> String {
        let cell = |place: &usize| match part.fields.iter().find(|(known, _)| known == place) {
            Some((_, Origin::Find { column, .. })) => {
                row.get(*column).unwrap_or_default().to_owned()
            }
            Some((_, Origin::SameLine { .. })) | None => String::new(),
            Some((_, origin)) => origin
                .value(part, *place, row, &self.plan.formats)
                .map(|value| value.to_text())
                .unwrap_or_default(),
        };
        let cells: Vec<String> = part.match_places.iter().map(cell).collect();
        cells.join(" ").trim().to_owned()
    }
}
