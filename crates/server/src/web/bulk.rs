//! Acting on many records of a list at once: those that are ticked, or all that the list means.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::archive_many::archive_all;
use guanxi_crm::bulk::{self, Act, BULK_MAX};
use guanxi_record::RecordType;
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::fields::Entries;
use super::format;
use super::layout::{Notice, SAVED_ALL, error_page, icon, page};
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// From so many records on, a second confirmation says how many and names some.
const CONFIRM_FROM: usize = 50;
/// So many are named.
const NAMES_SHOWN: usize = 10;

/// The bar that appears when something is ticked.
pub(crate) fn bulk_bar(
    signed: &SignedIn,
    described: &RecordType,
    params: &Params,
    has_more: bool,
) -> Markup {
    let texts = signed.texts;
    let may = |purpose| signed.actor.rights.may(&described.name, purpose);
    if !may(Purpose::Archive) || !may(Purpose::Bulk) {
        return html! {};
    }
    html! {
        form class="gx-bulk" hidden method="post" action=(format!("/{}/bulk", described.name))
            data-confirm=(texts.get("ui-archive-confirm")) {
            input type="hidden" name="ids";
            input type="hidden" name="all";
            input type="hidden" name="query" value=(params::to_url("", params));
            strong data-count { "0" }
            span { (texts.get("ui-selected")) }
            @if has_more {
                button class="btn" type="button" data-all-matching data-label=(texts.get("ui-all"))
                    data-total=(params::to_url(&format!("/{}/total", described.name), params)) {
                    (texts.get("ui-select-matching"))
                }
            }
            button class="btn" type="submit" name="action" value="archive" {
                (icon("archive")) (texts.get("ui-archive"))
            }
        }
    }
}

/// The records that a form of the bar means.
async fn chosen(view: &mut View, described: &RecordType, entries: &Entries) -> Result<Vec<RawId>> {
    if entries.text("all") != "true" {
        let ids = entries.text("ids").split(',').filter(|id| !id.is_empty());
        return bulk::in_turn(ids.map(parse_id).collect::<Result<_>>()?, BULK_MAX);
    }
    let address = entries.text("query");
    let wrong = || Refusal::new("wrong-filter").with("value", address);
    let uri: Uri = format!("/{}{address}", described.name).parse().map_err(|_| wrong())?;
    let Parameters(params) = Parameters::<Params>::try_from_uri(&uri).map_err(|_| wrong())?;
    let query = params::query_of(view, &described.name, &params).await?;
    bulk::chosen(view, &described.name, query, (&Act::Archive, BULK_MAX)).await
}

/// Archives the chosen records, all or none.
pub(crate) async fn bulk(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Posted(sent): Posted<Params>,
) -> Response {
    let entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        let action = entries.text("action");
        if action != "archive" {
            return Err(Refusal::new("unknown-action").with("name", action).into());
        }
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut view = app.store.read(&signed.actor).await?;
        let ids = chosen(&mut view, &described, &entries).await?;
        // What was confirmed is what is done: others may have come meanwhile.
        let confirmed = entries.text("confirmed") == ids.len().to_string();
        if ids.len() >= CONFIRM_FROM && !confirmed {
            let names = names(&mut view, &described, &ids).await?;
            let question = Question { described: &described, entries: &entries, ids: &ids, names };
            return Ok(question.show(&app, &signed));
        }
        drop(view);
        let (store, actor) = (app.store.clone(), signed.actor.clone());
        // To its end, even where nobody waits for it any longer.
        let work = async move { archive_all(&store, &actor, &described, &ids).await };
        let job = tokio::spawn(work).await.map_err(Error::internal)??;
        Ok(Redirect::to(&format!("/{record_type}?saved={SAVED_ALL}{job}")).into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

async fn names(view: &mut View, described: &RecordType, ids: &[RawId]) -> Result<Vec<String>> {
    let some = &ids[..ids.len().min(NAMES_SHOWN)];
    let titles = view.titles(&described.name, some).await?;
    Ok(some.iter().filter_map(|id| titles.get(id).cloned()).collect())
}

/// The second confirmation.
struct Question<'a> {
    described: &'a RecordType,
    entries: &'a Entries,
    ids: &'a [RawId],
    names: Vec<String>,
}

impl Question<'_> {
    fn show(&self, app: &App, signed: &SignedIn) -> Response {
        let texts = signed.texts;
        let number = format::number(texts.locale(), &self.ids.len().to_string());
        let kind = texts.type_plural(&self.described.name);
        let given = [("number", number.as_str()), ("type", &kind)];
        let title = texts.format("ui-bulk-title", &given);
        let path = format!("/{}", self.described.name);
        let content = html! {
            div class="gx-head" { h1 { (title) } }
            form class="card" method="post" action=(format!("{path}/bulk")) {
                div class="card-body" {
                    p { (texts.format("ui-bulk-question", &given)) }
                    ul { @for name in &self.names { li { (name) } } }
                    @if self.ids.len() > self.names.len() {
                        @let rest = (self.ids.len() - self.names.len()).to_string();
                        p class="gx-muted" { (texts.format("ui-bulk-others", &[("number", &rest)])) }
                    }
                    @for name in ["ids", "all", "query", "action"] {
                        input type="hidden" name=(name) value=(self.entries.text(name));
                    }
                    input type="hidden" name="confirmed" value=(self.ids.len());
                }
                div class="card-footer d-flex gap-2" {
                    button class="btn btn-primary" type="submit" { (icon("archive")) (texts.get("ui-archive")) }
                    a class="btn" href=(path) { (texts.get("ui-cancel")) }
                }
            }
        };
        page(app, signed, &title, &Notice::default(), &content).into_response()
    }
}
