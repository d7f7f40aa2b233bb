//! `GET /api/curves`: who depended and what was answered, over time.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{params::Params, response::not_configured};
use crate::{
    admin::{access::Viewer, blocking::blocking, problem::Problem, shared::Shared},
    history::{Curves, Span},
};

pub(crate) async fn show(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    mut params: Params,
) -> Result<Json<Curves>, Problem> {
    let span = params.parsed("span").unwrap_or(Span::Day);
    params.finish()?;
    let history = shared.history.clone();
    let history = history.ok_or_else(|| not_configured("a history"))?;
    blocking(move || history.curves(span)).await.map(Json)
}
