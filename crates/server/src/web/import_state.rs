//! What a person has chosen so far on their way through an import: kept under an id that stands in the address
//! of each step, so that reloading, going back or another language loses nothing. It is kept as a file that
//! nothing names, and is gone a day later unless the import was begun.

use axum::response::{IntoResponse, Redirect, Response};
use guanxi_base::{Error, RawId, Result};
use guanxi_crm::exchange::keeping;

use super::fields::Entries;
use crate::api::parse_id;
use crate::app::App;
use crate::params::{self, Params};
use crate::signed_in::SignedIn;
use crate::upload::OnDisk;

/// The parameter of a step's address.
pub(super) const STATE: &str = "state";

/// Keeps a form, and goes to a step with it.
pub(super) async fn go_on(
    app: &App,
    signed: &SignedIn,
    step: &str,
    form: &Params,
) -> Result<Response> {
    let content = serde_json::to_vec(form).map_err(Error::internal)?;
    let mut tx = app.store.write(&keeping(&signed.actor)).await?;
    let name = params::one(form, "name").unwrap_or_default();
    let name = format!("{name}.mapping.json");
    let kept = tx.create_file(&name, "application/json", content).await?.id;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/import/{step}?{STATE}={kept}")).into_response())
}

/// What was kept; nothing where that is long ago, or somebody else's.
pub(super) async fn kept(
    app: &App,
    signed: &SignedIn,
    given: &Params,
) -> Result<Option<(Entries, RawId, OnDisk)>> {
    let Some(id) = params::one(given, STATE) else { return Ok(None) };
    let mut view = app.store.read(&signed.actor).await?;
    let form = match view.file(parse_id(id)?).await {
        Ok((_, form)) => form,
        Err(Error::NotFound | Error::Forbidden) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(form) = serde_json::from_slice::<Params>(&form) else { return Ok(None) };
    let entries = Entries::sent(form);
    let file = parse_id(entries.text("file"))?;
    match view.file(file).await {
        Ok((_, content)) => Ok(Some((entries, file, OnDisk::of(content).await?))),
        Err(Error::NotFound | Error::Forbidden) => Ok(None),
        Err(error) => Err(error),
    }
}
