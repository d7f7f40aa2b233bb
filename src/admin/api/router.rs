//! The routes of the API.

use std::sync::Arc;

use axum::Router;

use super::routes::ROUTES;
use crate::admin::shared::Shared;

pub(crate) fn router() -> Router<Arc<Shared>> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.path, route.handler())
    })
}
