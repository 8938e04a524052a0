//! `guanxi import` and `guanxi undo`: with a progress bar, stopped by Ctrl-C, gone on with later.

use std::path::{Path, PathBuf};

use clap::Args;
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{
    Certainty, Decision, GoesOn, ImportInput, ImportStatus, Mapping, Progress, RefusedLine, Run,
    begin_import, import, resume_import, run_import, stop_import, undo_import, write_error_file,
};
use guanxi_store::{Actor, Store, is_machine_failure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::say::say;

/// What to import.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The mapping file (TOML).
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Only count what would be written.
    #[arg(long)]
    dry_run: bool,
    /// Go on with an import that was stopped.
    #[arg(long, value_name = "JOB", conflicts_with = "mapping")]
    resume: Option<String>,
    /// Where to write the lines that were refused, with the reasons.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// The file: CSV or XLSX, plain or gzipped, in any encoding.
    file: Option<PathBuf>,
}

/// What to undo.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The import, as `guanxi import` printed it.
    job: String,
}

pub(crate) async fn run(store: &Store, actor: &Actor, options: &Import) -> Result<()> {
    let job = match (&options.resume, &options.mapping, &options.file) {
        (Some(job), _, _) => {
            let job = parse_id(job)?;
            resume_import(store, actor, job, GoesOn::Here).await?;
            job
        }
        (None, Some(mapping), Some(file)) => {
            let text = std::fs::read_to_string(mapping)
                .map_err(|error| Error::internal(format!("{}: {error}", mapping.display())))?;
            let mapping = Mapping::parse(&text)?;
            if options.dry_run {
                return dry_run(store, actor, file, &mapping).await;
            }
            let path = file.canonicalize().unwrap_or_else(|_| file.clone());
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            // A file that cannot be read at all leaves no trace.
            guanxi_crm::exchange::Source::open(&path, &mapping.hints())?;
            begin_import(store, actor, ImportInput::Path(path), &name, &mapping).await?.id.raw()
        }
        _ => return Err(Refusal::new("file-missing").into()),
    };
    say!("import {job}");
    let bar = bar();
    let watch = |progress: &Progress, refused: &[RefusedLine]| show(&bar, progress, refused);
    let (stop_store, stop_actor) = (store.clone(), actor.clone());
    let stopper = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop_import(&stop_store, &stop_actor, job).await.ok();
        }
    });
    let record = run_import(store, actor, job, watch).await;
    stopper.abort();
    bar.finish_and_clear();
    if record.as_ref().is_err_and(is_machine_failure) {
        say!("the import waits; go on with: guanxi import --resume {job}");
    }
    let record = record?;
    let progress: Progress =
        serde_json::from_value(store.job(job).await?.progress).unwrap_or_default();
    print_decisions(&progress.decisions);
    let counts = record.counts.as_ref().map(|counts| counts.0.to_string()).unwrap_or_default();
    say!(
        "{} lines read, {} refused; {counts}",
        record.lines_read.unwrap_or(0),
        record.lines_refused.unwrap_or(0)
    );
    told(store, job).await?;
    if let Some(path) = &options.errors {
        let mut file = std::fs::File::create(path).map_err(Error::internal)?;
        let count = write_error_file(store, actor, job, &mut file).await?;
        say!("{count} refused lines in {}", path.display());
    }
    match record.status {
        ImportStatus::Paused => say!("stopped; go on with: guanxi import --resume {job}"),
        ImportStatus::Queued | ImportStatus::Running => {
            say!("it was stopped here, and another process goes on with it");
        }
        _ => {
            store.analyze().await?;
            say!("to undo it: guanxi undo {job}");
        }
    }
    Ok(())
}

/// What was done otherwise than lines say.
async fn told(store: &Store, job: RawId) -> Result<()> {
    let progress: Progress =
        serde_json::from_value(store.job(job).await?.progress).map_err(Error::internal)?;
    say(&progress);
    Ok(())
}

fn say(progress: &Progress) {
    if progress.without_link > 0 {
        say!("{} lines were imported without a link that leads nowhere", progress.without_link);
    }
    for (code, count) in &progress.told {
        let what = match code.as_str() {
            "placeholder" => "have a telephone or mail that stands for none: it counts as empty",
            "to-survivor" => "name a merged record: what it was merged into got them",
            "restored" => "name an archived record: it was restored",
            "identical" => {
                "are equal to an earlier one and make nothing (identical = \"make\" does)"
            }
            "identical-made" => "are equal to an earlier one and make a record all the same",
            other => other,
        };
        say!("{count} lines {what}");
    }
    for notice in &progress.notices {
        match notice.code.as_str() {
            "identical" | "identical-made" => {
                say!("  line {} is equal to line {}", notice.line, notice.value)
            }
            _ => say!("  line {}: {} {}", notice.line, notice.record_type, notice.value),
        }
    }
}

async fn dry_run(store: &Store, actor: &Actor, file: &Path, mapping: &Mapping) -> Result<()> {
    let bar = bar();
    let watch = |progress: &Progress, refused: &[RefusedLine]| show(&bar, progress, refused);
    let progress = import(store, actor, store.new_id(), file, mapping, Run::Dry, watch).await?;
    bar.finish_and_clear();
    print_decisions(&progress.decisions);
    say!("{} lines read, {} would be refused", progress.lines, progress.refused);
    say(&progress);
    for (record_type, counts) in &progress.counts {
        say!(
            "{record_type}: {} new, {} changed, {} as they are, {} named again or left out",
            counts.created,
            counts.updated,
            counts.as_they_were(),
            counts.repeated + counts.left_out
        );
    }
    Ok(())
}

/// What was decided about the file, but for what the mapping says itself.
fn print_decisions(decisions: &[Decision]) {
    for decision in decisions.iter().filter(|one| one.certainty != Certainty::Told) {
        let how = match decision.certainty {
            Certainty::Told => "told",
            Certainty::Clear => "as the file says",
            Certainty::Assumed => "assumed",
            Certainty::Contradictory => "as most of the file says",
            Certainty::Ambiguous => "not settled",
        };
        let column = decision.column.as_ref().map_or(String::new(), |name| format!(" of {name}"));
        let chosen = decision.chosen.as_deref().unwrap_or("?");
        say!("{}{column}: {chosen} ({how})", decision.what.code());
    }
}

pub(crate) async fn undo(store: &Store, actor: &Actor, options: &Undo) -> Result<()> {
    let job = parse_id(&options.job)?;
    let bar = bar();
    let watch = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let report = undo_import(store, actor, job, watch).await?;
    bar.finish_and_clear();
    say!("{} changes undone", report.changes);
    Ok(())
}

fn show(bar: &ProgressBar, progress: &Progress, refused: &[RefusedLine]) {
    bar.set_length(progress.lines);
    bar.set_position(progress.line);
    for line in refused.iter().take(3) {
        let reasons: Vec<String> = line.refusals.iter().map(ToString::to_string).collect();
        bar.println(format!("line {}: {}", line.number, reasons.join("; ")));
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

pub(crate) fn parse_id(text: &str) -> Result<RawId> {
    text.parse().map_err(|_| Refusal::new("not-an-id").with("value", text).into())
}
