//! What one was told.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, Result};
use guanxi_crm::delivery::{About, Notice, decline};
use guanxi_record::{Filter, Op, Query, Record, Stored};
use guanxi_store::{Rights, View};
use maud::{Markup, html};

use super::format;
use super::layout::{self, error_page, icon, page};
use crate::api::parse_id;
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many notices are shown.
const SHOWN: usize = 100;

/// One's own notices: everybody reads those, whatever their roles say.
fn own() -> Filter {
    Filter::eq("owner", "me")
}

/// What one was told.
pub(crate) async fn notices(State(app): State<App>, signed: SignedIn) -> Response {
    let outcome: Result<Response> = async {
        let texts = signed.texts;
        let mut view = app.store.read(&signed.actor).await?;
        let rights = view.act_with(Rights::All);
        let rows = view.list(Notice::NAME, &Query::of(own()).limited(SHOWN)).await;
        view.act_with(rights);
        let all: Vec<Stored<Notice>> =
            rows?.rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?;
        let mut told = Vec::new();
        for one in &all {
            told.push(sentences(&mut view, &signed, one).await?);
        }
        let title = texts.get("notice-title");
        let unread = all.iter().any(|one| one.read_at.is_none());
        let content = html! {
            div class="gx-head" {
                (icon("bell")) h1 { (title) }
                span class="gx-grow" {}
                @if unread {
                    form method="post" action="/notices/read" { button class="btn" { (icon("checks")) (texts.get("notice-read")) } }
                }
            }
            @if all.is_empty() { p class="gx-empty" { (texts.get("notice-none")) } }
            div class="gx-stack" { @for (one, told) in all.iter().zip(&told) { (notice(&signed, one, told)) } }
        };
        Ok(page(&app, &signed, &title, &layout::Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// What happened to whom, by the names that they have now.
async fn sentences(
    view: &mut View,
    signed: &SignedIn,
    one: &Stored<Notice>,
) -> Result<Vec<String>> {
    let about = one.about.as_ref().map(|about| about.0.clone()).unwrap_or_default();
    let about: Vec<About> = serde_json::from_value(about).unwrap_or_default();
    let mut sentences = Vec::new();
    for each in &about {
        sentences.push(each.sentence(view, signed.texts).await?);
    }
    Ok(sentences)
}

fn notice(signed: &SignedIn, one: &Stored<Notice>, told: &[String]) -> Markup {
    let at = format::instant(signed.texts.locale(), one.created_at, &signed.actor.time_zone);
    let text = one.text.as_ref().map_or("", |text| text.0.as_str());
    html! {
        section class="card" aria-label=(one.name) {
            div class="card-body" {
                h2 class="h4" {
                    @match &one.address { Some(address) => a href=(address) { (one.name) }, None => (one.name) }
                    @if one.read_at.is_none() { " " span class="badge" { (icon("point")) } }
                }
                @for line in told { p class="mb-1" { (line) } }
                @for line in text.lines() { p class="mb-1" { (line) } }
                div class="d-flex align-items-center gap-2" {
                    span class="gx-muted gx-grow" { (at) }
                    @if one.subscription.is_some() {
                        form method="post" action=(format!("/notices/{}/decline", one.id)) {
                            button class="btn btn-sm" { (signed.texts.get("notice-decline")) }
                        }
                    }
                }
            }
        }
    }
}

/// How many one has not read: what the bell says.
pub(crate) async fn unread_notices(State(app): State<App>, signed: SignedIn) -> Response {
    let outcome: Result<String> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let rights = view.act_with(Rights::All);
        let unread = own().and(Filter::compare("read_at", Op::Empty, true));
        let total = view.total(Notice::NAME, &Query::of(unread)).await;
        view.act_with(rights);
        let number = total?.number;
        let said = signed.texts.format("notice-unread", &[("count", &number.to_string())]);
        Ok(match number {
            0 => String::new(),
            _ => html! { span class="badge" title=(said) { (number) } }.into_string(),
        })
    }
    .await;
    axum::response::Html(outcome.unwrap_or_default()).into_response()
}

/// Marks all as read.
pub(crate) async fn read_notices(State(app): State<App>, signed: SignedIn) -> Response {
    let outcome: Result<Response> = async {
        let mut tx = app.store.write(&signed.actor.with_all_rights()).await?;
        let unread = own().and(Filter::compare("read_at", Op::Empty, true));
        let rows = tx.list(Notice::NAME, &Query::of(unread).limited(Query::LIMIT_MAX)).await?.rows;
        let now = tx.now();
        for row in rows {
            let mut one: Stored<Notice> = row.try_into()?;
            one.read_at = Some(now);
            tx.update(&one).await?;
        }
        tx.commit().await?;
        Ok(Redirect::to("/notices").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Ends what told one this, for oneself.
pub(crate) async fn decline_notices(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        let mut view = app.store.read(&signed.actor).await?;
        view.act_with(Rights::All);
        let mine = own().and(Filter::eq("id", parse_id(&id)?.to_string()));
        let row = view.list(Notice::NAME, &Query::of(mine).limited(1)).await?.rows.pop();
        drop(view);
        let notice: Stored<Notice> = row.ok_or(Error::NotFound)?.try_into()?;
        let subscription = notice.subscription.ok_or(Error::NotFound)?;
        decline(&app.store, &signed.actor, subscription).await?;
        Ok(Redirect::to("/notices").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
