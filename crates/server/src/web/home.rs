//! The first page: what is to do, and where things stand.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::Result;
use guanxi_crm::authority::waiting_for;
use guanxi_record::{Aggregate, Filter, GroupKey, Measure, Op, Query, Sort, Value};
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::json;

use super::format;
use super::layout::{Notice, error_page, icon, page};
use crate::app::App;
use crate::signed_in::SignedIn;

pub(crate) async fn home(State(app): State<App>, signed: SignedIn) -> Response {
    match home_page(&app, &signed).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn home_page(app: &App, signed: &SignedIn) -> Result<Html<String>> {
    let texts = signed.texts;
    // Before a connection is held: it asks for one of its own.
    let waiting = match signed.is_limited() {
        true => Vec::new(),
        false => waiting_for(&app.store, signed.user.id.raw()).await?,
    };
    let mut view = app.store.read(&signed.actor).await?;
    let tasks = work_card(&mut view, signed, "task", "due_date", &["open"]).await?;
    let cases =
        work_card(&mut view, signed, "case", "due_at", &["new", "in_progress", "waiting"]).await?;
    let revenue = revenue_card(&mut view, signed).await?;
    let content = html! {
        div class="gx-head" { h1 { (texts.format("home-hello", &[("name", &signed.user.name)])) } }
        div class="gx-columns" {
            div class="gx-stack" { (revenue) }
            div class="gx-stack" {
                @if !waiting.is_empty() {
                    section class="card" aria-label=(texts.get("approval-waiting")) {
                        div class="gx-card-head" { (icon("user-check")) h2 { (texts.get("approval-waiting")) } }
                        div class="card-body" {
                            a href="/approvals" { (texts.format("approval-count", &[("count", &waiting.len().to_string())])) }
                        }
                    }
                }
                (tasks) (cases)
            }
        }
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

/// Revenue of the last twelve months, as a table whose bars are only its decoration.
async fn revenue_card(view: &mut View, signed: &SignedIn) -> Result<Markup> {
    if !signed.actor.rights.reads_all("order", &["date", "status", "total"]) {
        return Ok(html! {});
    }
    let filter = Filter::compare("date", Op::Within, "last_12_months").and(Filter::compare(
        "status",
        Op::NotIn,
        json!(["draft", "void"]),
    ));
    let wanted = Aggregate {
        filter,
        group_by: vec![GroupKey::parse("date:month")?],
        measures: vec![Measure::count(), Measure::parse("sum:total")?],
        with_archived: false,
    };
    let groups = view.aggregate("order", &wanted).await?;
    let texts = signed.texts;
    let locale = texts.locale();
    let amount = |group: &guanxi_store::Group| match group.measures.get(1) {
        Some(Value::Money(money)) => Some(*money),
        _ => None,
    };
    // A bar says something beside those of its own currency only.
    let most = |currency| {
        let same = groups.iter().filter_map(amount).filter(|money| money.currency == currency);
        same.map(|money| money.units).max().unwrap_or(1).max(1)
    };
    Ok(html! {
        section class="card" aria-label=(texts.get("home-revenue")) {
            div class="gx-card-head" { (icon("chart-bar")) h2 { (texts.get("home-revenue")) } }
            @if groups.is_empty() { p class="gx-empty m-0" { (texts.get("ui-none-yet")) } }
            @else {
                table class="table mb-0" {
                    thead { tr {
                        th scope="col" { (texts.get("home-month")) }
                        th scope="col" class="gx-number" { (texts.type_plural("order")) }
                        th scope="col" class="gx-number" { (texts.get("number-revenue")) }
                        th scope="col" class="w-50" aria-hidden="true" {}
                    } }
                    tbody {
                        @for group in &groups {
                            @if let (Some(Value::Date(month)), Some(money)) = (group.keys.first(), amount(group)) {
                                tr {
                                    td { a href=(orders_of(*month)) { (month.strftime("%Y-%m").to_string()) } }
                                    td class="gx-number" { (format::number(locale, &group.measures[0].to_text())) }
                                    td class="gx-number" { (format::money(locale, money)) }
                                    td aria-hidden="true" { progress value=(money.units.max(0)) max=(most(money.currency)) {} }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// The list of the orders that a month's numbers come from.
fn orders_of(month: guanxi_base::Date) -> String {
    use jiff::ToSpan;
    let next = month.checked_add(1.month()).unwrap_or(month);
    format!("/order?date.ge={month}&date.lt={next}&status.not_in=draft,void")
}
