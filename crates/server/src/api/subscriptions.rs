//! Subscriptions over REST, besides what every record has.

use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_base::{Id, Result};
use guanxi_crm::delivery;
use serde_json::{Value as Json, json};

use super::records::{parse_id, respond};
use crate::app::App;
use crate::signed_in::SignedIn;

/// Ends a subscription for whoever is told by it.
pub(crate) async fn decline(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Json> = async {
        delivery::decline(&app.store, &signed.actor, Id::new(parse_id(&id)?)).await?;
        Ok(json!({ "declined": true }))
    }
    .await;
    respond(&signed, outcome)
}
