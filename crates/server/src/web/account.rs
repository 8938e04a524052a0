//! One's own account: password, second factor, sessions, tokens; and for administrators, what is
//! to be done when somebody cannot get in.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::{Organisation, SecondFactor, hex, recovery_codes, unhex, verify_password};
use guanxi_store::{
    Credential, NewSignIn, Operation, Purpose, Rights, SignInInfo, SignInKind, TokenScopes,
};
use jiff::SignedDuration;
use maud::{Markup, PreEscaped, html};

use super::fields::Entries;
use super::format;
use super::layout::{Notice, error_page, icon, page};
use super::password_link::set_password;
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;
use crate::throttle::Counted;

/// A token is good for so many days at most.
const TOKEN_DAYS_MAX: i64 = 366;

/// What touches everything is for those who may do everything.
pub(crate) fn administrators_only(signed: &SignedIn) -> Result<()> {
    if matches!(signed.actor.rights, Rights::All) { Ok(()) } else { Err(Error::Forbidden) }
}

/// What the page tells besides what it always shows.
#[derive(Default)]
struct Told {
    problem: Option<(&'static str, String)>,
    /// A token, or recovery codes: shown once.
    secrets: Vec<String>,
    /// A second factor on its way.
    begun: Option<SecondFactor>,
}

pub(crate) async fn account(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    let mut told = Told::default();
    if params::one(&params, "second") == Some("needed") {
        told.problem = Some(("second", signed.texts.get("account-second-needed")));
    }
    show(&app, &signed, told).await
}

async fn show(app: &App, signed: &SignedIn, told: Told) -> Response {
    let outcome: Result<Response> = async {
        let user = signed.user.id.raw();
        let credential = app.store.credential(user).await?;
        let sign_ins = app.store.sign_ins_of(user).await?;
        let organisation = Organisation::of(&app.store).await?;
        let roles: Vec<String> =
            organisation.roles_of(&signed.user).map(|role| role.name.clone()).collect();
        let texts = signed.texts;
        let title = texts.get("account-title");
        let (sessions, tokens): (Vec<_>, Vec<_>) =
            sign_ins.into_iter().partition(|one| one.kind == SignInKind::Session);
        let content = html! {
            div class="gx-head" {
                h1 { (title) }
                span class="gx-grow" {}
                a class="btn" href=(format!("/user/{user}")) { (icon("user-circle")) (signed.user.name) }
                a class="btn" href="/substitution?owner=me" { (icon("user-share")) (texts.type_plural("substitution")) }
            }
            (secrets_card(signed, &told))
            div class="gx-columns" {
                div class="gx-stack" {
                    (sign_ins_card(signed, "account-sessions", &sessions))
                    (tokens_card(signed, &tokens, &told))
                }
                div class="gx-stack" {
                    (roles_card(signed, &roles))
                    (password_card(signed, &credential, &told))
                    (second_card(signed, &credential, &told)?)
                }
            }
        };
        let status = match told.problem {
            Some((part, _)) if part != "second" => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::OK,
        };
        Ok((status, page(app, signed, &title, &Notice::default(), &content)).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(app, signed, &error))
}

fn problem(told: &Told, part: &str) -> Markup {
    html! {
        @if let Some((of, sentence)) = &told.problem {
            @if *of == part { p class="alert alert-danger" role="alert" { (sentence) } }
        }
    }
}

fn secrets_card(signed: &SignedIn, told: &Told) -> Markup {
    html! {
        @if !told.secrets.is_empty() {
            section class="card mb-3" role="status" {
                div class="card-body" {
                    p { (signed.texts.get("account-shown-once")) }
                    pre class="m-0" { @for secret in &told.secrets { (secret) "\n" } }
                }
            }
        }
    }
}

fn roles_card(signed: &SignedIn, roles: &[String]) -> Markup {
    let texts = signed.texts;
    html! {
        section class="card" aria-label=(texts.type_plural("role")) {
            div class="gx-card-head" { (icon("shield")) h2 { (texts.type_plural("role")) } }
            div class="card-body" {
                @if signed.user.is_administrator { p { (texts.get("reason-administrator")) } }
                @if roles.is_empty() && !signed.user.is_administrator { p class="m-0" { (texts.get("account-no-role")) } }
                @for role in roles { span class="badge bg-secondary-lt" { (role) } " " }
            }
        }
    }
}

fn sign_ins_card(signed: &SignedIn, key: &str, sign_ins: &[SignInInfo]) -> Markup {
    let texts = signed.texts;
    let (locale, zone) = (texts.locale(), &signed.actor.time_zone);
    html! {
        section class="card" aria-label=(texts.get(key)) {
            div class="gx-card-head" { (icon("devices")) h2 { (texts.get(key)) } }
            table class="table gx-table mb-0" {
                thead { tr {
                    th scope="col" { (texts.get("account-where")) }
                    th scope="col" { (texts.get("account-since")) }
                    th scope="col" { (texts.get("account-seen")) }
                    th scope="col" { (texts.get("account-until")) }
                    th scope="col" { span class="visually-hidden" { (texts.get("account-end")) } }
                } }
                tbody {
                    @for one in sign_ins {
                        @let name = one.name.clone().or(one.agent.clone()).unwrap_or_default();
                        tr {
                            td data-label=(texts.get("account-where")) {
                                (name)
                                @if let Some(address) = &one.address { " " span class="gx-muted" { (address) } }
                                @if let Some(scopes) = &one.scopes { " " code { (scopes.to_text()) } }
                                @if one.id == signed.session { " " span class="badge bg-secondary-lt" { (texts.get("account-this")) } }
                            }
                            td data-label=(texts.get("account-since")) { (format::instant(locale, one.created_at, zone)) }
                            td data-label=(texts.get("account-seen")) { (format::instant(locale, one.seen_at, zone)) }
                            td data-label=(texts.get("account-until")) {
                                @if let Some(until) = one.expires_at { (format::instant(locale, until, zone)) }
                            }
                            td {
                                form method="post" action=(format!("/account/sign-in/{}/end", one.id)) {
                                    button class="btn btn-sm" type="submit"
                                        aria-label=(texts.format("account-end-name", &[("name", &name)])) { (texts.get("account-end")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn tokens_card(signed: &SignedIn, tokens: &[SignInInfo], told: &Told) -> Markup {
    let texts = signed.texts;
    html! {
        (sign_ins_card(signed, "account-tokens", tokens))
        section class="card" aria-label=(texts.get("account-new-token")) {
            div class="gx-card-head" { (icon("key")) h2 { (texts.get("account-new-token")) } }
            form class="card-body" method="post" action="/account/token" {
                (problem(told, "token"))
                label class="form-label" for="token-name" { (texts.get("account-token-name")) }
                input class="form-control mb-2" id="token-name" name="name" required maxlength="100";
                label class="form-label" for="token-days" { (texts.get("account-token-days")) }
                input class="form-control mb-2" id="token-days" name="days" type="number" min="1"
                    max=(TOKEN_DAYS_MAX) value="90" required;
                label class="form-label" for="token-scopes" { (texts.get("account-token-scopes")) }
                input class="form-control mb-1" id="token-scopes" name="scopes" value="read" required
                    aria-describedby="token-hint";
                p class="gx-muted" id="token-hint" { (texts.get("account-token-hint")) }
                button class="btn btn-primary" type="submit" { (texts.get("account-token-make")) }
            }
        }
    }
}

fn password_card(signed: &SignedIn, credential: &Credential, told: &Told) -> Markup {
    let texts = signed.texts;
    html! {
        section class="card" aria-label=(texts.get("login-password")) {
            div class="gx-card-head" { (icon("lock")) h2 { (texts.get("login-password")) } }
            form class="card-body" method="post" action="/account/password" {
                (problem(told, "password"))
                input type="hidden" name="username" autocomplete="username" value=(*signed.user.email);
                @if credential.password.is_some() {
                    label class="form-label" for="current" { (texts.get("account-current-password")) }
                    input class="form-control mb-2" id="current" name="current" type="password"
                        autocomplete="current-password" required;
                }
                label class="form-label" for="new" { (texts.get("account-new-password")) }
                input class="form-control mb-1" id="new" name="password" type="password"
                    autocomplete="new-password" required minlength="10" aria-describedby="new-hint";
                p class="gx-muted" id="new-hint" { (texts.get("account-password-hint")) }
                button class="btn btn-primary" type="submit" { (texts.get("account-password-change")) }
            }
        }
    }
}

fn second_card(signed: &SignedIn, credential: &Credential, told: &Told) -> Result<Markup> {
    let texts = signed.texts;
    let label = texts.get("account-second");
    let begun = match &told.begun {
        Some(factor) => {
            let url = factor.url(&signed.user.email)?;
            Some((picture(&url)?, factor.text()?, hex(factor.secret())))
        }
        None => None,
    };
    Ok(html! {
        section class="card" aria-label=(label) {
            div class="gx-card-head" { (icon("shield-check")) h2 { (label) } }
            div class="card-body" {
                (problem(told, "second"))
                @match (&begun, &credential.second_factor) {
                    (Some((picture, text, secret)), _) => {
                        p { (texts.get("account-second-scan")) }
                        div class="gx-qr" { (picture) }
                        p { code { (text) } }
                        form method="post" action="/account/second-factor" {
                            input type="hidden" name="secret" value=(secret);
                            label class="form-label" for="code" { (texts.get("login-code")) }
                            input class="form-control mb-2" id="code" name="code" required
                                inputmode="numeric" autocomplete="one-time-code" maxlength="10";
                            button class="btn btn-primary" type="submit" { (texts.get("account-second-on")) }
                        }
                    }
                    (None, Some(_)) => {
                        p { (texts.format("account-second-is-on", &[("count", &credential.recovery.len().to_string())])) }
                        form method="post" action="/account/second-factor/remove" {
                            label class="form-label" for="code" { (texts.get("login-code")) }
                            input class="form-control mb-2" id="code" name="code" required
                                autocomplete="one-time-code" maxlength="20";
                            button class="btn" type="submit" { (texts.get("account-second-off")) }
                        }
                    }
                    (None, None) => {
                        p { (texts.get("account-second-what")) }
                        form method="post" action="/account/second-factor/begin" {
                            button class="btn btn-primary" type="submit" { (texts.get("account-second-begin")) }
                        }
                    }
                }
            }
        }
    })
}

/// A QR code, dark on light whatever the theme.
fn picture(url: &str) -> Result<PreEscaped<String>> {
    use qrcode::QrCode;
    use qrcode::render::svg;
    let code = QrCode::new(url).map_err(Error::internal)?;
    let text = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    // Without the declaration of a file of its own.
    let start = text.find("<svg").unwrap_or(0);
    Ok(PreEscaped(text[start..].replacen("<svg", "<svg role=\"img\" aria-label=\"QR\"", 1)))
}

fn told(part: &'static str, signed: &SignedIn, error: Error) -> Result<Told> {
    match error {
        Error::Refused(_) => {
            let (_, sentence) = crate::problem::words(&error, signed.texts);
            Ok(Told { problem: Some((part, sentence)), ..Told::default() })
        }
        other => Err(other),
    }
}

async fn answer(app: &App, signed: &SignedIn, part: &'static str, done: Result<Told>) -> Response {
    match done.or_else(|error| told(part, signed, error)) {
        Ok(told) => show(app, signed, told).await,
        Err(error) => error_page(app, signed, &error),
    }
}

pub(crate) async fn change_password(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let user = signed.user.id.raw();
    let outcome: Result<()> = async {
        let known = app.store.credential(user).await?.password;
        if let Some(known) = known {
            let counted = Counted::password_of(user);
            app.throttle.begin(&[counted])?;
            let current = entries.text("current").to_owned();
            let verify = move || verify_password(&current, Some(&known));
            if !app.known_gate.enter().await?.run(verify).await? {
                return Err(Refusal::new("wrong-password").into());
            }
            app.throttle.forget(counted);
        }
        set_password(&app, user, entries.text("password").to_owned()).await?;
        app.note(signed.deed(user, Operation::Credential, "password changed")).await
    }
    .await;
    match outcome {
        // All sessions ended, this one too.
        Ok(()) => Redirect::to("/login").into_response(),
        Err(error) => answer(&app, &signed, "password", Err(error)).await,
    }
}

pub(crate) async fn begin_second(State(app): State<App>, signed: SignedIn) -> Response {
    let done = SecondFactor::random().map(|factor| Told { begun: Some(factor), ..Told::default() });
    answer(&app, &signed, "second", done).await
}

pub(crate) async fn confirm_second(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let user = signed.user.id.raw();
    let done: Result<Told> = async {
        // Whoever found an open session must not put their own telephone in place of the owner's.
        if app.store.credential(user).await?.second_factor.is_some() {
            return Err(Error::Forbidden);
        }
        let secret = unhex(entries.text("secret")).unwrap_or_default();
        let factor = SecondFactor::of(secret)?;
        let now = u64::try_from(app.store.clock().now().as_second()).unwrap_or(0);
        if factor.step_of(entries.text("code"), now)?.is_none() {
            let sentence = signed.texts.get("refusal-wrong-code");
            let problem = Some(("second", sentence));
            return Ok(Told { problem, begun: Some(factor), ..Told::default() });
        }
        let codes = recovery_codes()?;
        let sealed = factor.seal(&app.vault, user)?;
        app.store.set_second_factor(user, Some(sealed), &codes).await?;
        app.note(signed.deed(user, Operation::Credential, "second factor on")).await?;
        // A session that was let in only to do this reaches everything the next time.
        if signed.is_limited() {
            app.store.end_sign_in_of(user, signed.session).await?;
        }
        Ok(Told { secrets: codes, ..Told::default() })
    }
    .await;
    answer(&app, &signed, "second", done).await
}

pub(crate) async fn remove_second(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let user = signed.user.id.raw();
    let done: Result<Told> = async {
        let counted = Counted::second_factor(user, None);
        app.throttle.begin(&[counted])?;
        let code = entries.text("code");
        if !guanxi_crm::access::prove_second_factor(&app.store, &app.vault, user, code).await? {
            return Err(Refusal::new("wrong-code").into());
        }
        app.throttle.forget(counted);
        app.store.set_second_factor(user, None, &[]).await?;
        app.note(signed.deed(user, Operation::Credential, "second factor off")).await?;
        Ok(Told::default())
    }
    .await;
    answer(&app, &signed, "second", done).await
}

/// A token for a program: for some purposes, for a time.
pub(crate) async fn create_token(
    State(app): State<App>,
    signed: SignedIn,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let user = signed.user.id.raw();
    let done: Result<Told> = async {
        if signed.is_limited() {
            return Err(Error::Forbidden);
        }
        let days =
            entries.text("days").parse().ok().filter(|days| (1..=TOKEN_DAYS_MAX).contains(days));
        let days =
            days.ok_or_else(|| Refusal::field("token-days", "days").with("limit", TOKEN_DAYS_MAX))?;
        let scopes = entries.text("scopes");
        let wrong = |word: String| {
            let all: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
            Refusal::field("token-scopes", "scopes")
                .with("value", word)
                .with("names", all.join(", "))
        };
        let scopes = TokenScopes::from_text(scopes).map_err(wrong)?;
        for (record_type, _) in &scopes.0 {
            if let Some(name) = record_type {
                app.store.catalog().named(name)?;
            }
        }
        let name = entries.text("name").trim();
        if guanxi_base::says_nothing(name) || scopes.0.is_empty() {
            return Err(Refusal::field("required", "name").into());
        }
        let until = app.store.clock().now() + SignedDuration::from_hours(24 * days);
        let new = NewSignIn {
            name: Some(name.to_owned()),
            scopes: Some(scopes),
            address: signed.actor.address.clone(),
            ..NewSignIn::of(SignInKind::ApiToken).until(until)
        };
        let token = app.store.create_sign_in(user, new).await?;
        app.note(signed.deed(user, Operation::Credential, "token made")).await?;
        Ok(Told { secrets: vec![token], ..Told::default() })
    }
    .await;
    answer(&app, &signed, "token", done).await
}

/// Ends a session or a token of one's own.
pub(crate) async fn end_sign_in(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let user = signed.user.id.raw();
    let outcome: Result<Response> = async {
        app.store.end_sign_in_of(user, parse_id(&id)?).await?;
        app.note(signed.deed(user, Operation::Credential, "session ended")).await?;
        Ok(Redirect::to("/account").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// What an administrator does for somebody who cannot get in, or must not: `unlock`,
/// `second-factor-off`, `end-all`.
pub(crate) async fn help_user(
    State(app): State<App>,
    signed: SignedIn,
    Path((id, action)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let user: RawId = parse_id(&id)?;
        let done = match action.as_str() {
            "unlock" => app.store.unlock(user).await.map(|()| "unlocked"),
            "second-factor-off" => {
                app.store.set_second_factor(user, None, &[]).await.map(|()| "second factor off")
            }
            "end-all" => app.store.end_sign_ins_of(user).await.map(|()| "all sessions ended"),
            _ => Err(Refusal::new("unknown-action").with("name", &action).into()),
        }?;
        app.note(signed.deed(user, Operation::Credential, done)).await?;
        Ok(Redirect::to(&format!("/user/{user}")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
