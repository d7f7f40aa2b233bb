//! The routes of the dashboard.

use std::sync::Arc;

use axum::Router;

use crate::admin::shared::Shared;

/// All pages and what they need.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
}
