//! `GET /api/curves`: who depended and what was answered, over time.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{params::Params, response::not_configured};
use crate::{
    admin::history::{HistoryRange, TimeSeries},
    admin::{access::Viewer, blocking::blocking, problem::Problem, shared::Shared},
};

pub(crate) async fn show(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<Json<TimeSeries>, Problem> {
    let span = params.parsed("span").unwrap_or(HistoryRange::Day);
    params.finish()?;
    let history = shared.history.clone();
    let history = history.ok_or_else(|| not_configured("a history"))?;
    blocking(move || history.time_series(span)).await.map(Json)
}
