//! Pages as answers.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::admin::problem::{Problem, ProblemKind};

/// A page as an answer.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            let detail = "The page could not be written. The log says why.";
            Problem::new(ProblemKind::Internal, detail).into_response()
        }
    }
}
