//! The import itself: batch by batch, each in one transaction with its progress, so that a
//! killed import goes on where its last acknowledged batch ended, and can be undone whole.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guanxi_base::{Error, RawId, Refusal, Result, TimeZone};
use guanxi_record::{Record, Row, Stored, Value};
use guanxi_store::{Actor, JobState, Store, Tx, key_of};

use super::line_reader::LineReader;
use super::look_up::{Known, Linked, Sought};
use super::mapping::Mapping;
use super::origin::Origin;
use super::plan::{Part, Plan};
use super::progress::{Notice, Progress, RefusedLine};
use super::row::FileRow;
use super::source::Source;
use crate::people::CollectionPoint;

/// Lines of one transaction, and the bytes of their cells: what is made of them takes several times
/// as much.
const BATCH_LINES: usize = 4_000;
const BATCH_BYTES: usize = 8 << 20;
/// So often a transaction is tried that somebody else is in the way of.
const TRIES_MAX: usize = 5;
/// An import with more refused lines than this stops: the mapping is wrong, not the lines.
const REFUSED_MAX: u64 = 100_000;

/// Whether an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It writes.
    ForReal,
    /// It only counts what it would write.
    Dry,
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
    /// Keys that records of the file have, which a link may name: `(type, field, key)`. Of a run
    /// that only counts; else they are in the database.
    pub(super) made: HashSet<(String, String, String)>,
    /// Records that were there and that the first pass changed.
    pub(super) changed: HashSet<RawId>,
    pub(super) progress: Progress,
    pub(super) refused: Vec<RefusedLine>,
}

