//! The first password, or a new one in place of a forgotten one: by a link that is good once and
//! for a short time, sent by mail.

use axum::Form;
use axum::extract::{Extension, Path, Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::{Organisation, folded_address, hash_password};
use guanxi_crm::text::Texts;
use guanxi_store::{NewSignIn, Operation, SignInKind};
use jiff::SignedDuration;
use maud::html;
use serde::Deserialize;

use super::account::administrators_only;
use super::layout::{Notice, error_page, page};
use super::login::{Visitor, alert, user_of};
use crate::api::parse_id;
use crate::app::App;
use crate::mail::{self, Mail};
use crate::params::{self, Params};
use crate::problem::retry_later;
use crate::security::ClientAddress;
use crate::signed_in::SignedIn;
use crate::throttle::Counted;

/// A link to choose a new password is good for so long.
const RESET_HOURS: i64 = 1;
/// An invitation is good for so long.
const INVITATION_HOURS: i64 = 72;

/// Makes a link by which a user chooses a password.
async fn link(app: &App, user: RawId, hours: i64) -> Result<String> {
    let until = app.store.clock().now() + SignedDuration::from_hours(hours);
    let new = NewSignIn::of(SignInKind::PasswordLink).until(until);
    let token = app.store.create_sign_in(user, new).await?;
    Ok(format!("{}/login/password?link={token}", app.config.public_url.trim_end_matches('/')))
}

async fn send_link(app: &App, user: RawId, key: &str, hours: i64) -> Result<String> {
    let organisation = Organisation::of(&app.store).await?;
    let user = organisation.user(user).ok_or(Error::NotFound)?;
    let texts = Texts::of(user.locale);
    let url = link(app, user.id.raw(), hours).await?;
    let given = [("name", user.name.as_str()), ("url", &url), ("hours", &hours.to_string())];
    let (subject, text) =
        (texts.get(&format!("{key}-subject")), texts.format(&format!("{key}-text"), &given));
    let mail = Mail::plain(user.email.0.clone(), subject, text);
    if app.mailer.is_some() {
        mail::enqueue(&app.store, &app.vault, &mail).await?;
    }
    Ok(url)
}

pub(crate) async fn forgot_form(headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&headers, None);
    let texts = visitor.texts;
    let content = html! {
        form method="post" action="/login/forgot" {
            label class="form-label" for="email" { (texts.get("login-email")) }
            input class="form-control mb-3" id="email" name="email" type="email"
                autocomplete="username" required;
            button class="btn btn-primary w-100" type="submit" { (texts.get("forgot-button")) }
        }
    };
    visitor.page(&texts.get("forgot-title"), &content)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Forgot {
    email: String,
}

/// Says the same whether there is such an account or not.
pub(crate) async fn forgot(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Form(sent): Form<Forgot>,
) -> Response {
    let visitor = Visitor::of(&headers, address);
    let texts = visitor.texts;
    let outcome: Result<()> = async {
        app.throttle.begin(&[Counted::links_from(&visitor.address)])?;
        // Nobody's mailbox is filled; whoever asks is told the same.
        let few = app.throttle.begin(&[Counted::links_for(&folded_address(&sent.email))]).is_ok();
        let user = user_of(&app, &sent.email).await?.filter(|_| few);
        if let (Some(user), Some(_)) = (user, &app.mailer) {
            send_link(&app, user, "mail-reset", RESET_HOURS).await?;
            app.note(visitor.deed(user, Operation::Credential, "link asked for")).await?;
        }
        Ok(())
    }
    .await;
    let failed = outcome.err();
    let (status, sentence) = match &failed {
        None => (axum::http::StatusCode::OK, texts.get("forgot-sent")),
        Some(error) => visitor.sentence(error),
    };
    let content =
        html! { p role="status" { (sentence) } a href="/login" { (texts.get("login-title")) } };
    let page = (status, visitor.page(&texts.get("forgot-title"), &content)).into_response();
    match failed {
        Some(error) => retry_later(page, &error),
        None => page,
    }
}

pub(crate) async fn password_form(
    headers: HeaderMap,
    Parameters(params): Parameters<Params>,
) -> Response {
    let visitor = Visitor::of(&headers, None);
    choose_page(&visitor, params::one(&params, "link").unwrap_or_default(), None)
}

fn choose_page(visitor: &Visitor, link: &str, problem: Option<&str>) -> Response {
    let texts = visitor.texts;
    let content = html! {
        form method="post" action="/login/password" {
            (alert(problem))
            input type="hidden" name="link" value=(link);
            label class="form-label" for="password" { (texts.get("account-new-password")) }
            input class="form-control mb-1" id="password" name="password" type="password"
                autocomplete="new-password" required minlength="10"
                aria-invalid=[problem.map(|_| "true")] aria-describedby="password-hint";
            p class="gx-muted" id="password-hint" { (texts.get("account-password-hint")) }
            button class="btn btn-primary w-100" type="submit" { (texts.get("ui-save")) }
        }
    };
    visitor.page(&texts.get("password-title"), &content)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    link: String,
    password: String,
}

pub(crate) async fn choose_password(
    State(app): State<App>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    Form(sent): Form<Chosen>,
) -> Response {
    let visitor = Visitor::of(&headers, address);
    let outcome: Result<()> = async {
        let known = app.store.sign_in(&sent.link, SignInKind::PasswordLink).await?;
        let known = known.ok_or_else(|| Refusal::new("link-expired"))?;
        set_password(&app, known.user, sent.password.clone()).await?;
        app.note(visitor.deed(known.user, Operation::Credential, "password by link")).await
    }
    .await;
    match outcome {
        Ok(()) => Redirect::to("/login").into_response(),
        Err(error) => {
            let (status, sentence) = visitor.sentence(&error);
            let page = choose_page(&visitor, &sent.link, Some(&sentence));
            retry_later((status, page).into_response(), &error)
        }
    }
}

/// Sets a password that is good enough; ends all sessions and links of the user.
pub(crate) async fn set_password(app: &App, user: RawId, password: String) -> Result<()> {
    let organisation = Organisation::of(&app.store).await?;
    let known = organisation.user(user).ok_or(Error::NotFound)?.clone();
    let policy = app.config.passwords.clone();
    let hash = move || {
        policy.check(&password, &[&known.name, &known.email])?;
        hash_password(&password)
    };
    let hash = app.known_gate.enter().await?.run(hash).await??;
    app.store.set_password_hash(user, &hash).await
}

/// Invites a user; without a mail server the administrator hands the link over.
pub(crate) async fn invite(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let user = parse_id(&id)?;
        let url = send_link(&app, user, "mail-invite", INVITATION_HOURS).await?;
        app.note(signed.deed(user, Operation::Credential, "invited")).await?;
        let texts = signed.texts;
        let title = texts.get("invite-title");
        let content = html! {
            div class="gx-head" { h1 { (title) } }
            div class="card" { div class="card-body" {
                @if app.mailer.is_some() { p role="status" { (texts.get("invite-sent")) } }
                @else {
                    p role="status" { (texts.get("invite-link")) }
                    p { code { (url) } }
                }
                a class="btn" href=(format!("/user/{user}")) { (texts.get("ui-back")) }
            } }
        };
        Ok(page(&app, &signed, &title, &Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
