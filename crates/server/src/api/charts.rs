//! Charts over REST: their numbers as the reader may see them.

use axum::extract::{Path, State};
use axum::response::Response;
use guanxi_base::{Id, Result};
use guanxi_crm::dashboards::{Chart, Drawn, Mark, draw, group_ahead};
use guanxi_record::Stored;
use guanxi_store::Purpose;
use serde_json::{Value as Json, json};

use super::records::{parse_id, respond};
use crate::app::App;
use crate::signed_in::SignedIn;

/// The numbers of a chart, with the lists of the records that they stand for.
pub(crate) async fn chart_numbers(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Json> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let chart: Stored<Chart> = view.fetch(Purpose::Read, Id::new(parse_id(&id)?)).await?;
        drop(view);
        Ok(json_of(&drawn(&app, &signed, &chart).await?))
    }
    .await;
    respond(&signed, outcome)
}

/// A chart as the reader sees it. It asks for connections of its own.
pub(crate) async fn drawn(app: &App, signed: &SignedIn, chart: &Chart) -> Result<Drawn> {
    let ahead = group_ahead(&app.store, &app.warehouse, &signed.actor, chart).await?;
    let mut view = app.store.read(&signed.actor).await?;
    draw(&mut view, signed.texts, chart, ahead).await
}

fn json_of(drawn: &Drawn) -> Json {
    let mark = |mark: &Option<Mark>| {
        mark.as_ref().map(|mark| json!({ "value": mark.value.to_json(), "list": mark.address }))
    };
    let shapes = drawn.shapes.iter().map(|shape| {
        let marks: Vec<_> = shape.marks.iter().map(mark).collect();
        json!({ "label": shape.label, "list": shape.address, "marks": marks })
    });
    json!({
        "keys": drawn.keys, "measure": drawn.measure, "series": drawn.series, "list": drawn.address,
        "left_out": drawn.unseen.count(), "series_left_out": drawn.series_left_out, "as_of": drawn.as_of,
        "items": shapes.collect::<Vec<_>>(),
    })
}
