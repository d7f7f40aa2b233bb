//! The routes of the dashboard and its assets.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::{
    asset::{self, ICON, SCRIPT, STYLE},
    brownouts, callers, instances, journal, overview, records, rollback, step, waivers,
};
use crate::admin::shared::Shared;

/// All pages and their assets.
pub(crate) fn router() -> Router<Arc<Shared>> {
    let router = Router::new()
        .route("/", get(overview::show))
        .route("/callers", get(callers::show))
        .route("/journal", get(journal::show))
        .route("/instances", get(instances::show))
        .route("/instances/write-off", post(instances::write_off))
        .route("/transition/{step}", get(step::show).post(step::take))
        .route("/rollback", get(rollback::show).post(rollback::roll_back))
        .route("/brownouts", get(brownouts::show).post(brownouts::announce))
        .route("/brownouts/end", post(brownouts::end))
        .route("/records", get(records::show))
        .route("/records/checks", post(records::check))
        .route("/records/incidents", post(records::open_incident))
        .route("/records/incidents/close", post(records::close_incident))
        .route("/records/client-rollbacks", post(records::client_rollback))
        .route("/records/rollbacks/extend", post(records::extend_rollback))
        .route("/waive", get(waivers::show).post(waivers::waive))
        .route("/waive/end", post(waivers::end))
        .route(
            "/post-analysis/{seq}",
            get(rollback::show_analysis).post(rollback::file_analysis),
        );
    [&STYLE, &SCRIPT, &ICON]
        .into_iter()
        .fold(router, |router, asset| {
            router.route(asset.path, asset::route(asset))
        })
}
