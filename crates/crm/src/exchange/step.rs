//! What some lines do together, in one transaction: gathered line by line, then written.

use std::collections::{BTreeMap, HashMap, HashSet};

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Row, Value};
use guanxi_store::{Hold, Tx};

use super::import::Import;
use super::look_up::{Known, Sought};
use super::plan::{Part, Plan};
use super::progress::{Notice, Progress, RefusedLine};
use super::row::FileRow;
use super::settled::CameTo;

/// What one transaction adds to the import; it is forgotten if the transaction fails.
pub(super) struct Step {
    pub(super) known: Vec<Known>,
    /// What was there before under a key, by part and key.
    pub(super) existing: Vec<HashMap<String, Sought>>,
    /// What was there before under a name, by part and name.
    pub(super) twins: Vec<HashMap<String, Sought>>,
    /// Records that this step makes or changes, as they will be.
    pub(super) pending: HashMap<RawId, Row>,
    pub(super) creates: Vec<Vec<Row>>,
    pub(super) updates: Vec<Update>,
    /// Records that were there and that this step changes.
    pub(super) changed: HashSet<RawId>,
    /// Records of which the importer may change nothing.
    pub(super) locked: HashSet<RawId>,
    /// Records whose links the second pass sets.
    pub(super) linking: HashMap<RawId, Row>,
    /// What the lines of the first pass came to, by line and part.
    pub(super) settled: Vec<Vec<CameTo>>,
    pub(super) progress: Progress,
    pub(super) refused: Vec<RefusedLine>,
}

/// Fields to be set of a record that is there.
pub(super) struct Update {
    pub(super) part: usize,
    /// The record as it was.
    pub(super) old: Row,
    pub(super) fields: Vec<(usize, Value)>,
}

/// What one line teaches about the record of a part: the cells and the values of its key.
pub(super) struct LineKey {
    pub(super) part: usize,
    pub(super) cells: Option<String>,
    pub(super) key: Option<String>,
    pub(super) id: Option<RawId>,
}

/// What a line does to one part when it neither makes nor changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idle {
    /// The record is there, as the line says.
    Unchanged,
    /// An earlier line named it.
    Repeated,
    /// A customer of the name is there.
    LeftOut,
    /// The line says nothing of it.
    Absent,
}

/// What one line adds to its step, if all of it can be read.
#[derive(Default)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) ids: Vec<Option<RawId>>,
    pub(super) came_to: Vec<CameTo>,
    pub(super) creates: Vec<(usize, Row)>,
    pub(super) updates: Vec<Update>,
    pub(super) idle: Vec<(usize, Idle)>,
    pub(super) keys: Vec<LineKey>,
    pub(super) notices: Vec<Notice>,
    pub(super) refusals: Vec<Refusal>,
}

pub(super) fn refused_line(plan: &Plan, row: &FileRow, refusals: Vec<Refusal>) -> RefusedLine {
    RefusedLine { number: row.place(), cells: plan.texts(row), refusals }
}

impl Step {
    /// Adds a line that is refused whole.
    pub(super) fn refuse(&mut self, parts: &[Part], refused: RefusedLine) {
        self.progress.refuse(&refused);
        self.refused.push(refused);
        self.settle(parts, Vec::new());
    }

    /// Notes what a line of the first pass came to; nothing of parts of which it says nothing.
    fn settle(&mut self, parts: &[Part], mut came_to: Vec<CameTo>) {
        if self.progress.pass == 1 {
            came_to.resize(parts.len(), CameTo::default());
            self.settled.push(came_to);
        }
    }

