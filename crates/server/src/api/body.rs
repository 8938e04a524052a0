//! Request bodies: JSON within limits, fields read by their kinds, every mistake named at once.

use axum::body::Bytes;
use axum::http::HeaderMap;
use guanxi_base::{Error, Refusal, Result};
use guanxi_record::{RecordType, Value};
use serde_json::{Map, Value as Json};

/// A JSON object.
pub(crate) fn object(body: &Bytes) -> Result<Map<String, Json>> {
    let wrong = |reason: String| Error::from(Refusal::new("wrong-body").with("reason", reason));
    match serde_json::from_slice::<Json>(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(wrong("{ … }".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The object in an object that says what is to be done.
///
/// # Errors
/// `required` where there is none, or nothing is in it; `not-an-object` where it is something else.
pub(crate) fn part<'a>(object: &'a Map<String, Json>, name: &str) -> Result<&'a Map<String, Json>> {
    match object.get(name) {
        Some(Json::Object(part)) if !part.is_empty() => Ok(part),
        None | Some(Json::Null | Json::Object(_)) => Err(Refusal::field("required", name).into()),
        Some(_) => Err(Refusal::field("not-an-object", name).with("name", name).into()),
    }
}

/// The version that a write states that it has read.
pub(crate) fn version(object: &Map<String, Json>) -> Result<i64> {
    let version = object.get("version").and_then(Json::as_i64);
    version.ok_or_else(|| Refusal::field("version-missing", "version").into())
}

/// The fields of an object, by their places in the type.
///
/// # Errors
/// Every unknown, read-only or unreadable field at once.
pub(crate) fn fields(
    record_type: &RecordType,
    object: &Map<String, Json>,
    besides: &[&str],
) -> Result<Vec<(usize, Value)>> {
    let mut fields = Vec::with_capacity(object.len());
    let mut refusals = Vec::new();
    for (name, json) in object.iter().filter(|(name, _)| !besides.contains(&name.as_str())) {
        let Some(place) = record_type.position(name) else {
            let refusal = Refusal::field("unknown-field", name.as_str()).with("name", name);
            refusals.push(refusal.with("type", &record_type.name));
            continue;
        };
        let field = &record_type.fields[place];
        if field.read_only {
            refusals.push(Refusal::field("read-only", name.as_str()).with("name", name));
            continue;
        }
        match Value::from_json(&field.kind, json) {
            Ok(value) => fields.push((place, value)),
            Err(refusal) => refusals.push(Refusal { field: Some(name.clone()), ..refusal }),
        }
    }
    if refusals.is_empty() { Ok(fields) } else { Err(Error::Refused(refusals)) }
}

/// The key under which the caller wants the answer remembered.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    const CHARACTERS_MAX: usize = 200;
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=CHARACTERS_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            Err(Refusal::field("too-long", "Idempotency-Key").with("limit", CHARACTERS_MAX).into())
        }
    }
}
