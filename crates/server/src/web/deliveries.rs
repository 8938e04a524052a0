//! That a customer may not be delivered to, said where somebody is about to: on the form and the page of an
//! order, on the customer's own, and to whoever is asked to allow it.

use axum::Form as Posted;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::{RawId, Result};
use guanxi_crm::sales::Order;
use guanxi_crm::trading::held;
use guanxi_record::Record as _;
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

use super::format::sentence;
use super::layout::icon;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;

/// Why a customer may not be delivered to, with an order or without; nothing when they may.
pub(super) async fn banner(
    view: &mut View,
    signed: &SignedIn,
    customer: Option<RawId>,
    order: Option<RawId>,
) -> Result<Markup> {
    let Some(customer) = customer else { return Ok(html! {}) };
    let reasons = held(view, customer, order).await?;
    Ok(html! {
        @for reason in &reasons {
            p class="alert alert-danger" data-held=(reason.code) { (icon("alert-triangle")) " " (sentence(&signed.texts.refusal(reason))) }
        }
    })
}

/// The same on a customer's page: only in words that name the terms. Whoever may not see those is told
/// when they sell.
pub(super) async fn banner_of_customer(
    view: &mut View,
    signed: &SignedIn,
    customer: RawId,
) -> Result<Markup> {
    let mut reasons = held(view, customer, None).await?;
    reasons.retain(|one| one.args.iter().any(|(name, text)| *name == "told" && text == "yes"));
    Ok(html! {
        @for reason in &reasons {
            p class="alert alert-danger" data-held=(reason.code) { (icon("alert-triangle")) " " (sentence(&signed.texts.refusal(reason))) }
        }
    })
}

/// What the form of an order says of the customer that is chosen.
pub(crate) async fn order_deliveries(
    State(app): State<App>,
    signed: SignedIn,
    Posted(params): Posted<Params>,
) -> Response {
    let outcome: Result<Markup> = async {
        let writes =
            [Purpose::Create, Purpose::Change].map(|one| signed.actor.rights.may(Order::NAME, one));
        let id = params::one(&params, "customer.id").and_then(|text| text.parse().ok());
        let Some(id) = id.filter(|_| writes.contains(&true)) else { return Ok(html! {}) };
        let mut view = app.store.read(&signed.actor).await?;
        // What is not theirs to see is not told of.
        if !view.may("customer", id, Purpose::Read).await? {
            return Ok(html! {});
        }
        banner(&mut view, &signed, Some(id), None).await
    }
    .await;
    Html(outcome.unwrap_or_default().into_string()).into_response()
}
