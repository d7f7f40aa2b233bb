//! The page that shows people a problem.

use axum::response::Response;

use super::{bare::Failure, html::html};
use crate::admin::{
    base::Base,
    problem::{Problem, ProblemKind},
};

/// The page for a problem. Status and headers of the problem are set by whoever calls.
pub(crate) fn render(base: &Base, problem: &Problem) -> Response {
    let kind = problem.kind();
    let page = Failure {
        base: base.as_str().to_owned(),
        status: kind.status().as_u16(),
        title: kind.title().to_owned(),
        detail: problem.detail().to_owned(),
        remedy: remedy(kind),
    };
    html(&page)
}

const fn remedy(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::NotAllowed => {
            "Sign out, and sign in with an operator’s token, or ask somebody who has one."
        }
        ProblemKind::CrossOrigin => "Open the dashboard itself, and do it there.",
        ProblemKind::Internal | ProblemKind::JournalFailing => {
            "A rollback works even when nothing else does."
        }
        _ => "",
    }
}
