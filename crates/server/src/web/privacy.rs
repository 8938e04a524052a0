//! What the law lets a person ask of us: all that is held on them, and that it is forgotten.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Refusal, Result};
use guanxi_crm::privacy::{PrivacyRequest, report, request, subject};
use guanxi_store::{JobState, Purpose};
use maud::html;

use super::account::administrators_only;
use super::fields::Entries;
use super::layout::{Notice, error_page, page};
use crate::api::parse_id;
use crate::app::App;
use crate::params::Params;
use crate::signed_in::SignedIn;

/// Asks what is meant, and tells what it does.
pub(crate) async fn privacy_form(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(&record_type, parse_id(&id)?, Purpose::Change).await?;
        let texts = signed.texts;
        let name = row.title(&described);
        let title = texts.format("privacy-of", &[("name", &name)]);
        let path = format!("/{record_type}/{id}/privacy");
        let content = html! {
            div class="gx-head" { h1 { (title) } }
            div class="gx-columns" {
                form class="card" method="post" action=(path) {
                    div class="card-body" {
                        h2 { (texts.get("privacy-export")) }
                        p { (texts.get("privacy-export-what")) }
                        button class="btn btn-primary" name="what" value="export" type="submit" { (texts.get("privacy-export")) }
                    }
                }
                form class="card" method="post" action=(path) {
                    div class="card-body" {
                        h2 { (texts.get("privacy-erase")) }
                        p { (texts.get("privacy-erase-what")) }
                        label class="form-label gx-required" for="confirm" {
                            (texts.format("privacy-erase-confirm", &[("name", &name)]))
                        }
                        input class="form-control mb-2" id="confirm" name="confirm" required autocomplete="off";
                        button class="btn" name="what" value="erase" type="submit" { (texts.get("privacy-erase")) }
                    }
                }
            }
        };
        Ok(page(&app, &signed, &title, &Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

pub(crate) async fn privacy_begin(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let name = entries.text("what");
        let what = PrivacyRequest::from_name(name)
            .ok_or_else(|| Refusal::new("unknown-action").with("name", name))?;
        let id = parse_id(&id)?;
        if what == PrivacyRequest::Erase {
            // It cannot be undone: whoever means it writes the name.
            let described = app.store.catalog().get(&record_type)?.clone();
            let mut view = app.store.read(&signed.actor).await?;
            let row = view.row(&record_type, id, Purpose::Change).await?;
            if entries.text("confirm").trim() != row.title(&described) {
                return Err(Refusal::field("not-confirmed", "confirm").into());
            }
        }
        let job = request(&app.store, &signed.actor, what, &record_type, id).await?;
        Ok(Redirect::to(&format!("/privacy/{job}")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// What became of a request.
pub(crate) async fn privacy_report(
    State(app): State<App>,
    signed: SignedIn,
    Path(job): Path<String>,
) -> Response {
    let outcome: Result<Response> = async {
        administrators_only(&signed)?;
        let job = report(&app.store, &signed.actor, parse_id(&job)?).await?;
        let texts = signed.texts;
        let title = texts.get("privacy-title");
        let state = match job.state {
            JobState::Done => "privacy-done",
            JobState::Failed | JobState::Undone => "privacy-failed",
            JobState::Open | JobState::Paused => "privacy-open",
        };
        let here = format!("/privacy/{}", job.id);
        let runs = state == "privacy-open";
        let content = html! {
            div class="gx-head" { h1 { (title) } }
            div class="card" hx-get=[runs.then_some(&here)] hx-trigger=[runs.then_some("load delay:1s")]
                hx-select=".card" hx-swap="outerHTML" {
                div class="card-body" {
                    p role="status" { (texts.get(state)) }
                    @if let Some(reason) = &job.error { p { (reason) } }
                    @if let Some(file) = job.progress["file"].as_str() {
                        p { a class="btn btn-primary" href=(format!("/files/{file}")) { (texts.get("privacy-file")) } }
                    }
                    @if let Some(records) = job.progress["records"].as_object() {
                        table class="table" {
                            thead { tr {
                                th scope="col" { (texts.get("role-right.record_type")) }
                                th scope="col" class="gx-number" { (texts.get("hand-over-records")) }
                                th scope="col" class="gx-number" { (texts.get("privacy-erased")) }
                            } }
                            tbody {
                                @for (name, found) in records {
                                    tr {
                                        td { (texts.type_plural(name)) }
                                        td class="gx-number" { (found.get("records").unwrap_or(found)) }
                                        td class="gx-number" {
                                            @if let Some(erased) = found.get("erased") { (erased) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    @if let Some((record_type, id)) = subject(&job) {
                        a class="btn" href=(format!("/{record_type}/{id}")) { (texts.get("ui-back")) }
                    }
                }
            }
        };
        Ok(page(&app, &signed, &title, &Notice::default(), &content).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
