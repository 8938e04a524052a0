//! An import as a job: begun by a person, run by whoever has time, undone by a person.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use guanxi_base::{Error, Id, RawId, Refusal, Result};
use guanxi_record::{Catalog, FileId, LongText, Owner, Record, Stored};
use guanxi_store::{
    Actor, Held, JobState, NewJob, Purpose, Store, Tx, UndoReport, is_machine_failure,
};
use serde_json::json;

use super::cell::MISSING;
use super::export::neutralised;
use super::import::{Run, import};
use super::keeping::keeping;
use super::progress::{Progress, RefusedLine};
use super::settled::SETTLED_ROWS;
use super::table_rows::mark_of;
use super::{ImportJob, ImportStatus, Mapping, import_state};
use crate::people::CollectionPoint;
use crate::text::Texts;

/// The queue of imports.
const QUEUE: &str = "import";
/// The queue of imports that are being undone.
pub const UNDO_QUEUE: &str = "undo_import";

/// Where the file is.
#[derive(Debug, Clone)]
pub enum ImportInput {
    /// Beside the program; it must stay there until the import is done.
    Path(PathBuf),
    /// Uploaded before.
    File(RawId),
    /// Uploaded now: kept with the job, or not at all.
    Content(Vec<u8>),
}

/// Notes an import as a job. It is not begun yet; one of a file beside the program is claimed for
/// this process already, so that no other takes it up.
///
/// # Errors
/// A refusal when the mapping names a collection point that is not there.
pub async fn begin_import(
    store: &Store,
    actor: &Actor,
    input: ImportInput,
    file_name: &str,
    mapping: &Mapping,
) -> Result<Stored<ImportJob>> {
    let mut tx = store.write(actor).await?;
    // A file that lies beside the program is this program's to import.
    let is_here = matches!(input, ImportInput::Path(_));
    let job = note_import(&mut tx, input, file_name, mapping).await?;
    if is_here {
        tx.claim_job(job.id.raw()).await?;
    }
    tx.commit().await?;
    Ok(job)
}

/// Notes an import as a job in a transaction that somebody else commits.
///
/// # Errors
/// As [`begin_import`].
pub async fn note_import(
    tx: &mut Tx,
    input: ImportInput,
    file_name: &str,
    mapping: &Mapping,
) -> Result<Stored<ImportJob>> {
    let user = tx.actor().user;
    let (file, path) = match input {
        ImportInput::Path(path) => (None, Some(path)),
        ImportInput::File(id) => (Some(id), None),
        ImportInput::Content(content) => {
            let kind = "application/octet-stream";
            (Some(tx.create_file(file_name, kind, content).await?.id.raw()), None)
        }
    };
    let source = match &mapping.source {
        Some(name) => tx.find_by(CollectionPoint::NAME, "name", name.as_str()).await?,
        None => None,
    };
    let job = ImportJob {
        file_name: file_name.to_owned(),
        status: ImportStatus::Queued,
        mapping: LongText(mapping.to_toml()?),
        source: source.map(|row| Id::new(row.id)),
        owner: user.map(Owner),
        file: file.map(FileId),
        error_file: None,
        lines_read: None,
        lines_refused: None,
        counts: None,
        started_at: None,
        finished_at: None,
    };
    let job = tx.create(&job).await?;
    let payload = match (path, file) {
        (Some(path), _) => json!({ "path": path }),
        (None, file) => json!({ "file": file.map(|id| id.to_string()) }),
    };
    // With the record: an import that nobody will ever run must not stand there as waiting.
    tx.enqueue(job.id.raw(), NewJob { queue: QUEUE, payload, actor: user }).await?;
    Ok(job)
}

/// Runs an import to its end, or until it is stopped: then the record says so.
///
/// # Errors
/// `import-running` where another worker has it, `job-not-open` where it is not to be run; refusals
/// when file and mapping do not fit: the job is marked as failed then. Where the machine fails, as
/// when the disk is full, the job waits to be taken up again.
pub async fn run_import(
    store: &Store,
    actor: &Actor,
    job: RawId,
    observe: impl FnMut(&Progress, &[RefusedLine]) + Send,
) -> Result<Stored<ImportJob>> {
    let Some(held) = store.begin_job(job).await? else {
        return Err(import_state::not_to_be_begun(&store.job(job).await?).into());
    };
    match run(store, actor, &held, observe).await {
        Err(error) if is_machine_failure(&error) => {
            if let Err(more) = store.put_off_job(&held, told(&error)).await {
                tracing::warn!(error = %more, "an import waits until its lease is over");
            }
            Err(error)
        }
        Err(error) => {
            import_state::fails(store, actor, &held, told(&error)).await?;
            Err(error)
        }
        outcome => outcome,
    }
}

