//! The page that shows people a problem.

use axum::response::Response;

use crate::admin::{base::Base, problem::Problem};

/// The page for a problem, where there is one. Status and headers of the problem are set by whoever calls.
pub(crate) fn render(base: &Base, problem: &Problem) -> Option<Response> {
    let _ = (base, problem);
    None
}
