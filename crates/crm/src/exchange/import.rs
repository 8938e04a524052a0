//! The import itself: batch by batch, each in one transaction with its progress, so that a
//! killed import goes on where its last acknowledged batch ended, and can be undone whole.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guanxi_base::{Error, RawId, Refusal, Result, TimeZone};
use guanxi_record::{Catalog, Record, Stored, Value};
use guanxi_store::{Actor, Held, Store, Tx, is_machine_failure, is_met, key_of};

use super::look_up::{Known, Linked};
use super::mapping::Mapping;
use super::origin::Origin;
use super::plan::{Part, Plan};
use super::progress::{Progress, RefusedLine};
use super::row::FileRow;
use super::settled::{self, SETTLED_ROWS, Settled};
use super::source::Source;
use super::step::{Step, refused_line};
use crate::patience::Patience;
use crate::people::CollectionPoint;

/// Lines of one transaction, and the bytes of their cells: what is made of them takes several times
/// as much.
const BATCH_LINES: usize = 4_000;
const BATCH_BYTES: usize = 8 << 20;
/// So often lines are tried together while somebody else is in the way; then in halves, so that most of
/// them are done.
const TRIES_TOGETHER: usize = 5;
/// An import with more refused lines than this stops: the mapping is wrong, not the lines.
const REFUSED_MAX: u64 = 100_000;

/// Whether an import writes.
#[derive(Debug, Clone, Copy)]
pub enum Run<'a> {
    /// It writes, as the worker that has the job.
    ForReal(&'a Held),
    /// It only counts what it would write.
    Dry,
}

/// One import on its way.
pub(super) struct Import<'a> {
    pub(super) store: &'a Store,
    pub(super) actor: Actor,
    pub(super) job: RawId,
    pub(super) plan: Plan,
    pub(super) run: Run<'a>,
    /// The record types that the plan goes by.
    catalog: Arc<Catalog>,
    pub(super) known: Vec<Known>,
    pub(super) found: Found,
    /// Keys that records of the file have, which a link may name: `(type, field, key)`. Of a run
    /// that only counts; else they are in the database.
    pub(super) made: HashSet<(String, String, String)>,
    /// Records that were there and that the first pass changed.
    pub(super) changed: HashSet<RawId>,
    pub(super) settled: Settled,
    pub(super) progress: Progress,
    pub(super) refused: Vec<RefusedLine>,
}

/// Whether an import goes on after some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    GoesOn,
    /// A person stopped it, or another worker has it: nothing of these lines was kept.
    Stopped,
}

/// How the records are read that lines name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// As they are: others may change them before they are written, which is seen then.
    AsItIs,
    /// Held, so that nobody changes them before they are written.
    Held,
}

/// Records that were looked up by a field: `(type, field, text)`.
pub(super) type Found = HashMap<(String, String, String), Linked>;

