//! The cards of the overview: each is a table that stands for itself; some are drawn as charts.

use guanxi_base::Currency;
use guanxi_crm::insights::AnalysisRun;
use guanxi_crm::text::Texts;
use guanxi_record::Stored;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::format;
use super::layout::icon;
use crate::app::App;

/// Rules of baskets that are shown.
const RULES_SHOWN: usize = 10;
/// Cohorts that are shown, the last ones.
const COHORTS_SHOWN: usize = 13;

pub(super) fn plain(texts: &Texts, value: f64, digits: usize) -> String {
    format::number(texts.locale(), &format!("{value:.digits$}"))
}

pub(super) fn percent(texts: &Texts, share: f64) -> String {
    format!("{} %", plain(texts, share * 100.0, 1))
}

fn amount(texts: &Texts, card: &Json, value: f64) -> String {
    match card["currency"].as_str().and_then(Currency::kept) {
        // Means are told to the smallest coin.
        Some(currency) => {
            let digits = currency.minor_digits().min(2) as usize;
            format::plain_amount(texts.locale(), &format!("{value:.digits$}"), currency)
        }
        None => plain(texts, value, 2),
    }
}

/// What all customers bought for, with all of its digits.
fn sales(texts: &Texts, found: &Json) -> String {
    let currency = found["currency"].as_str().and_then(Currency::kept);
    match (found["revenue_exact"].as_str(), currency, found["revenue"].as_f64()) {
        (Some(sum), Some(currency), _) => format::plain_amount(texts.locale(), sum, currency),
        (_, _, Some(sum)) => amount(texts, found, sum),
        _ => String::new(),
    }
}

pub(super) fn card(texts: &Texts, key: &str, sign: Markup, content: &Markup) -> Markup {
    let title = texts.get(key);
    html! {
        section class="card" aria-label=(title) {
            div class="gx-card-head" { (sign) h2 { (title) } }
            (content)
        }
    }
}

/// A table that a script draws as a chart; without one it is shown as it is.
pub(super) fn chart(texts: &Texts, kind: &str, title: &str, table: &Markup) -> Markup {
    html! {
        gx-chart data-kind=(kind) {
            div class="gx-plot" role="img" aria-label=(title) hidden {}
            details open {
                summary { (texts.get("ui-view-as-table")) }
                div class="table-responsive" tabindex="0" role="region" aria-label=(title) { (table) }
            }
        }
    }
}

pub(super) fn numbers(texts: &Texts, run: &Stored<AnalysisRun>, found: &Json) -> Markup {
    let locale = texts.locale();
    let concentration = &found["concentration"];
    let share = |value: &Json| {
        let told = value.as_f64().map(|share| format::estimated_share(locale, share));
        told.unwrap_or_else(|| "\u{2013}".to_owned())
    };
    let all = run.customers.unwrap_or(0).to_string();
    // Who buys in another currency has bought too.
    let elsewhere = found["customers_elsewhere"].as_i64().unwrap_or(0);
    let buyers = found["buyers"].as_i64().unwrap_or(0) + elsewhere;
    let rows = [
        ("insights-customers", format::number(locale, &all), "/customer"),
        (
            "insights-buyers",
            format::number(locale, &buyers.to_string()),
            "/customer?purchases.ge=1",
        ),
        ("insights-revenue", sales(texts, found), "/order"),
        ("insights-top-20", share(&concentration["top_20"]), "/customer?sort=-revenue"),
        ("insights-top-1", share(&concentration["top_1"]), "/customer?sort=-revenue"),
    ];
    html! {
        dl class="gx-numbers" {
            @for (key, value, href) in rows {
                div class="card" { dt { (texts.get(key)) } dd { a href=(href) { (value) } } }
            }
        }
    }
}

