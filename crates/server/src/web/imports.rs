//! The import wizard: file, mapping, preview, run, result.

use axum::Form as Posted;
use axum::extract::{Multipart, Path, Query as Parameters, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{
    self, DateOrder, ImportJob, ImportMapping, ImportStatus, Mapping, Plan, Progress, RefusedLine,
    Run, Source,
};
use guanxi_record::{Filter, LongText, Query, Record, RecordType, Sort, Stored};
use guanxi_store::{Actor, Purpose, Rights};
use maud::{Markup, html};
use std::io::Write as _;

use super::fields::Entries;
use super::import_columns::{MappingStep, chosen_mapping};
use super::layout::{Notice, error_page, icon, page};
use crate::api::{Upload, parse_id, start_import_of_file};
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// So many refused lines are shown in a preview.
const REFUSED_SHOWN: usize = 10;

fn steps(signed: &SignedIn, current: usize) -> Markup {
    let names =
        ["import-step-file", "import-step-mapping", "import-step-preview", "import-step-result"];
    html! {
        ol class="gx-steps" {
            @for (at, name) in names.iter().enumerate() {
                li aria-current=[(at == current).then_some("step")] { (at + 1) ". " (signed.texts.get(name)) }
            }
        }
    }
}

fn wizard(app: &App, signed: &SignedIn, step: usize, content: &Markup) -> Html<String> {
    let title = signed.texts.get("import-title");
    let content = html! {
        div class="gx-head" { h1 { (title) } }
        (steps(signed, step))
        (content)
    };
    page(app, signed, &title, &Notice::default(), &content)
}

fn importable(app: &App, signed: &SignedIn) -> Vec<std::sync::Arc<RecordType>> {
    let catalog = app.store.catalog();
    let may = |name: &str| signed.actor.rights.scope(name, Purpose::Import).is_some();
    let hidden = ["import_job", "import_mapping", "file", "custom_field"];
    catalog.types().filter(|one| may(&one.name) && !hidden.contains(&&*one.name)).cloned().collect()
}

pub(crate) async fn import_new(State(app): State<App>, signed: SignedIn) -> Response {
    match saved_mappings(&app, &signed).await {
        Ok(saved) => file_step(&app, &signed, &saved, None).into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

/// The names of the mappings that were kept for use again.
async fn saved_mappings(app: &App, signed: &SignedIn) -> Result<Vec<String>> {
    let mut view = app.store.read(&signed.actor).await?;
    let query = Query::of(Filter::everything()).sorted(vec![Sort::up("name")]).limited(200);
    let described = view.catalog().get(ImportMapping::NAME)?.clone();
    let rows = view.list(ImportMapping::NAME, &query).await?.rows;
    Ok(rows.iter().map(|row| row.title(&described)).collect())
}

/// Keeps a mapping under its name, or changes the one of that name.
async fn save_mapping(app: &App, signed: &SignedIn, name: &str, toml: &str) -> Result<()> {
    let all = Actor { rights: Rights::All, ..signed.actor.clone() };
    let mut tx = app.store.write(&all).await?;
    let mapping = LongText(toml.to_owned());
    match tx.find_by(ImportMapping::NAME, "name", name).await? {
        Some(row) => {
            let mut known: Stored<ImportMapping> = row.try_into()?;
            known.mapping = mapping;
            tx.update(&known).await?;
        }
        None => drop(tx.create(&ImportMapping { name: name.to_owned(), mapping }).await?),
    }
    tx.commit().await.map(drop)
}

fn file_step(
    app: &App,
    signed: &SignedIn,
    saved: &[String],
    problem: Option<&str>,
) -> Html<String> {
    let texts = signed.texts;
    let content = html! {
        form class="card" method="post" action="/import/file" enctype="multipart/form-data" {
            div class="card-body gx-stack" {
                @if let Some(problem) = problem { p class="alert alert-danger" role="alert" id="problem" { (problem) } }
                div {
                    label class="form-label" for="record_type" { (texts.get("import-what")) }
                    select class="form-select" id="record_type" name="record_type" {
                        @for one in importable(app, signed) {
                            option value=(one.name) { (texts.type_plural(&one.name)) }
                        }
                    }
                }
                @if !saved.is_empty() {
                    div {
                        label class="form-label" for="saved" { (texts.get("import-saved")) }
                        select class="form-select" id="saved" name="saved" {
                            option value="" { (texts.get("import-saved-none")) }
                            @for name in saved { option value=(name) { (name) } }
                        }
                    }
                }
                div {
                    label class="form-label" for="file" { (texts.get("import-file")) }
                    input class="form-control" id="file" name="file" type="file" required
                        accept=".csv,.tsv,.txt,.xlsx,.gz" aria-invalid=[problem.map(|_| "true")]
                        aria-describedby=[problem.map(|_| "problem")];
                    p class="gx-muted mt-1" { (texts.get("import-file-help")) }
                }
            }
            div class="card-footer" {
                button class="btn btn-primary" type="submit" { (texts.get("import-next")) }
            }
        }
        p class="mt-3" { a href="/import_job" { (texts.get("import-earlier")) } }
    };
    wizard(app, signed, 0, &content)
}

/// Takes the file, finds out how it is written, and proposes a mapping.
pub(crate) async fn import_upload(
    State(app): State<App>,
    signed: SignedIn,
    parts: Multipart,
) -> Response {
    let outcome: Result<Response> = async {
        let upload = Upload::read(parts).await?;
        let record_type = upload.field("record_type").unwrap_or_default().to_owned();
        let described = app.store.catalog().named(&record_type)?.clone();
        let (name, content) = upload.file.ok_or_else(|| Refusal::field("file-missing", "file"))?;
        let copy = local_copy(&content)?;
        let source = Source::open(copy.path(), &Default::default())?;
        let saved = upload.fields.iter().find(|(name, value)| name == "saved" && !value.is_empty());
        let toml = match saved {
            Some((_, name)) => {
                let mut view = app.store.read(&signed.actor).await?;
                let row = view.find_by(ImportMapping::NAME, "name", name.as_str()).await?;
                let known: Stored<ImportMapping> = row.ok_or(Error::NotFound)?.try_into()?;
                known.record.mapping.0
            }
            None => Mapping::suggest(&described, &source.headers).to_toml()?,
        };
        let step = MappingStep::of(&app, source, &name, toml)?;
        let all = Actor { rights: Rights::All, ..signed.actor.clone() };
        let mut tx = app.store.write(&all).await?;
        let file = tx.create_file(&name, "application/octet-stream", content).await?;
        tx.commit().await?;
        let content = step.markup(&signed, file.id.raw(), None);
        Ok(wizard(&app, &signed, 1, &content).into_response())
    }
    .await;
    match outcome {
        Ok(response) => response,
        Err(error @ Error::Refused(_)) => {
            let (_, sentence) = crate::problem::words(&error, signed.texts);
            let saved = saved_mappings(&app, &signed).await.unwrap_or_default();
            let page = file_step(&app, &signed, &saved, Some(&sentence));
            (crate::problem::status(&error), page).into_response()
        }
        Err(error) => error_page(&app, &signed, &error),
    }
}

fn local_copy(content: &[u8]) -> Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new().map_err(Error::internal)?;
    file.write_all(content).map_err(Error::internal)?;
    Ok(file)
}

/// Reads the whole file without writing anything, and says what would come of it.
pub(crate) async fn import_mapping(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        let file = parse_id(entries.text("file"))?;
        let (_, content) = app.store.read(&signed.actor).await?.file(file).await?;
        let copy = local_copy(&content)?;
        let toml = chosen_mapping(&app, &entries, copy.path())?;
        match preview(&app, &signed, copy.path(), &toml).await {
            Ok(preview) => {
                Ok(preview_step(&app, &signed, &entries, &toml, &preview).into_response())
            }
            Err(error @ Error::Refused(_)) => {
                let source = Source::open(copy.path(), &Default::default())?;
                let step = MappingStep::of(&app, source, entries.text("name"), toml)?;
                let content = step.markup(&signed, file, Some(&error));
                let page = wizard(&app, &signed, 1, &content);
                Ok((crate::problem::status(&error), page).into_response())
            }
            Err(error) => Err(error),
        }
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

struct Preview {
    progress: Progress,
    refused: Vec<RefusedLine>,
    formats: String,
    is_ambiguous: bool,
}

async fn preview(
    app: &App,
    signed: &SignedIn,
    path: &std::path::Path,
    toml: &str,
) -> Result<Preview> {
    let mapping = Mapping::parse(toml)?;
    for record in &mapping.records {
        let scope = signed.actor.rights.scope(&record.record_type, Purpose::Import);
        scope.ok_or(Error::Forbidden)?;
    }
    let source = Source::open(path, &mapping.file.hints())?;
    let plan = Plan::new(&app.store.catalog(), &mapping, source, None)?;
    let mut refused = Vec::new();
    let watch = |_: &Progress, lines: &[RefusedLine]| {
        refused
            .extend(lines.iter().take(REFUSED_SHOWN - refused.len().min(REFUSED_SHOWN)).cloned());
    };
    let job = app.store.new_id();
    let progress =
        exchange::import(&app.store, &signed.actor, job, path, &mapping, Run::Dry, watch).await?;
    let order = match plan.formats.date_order {
        DateOrder::DayFirst => "import-day-first",
        DateOrder::MonthFirst => "import-month-first",
    };
    let mark = plan.formats.decimal_mark.to_string();
    let formats = signed.texts.format(order, &[("mark", &mark)]);
    Ok(Preview { progress, refused, formats, is_ambiguous: plan.is_ambiguous })
}

fn preview_step(
    app: &App,
    signed: &SignedIn,
    entries: &Entries,
    toml: &str,
    preview: &Preview,
) -> Html<String> {
    let texts = signed.texts;
    let lines = preview.progress.lines.to_string();
    let refused = preview.progress.refused.to_string();
    let content = html! {
        div class="card" {
            div class="card-body" {
                p { (texts.format("import-preview", &[("lines", &lines), ("refused", &refused)])) }
                p class="gx-muted" { (texts.format("import-formats", &[("formats", &preview.formats)])) }
                @if preview.is_ambiguous { p class="alert alert-warning" { (texts.get("import-ambiguous")) } }
                table class="table" {
                    thead { tr {
                        th { (texts.get("import-type")) }
                        @for key in ["import-created", "import-updated", "import-unchanged"] {
                            th class="gx-number" { (texts.get(key)) }
                        }
                    } }
                    tbody {
                        @for (name, counts) in &preview.progress.counts {
                            tr {
                                td { (texts.type_plural(name)) }
                                @for number in [counts.created, counts.updated, counts.unchanged] {
                                    td class="gx-number" { (super::format::number(texts.locale(), &number.to_string())) }
                                }
                            }
                        }
                    }
                }
                @if !preview.refused.is_empty() {
                    h2 { (texts.get("import-refused-lines")) }
                    ul {
                        @for line in &preview.refused {
                            li {
                                strong { (texts.get("import-error-line")) " " (line.number) ": " }
                                @for refusal in &line.refusals {
                                    @if let Some(field) = &refusal.field {
                                        (texts.typed_field(&app.store.catalog(), field)) ": "
                                    }
                                    (texts.typed_refusal(&app.store.catalog(), refusal)) " "
                                }
                            }
                        }
                    }
                }
            }
            form class="card-footer d-flex gap-2" method="post" action="/import/start" {
                @for name in ["file", "name"] {
                    input type="hidden" name=(name) value=(entries.text(name));
                }
                input type="hidden" name="mapping" value=(toml);
                input class="form-control" name="save_as" aria-label=(texts.get("import-save-as"))
                    placeholder=(texts.get("import-save-as"));
                button class="btn btn-primary" type="submit" { (icon("file-import")) (texts.get("import-start")) }
                a class="btn" href="/import" { (texts.get("ui-cancel")) }
            }
        }
    };
    wizard(app, signed, 2, &content)
}

/// Puts the import into the queue and goes to its page.
pub(crate) async fn import_start(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let entries = Entries::sent(sent);
        let mapping = Mapping::parse(entries.text("mapping"))?;
        let file = parse_id(entries.text("file"))?;
        app.store.read(&signed.actor).await?.file(file).await?;
        let save_as = entries.text("save_as").trim();
        if !save_as.is_empty() {
            save_mapping(&app, &signed, save_as, entries.text("mapping")).await?;
        }
        let job = start_import_of_file(&app, &signed, entries.text("name"), file, &mapping).await?;
        Ok(Redirect::to(&format!("/import/{job}")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// How far an import is, and what came of it.
pub(crate) async fn import_result(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let id = parse_id(&id)?;
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row("import_job", id, Purpose::Read).await?;
        drop(view);
        let record: Stored<ImportJob> = row.try_into()?;
        let job = app.store.job(id).await?;
        let progress: Progress = serde_json::from_value(job.progress).unwrap_or_default();
        let now = app.store.clock().now();
        let error = job.error.as_deref();
        let card = result_card(&signed, id, &record, &progress, error, now);
        if params::one(&params, "part").is_some() {
            return Ok(Html(card.into_string()).into_response());
        }
        Ok(wizard(&app, &signed, 3, &card).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

fn result_card(
    signed: &SignedIn,
    id: RawId,
    record: &Stored<ImportJob>,
    progress: &Progress,
    error: Option<&str>,
    now: guanxi_base::Timestamp,
) -> Markup {
    let texts = signed.texts;
    let runs = matches!(record.status, ImportStatus::Queued | ImportStatus::Running);
    let here = format!("/import/{id}?part=card");
    let status = guanxi_record::Choice::code(record.status);
    let counts =
        [progress.line.to_string(), progress.lines.to_string(), progress.refused.to_string()];
    html! {
        div class="card" hx-get=[runs.then_some(&here)] hx-trigger=[runs.then_some("load delay:1s")] hx-swap="outerHTML" {
            div class="card-body gx-stack" {
                p class="m-0" role="status" {
                    strong { (texts.get(&format!("import-job.status-{status}"))) } " "
                    (texts.format("import-progress", &[("done", &counts[0]), ("all", &counts[1]), ("refused", &counts[2])]))
                }
                progress value=(progress.line) max=(progress.lines.max(1)) aria-label=(texts.get("import-title")) {}
                @if let (true, Some(started)) = (runs && progress.line > 0, record.started_at) {
                    @let seconds = now.duration_since(started).as_secs().max(1);
                    @let rate = (progress.line as i64 / seconds).max(1);
                    @let left = progress.lines.saturating_sub(progress.line) as i64 / rate;
                    p class="gx-muted m-0" {
                        (texts.format("import-rate", &[("rate", &rate.to_string()), ("seconds", &left.to_string())]))
                    }
                }
                @if let Some(error) = error { p class="alert alert-danger" { (error) } }
                @if !progress.counts.is_empty() {
                    ul class="m-0" {
                        @for (name, counts) in &progress.counts {
                            li { (texts.type_plural(name)) ": "
                                (texts.format("import-counts", &[
                                    ("created", &counts.created.to_string()),
                                    ("updated", &counts.updated.to_string()),
                                    ("unchanged", &counts.unchanged.to_string())])) }
                        }
                    }
                }
            }
            div class="card-footer d-flex gap-2" {
                @if runs {
                    form method="post" action=(format!("/import/{id}/stop")) { button class="btn" type="submit" { (texts.get("import-stop")) } }
                }
                @if record.status == ImportStatus::Paused {
                    form method="post" action=(format!("/import/{id}/resume")) { button class="btn" type="submit" { (texts.get("import-resume")) } }
                }
                @if matches!(record.status, ImportStatus::Done | ImportStatus::Paused | ImportStatus::Failed) {
                    form method="post" action=(format!("/import/{id}/undo")) data-confirm=(texts.get("import-undo-confirm")) {
                        button class="btn" type="submit" { (icon("arrow-back-up")) (texts.get("import-undo")) }
                    }
                }
                @if let Some(file) = &record.error_file {
                    a class="btn" href=(format!("/import/{id}/errors")) data-file=(file.0) { (icon("download")) (texts.get("import-errors")) }
                }
                a class="btn" href=(format!("/import_job/{id}")) { (texts.get("ui-details")) }
            }
        }
    }
}

/// Stops an import, goes on with it, or undoes it.
pub(crate) async fn import_action(
    State(app): State<App>,
    signed: SignedIn,
    Path((id, action)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Response> = async {
        let job = parse_id(&id)?;
        match action.as_str() {
            "undo" => {
                exchange::undo_import(&app.store, &signed.actor, job, |_, _| {}).await?;
            }
            action => crate::api::set_import_state(&app, &signed, job, action).await?,
        }
        Ok(Redirect::to(&format!("/import/{id}")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// The refused lines as a file.
pub(crate) async fn import_errors(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        let id = parse_id(&id)?;
        let mut view = app.store.read(&signed.actor).await?;
        view.row("import_job", id, Purpose::Read).await?;
        drop(view);
        let mut bytes = Vec::new();
        exchange::write_error_file(&app.store, &signed.actor, id, &mut bytes).await?;
        let headers = [
            ("content-type", "text/csv; charset=utf-8"),
            ("content-disposition", "attachment; filename=\"errors.csv\""),
        ];
        Ok((headers, bytes).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
