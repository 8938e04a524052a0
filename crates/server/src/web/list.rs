//! The list page of every record type. All of its state is in its address.

use axum::extract::{Path, Query as Parameters, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::Result;
use guanxi_crm::dashboards::Chart;
use guanxi_record::{Direction, Field, Kind, Record as _, RecordType, Row, SYSTEM_FIELDS, Sort};
use guanxi_store::{Page, Purpose, Titles, View};
use maud::{Markup, html};

use super::bulk::bulk_bar;
use super::cell::cell;
use super::cells;
use super::empty::{empty_list, is_made_by_hand};
use super::filters::{Stated, filters, without_empty_controls};
use super::layout::{Notice, error_page, icon, page};
use super::views::{Views, columns_dialog};
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// So many columns are shown when nobody chose.
const COLUMNS_USUAL: usize = 7;

pub(crate) async fn list(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    // The address says what the list shows: controls that were left empty say nothing.
    if let Ok(described) = app.store.catalog().get(&record_type)
        && let Some(kept) = without_empty_controls(&signed, described, &params)
    {
        return Redirect::to(&params::to_url(&format!("/{record_type}"), &kept)).into_response();
    }
    match list_page(&app, &signed, &record_type, &params).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn list_page(
    app: &App,
    signed: &SignedIn,
    record_type: &str,
    params: &Params,
) -> Result<Html<String>> {
    let described = app.store.catalog().get(record_type)?.clone();
    let mut view = app.store.read(&signed.actor).await?;
    signed.actor.rights.scope(record_type, Purpose::Read).ok_or(guanxi_base::Error::Forbidden)?;
    let content = ListContent::read(&mut view, &described, params).await;
    if let Ok(content) = &content {
        signed.looked_at_list(app, &described, &content.page.rows);
    }
    let views = Views::read(&mut view, record_type, params).await?;
    let stated = Stated::read(&mut view, signed, &described, params).await?;
    let texts = signed.texts;
    let title = texts.type_plural(record_type);
    let may = |purpose| signed.actor.rights.may(record_type, purpose);
    let path = format!("/{record_type}");
    let html = html! {
        div class="gx-head" {
            h1 { (title) }
            span class="gx-muted" hx-get=(params::to_url(&format!("{path}/total"), params))
                hx-trigger="load" hx-swap="innerHTML" {}
            span class="gx-grow" {}
            (views.menu(signed, &described))
            button class="btn" type="button" data-dialog="columns" {
                (icon("columns")) (texts.get("ui-columns"))
            }
            // A chart has no words that are searched: it would be of other records than the list.
            @if signed.actor.rights.may(Chart::NAME, Purpose::Create) && !params::is_searched(params) {
                a class="btn" href=(params::to_url("/chart/new", &as_chart(record_type, params))) {
                    (icon("chart-bar")) (texts.type_label(Chart::NAME))
                }
            }
            @if may(Purpose::Export) {
                a class="btn" href=(params::to_url(&format!("/api/v1/{record_type}/export"), params)) {
                    (icon("download")) (texts.get("ui-export"))
                }
            }
            @if may(Purpose::Import) && is_made_by_hand(&described) {
                a class="btn" href="/import" { (icon("file-import")) (texts.get("ui-import")) }
            }
            @if may(Purpose::Create) && is_made_by_hand(&described) {
                a class="btn btn-primary" href=(format!("{path}/new")) data-key="n" {
                    (icon("plus")) (texts.format("ui-new", &[("type", &texts.type_label(record_type))]))
                }
            }
        }
        (views.bar(signed))
        (filters(signed, &described, params, &stated))
        (columns_dialog(signed, &described, params))
        @match &content {
            Ok(content) => (content.markup(signed, &described, params)),
            Err(error) => {
                @let (_, sentence) = crate::problem::words(error, texts);
                div class="card gx-empty" role="alert" {
                    p { (sentence) }
                    a class="btn" href=(path) { (texts.get("ui-clear-filters")) }
                }
            },
        }
    };
    let notice = Notice { change_set: params::one(params, "saved").map(str::to_owned) };
    Ok(page(app, signed, &title, &notice, &html))
}

/// What the list shows, as a chart begins.
fn as_chart(record_type: &str, params: &Params) -> Vec<(String, String)> {
    let stated = params.iter();
    let stated = stated.filter(|(name, _)| name == params::FILTER || params::is_condition(name));
    let stated: Vec<_> = stated.cloned().collect();
    let condition = params::to_url("", &stated).trim_start_matches('?').to_owned();
    let of = ("record_type".to_owned(), record_type.to_owned());
    let condition = Some(("condition".to_owned(), condition)).filter(|(_, text)| !text.is_empty());
    std::iter::once(of).chain(condition).collect()
}

struct ListContent {
    page: Page,
    titles: Titles,
}

impl ListContent {
    async fn read(view: &mut View, described: &RecordType, params: &Params) -> Result<Self> {
        let query = params::query_of(view, &described.name, params).await?;
        let page = view.list(&described.name, &query).await?;
        let mut titles = view.link_titles(described, &page.rows).await?;
        titles.extend(super::words::titles_in(view, described, &page.rows).await?);
        Ok(Self { page, titles })
    }

    fn markup(&self, signed: &SignedIn, described: &RecordType, params: &Params) -> Markup {
        let texts = signed.texts;
        let columns = columns(described, params);
        if self.page.rows.is_empty() {
            if params.is_empty() {
                return empty_list(signed, described);
            }
            return html! {
                div class="card gx-empty" {
                    p { (texts.get("ui-no-match")) }
                    a class="btn" href=(format!("/{}", described.name)) { (texts.get("ui-clear-filters")) }
                }
            };
        }
        let sorts = Sort::parse_list(params::one(params, "sort").unwrap_or_default());
        html! {
            div class="card" {
                table class="table gx-table" data-list aria-label=(texts.type_plural(&described.name)) {
                    thead { tr {
                        th { input type="checkbox" class="form-check-input" data-all aria-label=(texts.get("ui-select-all")); }
                        @for field in &columns { (heading(signed, described, field, &sorts, params)) }
                    } }
                    tbody { (self.rows(signed, described, &columns, params, true)) }
                }
            }
            (bulk_bar(signed, described, params, self.page.next.is_some()))
        }
    }

    /// The rows of a page, and the row that fetches the next when it is scrolled to.
    fn rows(
        &self,
        signed: &SignedIn,
        described: &RecordType,
        columns: &[&Field],
        params: &Params,
        is_first: bool,
    ) -> Markup {
        let base = format!("/{}", described.name);
        html! {
            @for (at, row) in self.page.rows.iter().enumerate() {
                (table_row(signed, described, columns, row, &self.titles, is_first && at == 0))
            }
            @if let Some(next) = &self.page.next {
                @let next = next.to_text();
                tr hx-get=(params::with(&format!("{base}/more"), params, "after", Some(&next)))
                    hx-trigger="revealed" hx-swap="outerHTML" {
                    td colspan=(columns.len() + 1) {
                        a href=(params::with(&base, params, "after", Some(&next))) { (signed.texts.get("ui-next-page")) }
                    }
                }
            }
        }
    }
}

/// A record as a row of a table.
pub(crate) fn table_row(
    signed: &SignedIn,
    described: &RecordType,
    columns: &[&Field],
    row: &Row,
    titles: &Titles,
    is_tab_stop: bool,
) -> Markup {
    let href = format!("/{}/{}", described.name, row.id);
    let title = cells::title(signed, described, row, titles);
    html! {
        tr data-href=(href) tabindex=(if is_tab_stop { "0" } else { "-1" }) {
            td { input type="checkbox" class="form-check-input" value=(row.id) aria-label=(title) tabindex="-1"; }
            @for field in columns { (cell(signed, described, field, row, titles)) }
        }
    }
}

/// The columns of a list: those that were chosen, or the first that are not folded away.
pub(crate) fn columns<'a>(described: &'a RecordType, params: &Params) -> Vec<&'a Field> {
    let chosen = params::all(params, "columns");
    if !chosen.is_empty() {
        let all = described.fields.iter().chain(&SYSTEM_FIELDS);
        let all: Vec<&Field> = all.collect();
        let named = chosen.split(',').filter_map(|name| all.iter().find(|f| f.name == name));
        return named.copied().collect();
    }
    let plain = |field: &&Field| {
        !field.folded
            && !matches!(field.kind, Kind::LongText | Kind::Json | Kind::Address | Kind::File)
    };
    let title = described.fields.iter().find(|field| field.name == described.title);
    let others =
        described.fields.iter().filter(plain).filter(|field| field.name != described.title);
    title.into_iter().chain(others).take(COLUMNS_USUAL).collect()
}

