//! Language and theme: kept in cookies, so that they hold before anybody signs in.

use axum::Form;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::own_page::page_before;

/// Keeps a choice in a cookie and goes back to where it was made.
fn remember(headers: &HeaderMap, name: &str, value: &str) -> Response {
    let to = page_before(headers).unwrap_or_else(|| "/".to_owned());
    let line = format!("{name}={value}; Path=/; SameSite=Lax; Max-Age=31536000");
    ([(header::SET_COOKIE, line)], Redirect::to(&to)).into_response()
}

#[derive(Debug, Deserialize)]
pub(crate) struct Language {
    locale: String,
}

pub(crate) async fn language(headers: HeaderMap, Form(chosen): Form<Language>) -> Response {
    let locale = if chosen.locale == "en" { "en" } else { "zh_cn" };
    remember(&headers, "guanxi_locale", locale)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Theme {
    theme: String,
}

pub(crate) async fn theme(headers: HeaderMap, Form(chosen): Form<Theme>) -> Response {
    let theme = if chosen.theme == "dark" { "dark" } else { "light" };
    remember(&headers, "guanxi_theme", theme)
}

/// Where a form was sent to there is no page to come back to, by reloading, by the browser's way back, or
/// after another language was chosen: the one above it is shown. Programs are told that it is no page.
pub(crate) async fn page_above(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let is_page = matches!(method, Method::GET | Method::HEAD) && !path.starts_with("/api/");
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((above, _)) if is_page => {
            Redirect::to(if above.is_empty() { "/" } else { above }).into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}
