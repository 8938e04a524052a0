//! The faces of the product: REST with its OpenAPI description, and the web pages. Nothing is
//! decided here: requests become queries and commands, answers become JSON and HTML.

mod api;
mod app;
mod deeds;
mod digest;
mod identity;
mod jobs;
mod mail;
mod params;
#[cfg_attr(not(feature = "pictures"), path = "without_pictures.rs")]
mod picture;
mod problem;
mod rate;
mod routes;
mod security;
mod signed_in;
mod throttle;
mod web;

pub use api::openapi::document as openapi_document;
pub use app::{App, AppConfig};
pub use identity::{LdapConfig, OidcConfig};
pub use jobs::{follow_catalog, run_analyses, run_housekeeping, run_jobs};
pub use mail::MailConfig;
pub use routes::router;

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
    let service = router(app).into_make_service_with_connect_info::<std::net::SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
    serving.await.map_err(guanxi_base::Error::internal)?;
    deeds.flush(&store).await;
    Ok(())
}
