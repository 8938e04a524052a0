//! What the overview says first: three sentences that each lead to a list, where every analysis stands,
//! and what was left aside.

use guanxi_base::{Money, Result};
use guanxi_crm::insights::{Analysis, AnalysisRun, HORIZON, RunState, last_run};
use guanxi_crm::people::{AbcClass, Customer, LifeStage};
use guanxi_crm::text::Texts;
use guanxi_record::{Aggregate, Choice as _, Filter, Measure, Op, Record as _, Stored, Value};
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::format;
use super::layout::icon;
use crate::signed_in::SignedIn;

/// The analyses, in the order of their buttons.
pub(super) const ANALYSES: [Analysis; 3] =
    [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates];
/// From this chance on somebody is likely to buy, or to have left.
const LIKELY: i64 = 50;

/// Where the last run of an analysis stands.
pub(super) struct State {
    analysis: Analysis,
    run: Option<Stored<AnalysisRun>>,
}

impl State {
    fn is_going_on(&self) -> bool {
        let state = self.run.as_ref().map(|run| run.state);
        matches!(state, Some(RunState::Waiting | RunState::Running))
    }
}

/// Where each analysis stands.
pub(super) async fn states(view: &mut View) -> Result<Vec<State>> {
    let mut states = Vec::new();
    for analysis in ANALYSES {
        let run = last_run(view, analysis, false).await?;
        states.push(State { analysis, run });
    }
    Ok(states)
}

/// What was asked for and what came of it: waiting, being done, done, failed, each with its time and
/// its record. While something goes on it is asked again.
pub(super) fn states_card(signed: &SignedIn, states: &[State]) -> Markup {
    let known: Vec<(&State, &Stored<AnalysisRun>)> =
        states.iter().filter_map(|one| Some((one, one.run.as_ref()?))).collect();
    let again = states.iter().any(State::is_going_on).then_some("every 2s");
    html! {
        div id="analyses" role="status" hx-get=[again.map(|_| "/insights")] hx-trigger=[again]
            hx-select=[again.map(|_| "#analyses")] hx-swap=[again.map(|_| "outerHTML")] {
            @if !known.is_empty() {
                ul class="list-unstyled" {
                    @for (state, run) in known { li class="mb-1" { (state_line(signed, state, run)) } }
                }
            }
        }
    }
}

fn state_line(signed: &SignedIn, state: &State, run: &Stored<AnalysisRun>) -> Markup {
    let texts = signed.texts;
    let code = state.analysis.code().replace('_', "-");
    let name = texts.get(&format!("insights-name-{code}"));
    let at = |time| format::instant(texts.locale(), time, &signed.actor.time_zone);
    let percent = run.progress.unwrap_or(0).to_string();
    let (key, sign, time) = match run.state {
        RunState::Waiting => ("insights-state-waiting", "clock", at(run.created_at)),
        RunState::Running => ("insights-state-running", "clock", at(run.created_at)),
        RunState::Done => ("insights-state-done", "checks", at(run.updated_at)),
        RunState::Failed => ("insights-state-failed", "alert-triangle", at(run.updated_at)),
    };
    let given = [("analysis", name.as_str()), ("at", &time), ("percent", &percent)];
    html! {
        (icon(sign)) " " (texts.format(key, &given)) " "
        a href=(format!("/analysis_run/{}", run.id)) { (run.number.clone().unwrap_or_default()) }
        @if let Some(problem) = run.problem.as_ref().filter(|_| run.state == RunState::Failed) {
            " " (problem.0)
        }
    }
}

/// The buttons that ask for an analysis; one that is asked for already cannot be asked for twice.
pub(super) fn run_form(texts: &Texts, states: &[State]) -> Markup {
    html! {
        form class="d-flex gap-2 flex-wrap" method="post" action="/insights/run" {
            @for state in states {
                button class="btn" name="analysis" value=(state.analysis.code()) disabled[state.is_going_on()] {
                    (icon("player-play"))
                    (texts.get(&format!("insights-run-{}", state.analysis.code().replace('_', "-"))))
                }
            }
        }
    }
}

