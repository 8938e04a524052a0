//! What is known about the customers that somebody sees, for who does not see all of them: whom to
//! call first, where their customers are, what they are worth. What is computed over all
//! customers stays behind a lock.

use axum::response::Html;
use guanxi_base::{Money, Result};
use guanxi_crm::insights::{self, OwnFigures, RISK_UNKNOWN, own_figures};
use guanxi_crm::people::Customer;
use guanxi_crm::text::Texts;
use guanxi_record::{Field, Kind, Record as _, RecordType, Row, Value};
use guanxi_store::{Titles, View};
use maud::{Markup, html};

use super::insight_cards::card;
use super::layout::{Notice, icon, page};
use super::{cells, format, insight_summary, standing_cards};
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many customers are named of whom to call first.
const CALLS_SHOWN: usize = 10;
/// What is told of them.
const CALL_COLUMNS: [&str; 5] =
    ["name", "life_stage", "churn_risk", "last_purchase", "lifetime_value"];
/// What the cards of all customers are about.
const LOCKED: [&str; 5] = [
    "insights-concentration",
    "insights-cohorts",
    "insights-clusters",
    "insights-model",
    "insights-baskets",
];

/// The page.
pub(super) async fn own_overview(app: &App, signed: &SignedIn) -> Result<Html<String>> {
    let texts = signed.texts;
    let mut view = app.store.read(&signed.actor).await?;
    let figures = own_figures(&mut view, CALLS_SHOWN).await?;
    signed.looked_at_list(app, Customer::TYPE, &figures.to_call);
    let title = texts.get("insights-title");
    let reads_loss = ["loss_reason", "value_lost", "chance_of_return"]
        .iter()
        .all(|field| signed.actor.rights.asks(Customer::NAME, field));
    let lost = match reads_loss {
        true => standing_cards::lost_card(&mut view, signed).await?,
        false => html! {},
    };
    let calls = calls(&mut view, signed, &figures).await?;
    let content = html! {
        div class="gx-head" { (icon("chart-dots")) h1 { (title) } }
        @match figures.as_of {
            None => p class="gx-empty" { (texts.get("insights-own-nothing-yet")) },
            Some(at) => {
                p class="gx-muted" {
                    (texts.format("insights-own-as-of", &[
                        ("at", &format::instant(texts.locale(), at, &signed.actor.time_zone)),
                        ("customers", &format::number(texts.locale(), &figures.customers.to_string())),
                    ]))
                }
                (told_of(texts, &figures))
                (insight_summary::changed(texts, &figures.changed))
                (numbers(signed, &figures))
                div class="gx-columns" {
                    div class="gx-stack" { (calls) (lost) }
                    div class="gx-stack" { (counts(signed, &figures)) (locked(signed)) }
                }
            }
        }
    };
    Ok(page(app, signed, &title, &Notice::default(), &content))
}

/// As of which day everything is told.
fn told_of(texts: &Texts, figures: &OwnFigures) -> Markup {
    let day = figures.told_of.map(|day| format::date(texts.locale(), day));
    html! {
        @if let Some(day) = day {
            p class="gx-muted" { (texts.format("insights-told-of", &[("day", &day)])) }
        }
    }
}

/// The list of who may have left, those first who are worth most.
fn risk_list() -> String {
    format!("/customer?{}&sort=-lifetime_value", insights::at_risk())
}

/// How many may have left; of whom nobody can tell is no "no".
fn at_risk(texts: &Texts, figures: &OwnFigures) -> (Vec<String>, String) {
    let number = |number: i64| format::number(texts.locale(), &number.to_string());
    let unknown = number(figures.risk_unknown);
    let unknown = texts.format("insights-risk-unknown", &[("count", &unknown)]);
    match (figures.risk_known, figures.risk_unknown) {
        (0, 1..) => (vec![unknown], format!("/customer?{RISK_UNKNOWN}")),
        _ => (vec![number(figures.at_risk)], risk_list()),
    }
}

fn numbers(signed: &SignedIn, figures: &OwnFigures) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let number = |number: i64| vec![format::number(locale, &number.to_string())];
    let amounts = |field: &str, amounts: &[Money]| -> Vec<String> {
        match figures.too_large.contains(&field) {
            true => vec![texts.get("insights-too-large")],
            false => amounts.iter().map(|one| format::money(locale, one.rounded())).collect(),
        }
    };
    let (at_risk, risk_list) = at_risk(texts, figures);
    let rows = [
        (
            "insights-customers",
            number(figures.customers),
            "/customer?life_stage.empty=false".to_owned(),
        ),
        ("insights-at-risk", at_risk, risk_list),
        (
            "insights-revenue",
            amounts("revenue", &figures.revenue),
            "/customer?sort=-revenue".to_owned(),
        ),
        (
            "insights-worth",
            amounts("lifetime_value", &figures.lifetime_value),
            "/customer?sort=-lifetime_value".to_owned(),
        ),
    ];
    html! {
        dl class="gx-numbers" {
            @for (key, values, href) in &rows {
                div class="card" data-number=(key) {
                    dt { (texts.get(key)) }
                    @if values.is_empty() { dd { "\u{2014}" } }
                    @for value in values { dd { a href=(href) { (value) } } }
                }
            }
        }
    }
}

