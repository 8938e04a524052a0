//! What somebody who leaves hands over: before it is done, and what of it could not be moved.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::access::User;
use guanxi_crm::bulk::{Left, Moved};
use guanxi_crm::hand_over::{Belonging, belongings, hand_over};
use guanxi_record::{Catalog, Record, Row};
use guanxi_store::Purpose;
use maud::{Markup, html};

use super::account::administrators_only;
use super::fields::{Entries, find};
use super::format;
use super::layout::{Notice, error_page, page};
use crate::api::parse_id;
use crate::app::App;
use crate::params::Params;
use crate::signed_in::SignedIn;

/// So many of what could not be moved are named.
const LEFT_SHOWN: usize = 100;

/// What somebody who leaves hands over, before it is done.
pub(crate) async fn hand_over_form(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(User::NAME, parse_id(&id)?, Purpose::Change).await?;
        let all = belongings(&mut view, row.id).await?;
        let content = preview(&signed, &app.store.catalog(), &row, &all);
        let title = signed.texts.get("hand-over-title");
        Ok(page(&app, &signed, &title, &Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

fn preview(signed: &SignedIn, catalog: &Catalog, row: &Row, all: &[Belonging]) -> Markup {
    let texts = signed.texts;
    let who = catalog.get(User::NAME).map(|user| row.title(user)).unwrap_or_default();
    let field_label = |one: &Belonging| {
        let described = catalog.get(&one.record_type).ok();
        let label = described.and_then(|d| Some(texts.field_label(d, d.field(&one.field)?)));
        label.unwrap_or_default()
    };
    let number = |one: &Belonging| {
        let number = format::number(texts.locale(), &one.records.to_string());
        if one.more { texts.format("ui-total-more", &[("number", &number)]) } else { number }
    };
    html! {
        div class="gx-head" { h1 { (texts.format("hand-over-of", &[("name", &who)])) } }
        form class="card" method="post" action=(format!("/user/{}/hand-over", row.id)) {
            div class="card-body" {
                p { (texts.get("hand-over-what")) }
                @if all.is_empty() { p { (texts.get("hand-over-nothing")) } }
                @else {
                    table class="table" {
                        thead { tr {
                            th scope="col" { (texts.get("role-right.record_type")) }
                            th scope="col" { (texts.get("ui-field")) }
                            th scope="col" class="gx-number" { (texts.get("hand-over-records")) }
                        } }
                        tbody {
                            @for one in all {
                                tr {
                                    td { (texts.type_plural(&one.record_type)) }
                                    td { (field_label(one)) }
                                    td class="gx-number" { (number(one)) }
                                }
                            }
                        }
                    }
                }
                label class="form-label gx-required" for="to" { (texts.get("hand-over-to")) }
                input class="form-control" id="to" name="to" required autocomplete="off";
            }
            div class="card-footer d-flex gap-2" {
                button class="btn btn-primary" type="submit" { (texts.get("hand-over-do")) }
                a class="btn" href=(format!("/user/{}", row.id)) { (texts.get("ui-cancel")) }
            }
        }
    }
}

pub(crate) async fn hand_over_now(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let mut view = app.store.read(&signed.actor).await?;
        let entries = Entries::sent(sent);
        let to = entries.text("to").trim();
        let to = find(&mut view, signed.actor.wording, User::NAME, to).await?;
        drop(view);
        let to = to.map_err(|refusal| Refusal { field: Some("to".to_owned()), ..refusal })?;
        let (store, actor, from) = (app.store.clone(), signed.actor.clone(), parse_id(&id)?);
        // To its end, even where nobody waits for it any longer.
        let work = async move { hand_over(&store, &actor, from, to).await };
        let moved = tokio::spawn(work).await.map_err(Error::internal)??;
        if moved.left.is_empty() {
            return Ok(Redirect::to(&format!("/user/{id}")).into_response());
        }
        let content = left_behind(&signed, &app.store.catalog(), &id, &moved);
        let title = signed.texts.get("hand-over-title");
        Ok(page(&app, &signed, &title, &Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// What a hand-over could not move, and why.
fn left_behind(signed: &SignedIn, catalog: &Catalog, user: &str, moved: &Moved) -> Markup {
    let texts = signed.texts;
    let number = |count: usize| format::number(texts.locale(), &count.to_string());
    let why = |one: &Left| {
        let described = catalog.get(&one.record_type).ok();
        let sentences = one.why.iter().map(|refusal| match described {
            Some(described) => texts.refusal_of(described, refusal),
            None => texts.refusal(refusal),
        });
        sentences.collect::<Vec<_>>().join(" ")
    };
    let counts = [("records", number(moved.records)), ("left", number(moved.left.len()))];
    let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
    html! {
        div class="gx-head" { h1 { (texts.get("hand-over-title")) } }
        div class="card" {
            div class="card-body" {
                p role="status" { (texts.format("hand-over-left", &counts)) }
                div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("hand-over-left-records")) {
                    table class="table mb-0" {
                        thead { tr {
                            th scope="col" { (texts.get("role-right.record_type")) }
                            th scope="col" { (texts.get("hand-over-left-records")) }
                            th scope="col" { (texts.get("hand-over-left-why")) }
                        } }
                        tbody {
                            @for one in moved.left.iter().take(LEFT_SHOWN) {
                                tr {
                                    td { (texts.type_label(&one.record_type)) }
                                    td { a href=(format!("/{}/{}", one.record_type, one.record)) { (one.title) } }
                                    td { (format::sentence(&why(one))) }
                                }
                            }
                        }
                    }
                }
                @if moved.left.len() > LEFT_SHOWN {
                    @let others = number(moved.left.len() - LEFT_SHOWN);
                    p class="gx-muted mt-2 mb-0" { (texts.format("ui-bulk-others", &[("number", &others)])) }
                }
            }
            div class="card-footer" {
                a class="btn" href=(format!("/user/{user}/hand-over")) { (texts.get("hand-over-again")) }
            }
        }
    }
}
