//! What the overview says first: three sentences that each lead to a list, where every analysis stands,
//! and what was left aside.

use guanxi_base::{Date, Result};
use guanxi_crm::insights::{
    self, Analysis, AnalysisRun, Changed, HORIZON, RunState, Sentence, Summed, Told, is_going_on,
    last_run,
};
use guanxi_crm::text::Texts;
use guanxi_record::{Choice as _, Stored};
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::Value as Json;

use super::format;
use super::layout::icon;
use crate::signed_in::SignedIn;

/// The analyses, in the order of their buttons.
pub(super) const ANALYSES: [Analysis; 3] =
    [Analysis::CustomerValue, Analysis::Baskets, Analysis::Duplicates];
/// The parameter that names the analyses which a page watches.
pub(super) const WATCHING: &str = "watching";
/// After so many days without a purchase of anybody it is asked whether orders are missing.
const SILENT_DAYS: i32 = 30;

/// Where the last run of an analysis stands.
pub(super) struct State {
    analysis: Analysis,
    run: Option<Stored<AnalysisRun>>,
}

impl State {
    fn is_going_on(&self) -> bool {
        self.run.as_ref().is_some_and(is_going_on)
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

/// Whether one of the analyses that a page watches (as its address names them) goes on no longer: then
/// all that the page says is told anew.
pub(super) fn has_ended(states: &[State], watching: &str) -> bool {
    let is_watched = |state: &&State| watching.split(',').any(|code| code == state.analysis.code());
    states.iter().filter(is_watched).any(|state| !state.is_going_on())
}

/// What was asked for and what came of it: waiting, being done, done, failed, each with its time and
/// its record. While something goes on it is asked again.
pub(super) fn states_card(signed: &SignedIn, states: &[State]) -> Markup {
    let known: Vec<(&State, &Stored<AnalysisRun>)> =
        states.iter().filter_map(|one| Some((one, one.run.as_ref()?))).collect();
    let going_on = states.iter().filter(|state| state.is_going_on());
    let watching: Vec<&str> = going_on.map(|state| state.analysis.code()).collect();
    let again = (!watching.is_empty()).then_some("every 2s");
    let address = format!("/insights?{WATCHING}={}", watching.join(","));
    html! {
        div id="analyses" role="status" hx-get=[again.map(|_| address)] hx-trigger=[again]
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
                button class="btn" id=(format!("run-{}", state.analysis.code())) name="analysis" value=(state.analysis.code()) disabled[state.is_going_on()] {
                    (icon("player-play"))
                    (texts.get(&format!("insights-run-{}", state.analysis.code().replace('_', "-"))))
                }
            }
        }
    }
}

/// Who left and what they were worth, whom to call first, who will buy soon, as the run of the card
/// counted them: each is a list. Of whom it is not known is no "no".
pub(super) async fn sentences(view: &mut View, signed: &SignedIn, card: &Json) -> Result<Markup> {
    let mut said = Vec::new();
    for sentence in insights::sentences() {
        let told = match Told::of_card(card, &sentence) {
            Some(told) => told,
            None => Told::now(view, &sentence).await?,
        };
        said.push(sentence_line(signed.texts, card, &sentence, told));
    }
    Ok(html! {
        ul class="gx-said" {
            @for sentence in said { li { (sentence) } }
        }
    })
}

fn sentence_line(texts: &Texts, card: &Json, sentence: &Sentence, told: Told) -> Markup {
    let locale = texts.locale();
    let number = |count: i64| format::number(locale, &count.to_string());
    let key = format!("insights-say-{}", sentence.key);
    let days = HORIZON.to_string();
    let amount = match told.sum {
        Summed::TooLarge => texts.get("insights-too-large"),
        Summed::Exactly(amounts) if amounts.is_empty() => "0".to_owned(),
        Summed::Exactly(amounts) => {
            let amounts = amounts.into_iter().map(|sum| format::money(locale, sum.rounded()));
            amounts.collect::<Vec<_>>().join(" + ")
        }
    };
    let given = [("count", number(told.count)), ("amount", amount), ("days", days.clone())];
    let given = given.each_ref().map(|(name, text)| (*name, text.as_str()));
    let unknown = sentence.unknown_list().filter(|_| told.unknown > 0);
    let said = texts.format(&key, &given);
    html! {
        @if told.known > 0 || unknown.is_none() {
            a href=(format!("/customer?{}&sort=-{}", sentence.list(), sentence.sort)) { (format::sentence(&said)) }
        }
        @if let Some(list) = unknown {
            @let why = why_unknown(texts, card, sentence);
            @let given = [("count", number(told.unknown)), ("days", days), ("why", why)];
            @let given = given.each_ref().map(|(name, text)| (*name, text.as_str()));
            " " a class="gx-muted" href=(format!("/customer?{list}")) { (texts.format(&format!("{key}-unknown"), &given)) }
        }
    }
}