/// An error as the queue keeps it, to be told in the language of whoever reads it.
fn told(error: &Error) -> String {
    match error {
        Error::Refused(refusals) => {
            let line = RefusedLine { number: 0, cells: Vec::new(), refusals: refusals.clone() };
            line.to_json()["refusals"].to_string()
        }
        other => {
            tracing::error!(error = %other, "an import failed");
            "[]".to_owned()
        }
    }
}

/// Why an import failed, as a sentence.
#[must_use]
pub fn why_failed(texts: &Texts, catalog: &Catalog, error: &str) -> String {
    let refusals = serde_json::from_str(error).unwrap_or_default();
    let sentence = reasons(texts, catalog, &refusals);
    if sentence.is_empty() { texts.get("import-broken") } else { sentence }
}

/// Marks imports as failed that ended the program twice.
///
/// # Errors
/// When the database fails.
pub async fn give_up_imports(store: &Store) -> Result<()> {
    let error = told(&Refusal::new("import-ends-the-program").into());
    let actor = Actor::system(guanxi_store::Origin::Job);
    for job in store.spent_jobs(QUEUE).await? {
        import_state::is_given_up(store, &actor, job, error.clone()).await?;
    }
    Ok(())
}

/// Marks an import as failed of which nobody may go on: who began it may not sign in any more.
///
/// # Errors
/// When the database fails.
pub async fn give_up_import_of_leaver(store: &Store, job: RawId) -> Result<()> {
    let error = told(&Refusal::new("import-of-leaver").into());
    let actor = Actor::system(guanxi_store::Origin::Job);
    import_state::is_left(store, &actor, job, error).await
}

async fn run(
    store: &Store,
    actor: &Actor,
    held: &Held,
    observe: impl FnMut(&Progress, &[RefusedLine]) + Send,
) -> Result<Stored<ImportJob>> {
    import_state::begins(store, actor, held).await?;
    let job = held.job();
    let queued = store.job(job).await?;
    let mut view = store.read(&keeping(actor)).await?;
    let record: Stored<ImportJob> = view.fetch(Purpose::Read, Id::new(job)).await?;
    let mapping = Mapping::parse(&record.mapping)?;
    let mut unpacked = None;
    let path = match queued.payload.get("path").and_then(|path| path.as_str()) {
        Some(path) => PathBuf::from(path),
        None => {
            let FileId(file) = record.file.ok_or(Error::NotFound)?;
            let content = view.file_content(file).await?;
            let mut file = tempfile::NamedTempFile::new().map_err(Error::internal)?;
            file.write_all(&content).map_err(Error::internal)?;
            let path = file.path().to_owned();
            unpacked = Some(file);
            path
        }
    };
    drop(view);
    let progress = import(store, actor, job, &path, &mapping, Run::ForReal(held), observe).await;
    drop(unpacked);
    let progress = progress?;
    if progress.is_done {
        let error_file = keep_error_file(store, actor, job, &progress).await?;
        return import_state::ends(store, actor, held, error_file).await;
    }
    let mut view = store.read(&keeping(actor)).await?;
    view.fetch(Purpose::Read, Id::new(job)).await
}

/// Keeps the file of refused lines, if there are any.
async fn keep_error_file(
    store: &Store,
    actor: &Actor,
    job: RawId,
    progress: &Progress,
) -> Result<Option<FileId>> {
    if progress.refused + progress.without_link == 0 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    write_error_file(store, actor, job, &mut bytes).await?;
    let mut tx = store.write(&keeping(actor)).await?;
    let file = tx.create_file("errors.csv", "text/csv", bytes).await?;
    tx.commit().await?;
    Ok(Some(FileId(file.id.raw())))
}