    /// Adds a line that was read, or its refusal.
    pub(super) fn take(&mut self, import: &Import<'_>, line: Line, row: &FileRow) {
        let parts = &import.plan.parts;
        if !line.refusals.is_empty() {
            return self.refuse(parts, refused_line(&import.plan, row, line.refusals));
        }
        self.settle(parts, line.came_to);
        let second_pass = self.progress.pass == 2;
        for (part, row) in line.creates {
            self.progress.count(&parts[part]).created += 1;
            self.pending.insert(row.id, row.clone());
            self.creates[part].push(row);
        }
        for update in line.updates {
            let (id, counts) = (update.old.id, self.progress.count(&parts[update.part]));
            if !second_pass {
                counts.updated += 1;
            }
            // A record that the first pass made and the second links was made, not changed; one
            // that was there is changed once.
            let is_first = id < import.job && !import.changed.contains(&id);
            if is_first && self.changed.insert(id) && second_pass && counts.as_they_were() > 0 {
                (counts.unchanged, counts.updated) = (counts.unchanged - 1, counts.updated + 1);
            }
            let pending = self.pending.entry(update.old.id).or_insert_with(|| update.old.clone());
            pending.archived_at = None;
            for (place, value) in &update.fields {
                pending.values[*place].clone_from(value);
            }
            self.updates.push(update);
        }
        for (part, idle) in line.idle {
            let counts = self.progress.count(&parts[part]);
            match idle {
                Idle::Absent => counts.absent += 1,
                Idle::Unchanged => counts.unchanged += 1,
                Idle::Repeated => {
                    (counts.unchanged, counts.repeated) =
                        (counts.unchanged + 1, counts.repeated + 1)
                }
                Idle::LeftOut => {
                    (counts.unchanged, counts.left_out) =
                        (counts.unchanged + 1, counts.left_out + 1)
                }
            }
        }
        line.notices.into_iter().for_each(|notice| self.progress.tell(notice));
        for LineKey { part, cells, key, id } in line.keys {
            if let (Some(key), Some(id)) = (key, id) {
                self.known[part].by_key.insert(key, id);
            }
            if let Some(cells) = cells {
                self.known[part].by_cells.insert(cells, id);
            }
        }
    }

    pub(super) async fn write(&mut self, tx: &mut Tx, parts: &[Part]) -> Result<()> {
        for (part, rows) in parts.iter().zip(self.creates.iter_mut()) {
            let rows = std::mem::take(rows);
            if !rows.is_empty() {
                tx.may_create(&part.record_type)?;
                tx.insert(&part.record_type, rows).await?;
            }
        }
        self.hold_updates(tx, parts).await?;
        let mut written: HashMap<RawId, i64> = HashMap::new();
        for update in std::mem::take(&mut self.updates) {
            let record_type = &parts[update.part].record_type;
            let id = update.old.id;
            // Two lines of one batch may change one record.
            let mut version = written.get(&id).copied().unwrap_or(update.old.version);
            if update.old.archived_at.is_some() && !written.contains_key(&id) {
                let back = tx.restore(&record_type.name, id, version).await;
                version = back.map_err(one_line)?.version;
            }
            let row = tx.update_fields(record_type, id, version, update.fields).await;
            written.insert(id, row.map_err(one_line)?.version);
        }
        Ok(())
    }
}

impl Step {
    /// Holds what is to be changed, in the order of ids: of two who change the same ones none waits for
    /// the other for ever. What others have changed since it was read must be read anew.
    async fn hold_updates(&self, tx: &mut Tx, parts: &[Part]) -> Result<()> {
        let mut read: BTreeMap<&str, BTreeMap<RawId, i64>> = BTreeMap::new();
        for Update { part, old, .. } in &self.updates {
            let of_type = read.entry(&parts[*part].record_type.name).or_default();
            of_type.entry(old.id).or_insert(old.version);
        }
        for (name, read) in read {
            if !tx.hold_as_read(name, &read, Hold::Change).await? {
                return Err(Refusal::new("try-again").into());
            }
        }
        Ok(())
    }
}

/// What one may not do to one record is no reason to stop: its line is refused.
fn one_line(error: Error) -> Error {
    match error {
        Error::Forbidden | Error::NotFound => Refusal::new("not-yours-to-change").into(),
        Error::Conflict { .. } => Refusal::new("try-again").into(),
        other => other,
    }
}
