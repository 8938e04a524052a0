//! Signing in: password, or an identity provider; then, where somebody has one, the second factor.

use axum::Form;
use axum::extract::{Extension, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::{Organisation, User, prove_second_factor};
use guanxi_crm::text::Texts;
use guanxi_record::Record;
use guanxi_store::{Actor, Deed, NewSignIn, Operation, Origin, SignInKind, TokenScopes};
use jiff::SignedDuration;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::assets::VERSION;
use super::layout::bare;
use super::password_check::whose_password;
use crate::app::App;
use crate::device::{DEVICE_COOKIE, DEVICE_DAYS, Device};
use crate::own_page::own_page;
use crate::params::{self, Params, encoded};
use crate::problem::retry_later;
use crate::security::ClientAddress;
use crate::signed_in::{SESSION_COOKIE, cookie, locale_of};
use crate::throttle::Counted;

/// A session ends after so many hours.
const SESSION_HOURS: i64 = 24 * 7;
/// So long one may take between the password and the second factor.
const SECOND_STEP_MINUTES: i64 = 5;

const SECOND_COOKIE: &str = "guanxi_second";
const OIDC_COOKIE: &str = "guanxi_oidc";

/// Who asks, before we know who it is.
pub(crate) struct Visitor {
    pub(crate) texts: &'static Texts,
    pub(crate) theme: Option<String>,
    pub(crate) address: String,
    pub(crate) agent: Option<String>,
    headers: HeaderMap,
}

impl Visitor {
    pub(crate) fn of(headers: &HeaderMap, address: Option<Extension<ClientAddress>>) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            texts: Texts::of(locale_of(headers)),
            theme: cookie(headers, "guanxi_theme").map(str::to_owned),
            address: address.map(|Extension(address)| address.0).unwrap_or_default(),
            agent: agent.map(str::to_owned),
            headers: headers.clone(),
        }
    }

    /// The browser, if somebody signed in on it before.
    pub(crate) fn device(&self, app: &App) -> Option<Device> {
        Device::of(&self.headers, &app.vault, app.store.clock().now())
    }

    /// A page in the middle of an empty screen.
    pub(crate) fn page(&self, title: &str, content: &Markup) -> Response {
        let card = html! {
            div class="gx-login" {
                div class="card" { div class="card-body" {
                    div class="d-flex align-items-center gap-2 mb-3" {
                        img src=(format!("/assets/logo.svg?v={VERSION}")) alt="" width="36" height="36";
                        h1 class="m-0" { (title) }
                    }
                    (content)
                } }
                form class="text-center mt-3" method="post" action="/language" {
                    button class="btn" name="locale" value="zh_cn" lang="zh-CN" { "\u{4e2d}\u{6587}" }
                    " "
                    button class="btn" name="locale" value="en" lang="en" { "English" }
                }
            }
        };
        bare(self.texts, title, self.theme.as_deref(), &card).into_response()
    }

    fn actor(&self, user: Option<RawId>) -> Actor {
        let address = Some(self.address.clone());
        Actor { user, address, ..Actor::system(Origin::Web) }
    }

    pub(crate) fn deed(&self, user: RawId, operation: Operation, how: &str) -> Deed {
        Deed {
            actor: self.actor(Some(user)),
            operation,
            record_type: User::NAME.to_owned(),
            record: user,
            detail: Some(json!({ "how": how })),
        }
    }

    /// What is wrong, as a page of the status that fits.
    pub(crate) fn sentence(&self, error: &Error) -> (StatusCode, String) {
        crate::problem::log(error, "");
        let (_, sentence) = crate::problem::words(error, self.texts);
        let status = match crate::problem::status(error) {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::UNAUTHORIZED,
            other => other,
        };
        (status, sentence)
    }
}

pub(crate) fn alert(problem: Option<&str>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            p class="alert alert-danger" role="alert" id="problem" { (problem) }
        }
    }
}

pub(crate) async fn login_form(
    State(app): State<App>,
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
) -> Response {
    let visitor = Visitor::of(&headers, None);
    let to = params::one(&params, "to").unwrap_or("/");
    let email = params::one(&params, "email").unwrap_or_default();
    let form = form(&app, &visitor, to, email, None);
    // Without them one signs in all the same.
    let demo = super::demo_hint::demo_hint(&app, visitor.texts).await.unwrap_or_else(|error| {
        crate::problem::log(&error, "");
        html! {}
    });
    visitor.page(&visitor.texts.get("login-title"), &html! { (form) (demo) })
}

