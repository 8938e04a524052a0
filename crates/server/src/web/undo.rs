//! Taking changes back: a page that says what would be undone, and doing it.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Result};
use guanxi_crm::archive_many::undo_all;
use guanxi_record::{Kind, RecordType};
use guanxi_store::{Entry, Operation, Purpose, Titles, View};
use maud::{Markup, html};

use super::fields::Entries;
use super::layout::{Notice, answer, error_page, icon, page};
use super::{cells, format};
use crate::api::parse_id;
use crate::app::App;
use crate::own_page::page_before;
use crate::params::Params;
use crate::signed_in::SignedIn;

/// So far back a change is looked for in the history of its record.
const HISTORY_SEARCHED: usize = 1_000;
/// So many other records are named.
const NAMED: usize = 10;

/// What the undo of a change that stands in the history of a record would do.
pub(crate) async fn undo_form(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id, change_set)): Path<(String, String, String)>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        let (id, change_set) = (parse_id(&id)?, parse_id(&change_set)?);
        let mut view = app.store.read(&signed.actor).await?;
        let described = view.catalog().get(&record_type)?.clone();
        let row = view.row(&record_type, id, Purpose::Change).await?;
        signed.looked_at(&app, &described, row.id);
        let mut entries = view.history(&record_type, id, HISTORY_SEARCHED).await?;
        entries.retain(|entry| entry.change_set == change_set && entry.operation.is_change());
        if entries.is_empty() {
            return Err(Error::NotFound);
        }
        let titles = linked_titles(&mut view, &described, &entries).await?;
        let others = others(&mut view, change_set, id).await?;
        let texts = signed.texts;
        let (title, name) = (texts.get("undo-title"), row.title(&described));
        let back = format!("/{record_type}/{id}");
        let content = html! {
            div class="gx-head" { h1 { (title) } }
            form class="card" method="post" action="/undo" {
                input type="hidden" name="change_set" value=(change_set);
                div class="card-body gx-stack" {
                    p class="m-0" { (texts.type_label(&record_type)) " " strong { (name) } }
                    @for entry in &entries { (entry_undone(&signed, &described, entry, &titles)) }
                    (others_undone(&signed, &others))
                }
                div class="card-footer d-flex gap-2" {
                    button class="btn btn-primary" type="submit" { (icon("arrow-back-up")) (texts.get("ui-undo")) }
                    a class="btn" href=(back) { (texts.get("ui-cancel")) }
                }
            }
        };
        Ok(page(&app, &signed, &title, &Notice::default(), &content))
    }
    .await;
    answer(&app, &signed, outcome)
}

/// The names of what the changed links lead to.
pub(super) async fn linked_titles(
    view: &mut View,
    described: &RecordType,
    entries: &[Entry],
) -> Result<Titles> {
    let mut titles = Titles::new();
    for change in entries.iter().flat_map(|entry| &entry.changes.0) {
        let target = described.field(&change.field).and_then(|field| field.kind.leads_to());
        if let Some(target) = target {
            let ids = [change.old.links(), change.new.links()].concat();
            titles.extend(view.titles(target, &ids).await?);
        }
    }
    Ok(titles)
}

/// What was changed together with a record: how many others, and what some of them are called.
struct Others {
    count: usize,
    names: Vec<String>,
}

async fn others(view: &mut View, change_set: RawId, id: RawId) -> Result<Others> {
    let mut others = view.changed_in(change_set).await?;
    others.retain(|(_, other)| *other != id);
    let mut names = Vec::new();
    for (record_type, other) in others.iter().take(NAMED) {
        names.extend(view.titles(record_type, &[*other]).await?.remove(other));
    }
    Ok(Others { count: others.len(), names })
}

fn entry_undone(
    signed: &SignedIn,
    described: &RecordType,
    entry: &Entry,
    titles: &Titles,
) -> Markup {
    let texts = signed.texts;
    let said = match entry.operation {
        Operation::Create => "undo-create",
        Operation::Archive => "undo-archive",
        Operation::Restore => "undo-restore",
        _ => "undo-update",
    };
    // Of a record that goes away nobody needs to read what was in it.
    let changes = entry.changes.0.iter().filter(|_| entry.operation == Operation::Update);
    let fields = changes.filter_map(|change| Some((described.field(&change.field)?, change)));
    let fields: Vec<_> = fields.filter(|(field, _)| field.kind != Kind::Json).collect();
    html! {
        p class="m-0" { (texts.get(said)) }
        @if !fields.is_empty() {
            table class="table" {
                thead { tr {
                    th scope="col" { (texts.get("ui-field")) }
                    th scope="col" { (texts.get("undo-now")) }
                    th scope="col" { (texts.get("undo-then")) }
                } }
                tbody {
                    @for (field, change) in fields {
                        tr {
                            th scope="row" { (texts.field_label(described, field)) }
                            td { (cells::value(signed, described, field, &change.new, titles)) }
                            td { (cells::value(signed, described, field, &change.old, titles)) }
                        }
                    }
                }
            }
        }
    }
}

fn others_undone(signed: &SignedIn, others: &Others) -> Markup {
    let texts = signed.texts;
    let rest = others.count - others.names.len();
    let number = |count: usize| format::number(texts.locale(), &count.to_string());
    html! {
        @if others.count > 0 {
            p class="m-0" { (texts.format("undo-others", &[("count", &others.count.to_string()), ("number", &number(others.count))])) }
            @if !others.names.is_empty() { ul class="m-0" { @for name in &others.names { li { (name) } } } }
            @if rest > 0 && !others.names.is_empty() {
                p class="gx-muted m-0" { (texts.format("ui-bulk-others", &[("number", &number(rest))])) }
            }
        }
    }
}

/// Where one goes on after an undo: on the page on which it was asked for, or, where what that showed went
/// away with it, at its list.
async fn after_undoing(app: &App, signed: &SignedIn, before: &str) -> Result<String> {
    // Without its question, which may say what was just saved.
    let path = before.split(['?', '#']).next().unwrap_or("/");
    let mut parts = path.split('/').skip(1);
    let (name, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let catalog = app.store.catalog();
    let (Ok(described), Ok(id)) = (catalog.get(name), id.parse::<RawId>()) else {
        return Ok(path.to_owned());
    };
    let mut view = app.store.read(&signed.actor).await?;
    if !view.may(&described.name, id, Purpose::Read).await? {
        return Ok(format!("/{}", described.name));
    }
    let is_asked_about = parts.next() == Some("undo");
    Ok(if is_asked_about { format!("/{}/{id}", described.name) } else { path.to_owned() })
}

pub(crate) async fn undo(
    State(app): State<App>,
    signed: SignedIn,
    headers: axum::http::HeaderMap,
    Posted(sent): Posted<Params>,
) -> Response {
    let outcome: Result<Response> = async {
        let entries = Entries::sent(sent);
        match entries.text("job") {
            "" => {
                let change_set = parse_id(entries.text("change_set"))?;
                app.store.undo(&signed.actor, change_set).await?;
            }
            job => undo_all(&app.store, &signed.actor, parse_id(job)?).await?,
        }
        let before = page_before(&headers).unwrap_or_else(|| "/".to_owned());
        let to = after_undoing(&app, &signed, &before).await?;
        Ok(Redirect::to(&to).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