/// How many customers are at each stage, and who moved since the run before.
pub(super) fn stages(app: &App, texts: &Texts, found: &Json) -> Markup {
    let catalog = app.store.catalog();
    let Ok(customer) = catalog.get("customer") else { return html! {} };
    let content = html! {
        div class="gx-thirds" {
            @for name in ["life_stage", "relationship", "relation_level"] {
                @if let Some(field) = customer.field(name) {
                    @if let guanxi_record::Kind::Choice(options) = &field.kind {
                        table class="table mb-0" { tbody {
                            tr { th colspan="2" scope="rowgroup" { (texts.field_label(customer, field)) } }
                            @for code in options.iter() {
                                @let count = found["stages"][code.as_ref()].as_i64().unwrap_or(0);
                                tr {
                                    td { a href=(format!("/customer?{name}={code}")) { (texts.option_label(customer, field, code)) } }
                                    td class="gx-number" { (format::number(texts.locale(), &count.to_string())) }
                                }
                            }
                        } }
                    }
                }
            }
        }
    };
    card(texts, "insights-stages", icon("stairs"), &content)
}

/// How many moved from which stage to which since the run before.
pub(super) fn moves(
    app: &App,
    texts: &Texts,
    (run, found): (&Stored<AnalysisRun>, &Json),
) -> Markup {
    let moves = found["moves"].as_array().map(Vec::as_slice).unwrap_or_default();
    let catalog = app.store.catalog();
    let Ok(change) = catalog.get("stage_change") else { return html! {} };
    let (Some(field), false) = (change.field("to_stage"), moves.is_empty()) else {
        return html! {};
    };
    let stage = |code: &Json| texts.option_label(change, field, code.as_str().unwrap_or_default());
    let content = html! {
        table class="table table-sm mb-0" {
            tbody {
                @for one in moves {
                    @let (from, to) = (one[0].as_str().unwrap_or_default(), one[1].as_str().unwrap_or_default());
                    tr {
                        td { a href=(format!("/stage_change?analysis_run={}&from_stage={from}&to_stage={to}&sort=-date", run.id)) {
                            (stage(&one[0])) " \u{2192} " (stage(&one[1]))
                        } }
                        td class="gx-number" { (format::number(texts.locale(), &one[2].to_string())) }
                    }
                }
            }
        }
    };
    card(texts, "insights-moves", icon("arrows-right-left"), &content)
}

pub(super) fn concentration(texts: &Texts, found: &Json) -> Markup {
    let of = &found["concentration"];
    let Some(curve) = of["curve"].as_array() else { return html! {} };
    let (customers, business) =
        (texts.get("insights-share-customers"), texts.get("insights-share-business"));
    let table = html! {
        table class="table table-sm" {
            thead { tr { th scope="col" { (customers) } th scope="col" class="gx-number" { (business) } } }
            tbody {
                @for point in curve.iter().skip(4).step_by(5) {
                    @let (x, y) = (point[0].as_f64().unwrap_or(0.0), point[1].as_f64().unwrap_or(0.0));
                    tr {
                        td { a href="/customer?sort=-revenue" { (percent(texts, x)) } }
                        td class="gx-number" data-value=(y * 100.0) { (percent(texts, y)) }
                    }
                }
            }
        }
    };
    let classes = html! {
        table class="table mb-0" {
            tbody {
                @for class in ["a", "b", "c"] {
                    tr {
                        td { a href=(format!("/customer?abc={class}&sort=-revenue")) { (class.to_uppercase()) } }
                        td { (texts.get(&format!("insights-class-{class}"))) }
                        td class="gx-number" { (format::number(texts.locale(), &of[class].to_string())) }
                    }
                }
            }
        }
    };
    let title = texts.get("insights-curve");
    let content = html! { (classes) (chart(texts, "line", &title, &table)) };
    card(texts, "insights-concentration", icon("chart-area-line"), &content)
}