fn form(app: &App, visitor: &Visitor, to: &str, email: &str, problem: Option<&str>) -> Markup {
    let texts = visitor.texts;
    html! {
        form method="post" action="/login" {
            (alert(problem))
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
        @if let Some(oidc) = &app.oidc {
            a class="btn w-100 mt-3" href=(format!("/login/oidc?to={}", encoded(to))) {
                (texts.format("login-with", &[("name", &oidc.config.name)]))
            }
        }
        @if app.mailer.is_some() {
            p class="mt-3 mb-0" { a href="/login/forgot" { (texts.get("login-forgot")) } }
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    pub(super) email: String,
    pub(super) password: String,
    #[serde(default)]
    to: String,
}

pub(crate) async fn sign_in(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Response {
    let visitor = Visitor::of(&headers, address);
    let outcome: Result<Response> = async {
        let user = whose_password(&app, &visitor, &credentials).await?;
        go_in(&app, &visitor, user, &credentials.to, Proof::Password).await
    }
    .await;
    outcome.unwrap_or_else(|error| {
        let (status, sentence) = visitor.sentence(&error);
        let (to, email) = (&credentials.to, &credentials.email);
        let content = form(&app, &visitor, to, email, Some(&sentence));
        let page = visitor.page(&visitor.texts.get("login-title"), &content);
        retry_later((status, page).into_response(), &error)
    })
}

/// The user of an address who may sign in.
pub(crate) async fn user_of(app: &App, email: &str) -> Result<Option<RawId>> {
    let organisation = Organisation::of(&app.store).await?;
    Ok(organisation.user_of_address(email).map(|user| user.id.raw()))
}

fn set_cookie(app: &App, name: &str, value: &str, seconds: i64) -> String {
    set_cookie_below(app, "/", name, value, seconds)
}

/// A cookie that is sent to the pages below a path only.
fn set_cookie_below(app: &App, path: &str, name: &str, value: &str, seconds: i64) -> String {
    let secure = if app.config.behind_https { "; Secure" } else { "" };
    format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// How somebody proved who they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Password,
    SecondFactor,
    /// Who signs in elsewhere proves there what they must.
    IdentityProvider,
}

impl Proof {
    /// As the log says it.
    fn how(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SecondFactor => "second factor",
            Self::IdentityProvider => "identity provider",
        }
    }
}

/// On to the second factor, or in.
async fn go_in(
    app: &App,
    visitor: &Visitor,
    user: RawId,
    to: &str,
    proof: Proof,
) -> Result<Response> {
    let has_second = app.store.credential(user).await?.second_factor.is_some();
    if has_second && proof == Proof::Password {
        let until = app.store.clock().now() + SignedDuration::from_mins(SECOND_STEP_MINUTES);
        let new = NewSignIn::of(SignInKind::SecondStep).until(until);
        let token = app.store.create_sign_in(user, new).await?;
        let line = set_cookie(app, SECOND_COOKIE, &token, SECOND_STEP_MINUTES * 60);
        let next = format!("/login/code?to={}", encoded(to));
        return Ok(([(header::SET_COOKIE, line)], Redirect::to(&next)).into_response());
    }
    let organisation = Organisation::of(&app.store).await?;
    let needs_second = proof == Proof::Password
        && !has_second
        && organisation
            .user(user)
            .is_some_and(|user| organisation.roles_of(user).any(|role| role.needs_second_factor));
    let door = if needs_second { Door::AccountOnly } else { Door::All(to) };
    open_session(app, visitor, user, door, proof).await
}

/// How far a new session reaches, and where it goes first.
enum Door<'a> {
    All(&'a str),
    /// A role asks for a second factor that is not set up yet: nothing else until it is.
    AccountOnly,
}

async fn open_session(
    app: &App,
    visitor: &Visitor,
    user: RawId,
    door: Door<'_>,
    proof: Proof,
) -> Result<Response> {
    let expires = app.store.clock().now() + SignedDuration::from_hours(SESSION_HOURS);
    let (to, scopes) = match door {
        Door::All(to) => (to, None),
        Door::AccountOnly => ("/account?second=needed", Some(TokenScopes::default())),
    };
    let new = NewSignIn {
        address: Some(visitor.address.clone()),
        agent: visitor.agent.clone(),
        scopes,
        ..NewSignIn::of(SignInKind::Session).until(expires)
    };
    let token = app.store.create_sign_in(user, new).await?;
    app.note(visitor.deed(user, Operation::SignIn, proof.how())).await?;
    let to = own_page(to).unwrap_or_else(|| "/".to_owned());
    let line = set_cookie(app, SESSION_COOKIE, &token, SESSION_HOURS * 3_600);
    let note =
        Device::after(visitor.device(app).as_ref(), user, &app.vault, app.store.clock().now())?;
    let device = set_cookie_below(app, "/login", DEVICE_COOKIE, &note, DEVICE_DAYS * 86_400);
    let cookies = AppendHeaders([(header::SET_COOKIE, line), (header::SET_COOKIE, device)]);
    Ok((cookies, Redirect::to(&to)).into_response())
}

pub(crate) async fn code_form(
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
) -> Response {
    let visitor = Visitor::of(&headers, None);
    code_page(&visitor, params::one(&params, "to").unwrap_or("/"), None)
}

fn code_page(visitor: &Visitor, to: &str, problem: Option<&str>) -> Response {
    let texts = visitor.texts;
    let content = html! {
        form method="post" action="/login/code" {
            (alert(problem))
            input type="hidden" name="to" value=(to);
            label class="form-label" for="code" { (texts.get("login-code")) }
            input class="form-control mb-3" id="code" name="code" required
                autocomplete="one-time-code" maxlength="20"
                aria-invalid=[problem.map(|_| "true")]
                aria-describedby=[problem.map(|_| "problem")];
            button class="btn btn-primary w-100" type="submit" { (texts.get("login-button")) }
            p class="gx-muted mt-3 mb-0" { (texts.get("login-code-hint")) }
        }
    };
    visitor.page(&texts.get("login-code-title"), &content)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Code {
    code: String,
    #[serde(default)]
    to: String,
}

pub(crate) async fn sign_in_code(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Form(sent): Form<Code>,
) -> Response {
    let visitor = Visitor::of(&headers, address);
    let token = cookie(&headers, SECOND_COOKIE).unwrap_or_default().to_owned();
    let outcome: Result<Option<Response>> = async {
        let Some(step) = app.store.sign_in(&token, SignInKind::SecondStep).await? else {
            return Ok(None);
        };
        let device = visitor.device(&app).filter(|device| device.knows(step.user));
        let device = device.as_ref().map(|device| device.name.as_str());
        let counted = Counted::second_factor(step.user, device);
        app.throttle.begin(&[counted])?;
        if !prove_second_factor(&app.store, &app.vault, step.user, &sent.code).await? {
            app.note(visitor.deed(step.user, Operation::SignInFailed, "second factor")).await?;
            return Err(Refusal::new("wrong-code").into());
        }
        app.throttle.forget(counted);
        app.store.end_sign_in(&token).await?;
        let door = Door::All(&sent.to);
        open_session(&app, &visitor, step.user, door, Proof::SecondFactor).await.map(Some)
    }
    .await;
    match outcome {
        Ok(Some(response)) => response,
        // It took too long: from the beginning.
        Ok(None) => Redirect::to(&format!("/login?to={}", encoded(&sent.to))).into_response(),
        Err(error) => {
            let (status, sentence) = visitor.sentence(&error);
            let page = code_page(&visitor, &sent.to, Some(&sentence));
            retry_later((status, page).into_response(), &error)
        }
    }
}

pub(crate) async fn oidc_begin(
    State(app): State<App>,
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
) -> Response {
    let visitor = Visitor::of(&headers, None);
    let to = params::one(&params, "to").unwrap_or("/");
    let outcome: Result<Response> = async {
        let oidc = app.oidc.as_ref().ok_or(Error::NotFound)?;
        let begun = oidc.begin(&app.vault, to).await?;
        let line = set_cookie(&app, OIDC_COOKIE, &begun.sealed, 600);
        Ok(([(header::SET_COOKIE, line)], Redirect::to(&begun.url)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| refused(&app, &visitor, to, &error))
}

fn refused(app: &App, visitor: &Visitor, to: &str, error: &Error) -> Response {
    let (status, sentence) = visitor.sentence(error);
    let content = form(app, visitor, to, "", Some(&sentence));
    (status, visitor.page(&visitor.texts.get("login-title"), &content)).into_response()
}

pub(crate) async fn oidc_back(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
) -> Response {
    let visitor = Visitor::of(&headers, address);
    let outcome: Result<Response> = async {
        let oidc = app.oidc.as_ref().ok_or(Error::NotFound)?;
        let sealed = cookie(&headers, OIDC_COOKIE).unwrap_or_default();
        let given = |name| params::one(&params, name).unwrap_or_default();
        let back = (given("code"), given("state"));
        let (user, to) = oidc.finish(&app.store, &app.vault, sealed, back).await?;
        let organisation = Organisation::of(&app.store).await?;
        organisation.user(user).ok_or_else(|| Refusal::new("oidc-unknown-user"))?;
        go_in(&app, &visitor, user, &to, Proof::IdentityProvider).await
    }
    .await;
    outcome.unwrap_or_else(|error| refused(&app, &visitor, "/", &error))
}

pub(crate) async fn sign_out(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::of(&headers, address);
    if let Some(token) = cookie(&headers, SESSION_COOKIE) {
        let outcome: Result<()> = async {
            let known = app.store.sign_in(token, SignInKind::Session).await?;
            app.store.end_sign_in(token).await?;
            match known {
                Some(known) => app.note(visitor.deed(known.user, Operation::SignOut, "")).await,
                None => Ok(()),
            }
        }
        .await;
        if let Err(error) = outcome {
            crate::problem::log(&error, "");
        }
    }
    let gone = set_cookie(&app, SESSION_COOKIE, "", 0);
    ([(header::SET_COOKIE, gone)], Redirect::to("/login")).into_response()
}
