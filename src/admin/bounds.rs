//! How large a request may be.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::header::CONTENT_LENGTH;

use super::problem::{Problem, ProblemKind};

/// The most bytes of a body.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// The most bytes of a query.
pub(crate) const MAX_QUERY: usize = 2 * 1024;

/// Turns away what is too large before anything of it is read. A body that does not state its length is measured while it
/// is read.
pub(crate) async fn bound(request: Request, next: Next) -> Response {
    if request.uri().query().map_or(0, str::len) > MAX_QUERY {
        let detail = format!("The query has more than {MAX_QUERY} bytes.");
        return Problem::new(ProblemKind::QueryTooLong, detail).into_response();
    }
    if stated_length(&request).is_some_and(|length| length > MAX_BODY as u64) {
        return too_large().into_response();
    }
    next.run(request).await
}

pub(crate) fn too_large() -> Problem {
    let detail = format!("The body has more than {MAX_BODY} bytes.");
    Problem::new(ProblemKind::BodyTooLarge, detail)
}

fn stated_length(request: &Request) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}
