//! The table of contents of everything that can be asked for.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{MethodRouter, get, patch, post};
use guanxi_store::MAX_FILE_BYTES;
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::{api, security, web};

/// A form or a record is never larger.
pub const BODY_BYTES_MAX: usize = 2 << 20;

/// A file and the form around it.
pub const UPLOAD_BYTES_MAX: usize = MAX_FILE_BYTES + (1 << 20);

/// All routes of the server.
pub fn router(app: App) -> Router {
    let uploads = Router::new()
        .route("/api/v1/imports", post(api::begin_import))
        .route("/api/v1/imports/examine", post(api::examine_import))
        .route("/import/file", post(web::import_upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX));
    Router::new()
        .merge(api_routes())
        .merge(page_routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .merge(uploads)
        .layer(CompressionLayer::new().gzip(true))
        .route("/assets/{name}", get(web::asset))
        .method_not_allowed_fallback(web::page_above)
        .layer(middleware::from_fn_with_state(app.clone(), security::pass))
        .with_state(app)
}

fn api_routes() -> Router<App> {
    Router::new()
        .route("/api/openapi.json", get(api::document_answer))
        .route("/api/docs", get(api::docs))
        .route("/api/v1/describe", get(api::describe))
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/undo", post(api::undo))
        .route("/api/v1/imports/{id}/{action}", post(api::stop_import))
        .route("/api/v1/imports/{id}/undo", post(api::undo_import))
        .route("/api/v1/customer/alike", get(api::alike))
        .route("/api/v1/customer_pair/{id}/decide", post(api::decide_pair))
        .route("/api/v1/customer_merge/{id}/undo", post(api::undo_merge))
        .route("/api/v1/chart/{id}/numbers", get(api::chart_numbers))
        .route("/api/v1/subscription/{id}/decline", post(api::decline))
        .route("/api/v1/segment/{id}/knowledge/{what}", get(api::segment_knowledge))
        .route("/api/v1/{type}", get(api::list).post(api::create))
        .route("/api/v1/{type}/bulk", post(api::bulk))
        .route("/api/v1/{type}/aggregate", get(api::aggregate))
        .route("/api/v1/{type}/export", get(api::export))
        .route("/api/v1/{type}/{id}", get(api::get).merge(patch(api::update)))
        .route("/api/v1/{type}/{id}/archive", post(api::archive))
        .route("/api/v1/{type}/{id}/restore", post(api::restore))
        .route("/api/v1/{type}/{id}/history", get(api::history))
}

/// Forms may carry files.
fn with_files(route: MethodRouter<App>) -> MethodRouter<App> {
    route.layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
}

fn page_routes() -> Router<App> {
    Router::new()
        .route("/", get(web::home))
        .route("/first-steps/hide", post(web::hide_first_steps))
        .route("/login", get(web::login_form).post(web::sign_in))
        .route("/login/code", get(web::code_form).post(web::sign_in_code))
        .route("/login/forgot", get(web::forgot_form).post(web::forgot))
        .route("/login/password", get(web::password_form).post(web::choose_password))
        .route("/login/oidc", get(web::oidc_begin))
        .route("/login/oidc/back", get(web::oidc_back))
        .route("/approvals", get(web::approvals))
        .route("/approvals/count", get(web::count_waiting))
        .route("/approvals/{id}", post(web::decide_task))
        .route("/approvals/{id}/withdraw", post(web::withdraw_request))
        .route("/privacy/{id}", get(web::privacy_report))
        .route("/insights", get(web::insights))
        .route("/insights/run", post(web::run_analysis))
        .route("/segment/new", get(web::new_segment))
        .route("/segment/build", post(web::build_segment))
        .route("/segment/{id}/edit", get(web::edit_segment))
        .route("/segment/{id}/alike", get(web::alike_segment))
        .route("/chart/new", get(web::new_chart))
        .route("/chart/build", post(web::build_chart))
        .route("/chart/{id}/edit", get(web::edit_chart))
        .route("/chart/{id}/body", get(web::chart_body))
        .route("/{type}/{id}/subscribe", post(web::subscribe))
        .route("/order/deliveries", get(web::order_deliveries).post(web::order_deliveries))
        .route("/customer/alike", get(web::alike_customers).post(web::alike_customers))
        .route("/customer_pair/{id}/decide", post(web::decide_pair))
        .route("/customer_merge/{id}/undo", post(web::undo_merge))
        .route("/notices", get(web::notices))
        .route("/notices/count", get(web::unread_notices))
        .route("/notices/read", post(web::read_notices))
        .route("/notices/{id}/decline", post(web::decline_notices))
        .route("/audit", get(web::audit))
        .route("/account", get(web::account))
        .route("/account/password", post(web::change_password))
        .route("/account/second-factor", post(web::confirm_second))
        .route("/account/second-factor/begin", post(web::begin_second))
        .route("/account/second-factor/remove", post(web::remove_second))
        .route("/account/token", post(web::create_token))
        .route("/account/sign-in/{id}/end", post(web::end_sign_in))
        .route("/user/{id}/invite", post(web::invite))
        .route("/user/{id}/help/{action}", post(web::help_user))
        .route("/logout", post(web::sign_out))
        .route("/language", post(web::language))
        .route("/theme", post(web::theme))
        .route("/undo", post(web::undo))
        .route("/files/{id}", get(web::file))
        .route("/import", get(web::import_new))
        .route("/import/preview", get(web::import_preview_page).post(web::import_mapping))
        .route("/import/columns", get(web::import_columns_page).post(web::import_columns))
        .route("/import/start", post(web::import_start))
        .route("/import/{id}", get(web::import_result))
        .route("/import/{id}/errors", get(web::import_errors))
        .route("/import/{id}/{action}", post(web::import_action))
        .route("/{type}", get(web::list).merge(with_files(post(web::create))))
        .route("/{type}/new", get(web::new_form))
        .route("/{type}/form", post(web::refresh_form))
        .route("/{type}/fill", get(web::fill_line).post(web::fill_line))
        .route("/{type}/more", get(web::more))
        .route("/{type}/total", get(web::total))
        .route("/{type}/bulk", post(web::bulk))
        .route("/{type}/views", post(web::create_view))
        .route("/{type}/views/{id}", post(web::update_view))
        .route("/{type}/{id}", get(web::show).merge(with_files(post(web::update))))
        .route("/user/{id}/hand-over", get(web::hand_over_form).post(web::hand_over_now))
        .route("/{type}/{id}/edit", get(web::edit_form))
        .route("/{type}/{id}/privacy", get(web::privacy_form).post(web::privacy_begin))
        .route("/{type}/{id}/access", get(web::access))
        .route("/{type}/{id}/ask-approval", with_files(post(web::ask_approval)))
        .route("/{type}/{id}/share", post(web::share))
        .route("/{type}/{id}/unshare", post(web::unshare))
        .route("/{type}/{id}/reveal/{field}", post(web::reveal))
        .route("/{type}/{id}/file/{field}", get(web::file_of))
        .route("/{type}/{id}/cell/{field}", get(web::edit_cell).post(web::save_cell))
        .route("/{type}/{id}/archive", post(web::archive))
        .route("/{type}/{id}/restore", post(web::restore))
        .route("/{type}/{id}/undo/{change}", get(web::undo_form))
}
