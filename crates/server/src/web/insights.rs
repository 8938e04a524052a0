//! What is known about all customers after the last analysis: how the business is distributed, at
//! which stages they are, how good the models are. Every number leads to the list behind it.

use axum::Form as Posted;
use axum::extract::{Query as Parameters, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::insights::{
    Analysis, AnalysisRun, AnalysisSchedule, RunState, last_run, sees_all_customers,
};
use guanxi_crm::text::Texts;
use guanxi_record::{Choice as _, Record, Row, Stored, Value};
use guanxi_store::Purpose;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;

use super::format;
use super::insight_cards as cards;
use super::layout::{Notice, error_page, icon, page};
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// The overview.
pub(crate) async fn insights(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    match overview(&app, &signed, &params).await {
        Ok(html) => html.into_response(),
        Err(error) => error_page(&app, &signed, &error),
    }
}

async fn overview(app: &App, signed: &SignedIn, params: &Params) -> Result<Html<String>> {
    if !sees_all_customers(&signed.actor) || signed.is_limited() {
        return Err(Error::Forbidden);
    }
    let texts = signed.texts;
    let mut view = app.store.read(&signed.actor).await?;
    let value = last_run(&mut view, Analysis::CustomerValue, true).await?;
    let baskets = last_run(&mut view, Analysis::Baskets, true).await?;
    let lost = super::standing_cards::lost_card(&mut view, signed).await?;
    let found = last_run(&mut view, Analysis::Duplicates, true).await?;
    let newest = last_run(&mut view, Analysis::CustomerValue, false).await?;
    let may_run = signed.actor.rights.scope(AnalysisRun::NAME, Purpose::Create).is_some();
    let title = texts.get("insights-title");
    let content = html! {
        div class="gx-head" {
            (icon("chart-dots")) h1 { (title) }
            span class="gx-grow" {}
            @if may_run {
                a class="btn" href="/analysis_schedule" { (icon("calendar-repeat")) (texts.type_plural(AnalysisSchedule::NAME)) }
                (run_form(texts))
            }
        }
        @if let Some(run) = newest.as_ref().filter(|run| run.state != RunState::Done) {
            (state_notice(texts, run))
        }
        @if let Some((run, card)) = found.as_ref().and_then(|run| Some((run, run.card.as_ref()?))) {
            (duplicates(texts, run, &card.0))
        }
        @match value.as_ref().and_then(|run| Some((run, &run.card.as_ref()?.0))) {
            None => p class="gx-empty" { (texts.get("insights-nothing-yet")) },
            Some((run, card)) => {
                (as_of(signed, run, card))
                (cards::numbers(texts, run, card))
                div class="gx-columns" {
                    div class="gx-stack" {
                        (cards::stages(app, texts, card))
                        (cards::moves(app, texts, card))
                        (lost)
                        (cards::concentration(texts, card))
                        (cards::rfm(texts, card))
                        (cards::cohorts(texts, card))
                        (cards::clusters(texts, card))
                        (cards::model(texts, run, card))
                    }
                    div class="gx-stack" {
                        (super::standing_cards::propensity_card(texts, card))
                        (super::standing_cards::standing(texts, card))
                        @if let Some(card) = baskets.as_ref().and_then(|run| run.card.as_ref()) {
                            (cards::baskets(texts, &card.0))
                        }
                    }
                }
                (super::charts::script())
            }
        }
    };
    let notice = Notice { change_set: params::one(params, "saved").map(str::to_owned) };
    Ok(page(app, signed, &title, &notice, &content))
}

fn run_form(texts: &Texts) -> Markup {
    html! {
        form class="d-flex gap-2 flex-wrap" method="post" action="/insights/run" {
            @for (analysis, primary) in [(Analysis::CustomerValue, true), (Analysis::Baskets, false),
                (Analysis::Duplicates, false)] {
                button class=(if primary { "btn btn-primary" } else { "btn" }) name="analysis" value=(analysis.code()) {
                    (icon("player-play")) (texts.get(&format!("insights-run-{}", analysis.code().replace('_', "-"))))
                }
            }
        }
    }
}

fn state_notice(texts: &Texts, run: &Stored<AnalysisRun>) -> Markup {
    let key = match run.state {
        RunState::Failed => "insights-failed",
        RunState::Waiting => "insights-waiting",
        _ => "insights-running",
    };
    html! {
        p class=(if run.state == RunState::Failed { "alert alert-danger" } else { "alert alert-info" }) role="status" {
            (texts.get(key)) " "
            @if let Some(percent) = run.progress.filter(|_| run.state == RunState::Running) { (percent) " % " }
            a href=(format!("/analysis_run/{}", run.id)) { (run.number.clone().unwrap_or_default()) }
        }
    }
}

/// The card of a run's model, beside its record: what old runs found stays to be compared.
pub(crate) fn sections(app: &App, signed: &SignedIn, row: &Row) -> Result<(Markup, Markup)> {
    let run: Stored<AnalysisRun> = row.clone().try_into()?;
    let Some(card) = run.card.as_ref().filter(|_| sees_all_customers(&signed.actor)) else {
        return Ok((html! {}, html! {}));
    };
    let (texts, card) = (signed.texts, &card.0);
    Ok(match run.analysis {
        Analysis::CustomerValue => (
            cards::numbers(texts, &run, card),
            html! {
                (cards::model(texts, &run, card)) (super::standing_cards::propensity_card(texts, card))
                (cards::clusters(texts, card))
                (cards::stages(app, texts, card)) (cards::moves(app, texts, card))
            },
        ),
        Analysis::Baskets => (html! {}, cards::baskets(texts, card)),
        Analysis::Duplicates => (html! {}, duplicates(texts, &run, card)),
    })
}

/// Who stands in the base more than once.
fn duplicates(texts: &Texts, run: &AnalysisRun, card: &Json) -> Markup {
    let number =
        |value: &Json| format::number(texts.locale(), &value.as_u64().unwrap_or(0).to_string());
    let content = html! {
        div class="card-body gx-stack" {
            @if run.falls_back == Some(true) { p class="gx-muted mb-0" { (texts.get("duplicates-by-rules")) } }
            dl class="gx-fields" {
                div { dt { (texts.get("insights-customers")) } dd { (number(&Json::from(run.customers))) } }
                div { dt { (texts.get("duplicates-compared")) } dd { (number(&card["compared"])) } }
                @for (code, count) in card["found"].as_object().into_iter().flatten() {
                    div { dt { (super::resolution::relation_label(texts, code)) } dd { (number(count)) } }
                }
                div { dt { (texts.get("duplicates-merged")) } dd { (number(&card["merged"])) } }
            }
            a class="btn" href=(super::resolution::QUEUE) { (icon("arrows-join")) (texts.get("duplicates-queue")) }
            @if run.falls_back != Some(true) { (super::resolution::reliability(texts, &card["reliability"])) }
        }
    };
    cards::card(texts, "duplicates-title", icon("arrows-join"), &content)
}

/// As of when the numbers are, and what they leave out.
fn as_of(signed: &SignedIn, run: &Stored<AnalysisRun>, card: &Json) -> Markup {
    let (texts, zone) = (signed.texts, &signed.actor.time_zone);
    let locale = texts.locale();
    let at = run.as_of.map(|at| format::instant(locale, at, zone)).unwrap_or_default();
    let count = |number: Option<i64>| format::number(locale, &number.unwrap_or(0).to_string());
    let day = |day: Option<guanxi_base::Date>| {
        day.map(|day| format::date(locale, day)).unwrap_or_default()
    };
    let left_out = card["in_other_currencies"].as_i64().unwrap_or(0);
    let given = [
        ("at", at.as_str()),
        ("customers", &count(run.customers)),
        ("purchases", &count(run.purchases)),
        ("from", &day(run.data_from)),
        ("until", &day(run.data_until)),
    ];
    html! {
        p class="gx-muted" {
            (texts.format("insights-as-of", &given)) " "
            @if left_out > 0 {
                (texts.format("insights-other-currencies", &[
                    ("count", &count(Some(left_out))),
                    ("currency", card["currency"].as_str().unwrap_or_default()),
                ]))
            }
            " " a href=(format!("/analysis_run/{}", run.id)) { (run.number.clone().unwrap_or_default()) }
        }
    }
}

/// Which analysis to run.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    analysis: String,
    #[serde(default)]
    calibration_until: String,
}

/// Asks for a run.
pub(crate) async fn run_analysis(
    State(app): State<App>,
    signed: SignedIn,
    Posted(wanted): Posted<Wanted>,
) -> Response {
    let outcome: Result<Response> = async {
        if !sees_all_customers(&signed.actor) || signed.is_limited() {
            return Err(Error::Forbidden);
        }
        let analysis = Analysis::from_code(&wanted.analysis);
        let analysis = analysis.ok_or_else(|| Refusal::field("required", "analysis"))?;
        let until = match wanted.calibration_until.trim() {
            "" => None,
            day => match Value::from_text(&guanxi_record::Kind::Date, day)? {
                Value::Date(day) => Some(day),
                _ => None,
            },
        };
        let mut run = AnalysisRun::of(analysis, until);
        run.owner = Some(guanxi_record::Owner(signed.user.id.raw()));
        let mut tx = app.store.write(&signed.actor).await?;
        tx.create(&run).await?;
        tx.commit().await?;
        Ok(Redirect::to("/insights").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
