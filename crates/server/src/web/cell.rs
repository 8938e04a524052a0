//! Editing a value where it stands in a list: one cell at a time becomes a control and back.

use axum::Form as Posted;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use guanxi_base::{Error, Refusal, Result};
use guanxi_record::{Field, Kind, RecordType, Row};
use guanxi_store::{Purpose, Titles};
use maud::{Markup, html};

use super::cells;
use super::controls::cell_control;
use super::fields::{Entries, Reading};
use super::layout::saved;
use super::shown::Shown;
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::problem;
use crate::signed_in::SignedIn;

/// Whether a value of this field can be changed in its cell.
pub(crate) fn is_editable(signed: &SignedIn, described: &RecordType, field: &Field) -> bool {
    let simple = matches!(
        field.kind,
        Kind::Text | Kind::Integer | Kind::Decimal | Kind::Percent | Kind::Money | Kind::Date
    ) || matches!(field.kind, Kind::Choice(_) | Kind::Phone | Kind::Email | Kind::Url);
    let own = described.position(&field.name).is_some() && field.name != described.title;
    simple
        && own
        // Conditions and fields are chosen in the form, beside the type that they speak of.
        && field.means.is_none()
        && !field.read_only
        && signed.actor.rights.may(&described.name, Purpose::Change)
        && signed.actor.rights.writes(&described.name, &field.name)
}

/// The cell of a list, as it is read.
pub(crate) fn cell(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    row: &Row,
    titles: &Titles,
) -> Markup {
    let href = format!("/{}/{}", described.name, row.id);
    let edit = is_editable(signed, described, field).then(|| format!("{href}/cell/{}", field.name));
    html! {
        td class=[cells::style(field)] data-label=(signed.texts.field_label(described, field))
            data-edit=[edit] {
            @if field.name == described.title { a href=(href) { (cells::title(signed, described, row, titles)) } }
            @else { (cells::field(signed, described, field, row, titles)) }
        }
    }
}

/// The cell as a form.
fn form(
    signed: &SignedIn,
    described: &RecordType,
    field: &Field,
    place: &(String, i64),
    entries: &Entries,
    refusal: Option<&str>,
) -> Markup {
    let (id, version) = place;
    html! {
        td data-label=(signed.texts.field_label(described, field)) {
            form class="gx-cell" method="post" action=(format!("/{}/{id}/cell/{}", described.name, field.name)) novalidate {
                input type="hidden" name="version" value=(version);
                (cell_control(signed, described, field, entries, refusal.is_some()))
                @if let Some(sentence) = refusal {
                    div class="text-danger" id="cell-message" role="alert" { (sentence) }
                }
            }
        }
    }
}

fn field_of<'a>(described: &'a RecordType, signed: &SignedIn, name: &str) -> Result<&'a Field> {
    let field = described.expect_field(name)?;
    if is_editable(signed, described, field) { Ok(field) } else { Err(Error::Forbidden) }
}

/// A cell by itself is no HTML: it travels in a table, with what is to be said before it.
fn answer(status: StatusCode, cell: &Markup, said: &Markup) -> Response {
    let html = html! { (said) table { tr { (cell) } } };
    (status, Html(html.into_string())).into_response()
}

fn failed(signed: &SignedIn, error: &Error) -> Response {
    problem::log(error, &signed.request_id);
    let (_, sentence) = problem::words(error, signed.texts);
    (problem::status(error), Html(sentence)).into_response()
}

/// The control of a cell, or with `?show` the cell again.
pub(crate) async fn edit_cell(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id, field)): Path<(String, String, String)>,
    Parameters(params): Parameters<Params>,
) -> Response {
    let outcome: Result<Markup> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let field = field_of(&described, &signed, &field)?;
        let show = params::one(&params, "show").is_some();
        let purpose = if show { Purpose::Read } else { Purpose::Change };
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(&record_type, parse_id(&id)?, purpose).await?;
        if show {
            return Ok(cell(&signed, &described, field, &row, &Titles::new()));
        }
        let entries = Entries::of(&described, &row.values, &Titles::new());
        Ok(form(&signed, &described, field, &(id, row.version), &entries, None))
    }
    .await;
    outcome.map_or_else(
        |error| failed(&signed, &error),
        |markup| answer(StatusCode::OK, &markup, &html! {}),
    )
}

/// Saves a cell; it comes back as it is read now, or as a form that says what is wrong.
pub(crate) async fn save_cell(
    State(app): State<App>,
    signed: SignedIn,
    Path((record_type, id, field)): Path<(String, String, String)>,
    Posted(sent): Posted<Params>,
) -> Response {
    let mut entries = Entries::sent(sent);
    let outcome: Result<Response> = async {
        let described = app.store.catalog().get(&record_type)?.clone();
        let field = field_of(&described, &signed, &field)?;
        let place = described.position(&field.name).ok_or(Error::NotFound)?;
        let version: i64 = entries.text("version").parse().unwrap_or(0);
        let mut tx = app.store.write(&signed.actor).await?;
        let row = tx.row(&record_type, parse_id(&id)?, Purpose::Change).await?;
        let shown = Shown::of(&described, &row, &Titles::new());
        let wording = signed.actor.wording;
        let mut reading = Reading { view: &mut tx, wording, shown: Some(&shown) };
        let value = reading.one(field, &mut entries).await?;
        let refused = |refusals: &[Refusal], version| {
            let sentences =
                refusals.iter().map(|refusal| signed.texts.refusal_of(&described, refusal));
            let sentence = sentences.collect::<Vec<_>>().join(" ");
            let place = (id.clone(), version);
            let markup = form(&signed, &described, field, &place, &entries, Some(&sentence));
            answer(StatusCode::UNPROCESSABLE_ENTITY, &markup, &html! {})
        };
        let value = match value {
            Ok(value) => value,
            Err(refusal) => return Ok(refused(&[refusal], version)),
        };
        let changed =
            tx.update_fields(&described, parse_id(&id)?, version, vec![(place, value)]).await;
        let row = match changed {
            Ok(row) => row,
            Err(Error::Refused(refusals)) => return Ok(refused(&refusals, version)),
            Err(Error::Conflict { current_version }) => {
                let row = tx.row(&record_type, parse_id(&id)?, Purpose::Read).await?;
                let stored = row.value(&described, &field.name).to_text();
                let refusal = Refusal::field("changed-meanwhile", field.name.as_ref());
                return Ok(refused(&[refusal.with("value", stored)], current_version));
            }
            Err(error) => return Err(error),
        };
        let change = tx.commit().await?;
        let cell = cell(&signed, &described, field, &row, &Titles::new());
        Ok(answer(StatusCode::OK, &cell, &saved(signed.texts, &change.to_string())))
    }
    .await;
    outcome.unwrap_or_else(|error| failed(&signed, &error))
}