/// Why a sentence is not known of some.
fn why_unknown(texts: &Texts, card: &Json, sentence: &Sentence) -> String {
    if sentence.key == "slipping" {
        let short = &card["value"]["too_short"];
        return why_risk_unknown(texts, short["days"].as_i64().zip(short["least"].as_i64()));
    }
    // Where there is a model it tells of all who buy in the currency of most.
    card["propensity"]["falls_back"].as_str().map_or_else(
        || texts.get("insights-unknown-currency"),
        |why| texts.get(&format!("propensity-{why}")),
    )
}

/// Why nobody can tell of who buys in the currency of most whether they have left: over how many days
/// there are purchases, and how many are needed, where those are too few.
pub(super) fn why_risk_unknown(texts: &Texts, too_short: Option<(i64, i64)>) -> String {
    let Some((days, least)) = too_short else { return texts.get("insights-unknown-risk") };
    let number = |number: i64| format::number(texts.locale(), &number.to_string());
    let given = [("days", number(days)), ("least", number(least))];
    let given = given.each_ref().map(|(name, text)| (*name, text.as_str()));
    texts.format("insights-unknown-short", &given)
}

/// What became of the records since: what is shown may not hold any more.
pub(super) fn changed(texts: &Texts, changed: &[Changed]) -> Markup {
    let number = |count: i64| format::number(texts.locale(), &count.to_string());
    if changed.is_empty() {
        return html! {};
    }
    let told = |key: &str, count: i64, of: &str| {
        texts.format(key, &[("count", &number(count)), ("type", &texts.type_counted(of, count))])
    };
    html! {
        p {
            @for one in changed {
                @let of = one.record_type;
                @if one.changed > 0 {
                    a class="badge bg-warning-lt" href=(format!("/{of}?{}&archived=true", one.since)) {
                        (told("insights-changed-since", one.changed, of))
                    } " "
                }
                @if one.gone > 0 {
                    span class="badge bg-warning-lt" { (told("insights-gone-since", one.gone, of)) } " "
                }
            }
        }
    }
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
            (told_of(texts, run, card))
            " " a href=(format!("/analysis_run/{}", run.id)) { (run.number.clone().unwrap_or_default()) }
        }
    }
}

/// As of which day everything is told, and what is not told because too little time has gone by.
fn told_of(texts: &Texts, run: &Stored<AnalysisRun>, card: &Json) -> Markup {
    let date = |key: &str| -> Option<Date> { card[key].as_str()?.parse().ok() };
    let (Some(told_of), Some(today), Some(until)) =
        (date("told_of"), date("today"), run.data_until)
    else {
        return html! {};
    };
    let day = |day: Date| format::date(texts.locale(), day);
    let silent = until.until(today).map_or(0, |span| span.get_days());
    let number = |value: &Json| format::number(texts.locale(), &value.to_string());
    let short = &card["value"]["too_short"];
    html! {
        " "
        @if told_of == today { (texts.format("insights-told-of", &[("day", &day(told_of))])) }
        @else {
            strong {
                (texts.format("insights-told-of-ended", &[("day", &day(told_of)), ("today", &day(today))]))
            }
        }
        @if told_of == today && silent > SILENT_DAYS {
            " " strong { (texts.format("insights-silent", &[("days", &silent.to_string())])) }
        }
        @if short.is_object() {
            " " strong {
                (texts.format("insights-too-short", &[
                    ("days", &number(&short["days"])), ("least", &number(&short["least"])),
                ]))
            }
        }
    }
}
