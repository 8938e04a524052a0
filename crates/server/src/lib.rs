//! The faces of the product: REST with its OpenAPI description, and the web pages. Nothing is
//! decided here: requests become queries and commands, answers become JSON and HTML.

mod api;
mod app;
mod connections;
mod deeds;
mod device;
mod digest;
mod gate;
mod identity;
mod jobs;
mod mail;
mod once;
mod own_page;
mod params;
#[cfg_attr(not(feature = "pictures"), path = "without_pictures.rs")]
mod picture;
mod place;
mod problem;
mod rate;
mod routes;
mod security;
mod signed_in;
mod throttle;
mod upload;
mod web;

pub use api::openapi::document as openapi_document;
pub use app::{App, AppConfig};
pub use connections::{HEAD_BYTES_MAX, Limits};
pub use identity::{LdapConfig, OidcConfig};
pub use jobs::{follow_catalog, run_analyses, run_housekeeping, run_jobs};
pub use mail::MailConfig;
pub use routes::{BODY_BYTES_MAX, UPLOAD_BYTES_MAX, router};

use connections::Peers;

/// Serves until `stop` is ready, then lets the requests that run come to their end.
///
/// # Errors
/// When the network fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> guanxi_base::Result<()> {
    let (deeds, store) = (app.deeds.clone(), app.store.clone());
    let peers = if app.config.behind_https { Peers::Proxy } else { Peers::Callers };
    let limits = app.config.limits;
    connections::serve(listener, router(app), limits, peers, stop).await?;
    deeds.flush(&store).await;
    Ok(())
}
