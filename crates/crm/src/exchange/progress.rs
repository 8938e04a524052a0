//! How far an import is and what came of its lines: every line that was read is in exactly one count
//! of each part, so that none is lost without a word.

use std::collections::BTreeMap;

use guanxi_base::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::answers::Identical;
use super::decisions::{Certainty, Decision, Example, Matter};
use super::plan::Part;

/// So many notices are kept; the others are counted.
const NOTICES_MAX: usize = 100;
/// So many lines that are in the file twice are shown beside what was decided about them.
const IDENTICAL_TOLD: usize = 3;

/// What became of the lines, by the type of record: `created`, `updated`, `unchanged` and `absent`
/// are together the lines that were read and not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Made.
    pub created: u64,
    /// Changed.
    pub updated: u64,
    /// There already, and as the file says; with `repeated` and `left_out`.
    pub unchanged: u64,
    /// Lines that name a record again which an earlier line named: that one stands.
    #[serde(skip_serializing_if = "is_zero")]
    pub repeated: u64,
    /// Lines that make nothing, because a customer of the name is there.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Lines that say nothing of such a record, as a sale without a customer.
    #[serde(skip_serializing_if = "is_zero")]
    pub absent: u64,
    /// Of all of these: lines whose link leads nowhere. They are in the file of refused lines too.
    #[serde(skip_serializing_if = "is_zero")]
    pub without_link: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// Of `unchanged`: those that the base had, as the file says.
    #[must_use]
    pub fn as_they_were(&self) -> u64 {
        self.unchanged.saturating_sub(self.repeated + self.left_out)
    }
}

/// Something that was done otherwise than the line says, and is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The line, as a spreadsheet numbers it.
    pub line: u64,
    /// What was done: `to-survivor`, `restored`, `placeholder`, `identical` or
    /// `identical-made`.
    pub code: String,
    /// The type of the record.
    pub record_type: String,
    /// The key that the line has, or the text that counts as empty.
    pub value: String,
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
    /// The refused lines by the code of their first reason.
    #[serde(default)]
    pub reasons: BTreeMap<String, u64>,
    /// Lines whose records were made, but without a link that leads nowhere.
    #[serde(default)]
    pub without_link: u64,
    /// By type.
    pub counts: BTreeMap<String, Counts>,
    /// How often something was done otherwise than a line says, by code.
    #[serde(default)]
    pub told: BTreeMap<String, u64>,
    /// The first of these.
    #[serde(default)]
    pub notices: Vec<Notice>,
    /// Whether it came to its end.
    pub is_done: bool,
    /// What was decided about the file, where it could be read in several ways.
    #[serde(default)]
    pub decisions: Vec<Decision>,
}

impl Progress {
    pub(super) fn count(&mut self, part: &Part) -> &mut Counts {
        self.counts.entry(part.record_type.name.to_string()).or_default()
    }

    pub(super) fn tell(&mut self, notice: Notice) {
        *self.told.entry(notice.code.clone()).or_default() += 1;
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(notice);
        }
    }

    pub(super) fn refuse(&mut self, line: &RefusedLine) {
        match self.pass {
            1 => {
                self.refused += 1;
                let code = line.refusals.first().map_or("", |refusal| refusal.code);
                *self.reasons.entry(code.to_owned()).or_default() += 1;
            }
            _ => {
                self.without_link += 1;
                let mut types: Vec<&str> = Vec::new();
                for refusal in &line.refusals {
                    let field = refusal.field.as_deref().and_then(|path| path.split_once('.'));
                    types.extend(field.map(|(name, _)| name).filter(|name| !types.contains(name)));
                }
                if types.is_empty() {
                    let first = self.counts.values_mut().next();
                    first.into_iter().for_each(|counts| counts.without_link += 1);
                }
                for name in types {
                    self.counts.entry(name.to_owned()).or_default().without_link += 1;
                }
            }
        }
    }

    /// Whether every line of the first pass is in one count of each part.
    #[must_use]
    pub(super) fn adds_up(&self, parts: &[Part]) -> bool {
        self.pass != 1
            || parts.iter().all(|part| {
                let alike = |other: &&Part| other.record_type.name == part.record_type.name;
                let times = parts.iter().filter(alike).count() as u64;
                let name: &str = &part.record_type.name;
                let one = self.counts.get(name).copied().unwrap_or_default();
                let counted = one.created + one.updated + one.unchanged + one.absent;
                counted == times * (self.line - self.refused)
            })
    }

    /// What was decided about lines that are in the file twice; none where no line is.
    #[must_use]
    pub fn identical(&self) -> Option<Decision> {
        let chosen = Identical::ALL.into_iter().find(|one| self.told.contains_key(one.notice()))?;
        let certainty = match chosen {
            Identical::LeaveOut => Certainty::Assumed,
            Identical::Make => Certainty::Told,
        };
        let others = Identical::ALL.into_iter().filter(|one| *one != chosen);
        let lines = self.notices.iter().filter(|notice| notice.code == chosen.notice());
        let example = |notice: &Notice| Example {
            line: notice.line,
            text: notice.value.clone(),
            readings: Vec::new(),
        };
        let decision = Decision::new(Matter::Identical, chosen.code(), certainty)
            .with_alternatives(others.map(|one| one.code().to_owned()).collect())
            .with_examples(lines.take(IDENTICAL_TOLD).map(example).collect());
        Some(decision)
    }

    /// Whether the file has something to be written.
    #[must_use]
    pub fn writes_anything(&self) -> bool {
        self.counts.values().any(|counts| counts.created + counts.updated > 0)
    }
}

/// A line that was refused, with the reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedLine {
    /// As a spreadsheet numbers its rows: the header is 1.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// Why.
    pub refusals: Vec<Refusal>,
}

impl RefusedLine {
    /// As the queue keeps it: no database keeps a NUL, which stands as what cannot be read.
    pub(super) fn to_json(&self) -> Json {
        let kept = |text: &String| text.replace('\0', "\u{fffd}");
        let refusals = self.refusals.iter().map(|refusal| {
            let args = refusal.args.iter().map(|(name, text)| (*name, kept(text)));
            let args: BTreeMap<_, _> = args.collect();
            json!({ "code": refusal.code, "field": refusal.field, "args": args })
        });
        let cells: Vec<String> = self.cells.iter().map(kept).collect();
        json!({ "cells": cells, "refusals": refusals.collect::<Vec<_>>() })
    }
}
