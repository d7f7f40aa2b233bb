//! The routes of the dashboard.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::{acting, assets, looking, signing_in};
use crate::admin::shared::Shared;

/// All pages and what they need.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(looking::overview))
        .route("/callers", get(looking::callers))
        .route("/journal", get(looking::journal))
        .route("/transition/{step}", get(looking::step).post(acting::step))
        .route("/rollback", get(looking::rollback).post(acting::rollback))
        .route("/records", get(looking::records))
        .route("/records/checks", post(acting::check))
        .route("/records/incidents", post(acting::open_incident))
        .route("/records/incidents/close", post(acting::close_incident))
        .route("/records/client-rollbacks", post(acting::client_rollback))
        .route("/waive", get(looking::waivers).post(acting::waive))
        .route("/waive/end", post(acting::end_waiver))
        .route(
            "/post-analysis/{seq}",
            get(looking::analysis).post(acting::analysis),
        )
        .route("/sign-in", get(signing_in::show))
        .route("/assets/dashboard.css", get(assets::style))
        .route("/assets/dashboard.js", get(assets::script))
        .route("/assets/icon.svg", get(assets::icon))
}
