//! The import itself: batch by batch, each in one transaction with its progress, so that a
//! killed import goes on where its last acknowledged batch ended, and can be undone whole.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use guanxi_base::{Error, RawId, Refusal, Result, TimeZone};
use guanxi_record::{Record, Row, Stored, Value};
use guanxi_store::{Actor, JobState, Store, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::decisions::Decision;
use super::mapping::Mapping;
use super::origin::Origin;
use super::plan::{Part, Plan};
use super::row::FileRow;
use super::source::Source;
use crate::people::CollectionPoint;

/// Lines of one transaction.
const BATCH_LINES: usize = 4_000;
/// An import with more refused lines than this stops: the mapping is wrong, not the lines.
const REFUSED_MAX: u64 = 100_000;

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
    /// What was decided about the file, where it could be read in several ways.
    #[serde(default)]
    pub decisions: Vec<Decision>,
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
    /// Where it stands in the file: the line, or the row of a worksheet, header and all.
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
pub(super) struct Known {
    /// By the text of the cells of the key.
    pub(super) by_cells: HashMap<String, Option<RawId>>,
    /// By the values of the key.
    pub(super) by_key: HashMap<String, RawId>,
}

impl Known {
    fn extend(&mut self, more: Self) {
        self.by_cells.extend(more.by_cells);
        self.by_key.extend(more.by_key);
    }
}

/// One import on its way.
pub(super) struct Import<'a> {
    pub(super) store: &'a Store,
    pub(super) actor: Actor,
    pub(super) job: RawId,
    pub(super) plan: Plan,
    pub(super) run: Run,
    pub(super) known: Vec<Known>,
    pub(super) found: Found,
    pub(super) progress: Progress,
    pub(super) refused: Vec<RefusedLine>,
}

/// Records that were looked up by a field: `(type, field, text)`.
pub(super) type Found = HashMap<(String, String, String), Option<RawId>>;

/// What one transaction adds to the import; it is forgotten if the transaction fails.
pub(super) struct Step {
    pub(super) known: Vec<Known>,
    /// Rows that were there before, by part and key.
    pub(super) existing: Vec<HashMap<String, Row>>,
    pub(super) creates: Vec<Vec<Row>>,
    pub(super) updates: Vec<Update>,
    pub(super) progress: Progress,
    pub(super) refused: Vec<RefusedLine>,
}

/// Fields to be set of a record that is there.
pub(super) struct Update {
    pub(super) part: usize,
    pub(super) id: RawId,
    pub(super) version: i64,
    pub(super) fields: Vec<(usize, Value)>,
}

/// What one line teaches about the record of a part: the cells and the values of its key.
pub(super) struct LineKey {
    pub(super) part: usize,
    pub(super) cells: Option<String>,
    pub(super) key: Option<String>,
    pub(super) id: Option<RawId>,
}

/// What one line adds to its step, if all of it can be read.
#[derive(Default)]
pub(super) struct Line {
    pub(super) ids: Vec<Option<RawId>>,
    pub(super) creates: Vec<(usize, Row)>,
    pub(super) updates: Vec<Update>,
    pub(super) unchanged: Vec<usize>,
    pub(super) keys: Vec<LineKey>,
    pub(super) refusals: Vec<Refusal>,
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
    let hints = mapping.hints();
    let open = || Source::open(path, &hints);
    let point = collection_point(store, actor, mapping).await?;
    let today = store.clock().now().to_zoned(TimeZone::UTC).date();
    let plan = Plan::new(&store.catalog(), mapping, open()?, point.as_ref(), today)?;
    plan.must_be_settled()?;
    let progress = match store.job(job).await {
        Ok(known) if run == Run::ForReal && !known.progress.is_null() => {
            serde_json::from_value(known.progress).map_err(Error::internal)?
        }
        _ => Progress {
            pass: 1,
            lines: plan.lines,
            decisions: plan.decisions.clone(),
            ..Progress::default()
        },
    };
    let known = plan.parts.iter().map(|_| Known::default()).collect();
    let actor = actor.clone().for_job(job);
    let (found, refused) = (Found::new(), Vec::new());
    let mut import = Import { store, actor, job, plan, run, known, found, progress, refused };
    while import.progress.pass <= 2 && !import.progress.is_done {
        let mut source = open()?;
        let mut row = FileRow::default();
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
) -> Result<Option<Stored<CollectionPoint>>> {
    let Some(name) = &mapping.source else { return Ok(None) };
    let mut view = store.read(actor).await?;
    let refusal = |code| Refusal::field(code, "source").with("name", name).with("value", name);
    let Some(row) = view.find_by(CollectionPoint::NAME, "name", name.as_str()).await? else {
        return Err(refusal("link-to-nothing").with("type", CollectionPoint::NAME).into());
    };
    let point: Stored<CollectionPoint> = row.try_into()?;
    if !point.is_active || point.archived_at.is_some() {
        return Err(refusal("collection-point-closed").into());
    }
    Ok(Some(point))
}

impl Import<'_> {
    /// Does some lines in one transaction; in halves if the database refuses them together.
    async fn batch(&mut self, lines: Vec<FileRow>, at_end: bool) -> Result<JobState> {
        match self.attempt(&lines, at_end, None).await {
            Err(Error::Refused(refusals)) if lines.len() == 1 => {
                // It is this one line that the database refuses.
                let (cells, number) = (self.plan.texts(&lines[0]), lines[0].place());
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
        lines: &[FileRow],
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
            for row in lines {
                let line = match self.progress.pass {
                    1 => self.read_line(&mut tx, row, &step).await?,
                    _ => self.link_line(row, &step),
                };
                step.take(&self.plan, line, row);
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
}

impl Step {
    /// Adds a line that was read, or its refusal.
    fn take(&mut self, plan: &Plan, line: Line, row: &FileRow) {
        let parts = &plan.parts;
        if !line.refusals.is_empty() {
            let (cells, number) = (plan.texts(row), row.place());
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
        for LineKey { part, cells, key, id } in line.keys {
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
