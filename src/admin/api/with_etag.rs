//! Responses tied to a head of the journal.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header::ETAG};
use serde::Serialize;

use crate::admin::problem::{Problem, ProblemKind};

/// A JSON response with the head of the journal as its entity tag (RFC 9110 §8.8.3).
///
/// The tag identifies the journal state and not the bytes: figures change without an event. Responses are not cached, so the
/// tag only serves conditions.
pub(crate) struct WithEtag<T>(pub(crate) u64, pub(crate) T);

impl<T: Serialize> IntoResponse for WithEtag<T> {
    fn into_response(self) -> Response {
        let Self(head, value) = self;
        let tag = HeaderValue::from_str(&format!("\"{head}\""));
        let tag = tag.expect("digits in quotes are a header value");
        ([(ETAG, tag)], Json(value)).into_response()
    }
}

/// The problem of a part that the rollout or the service was built without.
pub(crate) fn not_configured(part: &str) -> Problem {
    let detail = format!("The service was built without {part}.");
    Problem::new(ProblemKind::NotConfigured, detail)
}
