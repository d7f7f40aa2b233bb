//! The application: its routes, and the layers in front of them.

use axum::{
    Router,
    http::StatusCode,
    middleware,
    routing::{get, post},
};
use legacy_http_compat::{admin::Admin, migration::Migration};

use super::{
    address::{self, AddressSource},
    admin::ADMIN_PATH,
    compat, correlation,
    error::ApiError,
    routes::{device, health, home, me, metrics, page, token},
    state::AppState,
};

/// The application: the routes behind the compatibility layer, the admin service beside them, and in front of both the
/// layer that determines the client's address. The correlation id is settled outside the compatibility layer, so that the
/// body of a legacy response and the header say the same.
pub(crate) fn app(
    state: AppState,
    migration: &Migration,
    admin: &Admin,
    addresses: AddressSource,
) -> Router {
    compat::in_front_of(router(state), migration)
        .layer(middleware::from_fn(correlation::settle))
        .nest(ADMIN_PATH, admin.router())
        .layer(middleware::from_fn_with_state(addresses, address::note))
}

/// The routes alone: every client gets target responses.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/", get(home::home))
        .nest("/api/v1/auth/clients", api())
        .route("/device", page::routes())
        .route("/device.css", get(page::style))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::healthz))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(correlation::finish))
        .with_state(state)
}

fn api() -> Router<AppState> {
    Router::new()
        .route("/device/start", post(device::start))
        .route("/device/poll", post(device::poll))
        .route("/device/cancel", post(device::cancel))
        .route("/token", post(token::mint))
        .route("/me", get(me::me))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn not_found() -> ApiError {
    let message = "Not found.";
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}

async fn method_not_allowed() -> ApiError {
    ApiError::malformed(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed.")
}
