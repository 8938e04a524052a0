//! How far the numbers of analyses can be believed: which model foretold a hold-out best, and what
//! came of the chances that were said.

use guanxi_crm::insights::AnalysisRun;
use guanxi_crm::text::Texts;
use guanxi_record::Stored;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::format;
use super::insight_cards::card;
use super::layout::icon;

/// Beyond this an error is no number to compare any more.
const ERROR_MAX: f64 = 1e5;
/// Beyond this a parameter has run away: its digits say nothing.
const PARAMETER_MAX: f64 = 1e6;

fn estimate(texts: &Texts, value: &Json) -> String {
    value.as_f64().map(|value| format::estimate(texts.locale(), value)).unwrap_or_default()
}

fn share(texts: &Texts, value: &Json) -> String {
    value.as_f64().map(|value| format::estimated_share(texts.locale(), value)).unwrap_or_default()
}

/// Which model says what customers will be worth, against which others.
pub(super) fn model(texts: &Texts, run: &Stored<AnalysisRun>, found: &Json) -> Markup {
    let value = &found["value"];
    if !value["model"].is_string() {
        return html! {};
    }
    let calibration = &value["calibration"];
    let candidates = calibration["candidates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let name = |json: &Json| match json.as_str().unwrap_or_default() {
        "naive" => texts.get("insights-naive"),
        "mean" => texts.get("insights-mean"),
        name => name.to_owned(),
    };
    let is = |key: &str| value[key].as_bool().unwrap_or(false);
    let key = match () {
        () if is("is_shrunk") => "insights-model-shrunk",
        () if value["falls_back"].as_bool().unwrap_or(true) => "insights-model-falls-back",
        () if !calibration.is_object() => "insights-model-uncompared",
        () if is("stayed") => "insights-model-stayed",
        () => "insights-model-chosen",
    };
    let spending = &calibration["spending"];
    let until = calibration["until"].as_str().and_then(|day| day.parse().ok());
    let content = html! {
        p class="px-3 pt-2" { (texts.format(key, &[("model", &name(&value["model"]))])) }
        @if let Some(boundary) = value["boundary"].as_str() {
            p class="px-3" {
                (icon("alert-triangle")) " "
                (texts.get(&format!("insights-boundary-{}", boundary.to_lowercase()))) " "
                (texts.get("insights-penalised"))
            }
        }
        @if let Some(until) = until {
            p class="px-3 pt-2 gx-muted" {
                (texts.format("insights-model-compared", &[
                    ("until", &format::date(texts.locale(), until)),
                    ("customers", &format::number(texts.locale(), &calibration["customers"].to_string())),
                    ("weeks", &estimate(texts, &calibration["horizon"])),
                ]))
            }
            div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("insights-model")) {
                table class="table table-sm mb-0" {
                    thead { tr {
                        th scope="col" { (texts.get("insights-model-name")) }
                        th scope="col" class="gx-number" { (texts.get("insights-model-error")) }
                        th scope="col" class="gx-number" { (texts.get("insights-model-ratio")) }
                        th scope="col" { (texts.get("insights-model-parameters")) }
                    } }
                    tbody {
                        @for candidate in candidates { (row(texts, &name(&candidate["model"]), candidate)) }
                        @if !spending.is_null() { (row(texts, &name(&spending["model"]), spending)) }
                    }
                }
            }
        }
        p class="px-3 pt-2 gx-muted mt-2" {
            (texts.format("insights-model-value", &[
                ("years", &value["years"].to_string()),
                ("rate", &share(texts, &value["discount_a_year"])),
                ("release", run.release.as_deref().unwrap_or_default()),
            ]))
            @if let Some(gini) = found["concentration"]["gini"].as_f64() {
                " " (texts.format("insights-gini", &[("gini", &format::estimate(texts.locale(), gini))]))
            }
        }
    };
    card(texts, "insights-model", icon("math-function"), &content)
}

fn row(texts: &Texts, name: &str, of: &Json) -> Markup {
    let error = |key: &str| match of[key].as_f64() {
        Some(error) if error > ERROR_MAX => texts.get("insights-model-useless"),
        _ => estimate(texts, &of[key]),
    };
    let parameter = |value: &Json| match value.as_f64() {
        Some(value) if value.abs() > PARAMETER_MAX => texts.get("insights-model-unbounded"),
        _ => estimate(texts, value),
    };
    let parameters = of["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        tr {
            td { (name) }
            td class="gx-number" { (error("mean_absolute_error")) }
            td class="gx-number" { (error("total_ratio")) }
            td {
                @for pair in parameters {
                    span class="text-nowrap" { (pair[0].as_str().unwrap_or_default()) " " (parameter(&pair[1])) }
                    " "
                }
                @if let Some(boundary) = of["boundary"].as_str() {
                    span class="badge" { (texts.get(&format!("insights-boundary-{}", boundary.to_lowercase()))) }
                }
                @if of["error"].is_string() { span class="badge" { (texts.get("insights-not-fitted")) } }
            }
        }
    }
}

