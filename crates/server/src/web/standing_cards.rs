//! How customers stand: the matrix of their value and our capability to serve, how they have paid,
//! and on which terms we deal with them.

use guanxi_base::Result;
use guanxi_crm::insights::Summed;
use guanxi_crm::people::{Customer, LifeStage, TermsRule};
use guanxi_crm::text::Texts;
use guanxi_crm::wording::wording;
use guanxi_record::{
    Aggregate, Choice as _, Filter, GroupKey, Measure, Op, Record as _, Row, Value,
};
use guanxi_store::{Purpose, Titles, View};
use maud::{Markup, html};
use serde_json::Value as Json;

use super::cells;
use super::format;
use super::insight_cards::{card, chart};
use super::layout::icon;
use crate::signed_in::SignedIn;

/// The bands of the matrix in words, the lowest first.
const BANDS: [&str; 3] = ["standing-low", "standing-middle", "standing-high"];

/// Both cards of the overview.
pub(super) fn standing(texts: &Texts, found: &Json) -> Markup {
    let found = &found["standing"];
    if found.is_null() {
        return html! {};
    }
    html! { (matrix_card(texts, found)) (payment_card(texts, found)) }
}

fn matrix_card(texts: &Texts, found: &Json) -> Markup {
    let models = found["scores"].as_object();
    let content = html! {
        div class="card-body pb-0" {
            @if models.is_none() { p class="gx-muted" { (texts.get("standing-none")) } }
            @for model in models.into_iter().flat_map(|models| models.values()) {
                p class="gx-muted mb-1" { (told(texts, model)) }
            }
            a class="btn btn-sm" href="/score_model" { (icon("scale")) (texts.get("standing-make")) }
        }
        @if let Some(cells) = found["matrix"]["cells"].as_array() {
            (chart(texts, "heat", &texts.get("standing-title"), &matrix(texts, cells)))
        }
    };
    card(texts, "standing-title", icon("scale"), &content)
}

/// Which version of a score was computed, or why it was not.
fn told(texts: &Texts, model: &Json) -> String {
    let name = model["model"].as_str().unwrap_or_default();
    let name = wording(texts.locale()).shown("score_model", "name", name);
    let told = model["problem"][1].as_str().unwrap_or_default();
    match model["problem"][0].as_str() {
        Some("weights-not-100") => {
            texts.format("standing-weights-not-100", &[("model", name), ("total", told)])
        }
        Some(_) => texts.format("standing-not-a-measure", &[("model", name), ("measure", told)]),
        None => {
            let version = model["version"].to_string();
            texts.format("standing-version", &[("model", name), ("version", &version)])
        }
    }
}

