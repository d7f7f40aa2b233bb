//! The routes of the API.

use std::sync::Arc;

use axum::Router;

use crate::admin::shared::Shared;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
}
