//! Signing in and out; language and theme.

use axum::Form;
use axum::extract::{Extension, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{RawId, Refusal, Result};
use guanxi_crm::access::{User, verify_password};
use guanxi_crm::text::Texts;
use guanxi_record::Record;
use guanxi_store::{Actor, Origin, SignInKind};
use jiff::SignedDuration;
use maud::{Markup, html};
use serde::Deserialize;

use super::assets::VERSION;
use super::layout::bare;
use crate::app::App;
use crate::params::{self, Params};
use crate::security::ClientAddress;
use crate::signed_in::{SESSION_COOKIE, cookie, locale_of};

/// A session ends after so many hours.
const SESSION_HOURS: i64 = 24 * 7;

pub(crate) async fn login_form(
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
) -> Response {
    let texts = Texts::of(locale_of(&headers));
    let to = params::one(&params, "to").unwrap_or("/");
    bare(
        texts,
        &texts.get("login-title"),
        cookie(&headers, "guanxi_theme"),
        &form(texts, to, "", None),
    )
    .into_response()
}

fn form(texts: &Texts, to: &str, email: &str, problem: Option<&str>) -> Markup {
    html! {
        div class="gx-login" {
            div class="card" {
                div class="card-body" {
                    div class="d-flex align-items-center gap-2 mb-3" {
                        img src=(format!("/assets/logo.svg?v={VERSION}")) alt="" width="36" height="36";
                        h1 class="m-0" { (texts.get("ui-product")) }
                    }
                    form method="post" action="/login" {
                        @if let Some(problem) = problem {
                            p class="alert alert-danger" role="alert" id="problem" { (problem) }
                        }
                        input type="hidden" name="to" value=(to);
                        label class="form-label" for="email" { (texts.get("login-email")) }
                        input class="form-control mb-3" id="email" name="email" type="email"
                            autocomplete="username" required value=(email)
                            aria-invalid=[problem.map(|_| "true")]
                            aria-describedby=[problem.map(|_| "problem")];
                        label class="form-label" for="password" { (texts.get("login-password")) }
                        input class="form-control mb-3" id="password" name="password"
                            type="password" autocomplete="current-password" required;
                        button class="btn btn-primary w-100" type="submit" { (texts.get("login-button")) }
                    }
                }
            }
            form class="text-center mt-3" method="post" action="/language" {
                button class="btn" name="locale" value="zh_cn" lang="zh-CN" { "\u{4e2d}\u{6587}" }
                " "
                button class="btn" name="locale" value="en" lang="en" { "English" }
            }
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    to: String,
}

pub(crate) async fn sign_in(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Response {
    let texts = Texts::of(locale_of(&headers));
    let address = address.map(|Extension(address)| address.0).unwrap_or_default();
    match check(&app, &credentials, &address).await {
        Ok(token) => {
            let to = if is_local(&credentials.to) { credentials.to.as_str() } else { "/" };
            let secure = if app.config.behind_https { "; Secure" } else { "" };
            let age = SESSION_HOURS * 3_600;
            let value = format!(
                "{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}"
            );
            ([(header::SET_COOKIE, value)], Redirect::to(to)).into_response()
        }
        Err(error) => {
            crate::problem::log(&error, "");
            let (_, sentence) = crate::problem::words(&error, texts);
            let content = form(texts, &credentials.to, &credentials.email, Some(&sentence));
            let theme = cookie(&headers, "guanxi_theme");
            let page = bare(texts, &texts.get("login-title"), theme, &content);
            let status = match crate::problem::status(&error) {
                StatusCode::UNPROCESSABLE_ENTITY => StatusCode::UNAUTHORIZED,
                other => other,
            };
            (status, page).into_response()
        }
    }
}

/// Where to go after signing in: only ever to a page of ours.
fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n'])
}

async fn check(app: &App, credentials: &Credentials, address: &str) -> Result<String> {
    let email = credentials.email.trim();
    let account = format!("account {}", email.to_lowercase());
    let place = format!("address {address}");
    let names = [account.as_str(), place.as_str()];
    if let Some(minutes) = app.throttle.wait_minutes(&names) {
        return Err(Refusal::new("sign-in-throttled").with("minutes", minutes).into());
    }
    let mut view = app.store.read(&Actor::system(Origin::Web)).await?;
    let row = match view.find_by(User::NAME, "email", email).await {
        Ok(row) => row,
        // What is no address is nobody's.
        Err(guanxi_base::Error::Refused(_)) => None,
        Err(error) => return Err(error),
    };
    drop(view);
    let user: Option<RawId> = row.map(|row| row.id);
    let hash = match user {
        Some(user) => app.store.password_hash(user).await?,
        None => None,
    };
    let password = credentials.password.clone();
    let right = tokio::task::spawn_blocking(move || verify_password(&password, hash.as_deref()))
        .await
        .map_err(guanxi_base::Error::internal)?;
    let Some(user) = user.filter(|_| right) else {
        app.throttle.failed(&names);
        return Err(Refusal::new("wrong-sign-in").into());
    };
    app.throttle.succeeded(&names);
    let expires = app.store.clock().now() + SignedDuration::from_hours(SESSION_HOURS);
    app.store.create_sign_in(user, SignInKind::Session, None, Some(expires)).await
}

pub(crate) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie(&headers, SESSION_COOKIE)
        && let Err(error) = app.store.end_sign_in(token).await
    {
        crate::problem::log(&error, "");
    }
    let gone = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    ([(header::SET_COOKIE, gone)], Redirect::to("/login")).into_response()
}

/// Keeps a choice in a cookie and goes back to where it was made.
fn remember(headers: &HeaderMap, name: &str, value: &str) -> Response {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = referer
        .and_then(|url| url.split_once("://"))
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let to = path.filter(|path| is_local(path)).unwrap_or("/").to_owned();
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