/// Records that were looked up by a field: `(type, field, text)`.
pub(super) type Found = HashMap<(String, String, String), Linked>;

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
    pub(super) creates: Vec<(usize, Row)>,
    pub(super) updates: Vec<Update>,
    pub(super) idle: Vec<(usize, Idle)>,
    pub(super) keys: Vec<LineKey>,
    pub(super) notices: Vec<Notice>,
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
    let mut file = Arc::new((path.to_owned(), mapping.clone()));
    let point = collection_point(store, actor, mapping).await?;
    let plan = plan(store, &file, point).await?;
    plan.must_be_settled()?;
    if let Some(encoding) = plan.encoding {
        // What all of the file said need not be found out again by each pass.
        Arc::make_mut(&mut file).1.file.encoding = Some(encoding.name().to_owned());
    }
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
    let mut import = Import {
        store,
        actor: actor.clone().for_job(job),
        job,
        plan,
        run,
        known,
        found: Found::new(),
        made: HashSet::new(),
        changed: HashSet::new(),
        progress,
        refused: Vec::new(),
    };
    while import.progress.pass <= 2 && !import.progress.is_done {
        let mut reader = import.reader(&file).await?;
        loop {
            let (rest, lines, at_end) = aside(move || {
                let (lines, at_end) = reader.batch(BATCH_LINES, BATCH_BYTES)?;
                Ok((reader, lines, at_end))
            })
            .await?;
            reader = rest;
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

/// Reading a file is work of its own: it must not hold up those who wait for answers.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

fn open((path, mapping): &(PathBuf, Mapping)) -> Result<Source> {
    Source::open(path, &mapping.hints())
}

async fn plan(
    store: &Store,
    file: &Arc<(PathBuf, Mapping)>,
    point: Option<Stored<CollectionPoint>>,
) -> Result<Plan> {
    let (catalog, file) = (store.catalog(), file.clone());
    let today = store.clock().now().to_zoned(TimeZone::UTC).date();
    aside(move || Plan::new(&catalog, &file.1, open(&file)?, point.as_ref(), today)).await
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
    /// Opens the file behind the lines that this pass has done.
    async fn reader(&self, file: &Arc<(PathBuf, Mapping)>) -> Result<LineReader> {
        let (file, done) = (file.clone(), self.progress.line);
        let tells_identical = self.plan.leaves_out_identical() && self.progress.pass == 1;
        aside(move || {
            let source = open(&file)?;
            let mut reader = match tells_identical {
                true => LineReader::telling_identical(source),
                false => LineReader::new(source),
            };
            reader.skip(done)?;
            Ok(reader)
        })
        .await
    }

    /// Does some lines in one transaction; in halves if the database refuses them together.
    async fn batch(&mut self, lines: Vec<FileRow>, at_end: bool) -> Result<JobState> {
        let mut outcome = self.attempt(&lines, at_end, None).await;
        for _ in 1..TRIES_MAX {
            // Somebody else was in the way; no line is to blame.
            match outcome {
                Err(error) if is_met(&error) => {
                    outcome = self.attempt(&lines, at_end, None).await;
                }
                _ => break,
            }
        }
        match outcome {
            Err(error) if is_met(&error) => Err(error),
            Err(Error::Refused(refusals)) if lines.len() == 1 => {
                // It is this one line that the database refuses.
                let refused = refused_line(&self.plan, &lines[0], refusals);
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
        let mut step = self.step();
        self.take_turns(&mut tx).await?;
        if let Some(refused) = known_to_fail {
            step.progress.refuse(&refused);
            step.refused.push(refused);
        } else {
            self.look_up(&mut tx, lines, &mut step).await?;
            for row in lines {
                let line = match self.progress.pass {
                    1 => self.read_line(&mut tx, row, &step).await?,
                    _ => self.link_line(row, &step),
                };
                step.take(self, line, row);
            }
            match self.run {
                Run::ForReal => step.write(&mut tx, &self.plan.parts).await?,
                Run::Dry => self.note_made(&step),
            }
        }
        step.progress.line += lines.len() as u64;
        debug_assert!(step.progress.adds_up(&self.plan.parts), "{:?}", step.progress);
        if at_end && step.progress.pass == 1 && self.has_later_links() {
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
        self.changed.extend(step.changed);
        self.progress = step.progress;
        self.refused.extend(step.refused);
        Ok(state)
    }

    /// Of imports that look their records up by a key, one after the other looks and writes: two at
    /// once would each find nothing, and make the record twice.
    async fn take_turns(&self, tx: &mut Tx) -> Result<()> {
        let keyed = self.plan.parts.iter().filter(|part| !part.match_places.is_empty());
        let types: BTreeSet<&str> = keyed.map(|part| &*part.record_type.name).collect();
        if self.run == Run::ForReal {
            for name in types {
                tx.take_turn(&format!("import {name}")).await?;
            }
        }
        Ok(())
    }

    fn step(&self) -> Step {
        let parts = self.plan.parts.len();
        Step {
            known: vec![Known::default(); parts],
            existing: vec![HashMap::new(); parts],
            twins: vec![HashMap::new(); parts],
            pending: HashMap::new(),
            creates: vec![Vec::new(); parts],
            updates: Vec::new(),
            changed: HashSet::new(),
            progress: self.progress.clone(),
            refused: Vec::new(),
        }
    }

    fn has_later_links(&self) -> bool {
        self.later_links().next().is_some()
    }

    /// What links to records of the file itself name: the type, and the field.
    fn later_links(&self) -> impl Iterator<Item = (&String, &String)> {
        let origins = self.plan.parts.iter().flat_map(|part| &part.fields);
        origins.filter_map(|(_, origin)| match origin {
            Origin::Find { to, by, later: true, .. } => Some((to, by)),
            _ => None,
        })
    }

    /// Notes what a run that only counts would have made, as far as links may name it.
    fn note_made(&mut self, step: &Step) {
        let mut made = Vec::new();
        for (to, by) in self.later_links() {
            for (part, rows) in self.plan.parts.iter().zip(&step.creates) {
                let Some(place) = part.record_type.position(by) else { continue };
                if part.record_type.name != *to {
                    continue;
                }
                let keys = rows.iter().map(|row| {
                    let value = row.values.get(place).unwrap_or(&Value::Null);
                    key_of(&part.record_type, &[place], std::slice::from_ref(value))
                });
                made.extend(keys.map(|key| (to.clone(), by.clone(), key)));
            }
        }
        self.made.extend(made);
    }
}

/// Whether two who wrote at once got into each other's way.
fn is_met(error: &Error) -> bool {
    matches!(error, Error::Refused(refusals) if refusals.iter().any(|one| one.code == "try-again"))
}

fn refused_line(plan: &Plan, row: &FileRow, refusals: Vec<Refusal>) -> RefusedLine {
    RefusedLine { number: row.place(), cells: plan.texts(row), refusals }
}

impl Step {
    /// Adds a line that was read, or its refusal.
    fn take(&mut self, import: &Import<'_>, line: Line, row: &FileRow) {
        let parts = &import.plan.parts;
        if !line.refusals.is_empty() {
            let refused = refused_line(&import.plan, row, line.refusals);
            self.progress.refuse(&refused);
            self.refused.push(refused);
            return;
        }
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

    async fn write(&mut self, tx: &mut Tx, parts: &[Part]) -> Result<()> {
        for (part, rows) in parts.iter().zip(self.creates.iter_mut()) {
            let rows = std::mem::take(rows);
            if !rows.is_empty() {
                tx.may_create(&part.record_type)?;
                tx.insert(&part.record_type, rows).await?;
            }
        }
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

/// What one may not do to one record is no reason to stop: its line is refused.
fn one_line(error: Error) -> Error {
    match error {
        Error::Forbidden | Error::NotFound => Refusal::new("not-yours-to-change").into(),
        Error::Conflict { .. } => Refusal::new("try-again").into(),
        other => other,
    }
}
