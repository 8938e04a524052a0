//! The import wizard: file, mapping, preview, run, result.

use axum::Form as Posted;
use axum::extract::{Multipart, Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{
    self, IMPORTED_TYPES, ImportInput, ImportJob, ImportMapping, LayoutHints, Mapping, choose_keys,
    column_names, fits, suggest_again,
};
use guanxi_record::{Filter, LongText, Query, Record, RecordType, Sort, Stored};
use guanxi_store::Purpose;
use maud::{Markup, html};

use super::fields::Entries;
use super::import_choices::{
    chosen_mapping, columns_of, decides_anything, hints, reads_otherwise, unanswered,
};
use super::import_columns::{MappingStep, lacking};
use super::import_preview::{preview, preview_step};
use super::import_result::result_card;
use super::import_state::{go_on, kept};
use super::layout::{Notice, error_page, page};
use super::once::{self, Begun, Once};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;
use crate::upload::{OnDisk, Upload};

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

pub(super) fn wizard(app: &App, signed: &SignedIn, step: usize, content: &Markup) -> Html<String> {
    let title = signed.texts.get("import-title");
    let content = html! {
        div class="gx-head" { h1 { (title) } }
        (steps(signed, step))
        (content)
    };
    page(app, signed, &title, &Notice::default(), &content)
}

/// What people bring in, as far as they may, the most common first.
fn importable(app: &App, signed: &SignedIn) -> Vec<std::sync::Arc<RecordType>> {
    let catalog = app.store.catalog();
    let may = |name: &&&str| signed.actor.rights.may(name, Purpose::Import);
    let types = IMPORTED_TYPES.iter().filter(may);
    types.filter_map(|name| catalog.get(name).ok().cloned()).collect()
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
    let mut tx = app.store.write(&exchange::keeping(&signed.actor)).await?;
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
    let types = importable(app, signed);
    let content = html! {
        @if types.is_empty() {
            p class="alert alert-warning" role="alert" { (texts.get("import-not-yours")) }
        } @else {
        form class="card" method="post" action="/import/file" enctype="multipart/form-data" {
            div class="card-body gx-stack" {
                @if let Some(problem) = problem { p class="alert alert-danger" role="alert" id="problem" { (problem) } }
                div {
                    label class="form-label" for="record_type" { (texts.get("import-what")) }
                    select class="form-select" id="record_type" name="record_type" {
                        @for one in &types {
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
        }
        p class="mt-3" { a href="/import_job" { (texts.get("import-earlier")) } }
    };
    wizard(app, signed, 0, &content)
}

/// Takes the file, finds out how it is written, and proposes a mapping. Who may bring in nothing
/// has nothing read: neither what they send, nor what is in it.
pub(crate) async fn import_upload(
    State(app): State<App>,
    signed: SignedIn,
    parts: Multipart,
) -> Response {
    match take_in(&app, &signed, parts).await {
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

async fn take_in(app: &App, signed: &SignedIn, parts: Multipart) -> Result<Response> {
    exchange::may_import_anything(&signed.actor, &app.store.catalog())?;
    let upload = Upload::read(parts).await?;
    let record_type = upload.field("record_type").unwrap_or_default().to_owned();
    let described = app.store.catalog().named(&record_type)?.clone();
    let saved = upload.field("saved").filter(|name| !name.is_empty()).map(str::to_owned);
    let (name, sent) = upload.file.ok_or_else(|| Refusal::field("file-missing", "file"))?;
    let kept = match saved {
        Some(name) => {
            let mut view = app.store.read(&signed.actor).await?;
            let row = view.find_by(ImportMapping::NAME, "name", name.as_str()).await?;
            let known: Stored<ImportMapping> = row.ok_or(Error::NotFound)?.try_into()?;
            Some(known.record.mapping.0)
        }
        None if signed.actor.rights.may(&record_type, Purpose::Import) => None,
        None => return Err(Error::Forbidden),
    };
    let hints = match kept.as_deref() {
        Some(toml) => hints_of(app, toml),
        None => LayoutHints { columns: column_names(&described), ..LayoutHints::default() },
    };
    let step = sent.look(|path| MappingStep::read(path, hints)).await?;
    let toml = match kept {
        Some(toml) => toml,
        None => {
            let mut mapping = exchange::suggest(&described, &step.headers, &step.sample);
            let mut view = app.store.read(&signed.actor).await?;
            let table = (step.headers.as_slice(), step.sample.as_slice());
            choose_keys(&mut view, &described, &mut mapping, table).await?;
            mapping.to_toml()?
        }
    };
    let content = sent.content().await?;
    let mut tx = app.store.write(&exchange::keeping(&signed.actor)).await?;
    // Named by nothing yet: what comes to nothing is removed after a day.
    let file = tx.create_file(&name, "application/octet-stream", content).await?.id;
    tx.commit().await?;
    let form = [("file", file.to_string()), ("name", name), ("mapping", toml)];
    let form = form.map(|(name, value)| (name.to_owned(), value)).into();
    go_on(app, signed, "columns", &form).await
}

/// How the file of a mapping is opened.
fn hints_of(app: &App, toml: &str) -> LayoutHints {
    Mapping::parse(toml).map(|mapping| hints(app, &mapping)).unwrap_or_default()
}

/// The form of a step, kept: the preview of it is a page with an address of its own.
pub(crate) async fn import_mapping(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    keep_form(&app, &signed, "preview", &sent).await
}

/// Back from the preview to the mapping, as it was chosen.
pub(crate) async fn import_columns(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    keep_form(&app, &signed, "columns", &sent).await
}

async fn keep_form(app: &App, signed: &SignedIn, step: &str, sent: &Params) -> Response {
    let outcome: Result<Response> = async {
        exchange::may_import_anything(&signed.actor, &app.store.catalog())?;
        let file = parse_id(params::one(sent, "file").unwrap_or_default())?;
        app.store.read(&signed.actor).await?.file(file).await?;
        go_on(app, signed, step, sent).await
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(app, signed, &error))
}

/// The mapping: which column fills which field.
pub(crate) async fn import_columns_page(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    step_page(&app, &signed, &params, Step::Columns).await
}

/// What would come of the import: the whole file is read, and nothing is written.
pub(crate) async fn import_preview_page(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    step_page(&app, &signed, &params, Step::Preview).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Columns,
    Preview,
}

async fn step_page(app: &App, signed: &SignedIn, params: &Params, step: Step) -> Response {
    let outcome: Result<Response> = async {
        exchange::may_import_anything(&signed.actor, &app.store.catalog())?;
        match kept(app, signed, params).await? {
            Some(kept) => show_step(app, signed, step, kept).await,
            None => Ok(Redirect::to("/import").into_response()),
        }
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(app, signed, &error))
}

async fn show_step(
    app: &App,
    signed: &SignedIn,
    step: Step,
    (entries, file, content): (Entries, RawId, OnDisk),
) -> Result<Response> {
    let before = hints_of(app, entries.text("mapping"));
    let mut shown = content.look(|path| MappingStep::read(path, before)).await?;
    let undecided = unanswered(&entries).filter(|_| !reads_otherwise(&entries));
    let refused = |mut shown: MappingStep, toml: String, error: Error| {
        shown.say(app, entries.text("name"), toml);
        if entries.text("use") == "table" {
            shown.keep(&entries);
        }
        let content = shown.markup(app, signed, file, Some(&error));
        (crate::problem::status(&error), wizard(app, signed, 1, &content)).into_response()
    };
    if let Some(matter) = undecided {
        let again = asked_again(app, &content, &entries).await?;
        let error = Refusal::field("undecided", matter).into();
        return Ok(refused(again, entries.text("mapping").to_owned(), error));
    }
    let toml = match chosen_mapping(app, &entries, &shown.headers) {
        Ok(toml) => toml,
        Err(error @ Error::Refused(_)) => {
            return Ok(refused(shown, entries.text("mapping").to_owned(), error));
        }
        Err(error) => return Err(error),
    };
    let mapping = match Mapping::parse(&toml) {
        Ok(mapping) => mapping,
        Err(error) => return Ok(refused(shown, toml, error)),
    };
    exchange::may_import(&signed.actor, &mapping)?;
    let mut toml = toml;
    let mut step = step;
    if reads_otherwise(&entries) {
        // Other columns may have come of it: they are looked for by how columns are called.
        let hints = LayoutHints { columns: columns_of(app, &mapping), ..mapping.hints() };
        shown = match content.look(|path| MappingStep::read(path, hints)).await {
            Ok(again) => again,
            Err(error @ Error::Refused(_)) => {
                return Ok(refused(shown, entries.text("mapping").to_owned(), error));
            }
            Err(error) => return Err(error),
        };
        let catalog = app.store.catalog();
        if !fits(&mapping, &shown.headers) || entries.text("use") != "decide" {
            step = Step::Columns;
        }
        toml = suggest_again(&catalog, &mapping, &shown.headers, &shown.sample).to_toml()?;
    }
    let mapping = Mapping::parse(&toml)?;
    if step == Step::Columns {
        shown.say(app, entries.text("name"), toml);
        let content = shown.markup(app, signed, file, None);
        return Ok(wizard(app, signed, 1, &content).into_response());
    }
    let looked = match lacking(app, &mapping) {
        Some(refusals) => Err(Error::Refused(refusals)),
        None => preview(app, signed, &content, mapping).await,
    };
    match looked {
        Ok(preview) => Ok(preview_step(app, signed, &entries, &toml, &preview).into_response()),
        Err(error @ Error::Refused(_)) => Ok(refused(shown, toml, error)),
        Err(error) => Err(error),
    }
}

/// The mapping step with what it asked before its mapping took the columns for granted.
async fn asked_again(app: &App, content: &OnDisk, entries: &Entries) -> Result<MappingStep> {
    let mapping = Mapping::parse(entries.text("mapping"))?;
    let hints = LayoutHints { columns: columns_of(app, &mapping), ..mapping.hints() };
    content.look(|path| MappingStep::read(path, hints)).await
}

/// Puts the import into the queue and goes to its page.
pub(crate) async fn import_start(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let entries = Entries::sent(sent.clone());
        let mapping = Mapping::parse(entries.text("mapping"))?;
        exchange::may_import(&signed.actor, &mapping)?;
        let file = parse_id(entries.text("file"))?;
        app.store.read(&signed.actor).await?.file(file).await?;
        // What was decided since the preview is seen before it is done.
        if decides_anything(&entries) {
            let again = sent.into_iter().chain([("again".to_owned(), "true".to_owned())]).collect();
            return go_on(&app, &signed, "preview", &again).await;
        }
        let once = Once::of("import", &entries);
        let save_as = entries.text("save_as").trim();
        if !save_as.is_empty() && matches!(once.begin(&app, &signed).await?, Begun::New(_)) {
            save_mapping(&app, &signed, save_as, entries.text("mapping")).await?;
        }
        let mut write = match once.begin(&app, &signed).await? {
            Begun::New(write) => write,
            Begun::Again(to) => return Ok(Redirect::to(&to).into_response()),
            Begun::Before(before) => return Err(before.refusal().into()),
        };
        // Who may bring in records keeps what came of it, whatever they may do with the list of imports.
        write.tx.act_with(exchange::keeping(&signed.actor).rights);
        let input = ImportInput::File(file);
        let job =
            exchange::note_import(&mut write.tx, input, entries.text("name"), &mapping).await?;
        let to = format!("/import/{}", job.id);
        write.commit(&once::led(&to, ImportJob::NAME, job.id.raw())).await?;
        Ok(Redirect::to(&to).into_response())
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
        let card = result_card(&app, &signed, id, &record, &job);
        if params::one(&params, "part").is_some() {
            return Ok(Html(card.into_string()).into_response());
        }
        Ok(wizard(&app, &signed, 3, &card).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
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
                match exchange::undo_import(&app.store, &signed.actor, job, |_, _| {}).await {
                    Err(Error::Refused(refusals)) => {
                        return not_undone(&app, &signed, job, &refusals).await;
                    }
                    outcome => drop(outcome?),
                }
            }
            action => crate::api::set_import_state(&app, &signed, job, action).await?,
        }
        Ok(Redirect::to(&format!("/import/{id}")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// The import again, with what stands against its undo, and the imports to undo first.
async fn not_undone(
    app: &App,
    signed: &SignedIn,
    id: RawId,
    refusals: &[Refusal],
) -> Result<Response> {
    let mut view = app.store.read(&signed.actor).await?;
    let record: Stored<ImportJob> =
        view.row(ImportJob::NAME, id, Purpose::Read).await?.try_into()?;
    drop(view);
    let job = app.store.job(id).await?;
    let first = |refusal: &Refusal| {
        let job = refusal.args.iter().find(|(name, _)| *name == "job");
        job.map(|(_, id)| format!("/import/{id}"))
    };
    let content = html! {
        div class="alert alert-danger" role="alert" {
            @for refusal in refusals {
                p {
                    (signed.texts.refusal(refusal)) " "
                    @if let Some(path) = first(refusal) {
                        a href=(path) { (signed.texts.get("import-open")) }
                    }
                }
            }
        }
        (result_card(app, signed, id, &record, &job))
    };
    let page = wizard(app, signed, 3, &content);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
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
