//! The card of first steps on the start page, until its reader puts it away.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::Result;
use guanxi_crm::demo::demo_accounts;
use guanxi_crm::first_steps::{FirstStep, Work, demo_seller, first_steps};
use guanxi_store::View;
use maud::{Markup, html};

use super::format;
use super::layout::icon;
use crate::app::App;
use crate::signed_in::{SignedIn, cookie};

/// The cookie that remembers who has put the card away, each on their own.
fn hidden(signed: &SignedIn) -> String {
    format!("guanxi_first_steps_{}", signed.user.id)
}

/// What the card needs to know before a connection is held: whether there is demo data, and as whom
/// it may be looked at.
pub(super) struct Demo {
    is_there: bool,
    seller: Option<(String, bool)>,
}

impl Demo {
    pub(super) async fn of(app: &App, signed: &SignedIn) -> Result<Self> {
        let accounts = demo_accounts(&app.store).await?;
        let is_there = !accounts.is_empty();
        let mut seller = None;
        if signed.user.is_administrator
            && let Some(found) = demo_seller(&app.store, &accounts).await?
        {
            let tried = app.store.sign_ins_of(found.user).await?;
            seller = Some((found.email.clone(), !tried.is_empty()));
        }
        Ok(Self { is_there, seller })
    }
}

/// The card; nothing for who has put it away, or has nothing to do here.
pub(super) async fn card(
    view: &mut View,
    signed: &SignedIn,
    headers: &HeaderMap,
    (demo, waiting): (Demo, usize),
) -> Result<Markup> {
    if cookie(headers, &hidden(signed)).is_some() {
        return Ok(html! {});
    }
    let texts = signed.texts;
    let work = Work::of(&signed.user, &signed.actor.rights);
    let steps = first_steps(view, work, (signed.today, waiting), demo.seller).await?;
    if steps.is_empty() {
        return Ok(html! {});
    }
    let title = texts.get("first-steps");
    let demo = demo.is_there.then_some(match work {
        Work::Administers => "first-steps-demo",
        _ => "first-steps-demo-short",
    });
    Ok(html! {
        section class="card mb-3" aria-label=(title) data-first-steps {
            div class="gx-card-head" {
                (icon("list-check")) h2 { (title) }
                span class="gx-grow" {}
                form method="post" action="/first-steps/hide" {
                    button class="btn btn-sm" type="submit" { (icon("x")) (texts.get("first-steps-hide")) }
                }
            }
            div class="card-body" {
                @if let Some(key) = demo { p class="gx-muted" { (texts.get(key)) } }
                ol class="gx-timeline" { @for step in &steps { (line(signed, step)) } }
            }
        }
    })
}

fn line(signed: &SignedIn, step: &FirstStep) -> Markup {
    let texts = signed.texts;
    let key = format!("first-step-{}", step.key);
    let count = step.count.map(|count| format::number(texts.locale(), &count.to_string()));
    html! {
        li data-step=(step.key) data-done=(step.is_done) {
            @if step.is_done { (icon("checks")) } @else { (icon("point")) }
            div {
                a href=(step.address) { (texts.get(&key)) }
                @if let Some(count) = count { " " span class="badge bg-secondary-lt" { (count) } }
                @if step.is_done { " " span class="gx-muted" { (texts.get("first-steps-done")) } }
                div class="gx-muted" { (texts.get(&format!("{key}.why"))) }
            }
        }
    }
}

/// Puts the card away for this person.
pub(crate) async fn hide_first_steps(State(app): State<App>, signed: SignedIn) -> Response {
    let secure = if app.config.behind_https { "; Secure" } else { "" };
    let name = hidden(&signed);
    let line = format!("{name}=1; Path=/; SameSite=Lax; HttpOnly; Max-Age=31536000{secure}");
    ([(header::SET_COOKIE, line)], Redirect::to("/")).into_response()
}
