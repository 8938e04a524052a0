//! Charts and dashboards: each chart is a table that a script draws, whose marks lead to the lists
//! of their records.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::{Error, Id, RawId, Result, TimeZone};
use guanxi_crm::access::{Locale, Role};
use guanxi_crm::dashboards::{Chart, ChartKind, Dashboard, Drawn, Mark, Shape, charts_of};
use guanxi_crm::text::Texts;
use guanxi_record::{Choice as _, Filter, Query, Record, Row, Sort, Stored, Value};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::assets::VERSION;
use super::layout::icon;
use super::{format, insight_cards, subscribe};
use crate::api::{drawn, parse_id};
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many dashboards are named on the start page.
const DASHBOARDS_SHOWN: usize = 100;

fn told(signed: &SignedIn, value: &Value) -> String {
    told_value((signed.texts.locale(), &signed.actor.time_zone), value)
}

/// A number as people read it.
pub(crate) fn told_value((locale, zone): (Locale, &TimeZone), value: &Value) -> String {
    match value {
        Value::Null => "\u{2013}".to_owned(),
        Value::Money(money) => format::money(locale, *money),
        Value::Date(date) => format::date(locale, *date),
        Value::Instant(at) => format::instant(locale, *at, zone),
        Value::Percent(_) => format!("{} %", format::number(locale, &value.to_text())),
        other => format::number(locale, &other.to_text()),
    }
}

/// What draws the tables inside charts.
pub(super) fn script() -> Markup {
    html! { script type="module" src=(format!("/assets/chart.js?v={VERSION}")) {} }
}

/// A chart as it is drawn.
pub(super) fn body(signed: &SignedIn, chart: &Chart, drawn: &Drawn) -> Markup {
    let texts = signed.texts;
    if drawn.shapes.is_empty() {
        return html! { p class="gx-empty m-0" { (texts.get("ui-none-yet")) } };
    }
    // Where nothing is known of any record, there is nothing to draw.
    if let [Shape { lacking: Some(lacking), .. }] = drawn.shapes.as_slice() {
        let why = texts.get(&format!("{}-of-any", lacking.key()));
        return html! {
            p class="gx-empty m-0" {
                (why) " " a href=(drawn.address) { (texts.get("chart-list")) }
            }
        };
    }
    // One that is being made may have no name yet.
    let name = if chart.name.is_empty() { &drawn.measure } else { &chart.name };
    let kind = match chart.kind {
        ChartKind::Number => return number(signed, chart, drawn),
        ChartKind::Table => {
            let table = table(signed, drawn);
            return html! {
                div class="table-responsive" tabindex="0" role="region" aria-label=(name) { (table) }
                (below(signed, drawn))
            };
        }
        ChartKind::HeatMap => "heat",
        other => other.code(),
    };
    html! {
        (insight_cards::chart(texts, kind, name, &table(signed, drawn)))
        (below(signed, drawn))
    }
}

fn below(signed: &SignedIn, drawn: &Drawn) -> Markup {
    html! {
        @if let Some(at) = drawn.as_of {
            @let at = format::instant(signed.texts.locale(), at, &signed.actor.time_zone);
            p class="gx-muted px-3 mb-2" { (signed.texts.format("segment-as-of", &[("at", &at)])) }
        }
        @for sentence in unseen(signed.texts, drawn) { p class="gx-muted px-3 mb-2" { (sentence) } }
    }
}

/// What is not shown one by one, by name.
fn unseen(texts: &Texts, drawn: &Drawn) -> Vec<String> {
    let unseen = &drawn.unseen;
    let (first, last) = (unseen.shown.0.as_str(), unseen.shown.1.as_str());
    let mut names = unseen.names.join(", ");
    if unseen.others > unseen.names.len() {
        names.push_str(" \u{2026}");
    }
    [
        ("earlier", unseen.earlier),
        ("later", unseen.later),
        ("others", unseen.others),
        ("series", drawn.series_left_out),
    ]
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(which, number)| {
        let number = number.to_string();
        let given =
            [("number", number.as_str()), ("first", first), ("last", last), ("names", &names)];
        texts.format(&format!("chart-unseen-{which}"), &given)
    })
    .collect()
}

