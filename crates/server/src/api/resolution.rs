//! Duplicates over REST: who is there already, what becomes of a pair, merges taken back.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::resolution::{PairState, decide_in, likely_there, merge_pair_in, unmerge_in};
use guanxi_record::Choice as _;
use guanxi_store::Remembered;
use serde_json::{Map, Value as Json, json};

use super::body;
use super::records::{parse_id, respond};
use super::write;
use crate::app::App;
use crate::once::fingerprint;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// Customers who are likely the one of these values, among those whom the caller may see.
pub(crate) async fn alike(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(sent): Parameters<Params>,
) -> Response {
    let outcome: Result<Json> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let text = |name: &str| params::one(&sent, name).unwrap_or_default().trim().to_owned();
        let besides = params::one(&sent, "besides").map(parse_id).transpose()?;
        let found = likely_there(&mut view, &text, besides).await?;
        let described = view.catalog().get("customer")?.clone();
        signed.looked_at_some(&app, &described, found.iter().map(|one| one.row.id));
        let items = found.into_iter().map(|one| {
            let reasons: BTreeMap<&str, &str> = one.reasons.into_iter().collect();
            json!({ "id": one.row.id.to_string(), "name": one.row.title(&described),
                "certainty": one.certainty, "reasons": reasons })
        });
        Ok(json!({ "items": items.collect::<Vec<_>>() }))
    }
    .await;
    respond(&signed, outcome)
}

/// Merges the customers of a pair, puts them together, or says that they are two.
pub(crate) async fn decide_pair(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome: Result<Remembered> = async {
        let (id, object) = (parse_id(&id)?, body::object(&body)?);
        let text = |name: &str| object.get(name).and_then(Json::as_str);
        let state = match text("decision") {
            Some("merge") => PairState::Merged,
            Some("join") => PairState::Joined,
            Some("different") => PairState::Different,
            _ => return Err(Refusal::field("required", "decision").into()),
        };
        let wanted = match state {
            PairState::Merged => Some(survivor_of(&object)?),
            _ => None,
        };
        let request = fingerprint(&format!("decide {id}"), &body);
        let mut write = match write::begin_as(&app, &signed.actor, &headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        let answer = match wanted {
            Some(wanted) => {
                let note = merge_pair_in(&mut write.tx, id, wanted).await?;
                json!({ "state": state.code(), "merge": note.id.to_string(),
                    "moved": note.moved, "change_set": note.change_set })
            }
            None => json!({ "state": decide_in(&mut write.tx, id, state).await?.state.code() }),
        };
        write::commit(write, StatusCode::OK, &answer).await
    }
    .await;
    write::respond(&signed, outcome)
}

/// Which of a pair stays, and for which fields the value of which of the two was chosen.
fn survivor_of(object: &Map<String, Json>) -> Result<(RawId, BTreeMap<String, RawId>)> {
    let survivor = object.get("survivor").and_then(Json::as_str);
    let survivor = survivor.ok_or_else(|| Refusal::field("required", "survivor"))?;
    let mut chosen = BTreeMap::new();
    for (name, from) in object.get("take").and_then(Json::as_object).into_iter().flatten() {
        let from = from.as_str().ok_or_else(|| Refusal::field("required", "take"))?;
        chosen.insert(name.clone(), parse_id(from)?);
    }
    Ok((parse_id(survivor)?, chosen))
}

/// Parts two customers that were merged.
pub(crate) async fn undo_merge(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let outcome: Result<Remembered> = async {
        let id = parse_id(&id).map_err(|_| Error::NotFound)?;
        let request = fingerprint(&format!("undo merge {id}"), &[]);
        let mut write = match write::begin_as(&app, &signed.actor, &headers, request).await? {
            Ok(write) => write,
            Err(answer) => return Ok(answer),
        };
        unmerge_in(&mut write.tx, id).await?;
        let answer = json!({ "change_set": write.tx.change_set().to_string() });
        write::commit(write, StatusCode::OK, &answer).await
    }
    .await;
    write::respond(&signed, outcome)
}
