//! `GET /api/report`: the census of one window.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{params::Params, response::not_configured};
use crate::{
    admin::{access::Viewer, blocking::blocking, problem::Problem, shared::Shared},
    census::Report,
};

pub(crate) async fn show(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<Json<Report>, Problem> {
    let window = params.window();
    params.finish()?;
    let census = shared.rollout.census().cloned();
    let census = census.ok_or_else(|| not_configured("a census"))?;
    blocking(move || census.report(window)).await.map(Json)
}