fn table(signed: &SignedIn, drawn: &Drawn) -> Markup {
    html! {
        table class="table table-sm mb-0" {
            thead { tr {
                th scope="col" { (drawn.keys) }
                @for series in &drawn.series { th scope="col" class="gx-number" { (series) } }
            } }
            tbody { @for shape in &drawn.shapes { (shape_row(signed, shape)) } }
        }
    }
}

fn shape_row(signed: &SignedIn, shape: &Shape) -> Markup {
    html! {
        tr {
            th scope="row" class="fw-normal" {
                @match &shape.address { Some(to) => a href=(to) { (shape.label) }, None => (shape.label) }
            }
            @for mark in &shape.marks {
                @match mark {
                    None => td {},
                    Some(mark) => td class="gx-number" data-value=(mark.number()) {
                        @match &mark.address {
                            Some(to) => a href=(to) { (told(signed, &mark.value)) },
                            None => (told(signed, &mark.value)),
                        }
                    },
                }
            }
        }
    }
}

/// One number large, with what it should be.
fn number(signed: &SignedIn, chart: &Chart, drawn: &Drawn) -> Markup {
    let marks: Vec<&Mark> =
        drawn.shapes.iter().flat_map(|shape| shape.marks.iter().flatten()).collect();
    html! {
        div class="card-body" {
            @if marks.is_empty() { p class="gx-muted m-0" { (signed.texts.get("ui-none-yet")) } }
            @for mark in marks {
                p class="h1 mb-1" { a href=(drawn.address) { (told(signed, &mark.value)) } }
                @if let Some(target) = chart.target {
                    @let wanted = target.units() as f64 / guanxi_base::Decimal::ONE as f64;
                    @let share = if wanted > 0.0 { mark.number() / wanted } else { 0.0 };
                    progress class="w-100" aria-label=(signed.texts.get("chart-target")) value=(share.clamp(0.0, 1.0)) max="1" {}
                    p class="gx-muted mb-2" {
                        (signed.texts.format("chart-of-target", &[
                            ("target", &format::number(signed.texts.locale(), &target.to_string())),
                            ("share", &format::estimated_share(signed.texts.locale(), share)),
                        ]))
                    }
                }
            }
        }
    }
}

/// What a chart shows: or why it shows nothing to this reader.
pub(super) async fn shown(app: &App, signed: &SignedIn, chart: &Chart) -> Result<Markup> {
    match drawn(app, signed, chart).await {
        Ok(drawn) => Ok(body(signed, chart, &drawn)),
        Err(error @ (Error::Refused(_) | Error::Forbidden | Error::NotFound)) => {
            let (_, sentence) = crate::problem::words(&error, signed.texts);
            Ok(html! { p class="gx-empty m-0" { (sentence) } })
        }
        Err(error) => Err(error),
    }
}

/// The body of a chart alone, for the dashboard that waits for it.
pub(crate) async fn chart_body(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Markup> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let chart = view.row(Chart::NAME, parse_id(&id)?, Purpose::Read).await?;
        let chart: Stored<Chart> = chart.try_into()?;
        drop(view);
        shown(&app, &signed, &chart).await
    }
    .await;
    match outcome {
        Ok(body) => Html(body.into_string()).into_response(),
        Err(error) => {
            crate::problem::log(&error, &signed.request_id);
            let (_, sentence) = crate::problem::words(&error, signed.texts);
            let body = html! { p class="gx-empty m-0" { (sentence) } };
            (crate::problem::status(&error), Html(body.into_string())).into_response()
        }
    }
}

/// The charts of a dashboard side by side, as of now and for whoever looks; each comes when it is
/// ready.
async fn grid(view: &mut View, signed: &SignedIn, dashboard: RawId) -> Result<Markup> {
    let charts = charts_of(view, Id::new(dashboard)).await?;
    let at = format::instant(signed.texts.locale(), view.now(), &signed.actor.time_zone);
    Ok(html! {
        (script())
        @if !charts.is_empty() {
            p class="gx-muted mb-2" { (signed.texts.format("dashboard-as-of", &[("at", &at)])) }
        }
        div class="gx-charts" {
            @for chart in &charts {
                section class="card" aria-label=(chart.name) {
                    div class="gx-card-head" { (sign(chart.kind)) h2 { a href=(format!("/chart/{}", chart.id)) { (chart.name) } } }
                    (to_come(chart, &format!("/chart/{}", chart.id)))
                }
            }
        }
    })
}