/// Imports a file for a job, from where the job's last report says it is. `observe` is told after
/// every batch; whether the job is still this worker's decides whether to go on.
///
/// # Errors
/// Refusals when file and mapping do not fit; nothing is written then.
pub async fn import(
    store: &Store,
    actor: &Actor,
    job: RawId,
    path: &Path,
    mapping: &Mapping,
    run: Run<'_>,
    mut observe: impl FnMut(&Progress, &[RefusedLine]) + Send,
) -> Result<Progress> {
    let mut file = Arc::new((path.to_owned(), mapping.clone()));
    let point = collection_point(store, actor, mapping).await?;
    let catalog = store.catalog();
    let plan = plan(store, &file, point).await?;
    plan.must_be_settled()?;
    if let Some(encoding) = plan.encoding {
        // What all of the file said need not be found out again by each pass.
        Arc::make_mut(&mut file).1.file.encoding = Some(encoding.name().to_owned());
    }
    let progress = match store.job(job).await {
        Ok(known) if matches!(run, Run::ForReal(_)) && !known.progress.is_null() => {
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
    let settled = Settled::new(plan.parts.iter().map(Part::has_later_links));
    let mut import = Import {
        store,
        actor: actor.clone().for_job(job),
        job,
        plan,
        run,
        catalog,
        known,
        found: Found::new(),
        made: HashSet::new(),
        changed: HashSet::new(),
        settled,
        progress,
        refused: Vec::new(),
    };
    import.passes(&file, &mut observe).await?;
    Ok(import.progress)
}

/// Reading a file is work of its own: it must not hold up those who wait for answers.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

pub(super) fn open((path, mapping): &(PathBuf, Mapping)) -> Result<Source> {
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
    /// Does what is left to do of both passes, unless it is stopped.
    async fn passes(
        &mut self,
        file: &Arc<(PathBuf, Mapping)>,
        observe: &mut (impl FnMut(&Progress, &[RefusedLine]) + Send),
    ) -> Result<()> {
        let mut reader = None;
        if !self.progress.is_done && (self.progress.pass, self.progress.line) != (1, 0) {
            reader = Some(self.take_up(file).await?);
        }
        while !self.progress.is_done {
            let mut lines_of_pass = match reader.take() {
                Some(reader) => reader,
                None => self.reader(file).await?,
            };
            loop {
                self.must_mostly_fit()?;
                let (rest, lines, at_end) = aside(move || {
                    let (lines, at_end) = lines_of_pass.batch(BATCH_LINES, BATCH_BYTES)?;
                    Ok((lines_of_pass, lines, at_end))
                })
                .await?;
                lines_of_pass = rest;
                let after = self.batch(lines, at_end).await?;
                observe(&self.progress, &self.refused);
                self.refused.clear();
                if after == After::Stopped {
                    return Ok(());
                }
                if at_end {
                    break;
                }
            }
            self.must_mostly_fit()?;
        }
        Ok(())
    }

    /// That not so many lines are refused that the mapping must be wrong.
    fn must_mostly_fit(&self) -> Result<()> {
        if self.progress.refused > REFUSED_MAX {
            return Err(Refusal::new("too-many-refused").with("limit", REFUSED_MAX).into());
        }
        Ok(())
    }

    /// Does some lines in one transaction; in halves if the database refuses them together.
    async fn batch(&mut self, lines: Vec<FileRow>, at_end: bool) -> Result<After> {
        self.resolve_types()?;
        let mut patience = Patience::new(self.store);
        let mut outcome = self.attempt(&lines, at_end, None, Reads::AsItIs).await;
        let mut tries = 1;
        // Somebody else was in the way; no line is to blame.
        while (lines.len() == 1 || tries < TRIES_TOGETHER) && patience.tries_again(&outcome).await {
            self.resolve_types()?;
            outcome = self.attempt(&lines, at_end, None, Reads::Held).await;
            tries += 1;
        }
        match outcome {
            Err(error) if lines.len() > 1 && is_met(&error) && !patience.is_over() => {
                self.halves(lines, at_end).await
            }
            Err(error) if is_machine_failure(&error) => Err(error),
            Err(Error::Refused(refusals)) if lines.len() == 1 => {
                // It is this one line that the database refuses.
                let refused = refused_line(&self.plan, &lines[0], refusals);
                self.attempt(&lines, at_end, Some(refused), Reads::AsItIs).await
            }
            Err(Error::Refused(_)) if lines.len() > 1 => self.halves(lines, at_end).await,
            other => other,
        }
    }

    async fn halves(&mut self, lines: Vec<FileRow>, at_end: bool) -> Result<After> {
        let mut first = lines;
        let second = first.split_off(first.len() / 2);
        match Box::pin(self.batch(first, false)).await? {
            After::GoesOn => Box::pin(self.batch(second, at_end)).await,
            After::Stopped => Ok(After::Stopped),
        }
    }

    async fn attempt(
        &mut self,
        lines: &[FileRow],
        at_end: bool,
        known_to_fail: Option<RefusedLine>,
        reads: Reads,
    ) -> Result<After> {
        let mut tx = self.store.write(&self.actor).await?;
        let mut step = self.step();
        self.take_turns(&mut tx).await?;
        if let Some(refused) = known_to_fail {
            step.refuse(&self.plan.parts, refused);
        } else {
            self.look_up(&mut tx, lines, &mut step, reads).await?;
            for (row, at) in lines.iter().zip(self.progress.line..) {
                let line = match self.progress.pass {
                    1 => self.read_line(&mut tx, row, &step).await?,
                    _ => self.link_line(row, at, &step),
                };
                step.take(self, line, row);
            }
            match self.run {
                Run::ForReal(_) => step.write(&mut tx, &self.plan.parts).await?,
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
        if let Run::ForReal(held) = self.run
            && !self.report(tx, held, &step).await?
        {
            return Ok(After::Stopped);
        }
        for (known, more) in self.known.iter_mut().zip(step.known) {
            known.extend(more);
        }
        self.settled.extend(&step.settled);
        self.changed.extend(step.changed);
        self.progress = step.progress;
        self.refused.extend(step.refused);
        Ok(After::GoesOn)
    }

    /// Commits a step with what the job keeps of it; not if the job was stopped meanwhile, or is
    /// another worker's: false then.
    async fn report(&self, mut tx: Tx, held: &Held, step: &Step) -> Result<bool> {
        let pass = i64::from(self.progress.pass - 1) * (1 << 40);
        let refused = step.refused.iter().map(|line| (line.number as i64 + pass, line.to_json()));
        let mut rows: Vec<_> = refused.collect();
        if step.progress.is_done {
            tx.forget_job_rows_from(self.job, SETTLED_ROWS).await?;
        } else if !step.settled.is_empty() {
            let number = SETTLED_ROWS + self.progress.line as i64;
            rows.push((number, settled::to_json(&step.settled)?));
        }
        tx.keep_job_rows(self.job, rows).await?;
        let report = serde_json::to_value(&step.progress).map_err(Error::internal)?;
        if !tx.report_job(held, &report).await? {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Goes by the record types as they are now: custom fields may have changed since.
    fn resolve_types(&mut self) -> Result<()> {
        let catalog = self.store.catalog();
        if !Arc::ptr_eq(&catalog, &self.catalog) {
            self.plan.resolve(&catalog)?;
            self.catalog = catalog;
        }
        Ok(())
    }

    /// Of imports that look their records up by a key, one after the other looks and writes: two at
    /// once would each find nothing, and make the record twice.
    async fn take_turns(&self, tx: &mut Tx) -> Result<()> {
        let keyed = self.plan.parts.iter().filter(|part| !part.match_places.is_empty());
        let types: BTreeSet<&str> = keyed.map(|part| &*part.record_type.name).collect();
        if matches!(self.run, Run::ForReal(_)) {
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
            locked: HashSet::new(),
            linking: HashMap::new(),
            settled: Vec::new(),
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
