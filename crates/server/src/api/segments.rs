//! Segments over REST: how many and what they are worth, what they are like beside all customers,
//! who came and went, who is like them.

use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_base::{Currency, Error, Id, Money, Result};
use guanxi_crm::segments::{Choosing, Segment, Share, alike, moves, profile};
use guanxi_record::{Stored, Value};
use guanxi_store::Purpose;
use serde_json::{Value as Json, json};

use super::records::{parse_id, respond};
use crate::app::App;
use crate::signed_in::SignedIn;

/// So many customers, moves and likenesses are told.
const TOLD_MAX: usize = 1_000;

/// What there is to know about a segment: `profile`, `moves` or `alike`.
pub(crate) async fn segment_knowledge(
    State(app): State<App>,
    signed: SignedIn,
    Path((id, what)): Path<(String, String)>,
) -> Response {
    let outcome: Result<Json> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let id = Id::<Segment>::new(parse_id(&id)?);
        let segment: Stored<Segment> = view.fetch(Purpose::Read, id).await?;
        // Choosing asks the database itself.
        drop(view);
        let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
        match what.as_str() {
            "profile" => profile_json(&choosing, &segment).await,
            "moves" => moves_json(&choosing, &segment).await,
            "alike" => alike_json(&choosing, &segment).await,
            _ => Err(Error::NotFound),
        }
    }
    .await;
    respond(&signed, outcome)
}

async fn profile_json(choosing: &Choosing, segment: &Stored<Segment>) -> Result<Json> {
    let mask = choosing.customers(&segment.filter()?).await?;
    let glance = choosing.glance(&mask, 0).await?;
    let found = profile(choosing, &mask).await?;
    let shares = |list: &[Share]| -> Vec<Json> {
        let one = |one: &Share| json!({ "of": one.of, "segment": one.chosen, "all": one.all });
        list.iter().map(one).collect()
    };
    let money = |sum: Option<(i64, Currency)>| {
        sum.map(|(units, currency)| Value::Money(Money { units, currency }).to_json())
    };
    let figures = found
        .figures
        .iter()
        .map(|(name, segment, all)| json!({ "name": name, "segment": segment, "all": all }));
    Ok(json!({
        "as_of": glance.as_of.to_string(),
        "customers": found.customers.0, "buyers": found.customers.1,
        "all_customers": found.all_customers.0, "all_buyers": found.all_customers.1,
        "revenue": money(glance.revenue),
        "lifetime_value": money(glance.lifetime_value),
        "currency": found.currency.map(|currency| currency.code().to_owned()),
        "figures": figures.collect::<Vec<_>>(),
        "categories": shares(&found.categories), "products": shares(&found.products),
        "channels": shares(&found.channels), "months": shares(&found.months),
    }))
}

async fn moves_json(choosing: &Choosing, segment: &Stored<Segment>) -> Result<Json> {
    let found = moves(choosing, segment, TOLD_MAX).await?;
    let items = found.iter().map(|one| {
        json!({ "customer": one.customer.to_string(), "at": one.at.to_string(),
            "came": one.came, "parts": one.parts })
    });
    Ok(json!({ "items": items.collect::<Vec<_>>() }))
}

async fn alike_json(choosing: &Choosing, segment: &Stored<Segment>) -> Result<Json> {
    let found = alike(choosing, &segment.filter()?, TOLD_MAX).await?;
    let items = found.found.iter().map(|one| {
        json!({ "customer": one.customer.to_string(), "score": one.score, "reasons": one.reasons })
    });
    Ok(json!({
        "learnt_from": [found.learnt_from.0, found.learnt_from.1], "among": found.among,
        "area_under_curve": found.area, "is_better_than_guessing": found.is_better_than_guessing,
        "items": items.collect::<Vec<_>>(),
    }))
}
