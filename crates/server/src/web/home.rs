//! The first page: what is to do, and where things stand.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::Result;
use guanxi_crm::authority::waiting_for;
use guanxi_record::{Filter, Op, Query, Sort, Value};
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::json;

use super::first_steps::Demo;
use super::layout::{Notice, error_page, icon, page};
use super::{charts, first_steps, format};
use crate::app::App;
use crate::signed_in::SignedIn;

pub(crate) async fn home(State(app): State<App>, signed: SignedIn, headers: HeaderMap) -> Response {
    match home_page(&app, &signed, &headers).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn home_page(app: &App, signed: &SignedIn, headers: &HeaderMap) -> Result<Html<String>> {
    let texts = signed.texts;
    // Before a connection is held: it asks for one of its own.
    let waiting = match signed.is_limited() {
        true => Vec::new(),
        false => waiting_for(&app.store, signed.user.id.raw()).await?,
    };
    let demo = Demo::of(app, signed).await?;
    let mut view = app.store.read(&signed.actor).await?;
    let steps = first_steps::card(&mut view, signed, headers, (demo, waiting.len())).await?;
    let tasks = work_card(&mut view, signed, "task", "due_date", &["open"]).await?;
    let cases =
        work_card(&mut view, signed, "case", "due_at", &["new", "in_progress", "waiting"]).await?;
    let dashboards = charts::start_page(&mut view, signed).await?;
    let content = html! {
        div class="gx-head" { h1 { (texts.format("home-hello", &[("name", &signed.user.name)])) } }
        (steps)
        @if !waiting.is_empty() {
            section class="card mb-3" aria-label=(texts.get("approval-waiting")) {
                div class="gx-card-head" { (icon("user-check")) h2 { (texts.get("approval-waiting")) } }
                div class="card-body" {
                    a href="/approvals" { (texts.format("approval-count", &[("count", &waiting.len().to_string())])) }
                }
            }
        }
        (dashboards)
        div class="gx-charts" { (tasks) (cases) }
    };
    let title = texts.get("home-title");
    Ok(page(app, signed, &title, &Notice::default(), &content))
}

/// What is open and due first.
async fn work_card(
    view: &mut View,
    signed: &SignedIn,
    of: &str,
    due: &str,
    open: &[&str],
) -> Result<Markup> {
    const SHOWN: usize = 8;
    if !signed.actor.rights.reads_all(of, &["status", due]) {
        return Ok(html! {});
    }
    let described = view.catalog().get(of)?.clone();
    let filter =
        Filter::compare("status", Op::In, json!(open)).and(Filter::compare(due, Op::Empty, false));
    let query = Query::of(filter).sorted(vec![Sort::up(due)]).limited(SHOWN);
    let rows = view.list(of, &query).await?.rows;
    let titles = view.link_titles(&described, &rows).await?;
    let texts = signed.texts;
    let label = texts.format("home-open", &[("type", &texts.type_plural(of))]);
    Ok(html! {
        section class="card" aria-label=(label) {
            div class="gx-card-head" { (icon(described.icon)) h2 { (label) } }
            div class="card-body" {
                @if rows.is_empty() { p class="gx-muted m-0" { (texts.get("ui-none-yet")) } }
                ol class="gx-timeline" {
                    @for row in &rows {
                        li {
                            (icon("clock"))
                            div {
                                a href=(format!("/{of}/{}", row.id)) { (row.title(&described)) }
                                div class="gx-muted" {
                                    @match row.value(&described, due) {
                                        Value::Date(day) => (format::date(texts.locale(), day)),
                                        Value::Instant(at) => (format::instant(texts.locale(), at, &signed.actor.time_zone)),
                                        _ => "",
                                    }
                                    @if let Some(name) = row.value(&described, "customer").as_link().and_then(|id| titles.get(&id)) {
                                        " \u{b7} " (name)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}
