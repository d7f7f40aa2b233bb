//! Answers that rest on a head of the journal.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::header::ETAG;
use serde::Serialize;

use super::etag::etag;
use crate::admin::problem::{Problem, ProblemKind};

/// A value in JSON with the head that it rests on.
pub(crate) struct AtHead<T>(pub(crate) u64, pub(crate) T);

impl<T: Serialize> IntoResponse for AtHead<T> {
    fn into_response(self) -> Response {
        let Self(head, value) = self;
        ([(ETAG, etag(head))], Json(value)).into_response()
    }
}

/// The problem of asking for what the rollout or the service was built without.
pub(crate) fn not_configured(what: &str) -> Problem {
    let detail = format!("The service was built without {what}.");
    Problem::new(ProblemKind::NotConfigured, detail)
}
