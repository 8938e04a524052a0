//! Writing records: create, update, archive, restore, many at once, undo. With an
//! `Idempotency-Key`, a request that is sent twice is done once.

use axum::body::Bytes;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::bulk::{self, Act};
use guanxi_crm::people::create_collected;
use guanxi_crm::segments::expand;
use guanxi_record::{Filter, Query, RecordType, Row, Value};
use guanxi_store::{Actor, Remembered, Tx};
use serde_json::{Map, Value as Json, json};

use super::body;
use super::records::{parse_id, record_json};
use crate::app::App;
use crate::once::{self, Write, fingerprint};
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// The write, or the answer that was given to it before.
pub(super) type Begun = std::result::Result<Box<Write>, Remembered>;

async fn begin(
    app: &App,
    signed: &SignedIn,
    headers: &HeaderMap,
    request: String,
) -> Result<Begun> {
    begin_as(app, &signed.actor, headers, request).await
}

/// Begins a write of an Actor under the key that a program sent; or the answer that was given to it before.
pub(super) async fn begin_as(
    app: &App,
    actor: &Actor,
    headers: &HeaderMap,
    request: String,
) -> Result<Begun> {
    once::begin(app, actor, body::idempotency_key(headers)?, &request).await?.or_known()
}

/// Answers with the record as it is now.
async fn commit_row(
    mut write: Box<Write>,
    status: StatusCode,
    described: &RecordType,
    row: &Row,
) -> Result<Remembered> {
    let titles = write.tx.link_titles(described, std::slice::from_ref(row)).await?;
    let mut answer = record_json(described, row, &titles);
    answer["change_set"] = json!(write.tx.change_set().to_string());
    commit(write, status, &answer).await
}

pub(super) async fn commit(
    write: Box<Write>,
    status: StatusCode,
    answer: &Json,
) -> Result<Remembered> {
    let answer = Remembered { status: status.as_u16(), response: answer.to_string() };
    write.commit(&answer).await?;
    Ok(answer)
}

pub(super) fn respond(signed: &SignedIn, outcome: Result<Remembered>) -> Response {
    match outcome {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
            (status, [(header::CONTENT_TYPE, "application/json")], answer.response).into_response()
        }
        Err(error) => signed.problem(error),
    }
}

pub(crate) async fn create(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let outcome: Result<Remembered> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let fields = body::fields(&described, &body::object(&bytes)?, &[])?;
        let request = fingerprint(&format!("create {record_type}"), &bytes);
        let mut write = match begin(&app, &signed, &headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        let mut values = vec![Value::Null; described.fields.len()];
        for (place, value) in fields {
            values[place] = value;
        }
        let row = create_collected(&mut write.tx, &described, values).await?;
        commit_row(write, StatusCode::CREATED, &described, &row).await
    }
    .await;
    respond(&signed, outcome)
}

pub(crate) async fn update(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let outcome: Result<Remembered> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let object = body::object(&bytes)?;
        let version = body::version(&object)?;
        let fields = body::fields(&described, &object, &["version"])?;
        let request = fingerprint(&format!("update {record_type} {id}"), &bytes);
        let mut write = match begin(&app, &signed, &headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        let row = write.tx.update_fields(&described, parse_id(&id)?, version, fields).await?;
        commit_row(write, StatusCode::OK, &described, &row).await
    }
    .await;
    respond(&signed, outcome)
}

pub(crate) async fn archive(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    put_away(&app, &signed, (&record_type, &id), &headers, &bytes, Away::Archive).await
}

pub(crate) async fn restore(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    put_away(&app, &signed, (&record_type, &id), &headers, &bytes, Away::Restore).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    Archive,
    Restore,
}

async fn put_away(
    app: &App,
    signed: &SignedIn,
    (record_type, id): (&str, &str),
    headers: &HeaderMap,
    bytes: &Bytes,
    away: Away,
) -> Response {
    let outcome: Result<Remembered> = async {
        let described = app.store.catalog().get(record_type)?.clone();
        let version = body::version(&body::object(bytes)?)?;
        let request = fingerprint(&format!("{away:?} {record_type} {id}"), bytes);
        let mut write = match begin(app, signed, headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        let id = parse_id(id)?;
        let row = match away {
            Away::Archive => write.tx.archive(record_type, id, version).await?,
            Away::Restore => write.tx.restore(record_type, id, version).await?,
        };
        let mut answer = record_json(&described, &row, &Default::default());
        answer["change_set"] = json!(write.tx.change_set().to_string());
        commit(write, StatusCode::OK, &answer).await
    }
    .await;
    respond(signed, outcome)
}

/// Many records in one transaction: all or none.
pub(crate) async fn bulk(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let outcome: Result<Remembered> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let object = body::object(&bytes)?;
        let act = match object.get("action").and_then(Json::as_str) {
            Some("update") => {
                Act::Update(body::fields(&described, body::part(&object, "set")?, &[])?)
            }
            Some("archive") => Act::Archive,
            Some("restore") => Act::Restore,
            other => {
                let name = other.unwrap_or_default();
                return Err(Refusal::field("unknown-action", "action").with("name", name).into());
            }
        };
        let request = fingerprint(&format!("bulk {record_type}"), &bytes);
        let mut write = match begin(&app, &signed, &headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        let ids = chosen(&mut write.tx, &record_type, &object, &act).await?;
        bulk::act_on(&mut write.tx, &described, &ids, &act).await?;
        let change_set = write.tx.change_set().to_string();
        let answer = json!({ "changed": ids.len(), "change_set": change_set });
        commit(write, StatusCode::OK, &answer).await
    }
    .await;
    respond(&signed, outcome)
}

/// The records that a bulk request means: by ids, or by a filter.
async fn chosen(
    tx: &mut Tx,
    record_type: &str,
    object: &Map<String, Json>,
    act: &Act,
) -> Result<Vec<RawId>> {
    // All or none, under one key: as many as one transaction takes.
    match (object.get("ids"), object.get("filter")) {
        (Some(Json::Array(ids)), None) => {
            let ids = ids.iter().map(|id| {
                let text = id.as_str();
                let wrong = || Refusal::field("not-an-id", "ids").with("value", id);
                parse_id(text.ok_or_else(wrong)?)
            });
            bulk::in_turn(ids.collect::<Result<_>>()?, bulk::STEP)
        }
        (None, Some(filter)) => {
            let filter = expand(tx, record_type, Filter::from_json(filter)?).await?;
            bulk::chosen(tx, record_type, Query::of(filter), (act, bulk::STEP)).await
        }
        _ => Err(Refusal::field("required", "ids").into()),
    }
}

/// Undoes one set of changes: `{"change_set": "…"}`.
pub(crate) async fn undo(
    State(app): State<App>,
    signed: SignedIn,
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
    bytes: Bytes,
) -> Response {
    let outcome: Result<Remembered> = async {
        let named = match params::one(&params, "change_set") {
            Some(id) => id.to_owned(),
            None => {
                let object = body::object(&bytes)?;
                let id = object.get("change_set").and_then(Json::as_str);
                id.ok_or_else(|| Refusal::field("required", "change_set"))?.to_owned()
            }
        };
        let request = fingerprint("undo", named.as_bytes());
        let mut write = match begin(&app, &signed, &headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        let id = named.parse().map_err(|_| Error::NotFound)?;
        let report = write.tx.undo(id).await?;
        let change_set = report.change_set.map(|id| id.to_string());
        let answer = json!({ "changes": report.changes, "change_set": change_set });
        commit(write, StatusCode::OK, &answer).await
    }
    .await;
    respond(&signed, outcome)
}
