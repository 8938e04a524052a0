//! What is known about all customers after the last analysis: how the business is distributed, at
//! which stages they are, how good the models are. Every number leads to the list behind it.

use axum::Form as Posted;
use axum::extract::{Query as Parameters, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::insights::{
    Analysis, AnalysisRun, AnalysisSchedule, ask, changed_since, last_run, reads_what_is_known,
    sees_all_customers,
};
use guanxi_crm::text::Texts;
use guanxi_record::{Choice as _, Record, Row, Stored, Value};
use guanxi_store::Purpose;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;

use super::asides;
use super::format;
use super::insight_cards as cards;
use super::insight_models as models;
use super::insight_summary as summary;
use super::layout::{Notice, error_page, icon, page};
use super::own_insights::own_overview;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// The overview.
pub(crate) async fn insights(
    State(app): State<App>,
    signed: SignedIn,
    Parameters(params): Parameters<Params>,
) -> Response {
    overview(&app, &signed, &params).await.unwrap_or_else(|error| error_page(&app, &signed, &error))
}

/// Puts what a page says in place of all that it said, not only of the part that asked.
const ANEW: [(&str, &str); 3] =
    [("HX-Retarget", "#main"), ("HX-Reselect", "#main"), ("HX-Reswap", "outerHTML")];

async fn overview(app: &App, signed: &SignedIn, params: &Params) -> Result<Response> {
    if !sees_all_customers(&signed.actor) || signed.is_limited() {
        return match reads_what_is_known(&signed.actor) {
            true => own_overview(app, signed).await.map(IntoResponse::into_response),
            false => Err(Error::Forbidden),
        };
    }
    let texts = signed.texts;
    let mut view = app.store.read(&signed.actor).await?;
    let value = last_run(&mut view, Analysis::CustomerValue, true).await?;
    let baskets = last_run(&mut view, Analysis::Baskets, true).await?;
    let lost = super::standing_cards::lost_card(&mut view, signed).await?;
    let found = last_run(&mut view, Analysis::Duplicates, true).await?;
    let drafts = super::uncounted::drafts(&mut view, signed).await?;
    let states = summary::states(&mut view).await?;
    let card_of = |run: &Option<Stored<AnalysisRun>>| -> Json {
        let card = run.as_ref().and_then(|run| run.card.as_ref());
        card.map(|card| card.0.clone()).unwrap_or_default()
    };
    let said = summary::sentences(&mut view, signed, &card_of(&value)).await?;
    let changed = match &value {
        Some(run) => changed_since(&mut view, run).await?,
        None => Vec::new(),
    };
    let may_run = signed.actor.rights.scope(AnalysisRun::NAME, Purpose::Create).is_some();
    let title = texts.get("insights-title");
    let content = html! {
        div class="gx-head" {
            (icon("chart-dots")) h1 { (title) }
            span class="gx-grow" {}
            @if may_run {
                a class="btn" href="/analysis_schedule" { (icon("calendar-repeat")) (texts.type_plural(AnalysisSchedule::NAME)) }
                (summary::run_form(texts, &states))
            }
        }
        (summary::states_card(signed, &states))
        (drafts)
        @match value.as_ref().and_then(|run| Some((run, &run.card.as_ref()?.0))) {
            None => p class="gx-empty" { (texts.get("insights-nothing-yet")) },
            Some((run, card)) => {
                (said)
                (summary::as_of(signed, run, card))
                (summary::changed(texts, &changed))
                (asides::of_run(texts, card))
                (cards::numbers(texts, run, card))
                div class="gx-columns" {
                    div class="gx-stack" {
                        (lost)
                        (cards::stages(app, texts, card))
                        (cards::moves(app, texts, (run, card)))
                        (cards::concentration(texts, card))
                        (cards::rfm(texts, card))
                        (cards::cohorts(texts, card))
                    }
                    div class="gx-stack" {
                        (super::standing_cards::standing(texts, card))
                        @if let Some(card) = baskets.as_ref().and_then(|run| run.card.as_ref()) {
                            (cards::baskets(texts, &card.0))
                        }
                    }
                }
                (how_we_know(texts, run, card))
                (super::charts::script())
            }
        }
        @if let Some((run, card)) = found.as_ref().and_then(|run| Some((run, run.card.as_ref()?))) {
            (duplicates(texts, run, &card.0))
        }
    };
    let notice = Notice { change_set: params::one(params, "saved").map(str::to_owned) };
    let html = page(app, signed, &title, &notice, &content);
    // Where nobody watches, the headers say nothing to anybody.
    Ok(match params::one(params, summary::WATCHING) {
        Some(watching) if summary::has_ended(&states, watching) => (ANEW, html).into_response(),
        _ => html.into_response(),
    })
}

/// The models behind the numbers, for who wants to know how far to believe them.
fn how_we_know(texts: &Texts, run: &Stored<AnalysisRun>, card: &Json) -> Markup {
    html! {
        details class="gx-stack mt-3" {
            summary { (texts.get("insights-how")) }
            (models::model(texts, run, card))
            (models::propensity_card(texts, card))
            (cards::clusters(texts, card))
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
            html! { (summary::as_of(signed, &run, card)) (asides::of_run(texts, card)) (cards::numbers(texts, &run, card)) },
            html! {
                (cards::stages(app, texts, card)) (cards::moves(app, texts, (&run, card)))
                (how_we_know(texts, &run, card))
            },
        ),
        Analysis::Baskets => (asides::of_run(texts, card), cards::baskets(texts, card)),
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
        ask(&app.store, &signed.actor, &run).await?;
        Ok(Redirect::to("/insights").into_response())
    }
    .await;
    outcome.unwrap_or_else(|error| error_page(&app, &signed, &error))
}
