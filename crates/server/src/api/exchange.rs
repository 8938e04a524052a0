//! Files in and out over the API.

use axum::body::{Body, Bytes};
use axum::extract::{Multipart, Path, Query as Parameters, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::exchange::{self, ExportFormat, GoesOn, ImportInput, ImportJob, Mapping};
use guanxi_record::{Record as _, Sort};
use guanxi_store::{Operation, Purpose, Remembered};
use serde_json::{Value as Json, json};
use tokio::io::AsyncReadExt as _;

use super::records::{parse_id, respond};
use super::write;
use crate::app::App;
use crate::once::fingerprint;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;
use crate::upload::{OnDisk, Upload};

pub(crate) async fn export(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        signed.actor.rights.scope(&record_type, Purpose::Export).ok_or(Error::Forbidden)?;
        let name = params::one(&params, "format").unwrap_or("csv");
        let format = ExportFormat::from_name(name)
            .ok_or_else(|| Refusal::field("unknown-format", "format").with("name", name))?;
        let mut view = app.store.read(&signed.actor).await?;
        let mut query = params::query_of(&mut view, &record_type, &params).await?;
        if query.sort.is_empty() {
            query.sort = vec![Sort::up("id")];
        }
        // To the disk first: an error half way must not look like the end of the file.
        let mut file = tempfile::tempfile().map_err(Error::internal)?;
        let exported = exchange::export(&mut view, &described, &query, format, &mut file).await?;
        drop(view);
        // Before the first byte goes out: there is no export that nobody noted.
        let asked: Vec<String> =
            params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let detail = json!({ "records": exported.records, "query": asked.join("&") });
        let deed = signed.did(Operation::Export, &record_type, RawId(0), Some(detail));
        app.note(deed).await?;
        std::io::Seek::rewind(&mut file).map_err(Error::internal)?;
        let disposition = format!("attachment; filename=\"{record_type}.{name}\"");
        let headers = [
            (header::CONTENT_TYPE, format.media_type().to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            // The sheet "cut" of the workbook names each of them.
            (HeaderName::from_static("guanxi-cut-cells"), exported.cut.len().to_string()),
        ];
        Ok((headers, piece_by_piece(file)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| signed.problem(error))
}

/// A file as a body that is read as it is sent: however large, it is never all in memory.
fn piece_by_piece(file: std::fs::File) -> Body {
    const PIECE_BYTES: usize = 1 << 16;
    let read = async |mut file: tokio::fs::File| -> std::io::Result<_> {
        let mut piece = vec![0; PIECE_BYTES];
        let length = file.read(&mut piece).await?;
        piece.truncate(length);
        Ok((length > 0).then_some((Bytes::from(piece), file)))
    };
    Body::from_stream(futures_util::stream::try_unfold(tokio::fs::File::from_std(file), read))
}

/// Begins an import: multipart with `file` and `mapping` (TOML).
pub(crate) async fn begin_import(
    State(app): State<App>,
    signed: SignedIn,
    headers: HeaderMap,
    parts: Multipart,
) -> Response {
    let outcome: Result<Remembered> = async {
        // Before anything is read, let alone kept: not everybody may bring in files.
        exchange::may_import_anything(&signed.actor, &app.store.catalog())?;
        let upload = Upload::read(parts).await?;
        let mapping = Mapping::parse(upload.field("mapping").unwrap_or_default())?;
        exchange::may_import(&signed.actor, &mapping)?;
        let (name, file) = upload.file.ok_or_else(|| Refusal::field("file-missing", "file"))?;
        start_import(&app, &signed, &headers, (&name, &file), &mapping).await
    }
    .await;
    write::respond(&signed, outcome)
}

/// What a file would be read as: multipart like an import, but nothing is kept or written.
pub(crate) async fn examine_import(
    State(app): State<App>,
    signed: SignedIn,
    parts: Multipart,
) -> Response {
    let outcome: Result<Json> = async {
        exchange::may_import_anything(&signed.actor, &app.store.catalog())?;
        let upload = Upload::read(parts).await?;
        let mapping = Mapping::parse(upload.field("mapping").unwrap_or_default())?;
        exchange::may_import(&signed.actor, &mapping)?;
        let (_, file) = upload.file.ok_or_else(|| Refusal::field("file-missing", "file"))?;
        let plan = examined(&app, &mapping, &file).await?;
        let unsettled: Vec<Json> = plan
            .unsettled()
            .iter()
            .map(|refusal| {
                let message = signed.texts.refusal(refusal);
                json!({ "code": refusal.code, "field": refusal.field, "message": message })
            })
            .collect();
        Ok(json!({
            "columns": plan.columns,
            "lines": plan.lines,
            "decisions": plan.decisions,
            "unsettled": unsettled,
        }))
    }
    .await;
    respond(&signed, outcome)
}

/// What a file would be read as.
async fn examined(app: &App, mapping: &Mapping, file: &OnDisk) -> Result<exchange::Plan> {
    let (catalog, mapping) = (app.store.catalog(), mapping.clone());
    let today = app.store.clock().now().to_zoned(guanxi_base::TimeZone::UTC).date();
    file.look(move |path| exchange::examine(&catalog, &mapping, path, today)).await
}

/// Keeps the file and puts the import into the queue, both or neither. What nothing in the file
/// settles must be told before.
async fn start_import(
    app: &App,
    signed: &SignedIn,
    headers: &HeaderMap,
    (name, file): (&str, &OnDisk),
    mapping: &Mapping,
) -> Result<Remembered> {
    let said = [name.as_bytes(), mapping.to_toml()?.as_bytes(), file.digest()].join(&0);
    let request = fingerprint("import", &said);
    let unsettled = examined(app, mapping, file).await?.unsettled();
    if !unsettled.is_empty() {
        return Err(Error::Refused(unsettled));
    }
    let keeps = exchange::keeping(&signed.actor);
    let mut write = match write::begin_as(app, &keeps, headers, request).await? {
        Ok(write) => write,
        Err(answer) => return Ok(answer),
    };
    let input = ImportInput::Content(file.content().await?);
    let job = exchange::note_import(&mut write.tx, input, name, mapping).await?;
    write::commit(write, StatusCode::ACCEPTED, &json!({ "id": job.id.to_string() })).await
}

/// Stops an import, or goes on with one that was stopped: the action is in the path.
pub(crate) async fn stop_import(
    State(app): State<App>,
    signed: SignedIn,
    Path((id, action)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Json> = async {
        set_import_state(&app, &signed, parse_id(&id)?, &action).await?;
        Ok(json!({ "action": action }))
    }
    .await;
    respond(&signed, outcome)
}

pub(crate) async fn set_import_state(
    app: &App,
    signed: &SignedIn,
    id: RawId,
    action: &str,
) -> Result<()> {
    // Who began it may stop it; a token must be for that.
    let purposes = [Purpose::Import, Purpose::Create, Purpose::Change];
    let rights = &signed.actor.rights;
    if !purposes.iter().any(|purpose| rights.token_allows(ImportJob::NAME, *purpose)) {
        return Err(Error::Forbidden);
    }
    match action {
        "stop" => exchange::stop_import(&app.store, &signed.actor, id).await,
        "resume" => exchange::resume_import(&app.store, &signed.actor, id, GoesOn::Anyone).await,
        _ => Err(Refusal::new("unknown-action").with("name", action).into()),
    }
}

/// Undoes all that an import did.
pub(crate) async fn undo_import(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Json> = async {
        let id = parse_id(&id)?;
        let report = exchange::undo_import(&app.store, &signed.actor, id, |_, _| {}).await?;
        Ok(json!({ "changes": report.changes }))
    }
    .await;
    respond(&signed, outcome)
}
