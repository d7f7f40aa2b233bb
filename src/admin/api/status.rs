//! `GET /api/status`: how the rollout stands.

use std::sync::Arc;

use axum::extract::State;

use super::{params::Params, response::AtHead, status_view::StatusView};
use crate::admin::{access::Viewer, blocking::blocking, problem::Problem, shared::Shared};

pub(crate) async fn show(
    Viewer(principal): Viewer,
    State(shared): State<Arc<Shared>>,
    params: Params,
) -> Result<AtHead<StatusView>, Problem> {
    params.finish()?;
    let view = blocking(move || StatusView::now(&shared, &principal)).await?;
    Ok(AtHead(view.head(), view))
}