/// Each cell leads to the customers in it.
fn matrix(texts: &Texts, cells: &[Json]) -> Markup {
    let bands = BANDS.len();
    let count = |value: usize, capability: usize| {
        let cell = cells.iter().find(|c| c["value"] == value && c["capability"] == capability);
        cell.and_then(|cell| cell["customers"].as_i64()).unwrap_or(0)
    };
    html! {
        table class="table table-sm" {
            thead { tr {
                th scope="col" { (texts.get("standing-value")) " / " (texts.get("standing-capability")) }
                @for band in BANDS { th scope="col" class="gx-number" { (texts.get(band)) } }
            } }
            tbody {
                @for value in (0..bands).rev() {
                    tr {
                        th scope="row" { (texts.get(BANDS[value])) }
                        @for capability in 0..bands {
                            @let customers = count(value, capability);
                            td class="gx-number" data-value=(customers) {
                                a href=(format!(
                                    "/customer?{}{}sort=-value_score",
                                    band("value_score", value), band("fit_score", capability),
                                )) { (format::number(texts.locale(), &customers.to_string())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The conditions of a band of scores.
fn band(field: &str, at: usize) -> String {
    let width = 100.0 / BANDS.len() as f64;
    // Scores are kept to two digits.
    let edge = |at: usize| format!("{:.2}", (at as f64 * width * 100.0).ceil() / 100.0);
    let below = match at + 1 < BANDS.len() {
        true => format!("{field}.lt={}&", edge(at + 1)),
        false => String::new(),
    };
    format!("{field}.ge={}&{below}", edge(at))
}

fn payment_card(texts: &Texts, found: &Json) -> Markup {
    let counts = found["payment"].as_object().filter(|counts| !counts.is_empty());
    let rules = found["terms"].as_array().map(Vec::as_slice).unwrap_or_default();
    if counts.is_none() && rules.is_empty() {
        return html! {};
    }
    let label = |code: &str| {
        let field = Customer::TYPE.field("payment_record");
        field.map(|field| texts.option_label(Customer::TYPE, field, code)).unwrap_or_default()
    };
    let number = |value: &Json| format::number(texts.locale(), &value.to_string());
    let content = html! {
        div class="card-body" {
            dl class="gx-fields" {
                @for (code, count) in counts.into_iter().flatten() {
                    div {
                        dt { (label(code)) }
                        dd { a href=(format!("/customer?payment_record={code}&sort=-revenue")) { (number(count)) } }
                    }
                }
                @for rule in rules {
                    @let id = rule["rule"].as_str().unwrap_or_default();
                    div {
                        @let name = rule["name"].as_str().unwrap_or_default();
                        @let name = wording(texts.locale()).shown("terms_rule", "name", name);
                        dt { a href=(format!("/terms_rule/{id}")) { (name) } }
                        dd { a href=(format!("/customer?terms={id}&sort=-revenue")) { (number(&rule["customers"])) } }
                    }
                }
            }
        }
    };
    card(texts, "payment-title", icon("contract"), &content)
}

/// Those who were lost for one reason.
struct LostFor {
    /// None where nobody has said why.
    reason: Option<String>,
    customers: i64,
    chance: Value,
    /// What they bought for, in each currency.
    value: Summed,
}

/// Who was lost for which reason. Sums stand in each currency; customers are counted once.
async fn lost(view: &mut View) -> Result<Vec<LostFor>> {
    let lost = || Filter::eq("life_stage", LifeStage::Lost.code());
    let wanted = Aggregate {
        filter: lost(),
        group_by: vec![GroupKey::parse("loss_reason")?],
        measures: vec![Measure::count(), Measure::parse("avg:chance_of_return")?],
        with_archived: false,
    };
    let mut all = Vec::new();
    for group in view.aggregate(Customer::NAME, &wanted).await? {
        let reason = group.keys.first().and_then(Value::as_text).map(str::to_owned);
        let of = match &reason {
            Some(code) => Filter::eq("loss_reason", code.as_str()),
            None => Filter::compare("loss_reason", Op::Empty, true),
        };
        let value = Summed::of(view, Customer::NAME, lost().and(of), "value_lost").await?;
        let mut measures = group.measures.into_iter();
        let customers = match measures.next() {
            Some(Value::Integer(count)) => count,
            _ => 0,
        };
        let chance = measures.next().unwrap_or(Value::Null);
        all.push(LostFor { reason, customers, chance, value });
    }
    Ok(all)
}

/// Who is lost, why, what that costs, and who might come back.
pub(super) async fn lost_card(view: &mut View, signed: &SignedIn) -> Result<Markup> {
    let texts = signed.texts;
    let groups = lost(view).await?;
    if groups.is_empty() {
        return Ok(html! {});
    }
    let field = |name: &str| view.catalog().get(Customer::NAME)?.expect_field(name).cloned();
    let (reason, value, chance) =
        (field("loss_reason")?, field("value_lost")?, field("chance_of_return")?);
    let of = Customer::TYPE;
    let titles = Titles::new();
    let amount = |sum: &Summed| match sum {
        Summed::TooLarge => texts.get("insights-too-large"),
        Summed::Exactly(sums) if sums.is_empty() => texts.get("insights-not-known"),
        Summed::Exactly(sums) => {
            let sums = sums.iter().map(|sum| format::money(texts.locale(), sum.rounded()));
            sums.collect::<Vec<_>>().join(" + ")
        }
    };
    let list = format!("/customer?life_stage={}&sort=-value_lost", LifeStage::Lost.code());
    let content = html! {
        p class="gx-muted px-3 pt-2 mb-2" { (texts.get("lost-hint")) }
        div class="table-responsive" tabindex="0" role="region" aria-label=(texts.get("lost-title")) {
            table class="table table-sm" {
                thead { tr {
                    th scope="col" { (texts.get("lost-reason")) }
                    th scope="col" class="gx-number" { (texts.get("insights-customers")) }
                    th scope="col" class="gx-number" { (texts.field_label(of, &value)) }
                    th scope="col" class="gx-number" { (texts.field_label(of, &chance)) }
                } }
                tbody {
                    @for group in &groups {
                        @let condition = match &group.reason {
                            Some(code) => format!("loss_reason={code}"),
                            None => "loss_reason.empty=true".to_owned(),
                        };
                        tr {
                            th scope="row" {
                                @match &group.reason {
                                    Some(code) => (texts.option_label(of, &reason, code)),
                                    None => (texts.get("lost-unknown")),
                                }
                            }
                            td class="gx-number" { a href=(format!("{list}&{condition}")) {
                                (format::number(texts.locale(), &group.customers.to_string()))
                            } }
                            td class="gx-number" { (amount(&group.value)) }
                            td class="gx-number" {
                                @if group.chance.is_null() { (texts.get("insights-not-known")) }
                                @else { (cells::value(signed, of, &chance, &group.chance, &titles)) }
                            }
                        }
                    }
                }
            }
        }
        div class="card-body pt-0" { a class="btn btn-sm" href=(list) { (icon("arrow-back-up")) (texts.get("lost-list")) } }
    };
    Ok(card(texts, "lost-title", icon("user-off"), &content))
}

/// The terms of a customer, and because of what.
pub(super) async fn terms_card(view: &mut View, signed: &SignedIn, row: &Row) -> Result<Markup> {
    let texts = signed.texts;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let Some(rule) = row.value(&described, "terms").as_link() else { return Ok(html! {}) };
    let of = view.catalog().get(TermsRule::NAME)?.clone();
    let Ok(rule) = view.row(TermsRule::NAME, rule, Purpose::Read).await else {
        return Ok(html! {});
    };
    let titles = Titles::new();
    let shown = |name: &str| of.field(name).filter(|_| !rule.value(&of, name).is_null());
    let why = ["abc", "class", "payment_record"].into_iter().filter_map(|name| {
        let code = rule.value(&of, name);
        let field = of.field(name)?;
        let word = texts.option_label(&of, field, code.as_text()?);
        Some(format!("{}: {word}", texts.field_label(&of, field)))
    });
    let why = why.collect::<Vec<_>>().join(" \u{b7} ");
    let content = html! {
        div class="card-body" {
            dl class="gx-fields" {
                @for field in ["discount", "credit_limit", "payment_days", "stops"].into_iter().filter_map(shown) {
                    div {
                        dt { (texts.field_label(&of, field)) }
                        dd { (cells::field(signed, &of, field, &rule, &titles)) }
                    }
                }
            }
            p class="gx-muted mb-0 mt-2" {
                a href=(format!("/terms_rule/{}", rule.id)) { (rule.title(&of)) }
                @if !why.is_empty() { " " (texts.format("terms-why", &[("why", &why)])) }
            }
        }
    };
    Ok(card(texts, "terms-title", icon("contract"), &content))
}
