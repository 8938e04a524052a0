//! Errors as answers: RFC 9457 problem details for programs, a page for people.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use guanxi_base::{Error, Refusal};
use guanxi_crm::text::Texts;
use serde_json::{Value as Json, json};

/// The status of an error.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::Refused(refusals) => match refusals.first().map(|refusal| refusal.code) {
            Some("not-signed-in") => StatusCode::UNAUTHORIZED,
            Some("csrf") => StatusCode::FORBIDDEN,
            Some("sign-in-throttled" | "too-many-requests") => StatusCode::TOO_MANY_REQUESTS,
            Some("body-too-large" | "file-too-large") => StatusCode::PAYLOAD_TOO_LARGE,
            Some("wrong-body") => StatusCode::BAD_REQUEST,
            Some("disk-full") => StatusCode::INSUFFICIENT_STORAGE,
            Some("try-again") => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Forbidden => StatusCode::FORBIDDEN,
        Error::Conflict { .. } => StatusCode::CONFLICT,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The stable word for an error, and its sentence.
pub(crate) fn words(error: &Error, texts: &Texts) -> (&'static str, String) {
    match error {
        Error::Refused(refusals) => match refusals.as_slice() {
            [one] => (one.code, texts.refusal(one)),
            _ => ("refused", texts.get("error-refused")),
        },
        Error::NotFound => ("not-found", texts.get("error-not-found")),
        Error::Forbidden => ("forbidden", texts.get("error-forbidden")),
        Error::Conflict { .. } => ("conflict", texts.get("error-conflict")),
        Error::Internal(_) => ("internal", texts.get("error-internal")),
    }
}

/// What a program is told.
pub(crate) fn details(error: &Error, texts: &Texts, request_id: &str) -> Json {
    let (code, sentence) = words(error, texts);
    let mut details = json!({
        "type": format!("about:blank#{code}"),
        "title": sentence,
        "status": status(error).as_u16(),
        "code": code,
        "request_id": request_id,
    });
    match error {
        Error::Refused(refusals) => {
            let entry = |refusal: &Refusal| {
                json!({
                    "code": refusal.code,
                    "field": refusal.field,
                    "detail": texts.refusal(refusal),
                })
            };
            details["errors"] = refusals.iter().map(entry).collect();
        }
        Error::Conflict { current_version } => {
            details["current_version"] = json!(current_version);
        }
        _ => {}
    }
    details
}

/// An error as a program's answer. Internal errors are logged here, once.
pub(crate) fn answer(error: &Error, texts: &Texts, request_id: &str) -> Response {
    log(error, request_id);
    let body = details(error, texts, request_id).to_string();
    (status(error), [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

pub(crate) fn log(error: &Error, request_id: &str) {
    if let Error::Internal(reason) = error {
        tracing::error!(request_id, %reason, "internal error");
    }
}