pub(super) fn rfm(texts: &Texts, found: &Json) -> Markup {
    let Some(cells) = found["rfm"].as_array().filter(|cells| !cells.is_empty()) else {
        return html! {};
    };
    let at = |recency: i64, frequency: i64| {
        cells.iter().find(|cell| cell["recency"] == recency && cell["frequency"] == frequency)
    };
    let table = html! {
        table class="table table-sm" {
            thead { tr {
                th scope="col" { (texts.get("insights-rfm-corner")) }
                @for frequency in 1..=5_i64 { th scope="col" class="gx-number" { "F " (frequency) } }
            } }
            tbody {
                @for recency in (1..=5_i64).rev() {
                    tr {
                        th scope="row" { "R " (recency) }
                        @for frequency in 1..=5_i64 {
                            @let count = at(recency, frequency).and_then(|cell| cell["customers"].as_i64()).unwrap_or(0);
                            td class="gx-number" data-value=(count) {
                                a href=(format!("/customer?rfm.starts={recency}{frequency}&sort=-revenue")) {
                                    (format::number(texts.locale(), &count.to_string()))
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    let title = texts.get("insights-rfm-title");
    let content = html! {
        p class="gx-muted px-3 pt-2 mb-0" { (texts.get("insights-rfm-hint")) }
        (chart(texts, "heat", &title, &table))
    };
    card(texts, "insights-rfm", icon("grid-dots"), &content)
}

pub(super) fn cohorts(texts: &Texts, found: &Json) -> Markup {
    let Some(all) = found["cohorts"].as_array().filter(|all| !all.is_empty()) else {
        return html! {};
    };
    let shown = &all[all.len().saturating_sub(COHORTS_SHOWN)..];
    let months = shown.iter().filter_map(|one| one["customers"].as_array().map(Vec::len)).max();
    let months = months.unwrap_or(0).min(COHORTS_SHOWN);
    let table = html! {
        table class="table table-sm" {
            thead { tr {
                th scope="col" { (texts.get("insights-cohort")) }
                @for month in 0..months { th scope="col" class="gx-number" { (month) } }
            } }
            tbody {
                @for cohort in shown {
                    @let start = cohort["start"].as_str().unwrap_or_default();
                    @let end = cohort["end"].as_str().unwrap_or_default();
                    @let href = format!("/customer?first_purchase.ge={start}-01&first_purchase.lt={end}");
                    @let of = cohort["customers"].as_array().map(Vec::as_slice).unwrap_or_default();
                    @let size = of.first().and_then(Json::as_f64).unwrap_or(1.0).max(1.0);
                    tr {
                        th scope="row" { a href=(href) { (start) } }
                        @for month in 0..months {
                            @match of.get(month).and_then(Json::as_i64) {
                                Some(count) => td class="gx-number" data-value=(count as f64 / size * 100.0) {
                                    (format::number(texts.locale(), &count.to_string()))
                                },
                                None => td {},
                            }
                        }
                    }
                }
            }
        }
    };
    let title = texts.get("insights-cohorts-title");
    let content = html! {
        p class="gx-muted px-3 pt-2 mb-0" { (texts.get("insights-cohorts-hint")) }
        (chart(texts, "heat", &title, &table))
    };
    card(texts, "insights-cohorts", icon("calendar-stats"), &content)
}

pub(super) fn clusters(texts: &Texts, found: &Json) -> Markup {
    let of = &found["clusters"];
    let Some(groups) = of["groups"].as_array() else { return html! {} };
    let is_distinct = of["is_distinct"].as_bool().unwrap_or(false);
    let mean = |group: &Json, field: &str| {
        let traits = group["traits"].as_array().map(Vec::as_slice).unwrap_or_default();
        traits
            .iter()
            .find(|one| one["field"] == field)
            .and_then(|one| one["mean"].as_f64())
            .unwrap_or(0.0)
    };
    let content = html! {
        @if !is_distinct { p class="px-3 pt-2" { (texts.get("insights-clusters-none")) } }
        @else {
            div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("insights-clusters")) {
            table class="table table-sm mb-0" {
                thead { tr {
                    th scope="col" { (texts.get("insights-cluster")) }
                    th scope="col" class="gx-number" { (texts.get("insights-customers")) }
                    th scope="col" class="gx-number" { (texts.get("insights-cluster-recency")) }
                    th scope="col" class="gx-number" { (texts.get("insights-cluster-frequency")) }
                    th scope="col" class="gx-number" { (texts.get("insights-revenue")) }
                } }
                tbody {
                    @for group in groups {
                        @let name = group["name"].as_str().unwrap_or_default();
                        tr {
                            td { a href=(format!("/customer?cluster={name}")) { (name) } }
                            td class="gx-number" { (format::number(texts.locale(), &group["customers"].to_string())) }
                            td class="gx-number" { (format::estimate(texts.locale(), mean(group, "recency"))) }
                            td class="gx-number" { (format::estimate(texts.locale(), mean(group, "frequency"))) }
                            td class="gx-number" { (amount(texts, found, mean(group, "revenue"))) }
                        }
                    }
                }
            }
            }
        }
    };
    card(texts, "insights-clusters", icon("circles"), &content)
}

pub(super) fn baskets(texts: &Texts, found: &Json) -> Markup {
    let rules = found["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = |items: &Json| {
        let ids = items.as_array().map(Vec::as_slice).unwrap_or_default();
        ids.iter()
            .filter_map(Json::as_str)
            .map(|id| (id.to_owned(), found["names"][id].as_str().unwrap_or(id).to_owned()))
            .collect::<Vec<_>>()
    };
    let links = |items: &Json| {
        html! {
            @for (at, (id, name)) in names(items).into_iter().enumerate() {
                @if at > 0 { " + " }
                a href=(format!("/product/{id}")) { (name) }
            }
        }
    };
    let number = |name: &str| {
        let number = found[name].as_u64().unwrap_or(0);
        format::number(texts.locale(), &number.to_string())
    };
    // A run that does not say so looked for what one in a hundred holds.
    let least = found["least"].as_u64();
    let least = least.unwrap_or_else(|| found["baskets"].as_u64().unwrap_or(0).div_ceil(100));
    let least = format::number(texts.locale(), &least.to_string());
    let content = html! {
        p class="px-3 pt-2 gx-muted" {
            @if found["baskets"].as_u64() == Some(0) {
                (texts.get("insights-baskets-none"))
            } @else {
                (texts.format("insights-baskets-found", &[
                    ("baskets", &number("baskets")),
                    ("sets", &number("sets")),
                    ("least", &least),
                    ("rules", &number("rules_of_one")),
                ]))
                @if found["is_raised"].as_bool() == Some(true) {
                    " " (texts.format("insights-baskets-raised", &[("least", &least)]))
                }
            }
        }
        @if !rules.is_empty() {
            div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("insights-baskets")) {
                table class="table table-sm mb-0" {
                    thead { tr {
                        th scope="col" { (texts.get("insights-who-buys")) }
                        th scope="col" { (texts.get("insights-also-buys")) }
                        th scope="col" class="gx-number" { (texts.get("insights-confidence")) }
                        th scope="col" class="gx-number" { (texts.get("insights-lift")) }
                    } }
                    tbody {
                        @for rule in rules.iter().take(RULES_SHOWN) {
                            tr {
                                td { (links(&rule["given"])) }
                                td { (links(&rule["then"])) }
                                td class="gx-number" { (format::estimated_share(texts.locale(), rule["confidence"].as_f64().unwrap_or(0.0))) }
                                td class="gx-number" { (format::estimate(texts.locale(), rule["lift"].as_f64().unwrap_or(0.0))) }
                            }
                        }
                    }
                }
            }
        }
    };
    card(texts, "insights-baskets", icon("basket"), &content)
}
