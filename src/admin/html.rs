//! Templates as responses.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::problem::{Problem, ProblemKind};

/// Renders a page.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            let detail = "The page could not be rendered. See the log for the cause.";
            Problem::new(ProblemKind::Internal, detail).into_response()
        }
    }
}
