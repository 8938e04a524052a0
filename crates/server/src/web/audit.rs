//! The audit log as a page: who saw, changed, took out, signed in, decided.

use axum::extract::{Query as Parameters, State};
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::{Date, RawId, Result, Timestamp};
use guanxi_crm::access::User;
use guanxi_record::Record;
use guanxi_store::{Look, Operation, Titles, Trace};
use maud::{Markup, html};

use super::account::administrators_only;
use super::fields::find;
use super::format;
use super::layout::{Notice, error_page, page};
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

pub(crate) async fn audit(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    match audit_page(&app, &signed, &params).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

/// What the parameters ask for.
async fn look(app: &App, signed: &SignedIn, params: &Params) -> Result<Look> {
    let given = |name| params::one(params, name).map(str::trim).filter(|text| !text.is_empty());
    let mut look = Look::default();
    if let Some(words) = given("person") {
        let mut view = app.store.read(&signed.actor).await?;
        look.actor = Some(find(&mut view, signed.actor.wording, User::NAME, words).await??);
    }
    look.operation = given("operation").and_then(Operation::from_name);
    look.record_type = given("type").map(str::to_owned);
    look.record = given("record").map(crate::api::parse_id).transpose()?;
    let day = |name: &str, later: i64| -> Result<Option<Timestamp>> {
        let Some(text) = params::one(params, name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let wrong = || guanxi_base::Refusal::field("not-a-date", name).with("value", text);
        let day: Date = text.parse().map_err(|_| wrong())?;
        let start = day.checked_add(jiff::Span::new().days(later)).map_err(|_| wrong())?;
        let zone = signed.actor.time_zone.clone();
        Ok(Some(start.to_zoned(zone).map_err(|_| wrong())?.timestamp()))
    };
    look.from = day("from", 0)?;
    look.to = day("to", 1)?;
    look.before = given("before").and_then(|text| {
        let (set, seq) = text.split_once('-')?;
        Some((set.parse().ok()?, seq.parse().ok()?))
    });
    Ok(look)
}

async fn audit_page(app: &App, signed: &SignedIn, params: &Params) -> Result<Html<String>> {
    administrators_only(signed)?;
    let look = look(app, signed, params).await?;
    let traces = app.store.trail(&signed.actor, &look).await?;
    let people: Vec<RawId> = traces.iter().filter_map(|trace| trace.actor).collect();
    let mut view = app.store.read(&signed.actor).await?;
    let mut names = view.titles(User::NAME, &people).await?;
    let types: std::collections::BTreeSet<&str> =
        traces.iter().map(|trace| trace.record_type.as_str()).collect();
    for record_type in types {
        let ids: Vec<RawId> = traces
            .iter()
            .filter(|trace| trace.record_type == record_type)
            .map(|trace| trace.record)
            .collect();
        names.extend(view.titles(record_type, &ids).await?);
    }
    names.extend(super::audit_detail::names(&mut view, signed, &traces).await?);
    let texts = signed.texts;
    let title = texts.get("audit-title");
    let older = traces.last().map(|trace| format!("{}-{}", trace.place.0, trace.place.1));
    let content = html! {
        div class="gx-head" { h1 { (title) } }
        (form(app, signed, params))
        div class="card" {
            @if traces.is_empty() { p class="gx-empty m-0" { (texts.get("ui-no-match")) } }
            @else {
                table class="table gx-table mb-0" aria-label=(title) {
                    thead { tr {
                        @for key in ["audit-when", "audit-person", "audit-what", "audit-record", "audit-detail", "audit-how"] {
                            th scope="col" { (texts.get(key)) }
                        }
                    } }
                    tbody { @for trace in &traces { (row(signed, trace, &names)) } }
                }
                @if let Some(older) = older {
                    div class="card-footer" {
                        a href=(params::with("/audit", params, "before", Some(&older))) { (texts.get("audit-older")) }
                    }
                }
            }
        }
    };
    Ok(page(app, signed, &title, &Notice::default(), &content))
}

fn form(app: &App, signed: &SignedIn, params: &Params) -> Markup {
    let texts = signed.texts;
    let given = |name| params::one(params, name).unwrap_or_default();
    html! {
        form class="gx-filters mb-3" method="get" action="/audit" {
            div {
                label class="form-label" for="person" { (texts.get("audit-person")) }
                input class="form-control" id="person" name="person" value=(given("person")) autocomplete="off";
            }
            div {
                label class="form-label" for="operation" { (texts.get("audit-what")) }
                select class="form-select" id="operation" name="operation" {
                    option value="" { (texts.get("ui-all")) }
                    @for one in Operation::all() {
                        option value=(one.name()) selected[one.name() == given("operation")] {
                            (texts.get(&format!("operation-{}", one.name())))
                        }
                    }
                }
            }
            div {
                label class="form-label" for="type" { (texts.get("role-right.record_type")) }
                select class="form-select" id="type" name="type" {
                    option value="" { (texts.get("ui-all")) }
                    @for one in app.store.catalog().types() {
                        option value=(one.name) selected[one.name == given("type")] { (texts.type_label(&one.name)) }
                    }
                }
            }
            @for (name, key) in [("from", "audit-from"), ("to", "audit-to")] {
                div {
                    label class="form-label" for=(name) { (texts.get(key)) }
                    input class="form-control" id=(name) name=(name) type="date" value=(given(name));
                }
            }
            @if !given("record").is_empty() { input type="hidden" name="record" value=(given("record")); }
            button class="btn btn-primary" type="submit" { (texts.get("audit-search")) }
        }
    }
}

fn row(signed: &SignedIn, trace: &Trace, names: &Titles) -> Markup {
    let texts = signed.texts;
    let nobody = texts.get("audit-nobody");
    let who = trace
        .actor
        .map_or(nobody.clone(), |id| names.get(&id).cloned().unwrap_or_else(|| id.to_string()));
    html! {
        tr {
            td data-label=(texts.get("audit-when")) {
                time datetime=(trace.at) { (format::instant(texts.locale(), trace.at, &signed.actor.time_zone)) }
            }
            td data-label=(texts.get("audit-person")) { (who) }
            td data-label=(texts.get("audit-what")) { (texts.get(&format!("operation-{}", trace.operation.name()))) }
            td data-label=(texts.get("audit-record")) {
                (texts.type_label(&trace.record_type)) " "
                @if trace.record != RawId(0) {
                    a href=(format!("/{}/{}", trace.record_type, trace.record)) {
                        (names.get(&trace.record).cloned().unwrap_or_else(|| trace.record.to_string()))
                    }
                }
            }
            td data-label=(texts.get("audit-detail")) { (super::audit_detail::detail(signed, trace, names)) }
            td data-label=(texts.get("audit-how")) { (trace.origin) " " (trace.address.clone().unwrap_or_default()) }
        }
    }
}