/// Who left and what they were worth, whom to call first, who will buy soon: each is a list.
pub(super) async fn sentences(view: &mut View, signed: &SignedIn) -> Result<Markup> {
    let texts = signed.texts;
    let locale = texts.locale();
    let at_least = |field: &str, percent: i64| Filter::compare(field, Op::Ge, percent.to_string());
    let lost = Filter::eq("life_stage", LifeStage::Lost.code());
    let still_there = Filter::compare("life_stage", Op::Ne, LifeStage::Lost.code());
    let slipping =
        Filter::eq("abc", AbcClass::A.code()).and(still_there).and(at_least("churn_risk", LIKELY));
    let asked = [
        ("insights-say-lost", lost, "value_lost", "life_stage=lost&sort=-value_lost".to_owned()),
        (
            "insights-say-slipping",
            slipping,
            "lifetime_value",
            format!("abc=a&life_stage.ne=lost&churn_risk.ge={LIKELY}&sort=-lifetime_value"),
        ),
        (
            "insights-say-soon",
            at_least("buys_soon", LIKELY),
            "lifetime_value",
            format!("buys_soon.ge={LIKELY}&sort=-buys_soon"),
        ),
    ];
    let mut said = Vec::new();
    for (key, filter, sum, list) in asked {
        let (count, amounts) = counted(view, filter, sum).await?;
        let count = format::number(locale, &count.to_string());
        let amounts: Vec<String> =
            amounts.into_iter().map(|sum| format::money(locale, sum.rounded())).collect();
        let amount = match amounts.is_empty() {
            true => "0".to_owned(),
            false => amounts.join(" + "),
        };
        let days = HORIZON.to_string();
        let given = [("count", count.as_str()), ("amount", &amount), ("days", &days)];
        said.push((texts.format(key, &given), format!("/customer?{list}")));
    }
    Ok(html! {
        ul class="gx-said" {
            @for (sentence, list) in said { li { a href=(list) { (sentence) } } }
        }
    })
}

/// How many there are, and the sum of a field in each currency.
async fn counted(view: &mut View, filter: Filter, sum: &str) -> Result<(i64, Vec<Money>)> {
    let ask = |measure: &str| -> Result<Aggregate> {
        let measures = vec![Measure::parse(measure)?];
        let filter = filter.clone();
        Ok(Aggregate { filter, group_by: Vec::new(), measures, with_archived: false })
    };
    let counts = view.aggregate(Customer::NAME, &ask("count")?).await?;
    let count = match counts.first().and_then(|group| group.measures.first()) {
        Some(Value::Integer(count)) => *count,
        _ => 0,
    };
    let sums = view.aggregate(Customer::NAME, &ask(&format!("sum:{sum}"))?).await?;
    let amounts = sums.into_iter().flat_map(|group| group.measures);
    let amounts = amounts.filter_map(|value| match value {
        Value::Money(money) => Some(money),
        _ => None,
    });
    Ok((count, amounts.collect()))
}

/// As of when the numbers are, over what, and what they leave out.
pub(super) fn as_of(signed: &SignedIn, run: &Stored<AnalysisRun>, card: &Json) -> Markup {
    let texts = signed.texts;
    let locale = texts.locale();
    let at = run.as_of.map(|at| format::instant(locale, at, &signed.actor.time_zone));
    let at = at.unwrap_or_default();
    let count = |number: i64| format::number(locale, &number.to_string());
    let day = |day: guanxi_base::Date| format::date(locale, day);
    let customers = count(run.customers.unwrap_or(0));
    let elsewhere = card["in_other_currencies"].as_i64().unwrap_or(0);
    html! {
        p class="gx-muted" {
            @match (run.data_from, run.data_until) {
                (Some(from), Some(until)) => (texts.format("insights-as-of", &[
                    ("at", at.as_str()), ("customers", &customers), ("from", &day(from)), ("until", &day(until)),
                    ("purchases", &count(run.purchases.unwrap_or(0))),
                ])),
                _ => (texts.format("insights-as-of-nothing", &[("at", at.as_str()), ("customers", &customers)])),
            }
            " " (texts.get(if card["counts_returned"].as_bool() == Some(true) { "insights-gross" } else { "insights-net" }))
            @if elsewhere > 0 {
                " " (texts.format("insights-other-currencies", &[
                    ("count", &count(elsewhere)),
                    ("customers", &count(card["customers_elsewhere"].as_i64().unwrap_or(0))),
                    ("currency", card["currency"].as_str().unwrap_or_default()),
                ]))
            }
            " " a href=(format!("/analysis_run/{}", run.id)) { (run.number.clone().unwrap_or_default()) }
        }
    }
}

/// The records that were left aside, by why, with the first of them.
pub(super) fn left_aside(texts: &Texts, card: &Json) -> Markup {
    let all = card["left_aside"].as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return html! {};
    }
    let today = card["today"].as_str().and_then(|day| day.parse().ok());
    let today = today.map(|day| format::date(texts.locale(), day)).unwrap_or_default();
    html! {
        div class="alert alert-warning" role="note" {
            @for one in all {
                @let of = one["record_type"].as_str().unwrap_or_default();
                @let why = one["why"].as_str().unwrap_or_default();
                @let count = one["count"].as_i64().unwrap_or(0);
                @let records = one["records"].as_array().map(Vec::as_slice).unwrap_or_default();
                p class="mb-1" {
                    (texts.format(&format!("insights-aside-{why}"), &[
                        ("count", &format::number(texts.locale(), &count.to_string())),
                        ("type", &texts.type_plural(of)),
                        ("today", &today),
                    ])) " "
                    @for (at, record) in records.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href=(format!("/{of}/{}", record[0].as_str().unwrap_or_default())) {
                            (record[1].as_str().unwrap_or_default())
                        }
                    }
                    @if count > records.len() as i64 { " \u{2026}" }
                }
            }
        }
    }
}
