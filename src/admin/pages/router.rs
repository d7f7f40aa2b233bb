//! The routes of the dashboard and its assets.

use std::sync::Arc;

use axum::{
    Router,
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};
use http::header::CONTENT_TYPE;

use super::{actions, views};
use crate::admin::shared::Shared;

/// All pages and their assets.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(views::overview))
        .route("/callers", get(views::callers))
        .route("/journal", get(views::journal))
        .route("/transition/{step}", get(views::step).post(actions::step))
        .route("/rollback", get(views::rollback).post(actions::rollback))
        .route("/records", get(views::records))
        .route("/records/checks", post(actions::check))
        .route("/records/incidents", post(actions::open_incident))
        .route("/records/incidents/close", post(actions::close_incident))
        .route("/records/client-rollbacks", post(actions::client_rollback))
        .route("/waive", get(views::waivers).post(actions::waive))
        .route("/waive/end", post(actions::end_waiver))
        .route(
            "/post-analysis/{seq}",
            get(views::post_analysis).post(actions::post_analysis),
        )
        .route(
            "/assets/dashboard.css",
            asset(
                "text/css; charset=utf-8",
                include_str!("assets/dashboard.css"),
            ),
        )
        .route(
            "/assets/dashboard.js",
            asset(
                "text/javascript; charset=utf-8",
                include_str!("assets/dashboard.js"),
            ),
        )
        .route(
            "/assets/icon.svg",
            asset("image/svg+xml", include_str!("assets/icon.svg")),
        )
}

fn asset(media: &'static str, text: &'static str) -> MethodRouter<Arc<Shared>> {
    get(move || async move { ([(CONTENT_TYPE, media)], text).into_response() })
}