/// Undoes all that an import did. It is a job: where the program ends on the way, whoever takes the job
/// up goes on.
///
/// # Errors
/// As `Store::undo_job`; `import-running` while it runs.
pub async fn undo_import(
    store: &Store,
    actor: &Actor,
    job: RawId,
    progress: impl FnMut(usize, usize) + Send,
) -> Result<UndoReport> {
    let mut view = store.read(actor).await?;
    view.fetch::<ImportJob>(Purpose::Read, Id::new(job)).await?;
    drop(view);
    let undoing = store.new_id();
    let mut tx = store.write(actor).await?;
    let payload = json!({ "import": job.to_string() });
    tx.enqueue(undoing, NewJob { queue: UNDO_QUEUE, payload, actor: actor.user }).await?;
    tx.claim_job(undoing).await?;
    tx.commit().await?;
    let held = store.begin_job(undoing).await?;
    let held = held.ok_or_else(|| Refusal::new("import-running"))?;
    undo(store, actor, (&held, job), progress).await
}

/// Goes on with an undo of which the program ended.
///
/// # Errors
/// As [`undo_import`].
pub async fn go_on_undoing(store: &Store, actor: &Actor, undoing: RawId) -> Result<()> {
    let Some(held) = store.begin_job(undoing).await? else { return Ok(()) };
    let payload = store.job(undoing).await?.payload;
    let job = payload["import"].as_str().and_then(|id| id.parse::<RawId>().ok());
    let job = job.ok_or(Error::NotFound)?;
    undo(store, actor, (&held, job), |_, _| {}).await.map(drop)
}

async fn undo(
    store: &Store,
    actor: &Actor,
    (held, job): (&Held, RawId),
    progress: impl FnMut(usize, usize) + Send,
) -> Result<UndoReport> {
    let outcome = take_back(store, actor, job, progress).await;
    match &outcome {
        Ok(_) => drop(store.set_job_state(held.job(), JobState::Done, None).await?),
        // What was begun is not left half done because the machine fails.
        Err(error) if is_half_done(error) && is_machine_failure(error) => {
            store.put_off_job(held, told(error)).await?;
        }
        Err(error) => {
            store.set_job_state(held.job(), JobState::Failed, Some(told(error))).await?;
        }
    }
    outcome
}

fn is_half_done(error: &Error) -> bool {
    matches!(error, Error::Refused(refusals)
        if refusals.iter().any(|one| one.code == "undo-half-done"))
}

async fn take_back(
    store: &Store,
    actor: &Actor,
    job: RawId,
    progress: impl FnMut(usize, usize) + Send,
) -> Result<UndoReport> {
    import_state::undo_begins(store, actor, job).await?;
    match store.undo_job(actor, job, progress).await {
        Ok(report) => {
            import_state::undo_ends(store, actor, job).await?;
            Ok(report)
        }
        Err(error) => {
            if !is_half_done(&error) {
                import_state::undo_came_to_nothing(store, actor, job).await?;
            }
            match error {
                Error::Refused(refusals) => {
                    Err(Error::Refused(imports_named(store, actor, refusals).await?))
                }
                other => Err(other),
            }
        }
    }
}

