//! The page of a record: its fields, what belongs to it, what links to it, its history.

use std::sync::Arc;

use axum::extract::{Path, Query as Parameters, State};
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::{RawId, Result};
use guanxi_record::{Field, Filter, Kind, Query, RecordType, Row, Sort};
use guanxi_store::{Entry, FieldAccess, Operation, Purpose, Rights, Titles, View};
use maud::{Markup, html};

use super::approval_cards::Waiting;
use super::cells;
use super::format;
use super::layout::{Notice, error_page, icon, page};
use super::undo::linked_titles;
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// So many records of each related type are shown.
const RELATED_SHOWN: usize = 5;
/// So many parts, as lines of an order, are shown.
const PARTS_SHOWN: usize = 200;
/// So many changes are shown.
const HISTORY_SHOWN: usize = 20;

pub(crate) async fn show(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id)): Path<(String, String)>,
    Parameters(params): Parameters<Params>,
) -> Response {
    match record_page(&app, &signed, &record_type, &id, &params).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn record_page(
    app: &App,
    signed: &SignedIn,
    record_type: &str,
    id: &str,
    params: &Params,
) -> Result<Html<String>> {
    let described = app.store.catalog().get(record_type)?.clone();
    // Before a connection is held: it asks for one of its own.
    let waiting = Waiting::read(app, signed, parse_id(id)?).await?;
    let mut view = app.store.read(&signed.actor).await?;
    let row = view.row(record_type, parse_id(id)?, Purpose::Read).await?;
    signed.looked_at(app, &described, row.id);
    let related = related(&mut view, signed, &described, row.id).await?;
    let mut linking: Vec<(&RecordType, &[Row])> = vec![(&described, std::slice::from_ref(&row))];
    linking.extend(related.iter().map(|list| (&*list.record_type, list.shown())));
    let mut titles = view.link_titles_of(&linking).await?;
    for (of, rows) in &linking {
        titles.extend(super::words::titles_in(&mut view, of, rows).await?);
    }
    let (above, beside) = match record_type {
        "customer" => super::customer::sections(app, &mut view, signed, &row, &related).await?,
        "analysis_run" => super::insights::sections(app, signed, &row)?,
        "customer_pair" => {
            let above = super::resolution::pair_sections(app, &mut view, signed, &row).await;
            (
                above.or_else(|error| match error {
                    // One of the two went into another, or is not theirs to see any more.
                    guanxi_base::Error::NotFound => Ok(html! {}),
                    error => Err(error),
                })?,
                html! {},
            )
        }
        "dashboard" => super::charts::dashboard_sections(&mut view, signed, &row).await?,
        "chart" => super::charts::chart_sections(&mut view, signed, &row).await?,
        "segment" => {
            // It asks the database too.
            drop(view);
            let sections = super::segments::sections(app, signed, &row).await?;
            view = app.store.read(&signed.actor).await?;
            sections
        }
        "order" => super::parts::order_sections(&mut view, signed, &row).await?,
        "approval_request" => {
            let about = match row.clone().try_into() {
                Ok(request) => super::approval_cards::about(&mut view, signed, &request).await?,
                // Not even what it is about is the reader's to know.
                Err(_) => html! { p class="gx-muted" { (signed.texts.get("approval-not-seen")) } },
            };
            (about, html! {})
        }
        "import_mapping" => (super::mapping_table::mapping_table(signed, &row), html! {}),
        _ => (html! {}, html! {}),
    };
    let in_approval = match &waiting {
        Some(waiting) => waiting.card(&mut view, signed).await?,
        None => html! {},
    };
    let history = history_card(&mut view, signed, &described, row.id).await?;
    let may = match &waiting {
        // What waits stays as it is.
        Some(_) => May::default(),
        None => May::read(&mut view, &described, row.id).await?,
    };
    let title = cells::title(signed, &described, &row, &titles);
    let content = html! {
        (heading(signed, &described, &row, (may, &title)))
        (in_approval)
        (above)
        div class="gx-columns" {
            div class="gx-stack" {
                (fields_card(signed, &described, &row, &titles))
                @for list in &related {
                    @if list.are_parts() {
                        (super::parts::parts_card(signed, list, (&described, &row), &titles, params))
                    } @else if list.is_shown(&described, &row) { (related_card(signed, list, row.id, &titles)) }
                }
            }
            div class="gx-stack" { (beside) (history) }
        }
    };
    let notice = Notice { change_set: params::one(params, "saved").map(str::to_owned) };
    Ok(page(app, signed, &title, &notice, &content))
}

/// What may be done with the record of the page.
#[derive(Debug, Clone, Copy, Default)]
struct May {
    change: bool,
    archive: bool,
}

impl May {
    async fn read(view: &mut View, described: &RecordType, id: RawId) -> Result<Self> {
        let change = view.may(&described.name, id, Purpose::Change).await?;
        let archive = view.may(&described.name, id, Purpose::Archive).await?;
        Ok(Self { change, archive })
    }
}

fn heading(
    signed: &SignedIn,
    described: &RecordType,
    row: &Row,
    (may, title): (May, &str),
) -> Markup {
    let texts = signed.texts;
    let path = format!("/{}/{}", described.name, row.id);
    html! {
        div class="gx-head" {
            a class="btn btn-icon" href=(format!("/{}", described.name))
                aria-label=(texts.type_plural(&described.name)) { (icon("arrow-left")) }
            div {
                div class="gx-muted" { (texts.type_label(&described.name)) }
                h1 { (title) }
            }
            @if row.archived_at.is_some() { span class="badge bg-warning-lt" { (texts.get("ui-archived")) } }
            span class="gx-grow" {}
            @if described.name == "import_job" {
                form method="post" action=(format!("/import/{}/undo", row.id)) data-confirm=(texts.get("import-undo-confirm")) {
                    button class="btn" type="submit" { (icon("arrow-back-up")) (texts.get("import-undo")) }
                }
            }
            a class="btn" href=(format!("{path}/access")) {
                (icon("shield")) (texts.get("access-title"))
            }
            @if matches!(&*described.name, "customer" | "contact") && signed.user.is_administrator {
                a class="btn" href=(format!("{path}/privacy")) { (icon("spy")) (texts.get("privacy-title")) }
            }
            @if described.name == "user" && signed.user.is_administrator {
                @for (action, key) in [("invite", "invite-title"), ("help/unlock", "help-unlock"),
                    ("help/second-factor-off", "help-second-off"), ("help/end-all", "help-end-all")] {
                    form method="post" action=(format!("{path}/{action}")) {
                        button class="btn" type="submit" { (texts.get(key)) }
                    }
                }
                a class="btn" href=(format!("{path}/hand-over")) {
                    (icon("transfer")) (texts.get("hand-over-title"))
                }
            }
            @if may.change && described.fields.iter().any(|field| !field.read_only) {
                a class="btn btn-primary" href=(format!("{path}/edit")) data-key="e" {
                    (icon("pencil")) (texts.get("ui-edit"))
                }
            }
            @if may.archive {
                @let (action, key, sign) = match row.archived_at {
                    Some(_) => ("restore", "ui-restore", "archive-off"),
                    None => ("archive", "ui-archive", "archive"),
                };
                form method="post" action=(format!("{path}/{action}")) {
                    input type="hidden" name="version" value=(row.version);
                    button class="btn" type="submit" {
                        @if sign == "archive" { (icon("archive")) } @else { (icon("archive-off")) }
                        (texts.get(key))
                    }
                }
            }
        }
    }
}

fn fields_card(signed: &SignedIn, described: &RecordType, row: &Row, titles: &Titles) -> Markup {
    let texts = signed.texts;
    let access = |field: &Field| signed.actor.rights.field(&described.name, &field.name);
    let pairs = described
        .fields
        .iter()
        .zip(&row.values)
        // What was found out has cards of its own, and so has what is asked for.
        .filter(|(field, _)| !field.derived)
        .filter(|(field, _)| {
            !matches!(&*described.name, "approval_request" | "import_job")
                || field.kind != Kind::Json
        })
        .filter(|(field, _)| !super::segments::is_shown_in_words(&described.name, &field.name))
        .filter(|(field, value)| !value.is_null() || access(field) == FieldAccess::Hidden);
    html! {
        section class="card" aria-label=(texts.get("ui-details")) {
            div class="gx-card-head" { h2 { (texts.get("ui-details")) } }
            div class="card-body" {
                dl class="gx-fields" {
                    @for (field, _) in pairs {
                        div {
                            dt { (texts.field_label(described, field)) }
                            dd {
                                (cells::field(signed, described, field, row, titles))
                                @if access(field) == FieldAccess::Masked {
                                    (super::access::reveal_button(signed, described, field, row.id))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The records of one type that link to the record of the page, newest first.
pub(crate) struct Related {
    pub(crate) record_type: Arc<RecordType>,
    pub(crate) link: String,
    pub(crate) rows: Vec<Row>,
    pub(super) has_more: bool,
}

impl Related {
    pub(super) fn are_parts(&self) -> bool {
        self.record_type.part_of == Some(self.link.as_str())
    }

    fn shown(&self) -> &[Row] {
        if self.are_parts() { &self.rows } else { &self.rows[..self.rows.len().min(RELATED_SHOWN)] }
    }

    /// A customer shows also what there is none of yet of daily work; a segment by a condition has no
    /// members that anybody put in, and a dashboard draws its charts.
    fn is_shown(&self, described: &RecordType, row: &Row) -> bool {
        if row.value(described, "kind").as_text() == Some("dynamic") && self.rows.is_empty() {
            return false;
        }
        if described.name == "dashboard" {
            return false;
        }
        let is_daily =
            matches!(self.record_type.area, "customers" | "sales" | "billing" | "service")
                && self.record_type.name != described.name;
        !self.rows.is_empty() || self.are_parts() || (described.name == "customer" && is_daily)
    }
}

/// What links to a record: its parts first; records of the same kind, as the daughters of a
/// customer, last.
async fn related(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    id: RawId,
) -> Result<Vec<Related>> {
    let catalog = view.catalog().clone();
    let mut lists: Vec<Related> = catalog
        .links_to(&described.name)
        .filter(|(other, field, _)| {
            // Whatever a user owns is a list of its own, not a part of the user's page.
            field.kind != Kind::Owner && signed.actor.rights.reads_all(&other.name, &[&field.name])
        })
        .map(|(other, field, _)| Related {
            record_type: other.clone(),
            link: field.name.to_string(),
            rows: Vec::new(),
            has_more: false,
        })
        .collect();
    lists.sort_by_key(|list| (!list.are_parts(), list.record_type.name == described.name));
    for list in &mut lists {
        let limit = match &*described.name {
            _ if list.are_parts() => PARTS_SHOWN,
            "customer" => super::customer::TIMELINE_SHOWN,
            _ => RELATED_SHOWN,
        };
        let query = Query::of(Filter::eq(list.link.as_str(), id.to_string()))
            .sorted(newest_first(&signed.actor.rights, &list.record_type))
            .limited(limit);
        let page = view.list(&list.record_type.name, &query).await?;
        list.has_more =
            page.next.is_some() || (!list.are_parts() && page.rows.len() > RELATED_SHOWN);
        list.rows = page.rows;
    }
    Ok(lists)
}

/// By the day when things happened, where there is one; lines in their own order.
pub(crate) fn newest_first(rights: &Rights, record_type: &RecordType) -> Vec<Sort> {
    let timely = |field: &&Field| {
        let is_time = matches!(field.kind, Kind::Date | Kind::Instant);
        field.indexed && is_time && rights.reads(&record_type.name, &field.name)
    };
    match record_type.fields.iter().find(timely) {
        Some(field) => vec![Sort::down(field.name.as_ref())],
        None if record_type.part_of.is_some() => vec![Sort::up("id")],
        None => vec![Sort::down("id")],
    }
}

fn related_card(signed: &SignedIn, list: &Related, id: RawId, titles: &Titles) -> Markup {
    let texts = signed.texts;
    let (other, link, rows) = (&*list.record_type, list.link.as_str(), list.shown());
    let columns: Vec<&Field> = super::list::columns(other, &Vec::new())
        .into_iter()
        .filter(|field| field.name != link)
        .take(6)
        .collect();
    let may_create = signed.actor.rights.scope(&other.name, Purpose::Create).is_some();
    let label = texts.type_plural(&other.name);
    html! {
        section class="card" aria-label=(label) {
            div class="gx-card-head" {
                (icon(other.icon)) h2 { (label) }
                @if may_create {
                    a class="btn btn-sm" href=(format!("/{}/new?{link}={id}", other.name))
                        aria-label=(texts.format("ui-new", &[("type", &texts.type_label(&other.name))])) { (icon("plus")) }
                }
            }
            @if rows.is_empty() { p class="gx-empty m-0" { (texts.get("ui-none-yet")) } }
            @else {
                div class="table-responsive" tabindex="0" role="region" aria-label=(label) {
                    table class="table gx-table mb-0" {
                        thead { tr {
                            @for field in &columns {
                                th scope="col" class=[cells::style(field)] {
                                    (texts.field_label(other, field))
                                }
                            }
                        } }
                        tbody {
                            @for row in rows {
                                tr {
                                    @for field in &columns {
                                        td class=[cells::style(field)]
                                            data-label=(texts.field_label(other, field)) {
                                            @if field.name == other.title {
                                                a href=(format!("/{}/{}", other.name, row.id)) { (cells::title(signed, other, row, titles)) }
                                            } @else { (cells::field(signed, other, field, row, titles)) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                @if list.has_more {
                    div class="card-footer" {
                        a href=(format!("/{}?{link}={id}", other.name)) { (texts.get("ui-show-all")) }
                    }
                }
            }
        }
    }
}

async fn history_card(
    view: &mut View,
    signed: &SignedIn,
    described: &RecordType,
    id: RawId,
) -> Result<Markup> {
    let entries = view.history(&described.name, id, HISTORY_SHOWN).await?;
    // Nobody is offered what they would be refused.
    let may_undo = view.may(&described.name, id, Purpose::Change).await?;
    let people: Vec<RawId> = entries.iter().filter_map(|entry| entry.actor).collect();
    let names = view.titles("user", &people).await?;
    let titles = linked_titles(view, described, &entries).await?;
    let texts = signed.texts;
    Ok(html! {
        section class="card" aria-label=(texts.get("ui-history")) {
            div class="gx-card-head" { (icon("history")) h2 { (texts.get("ui-history")) } }
            div class="card-body" {
                ol class="gx-timeline" {
                    @for entry in &entries { (history_entry(signed, (described, id), (entry, may_undo), &names, &titles)) }
                }
            }
        }
    })
}

fn history_entry(
    signed: &SignedIn,
    (described, id): (&RecordType, RawId),
    (entry, may_undo): (&Entry, bool),
    names: &Titles,
    titles: &Titles,
) -> Markup {
    let texts = signed.texts;
    let nobody = texts.get("ui-product");
    let who = entry.actor.and_then(|id| names.get(&id)).unwrap_or(&nobody);
    html! {
        li {
            (icon("pencil"))
            div {
                strong { (who) } " " (texts.get(&format!("operation-{}", entry.operation.name())))
                div { time datetime=(entry.at) { (format::instant(texts.locale(), entry.at, &signed.actor.time_zone)) } }
                @if entry.operation == Operation::Update {
                    @for change in entry.changes.0.iter().take(12) {
                        @if let Some(field) = described.field(&change.field) {
                            div class="gx-muted" {
                                (texts.field_label(described, field))
                                // Nobody reads two pages of JSON side by side.
                                @if field.kind != Kind::Json {
                                    ": " (cells::value(signed, described, field, &change.old, titles))
                                    " \u{2192} "
                                    (cells::value(signed, described, field, &change.new, titles))
                                }
                            }
                        }
                    }
                }
                @if may_undo && entry.operation.is_change() {
                    // Which says what would be undone.
                    a class="btn btn-sm" href=(format!("/{}/{id}/undo/{}", described.name, entry.change_set)) {
                        (texts.get("ui-undo"))
                    }
                }
            }
        }
    }
}