fn heading(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    sorts: &[Sort],
    params: &Params,
) -> Markup {
    let label = signed.texts.field_label(described, field);
    let current = sorts.first().filter(|sort| sort.field == field.name).map(|sort| sort.direction);
    let sortable = field.kind.is_ordered()
        && field.kind.link_target().is_none()
        && signed.actor.rights.asks(&described.name, &field.name);
    let next = match current {
        Some(Direction::Ascending) => format!("-{}", field.name),
        _ => field.name.to_string(),
    };
    let direction = match current {
        Some(Direction::Ascending) => Some("ascending"),
        Some(Direction::Descending) => Some("descending"),
        None => None,
    };
    html! {
        th scope="col" aria-sort=[direction] class=[cells::style(field)] {
            @if sortable {
                a href=(params::with(&format!("/{}", described.name), params, "sort", Some(&next))) {
                    (label)
                    @match current {
                        Some(Direction::Ascending) => " \u{2191}",
                        Some(Direction::Descending) => " \u{2193}",
                        None => "",
                    }
                }
            } @else { (label) }
        }
    }
}

/// The rows of the next page alone.
pub(crate) async fn more(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Markup> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let mut view = app.store.read(&signed.actor).await?;
        let content = ListContent::read(&mut view, &described, &params).await?;
        signed.looked_at_list(&app, &described, &content.page.rows);
        Ok(content.rows(&signed, &described, &columns(&described, &params), &params, false))
    }
    .await;
    match outcome {
        Ok(rows) => Html(rows.into_string()).into_response(),
        Err(error) => {
            crate::problem::log(&error, &signed.request_id);
            let (_, sentence) = crate::problem::words(&error, signed.texts);
            let again = params::to_url(&format!("/{record_type}"), &params);
            let row = html! { tr { td colspan="9" role="alert" {
                (sentence) " " a href=(again) { (signed.texts.get("ui-retry")) }
                " " span class="gx-muted" { (signed.request_id) }
            } } };
            Html(row.into_string()).into_response()
        }
    }
}

/// How many records a list has: after the rows, capped, and said so.
pub(crate) async fn total(
    State(app): State<App>,
    signed: SignedIn,
    Path(record_type): Path<String>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<String> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let query = params::query_of(&mut view, &record_type, &params).await?;
        let total = view.total(&record_type, &query).await?;
        let number = super::format::number(signed.texts.locale(), &total.number.to_string());
        let key = if total.more { "ui-total-more" } else { "ui-total" };
        Ok(signed.texts.format(key, &[("number", &number)]))
    }
    .await;
    Html(outcome.map(|text| html! { (text) }.into_string()).unwrap_or_default()).into_response()
}