/// Where a chart will be; without a script it is behind a link.
fn to_come(chart: &Stored<Chart>, link: &str) -> Markup {
    html! {
        div hx-get=(format!("/chart/{}/body", chart.id)) hx-trigger="load" hx-swap="innerHTML" {
            p class="gx-empty m-0" { a href=(link) { (chart.name) } }
        }
    }
}

fn sign(kind: ChartKind) -> Markup {
    match kind {
        ChartKind::Bar => icon("chart-bar"),
        ChartKind::Line => icon("chart-line"),
        ChartKind::Funnel => icon("filter"),
        ChartKind::HeatMap => icon("grid-dots"),
        ChartKind::Treemap => icon("chart-treemap"),
        ChartKind::Table => icon("table"),
        ChartKind::Number => icon("number-123"),
    }
}

/// What the page of a dashboard shows besides its record.
pub(super) async fn dashboard_sections(
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
) -> Result<(Markup, Markup)> {
    let may = view.may(Dashboard::NAME, row.id, Purpose::Change).await?;
    let new = format!("/chart/new?dashboard={}", row.id);
    let above = html! {
        @if may {
            p { a class="btn" href=(new) { (icon("plus")) (signed.texts.get("chart-new")) } }
        }
        (grid(view, signed, row.id).await?)
    };
    let beside = subscribe::subscribe_card(view, signed, &format!("/dashboard/{}", row.id)).await?;
    Ok((above, beside))
}

/// What the page of a chart shows besides its record.
pub(super) async fn chart_sections(
    view: &mut View,
    signed: &SignedIn,
    row: &Row,
) -> Result<(Markup, Markup)> {
    let chart: Stored<Chart> = row.clone().try_into()?;
    let above = html! {
        (script())
        section class="card mb-3" aria-label=(chart.name) {
            div class="gx-card-head" { (sign(chart.kind)) h2 { (chart.name) } }
            (to_come(&chart, &format!("/chart/{}/body", chart.id)))
        }
    };
    let beside = subscribe::subscribe_card(view, signed, &format!("/chart/{}", row.id)).await?;
    Ok((above, beside))
}

/// The dashboards of one's roles, or else the first that one sees, and the names of all.
pub(super) async fn start_page(view: &mut View, signed: &SignedIn) -> Result<Markup> {
    let own = Filter::eq("owner", "me").or(Filter::eq("is_shared", true));
    let own = Query::of(own).sorted(vec![Sort::up("id")]).limited(DASHBOARDS_SHOWN);
    let mut own = view.list(Dashboard::NAME, &own).await?.rows;
    let described = view.catalog().get(Dashboard::NAME)?.clone();
    let roles: Vec<RawId> = signed.user.roles.iter().map(|role| role.raw()).collect();
    // The start pages of other roles would show this person's figures under another's name.
    let looks_after_roles = signed.actor.rights.may(Role::NAME, Purpose::Change);
    own.retain(|row| {
        let role = row.value(&described, "role").as_link();
        looks_after_roles || role.is_none_or(|role| roles.contains(&role))
    });
    let of_roles = |row: &&Row| {
        row.value(&described, "role").as_link().is_some_and(|role| roles.contains(&role))
    };
    let mut first: Vec<&Row> = own.iter().filter(of_roles).collect();
    if first.is_empty() {
        first.extend(own.first());
    }
    let mut grids = Vec::new();
    for row in first {
        grids.push(grid(view, signed, row.id).await?);
    }
    Ok(html! {
        @if !own.is_empty() {
            nav class="d-flex flex-wrap gap-2 mb-3" aria-label=(signed.texts.type_plural(Dashboard::NAME)) {
                @for row in &own {
                    a class="btn btn-sm" href=(format!("/dashboard/{}", row.id)) { (icon("layout-dashboard")) (row.title(&described)) }
                }
            }
        }
        @for grid in &grids { (grid) }
    })
}