/// Whom to call first: at risk, and worth most.
async fn calls(view: &mut View, signed: &SignedIn, figures: &OwnFigures) -> Result<Markup> {
    let texts = signed.texts;
    let rows = &figures.to_call;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let titles = view.link_titles(&described, rows).await?;
    let columns = CALL_COLUMNS.iter().filter_map(|name| described.field(name));
    let columns: Vec<_> = columns.collect();
    let title = texts.get("insights-calls");
    let content = html! {
        @if rows.is_empty() {
            @if figures.risk_known > 0 || figures.risk_unknown == 0 {
                p class="card-body gx-muted mb-0" { (texts.get("insights-calls-none")) }
            }
        } @else {
            div class="table-responsive" tabindex="0" role="region" aria-label=(title) {
                table class="table table-sm mb-0" {
                    thead { tr { @for field in &columns {
                        th scope="col" class=[cells::style(field)] { (texts.field_label(&described, field)) }
                    } } }
                    tbody { @for row in rows {
                        tr { @for field in &columns {
                            td class=[cells::style(field)] {
                                @if field.name == described.title {
                                    a href=(format!("/customer/{}", row.id)) { (row.title(&described)) }
                                } @else { (told(signed, &described, field, row, &titles)) }
                            }
                        } }
                    } }
                }
            }
            div class="card-body" {
                a class="btn btn-sm" href=(risk_list()) {
                    (icon("phone")) (texts.get("insights-calls-all"))
                }
            }
        }
        @for (count, list, why) in unknown_risks(texts, figures) {
            p class="card-body gx-muted mb-0" {
                a href=(format!("/customer?{list}")) {
                    (texts.format("insights-risk-unknown", &[
                        ("count", &format::number(texts.locale(), &count.to_string())),
                    ]))
                } " " (why)
            }
        }
    };
    Ok(card(texts, "insights-calls", icon("phone"), &content))
}

/// Of how many it is not known whether they have left, their list, and why: who buys in another
/// currency than most is not told for want of time.
fn unknown_risks(texts: &Texts, figures: &OwnFigures) -> Vec<(i64, String, String)> {
    let elsewhere = figures.risk_unknown_elsewhere;
    let others = figures.risk_unknown - elsewhere;
    let why = insight_summary::why_risk_unknown(texts, figures.too_short);
    let mut told = Vec::new();
    match figures.currency.as_deref().filter(|_| elsewhere > 0) {
        Some(most) => {
            let list = insights::risk_unknown_elsewhere(most);
            told.push((elsewhere, list, texts.get("insights-unknown-currency")));
            told.push((others, format!("{RISK_UNKNOWN}&revenue.currency={most}"), why));
        }
        None => told.push((others, RISK_UNKNOWN.to_owned(), why)),
    }
    told.retain(|(count, _, _)| *count > 0);
    told
}

/// A field without digits that nobody reads.
fn told(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    row: &Row,
    titles: &Titles,
) -> Markup {
    let locale = signed.texts.locale();
    match row.value(described, &field.name) {
        Value::Money(money) => html! { (format::money(locale, money.rounded())) },
        Value::Percent(share) => {
            let whole = share.share() * 100.0;
            html! { (format::number(locale, &format!("{whole:.0}"))) "\u{a0}%" }
        }
        _ => cells::field(signed, described, field, row, titles),
    }
}

/// How many customers are at each stage and in each class.
fn counts(signed: &SignedIn, figures: &OwnFigures) -> Markup {
    let texts = signed.texts;
    let content = html! {
        @for (name, counts) in &figures.counts {
            @if let Some(field) = Customer::TYPE.field(name) {
                @if let Kind::Choice(options) = &field.kind {
                    table class="table mb-0" { tbody {
                        tr { th colspan="2" scope="rowgroup" { (texts.field_label(Customer::TYPE, field)) } }
                        @for code in options.iter() {
                            @let count = counts.iter().find(|(known, _)| known == code).map_or(0, |(_, count)| *count);
                            tr {
                                td { a href=(format!("/customer?{name}={code}")) { (texts.option_label(Customer::TYPE, field, code)) } }
                                td class="gx-number" { (format::number(texts.locale(), &count.to_string())) }
                            }
                        }
                    } }
                }
            }
        }
    };
    card(texts, "insights-stages", icon("stairs"), &content)
}

/// What says something about all customers is not theirs.
fn locked(signed: &SignedIn) -> Markup {
    let texts = signed.texts;
    let content = html! {
        div class="card-body" {
            p class="mb-2" { (texts.get("insights-locked-why")) }
            ul class="list-unstyled mb-0 gx-muted" {
                @for key in LOCKED { li { (cells::lock(signed)) " " (texts.get(key)) } }
            }
        }
    };
    card(texts, "insights-locked", icon("lock"), &content)
}
