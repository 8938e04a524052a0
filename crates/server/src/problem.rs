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
            Some("disk-full" | "disk-fails" | "database-read-only") => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            Some("database-damaged") => StatusCode::INTERNAL_SERVER_ERROR,
            Some(
                "try-again" | "record-held" | "server-busy" | "database-busy" | "database-away",
            ) => StatusCode::SERVICE_UNAVAILABLE,
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
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    retry_later((status(error), kind, body).into_response(), error)
}

/// An answer that says when to come again, where the error tells that.
pub(crate) fn retry_later(mut response: Response, error: &Error) -> Response {
    const SECONDS_USUAL: u64 = 2;
    let Error::Refused(refusals) = error else { return response };
    let Some(refusal) = refusals.first() else { return response };
    let stated = |name: &str| {
        let found = refusal.args.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, text)| text.parse::<u64>().ok())
    };
    let seconds = stated("seconds").or_else(|| stated("minutes").map(|minutes| minutes * 60));
    let is_later =
        matches!(status(error), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if is_later {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.unwrap_or(SECONDS_USUAL).into());
    }
    response
}

pub(crate) fn log(error: &Error, request_id: &str) {
    if let Error::Internal(reason) = error {
        tracing::error!(request_id, %reason, "internal error");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guanxi_crm::access::Locale;

    #[test]
    fn who_should_come_again_is_told_when() {
        let later = |refusal: Refusal| {
            let answer = answer(&refusal.into(), Texts::of(Locale::En), "1");
            let after = answer.headers().get(header::RETRY_AFTER);
            (answer.status().as_u16(), after.map(|after| after.to_str().unwrap().to_owned()))
        };
        for (refusal, status, after) in [
            (Refusal::new("database-away"), 503, Some("2")),
            (Refusal::new("database-busy"), 503, Some("2")),
            (Refusal::new("record-held"), 503, Some("2")),
            (Refusal::new("server-busy").with("seconds", 7), 503, Some("7")),
            (Refusal::new("sign-in-throttled").with("minutes", 3), 429, Some("180")),
            (Refusal::new("too-many-requests").with("seconds", 1), 429, Some("1")),
            (Refusal::new("disk-full"), 507, None),
            (Refusal::new("required"), 422, None),
        ] {
            let code = refusal.code;
            assert_eq!(later(refusal), (status, after.map(str::to_owned)), "{code}");
        }
    }
}