/// How good the model is that says who buys soon; or why there is none.
pub(super) fn propensity_card(texts: &Texts, found: &Json) -> Markup {
    let found = &found["propensity"];
    if found.is_null() {
        return html! {};
    }
    let number = |key: &str| format::number(texts.locale(), &found[key].to_string());
    let given =
        [("cases", number("cases")), ("bought", number("bought")), ("days", number("horizon"))];
    let given: Vec<(&str, &str)> = given.iter().map(|(key, text)| (*key, text.as_str())).collect();
    let rows =
        [("propensity-area", "area", "area_naive"), ("propensity-brier", "brier", "brier_naive")];
    let days = found["horizon"].as_i64().unwrap_or(0);
    let long = found["compared_long"]["days"].as_i64().unwrap_or(0);
    let content = html! {
        div class="card-body gx-stack" {
            p class="mb-0" { (texts.format("propensity-cases", &given)) }
            @if let Some(why) = found["falls_back"].as_str() {
                p class="mb-0" { (texts.get(&format!("propensity-{why}"))) }
            }
            @if found["area"].is_number() {
                div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("propensity-held-out")) {
                    table class="table table-sm mb-0" {
                        thead { tr {
                            th scope="col" { (texts.get("propensity-held-out")) }
                            th scope="col" class="gx-number" { (texts.get("propensity-model")) }
                            th scope="col" class="gx-number" { (texts.get("propensity-naive")) }
                        } }
                        tbody { @for (label, model, naive) in rows {
                            tr {
                                th scope="row" class="fw-normal" { (texts.get(label)) }
                                td class="gx-number" { (estimate(texts, &found[model])) }
                                td class="gx-number" { (estimate(texts, &found[naive])) }
                            }
                        } }
                    }
                }
            }
            (compared(texts, &found["compared"], days))
            (compared(texts, &found["compared_long"], long))
            @if let Some(all) = found["coefficients"].as_array() {
                p class="mb-0 gx-muted" { (texts.get("propensity-coefficients")) }
                dl class="gx-fields" {
                    @for one in all {
                        div {
                            dt { (texts.get(&format!("insights-soon-{}", one["feature"].as_str().unwrap_or_default()))) }
                            dd { (estimate(texts, &one["value"])) " \u{b1} " (estimate(texts, &one["error"])) }
                        }
                    }
                }
                a class="btn" href="/customer?sort=-buys_soon" { (icon("shopping-cart")) (texts.get("propensity-list")) }
            }
        }
    };
    card(texts, "propensity-title", icon("shopping-cart"), &content)
}

/// What was said of each tenth of the customers, and what came.
fn compared(texts: &Texts, found: &Json, days: i64) -> Markup {
    let Some(groups) = found["groups"].as_array() else { return html! {} };
    // Where there was nothing before it to learn from, on customers not learnt from.
    let key = match found["by_folds"].as_bool() {
        Some(true) => "propensity-compared-folds",
        _ => "propensity-compared",
    };
    let title = texts.format(key, &[("days", &days.to_string())]);
    html! {
        div class="table-responsive" tabindex="0" role="region" aria-label=(title) {
            table class="table table-sm mb-0" {
                caption { (title) }
                thead { tr {
                    th scope="col" { (texts.get("insights-customers")) }
                    th scope="col" class="gx-number" { (texts.get("propensity-said")) }
                    th scope="col" class="gx-number" { (texts.get("propensity-came")) }
                } }
                tbody {
                    @for group in groups {
                        tr {
                            td { (format::number(texts.locale(), &group[0].to_string())) }
                            td class="gx-number" { (share(texts, &group[1])) }
                            td class="gx-number" { (share(texts, &group[2])) }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { (format::number(texts.locale(), &found["customers"].to_string())) }
                    td class="gx-number" { (share(texts, &found["said"])) }
                    td class="gx-number" { (share(texts, &found["came"])) }
                } }
            }
        }
    }
}