/// Jobs to be undone first by the names of their files; those that are no imports, or that one may
/// not see, are no way on.
async fn imports_named(
    store: &Store,
    actor: &Actor,
    refusals: Vec<Refusal>,
) -> Result<Vec<Refusal>> {
    let mut view = store.read(actor).await?;
    let mut told = Vec::with_capacity(refusals.len());
    for refusal in refusals {
        let named = refusal.args.iter().find(|(name, _)| *name == "job");
        let job = named.and_then(|(_, id)| id.parse::<RawId>().ok());
        let Some(job) = job.filter(|_| refusal.code == "undo-job-first") else {
            told.push(refusal);
            continue;
        };
        match view.fetch::<ImportJob>(Purpose::Read, Id::new(job)).await {
            Ok(import) => told.push(refusal.with("file", &import.file_name)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(told)
}

/// Whether somebody may bring in records of every type that a mapping makes.
///
/// # Errors
/// `Forbidden`.
pub fn may_import(actor: &Actor, mapping: &Mapping) -> Result<()> {
    let may = |name: &str| actor.rights.may(name, Purpose::Import);
    let all = mapping.records.iter().all(|record| may(&record.record_type));
    if all { Ok(()) } else { Err(Error::Forbidden) }
}

/// Whether somebody may bring in anything at all: asked before a file is so much as read.
///
/// # Errors
/// `Forbidden`.
pub fn may_import_anything(actor: &Actor, catalog: &Catalog) -> Result<()> {
    let any = catalog.types().any(|one| actor.rights.may(&one.name, Purpose::Import));
    if any { Ok(()) } else { Err(Error::Forbidden) }
}

/// Writes the lines that an import refused, as they were, with the reasons in the reader's
/// language: to be corrected and imported again by the same mapping.
///
/// # Errors
/// When the database or the file fails.
pub async fn write_error_file(
    store: &Store,
    actor: &Actor,
    job: RawId,
    out: &mut (dyn std::io::Write + Send),
) -> Result<u64> {
    let mut view = store.read(&keeping(actor)).await?;
    let record: Stored<ImportJob> = view.fetch(Purpose::Read, Id::new(job)).await?;
    let queued = store.job(job).await?;
    let mapping = Mapping::parse(&record.mapping)?;
    let headers = match (queued.payload.get("path").and_then(|p| p.as_str()), record.file) {
        (Some(path), _) => super::Source::open(Path::new(path), &mapping.hints())?.headers,
        (None, Some(FileId(file))) => {
            let mut copy = tempfile::NamedTempFile::new().map_err(Error::internal)?;
            copy.write_all(&view.file_content(file).await?).map_err(Error::internal)?;
            super::Source::open(copy.path(), &mapping.hints())?.headers
        }
        (None, None) => Vec::new(),
    };
    let locale = match actor.user {
        Some(user) => {
            let user: Stored<crate::access::User> =
                view.fetch(Purpose::Read, Id::new(user)).await?;
            user.locale
        }
        None => crate::access::Locale::En,
    };
    let texts = Texts::of(locale);
    out.write_all(b"\xef\xbb\xbf").map_err(Error::internal)?;
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
    let last = [texts.get("import-error-line"), texts.get("import-error-reason")];
    let names = headers.iter().map(|name| neutralised(name));
    let names = names.chain(last.map(Into::into));
    writer.write_record(names.map(std::borrow::Cow::into_owned)).map_err(Error::internal)?;
    let (mut after, mut count) = (-1, 0);
    loop {
        let rows = store.job_rows(job, after, 1_000).await?;
        let Some((newest, _)) = rows.last() else { break };
        after = *newest;
        let rows = rows.into_iter().filter(|(number, _)| *number < SETTLED_ROWS);
        for (number, row) in rows {
            count += 1;
            let line = number & ((1 << 40) - 1);
            let cells: Vec<String> =
                serde_json::from_value(row["cells"].clone()).map_err(Error::internal)?;
            let mut cells = marked(cells, headers.len(), &row["refusals"]);
            cells.iter_mut().for_each(|cell| *cell = neutralised(cell).into_owned());
            cells.extend([line.to_string(), reasons(texts, &store.catalog(), &row["refusals"])]);
            writer.write_record(cells).map_err(Error::internal)?;
        }
    }
    writer.flush().map_err(Error::internal)?;
    Ok(count)
}

/// The cells of a refused line with what keeps it from being read otherwise where it stands alone:
/// for each cell that it lacks, whatever a spreadsheet makes of that, and for what it is if it is no
/// record. It is refused again until somebody mends it.
fn marked(mut cells: Vec<String>, width: usize, refusals: &serde_json::Value) -> Vec<String> {
    if cells.len() < width {
        cells.resize(width, MISSING.to_owned());
    }
    let code = refusals[0]["code"].as_str().unwrap_or_default();
    let is_marked = |mark: &&str| !cells.iter().any(|cell| cell == mark);
    if let Some(mark) = mark_of(code).filter(is_marked)
        && let Some(empty) = cells.iter_mut().find(|cell| cell.trim().is_empty())
    {
        mark.clone_into(empty);
    }
    cells
}

fn reasons(texts: &Texts, catalog: &Catalog, refusals: &serde_json::Value) -> String {
    let sentence = |refusal: &serde_json::Value| {
        let code = refusal["code"].as_str().unwrap_or_default();
        let args: Vec<(&str, &str)> = refusal["args"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, text)| Some((name.as_str(), text.as_str()?)))
            .collect();
        let text = texts.kept_refusal(code, &args);
        match refusal["field"].as_str() {
            Some(field) => format!("{}: {text}", texts.typed_field(catalog, field)),
            None => text,
        }
    };
    let list = refusals.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(sentence).collect::<Vec<_>>().join(" ")
}
