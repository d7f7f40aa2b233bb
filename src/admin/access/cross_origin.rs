//! No page of another site may change anything here.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::admin::problem::{Problem, ProblemKind};

/// Turns away what a page of another origin has sent, by what browsers say of where a request comes from. What is no browser
/// says nothing of it and passes, and needs a token.
pub(crate) fn same_origin_only() -> CsrfLayer<fn(ProtectionError) -> Response<Body>> {
    CsrfLayer::new().with_rejection_response(refuse as fn(ProtectionError) -> Response<Body>)
}

fn refuse(_: ProtectionError) -> Response<Body> {
    let detail = "The request comes from a page of another origin. Behind a proxy, `Host` and `Origin` have to reach \
                  this service unchanged.";
    Problem::new(ProblemKind::CrossOrigin, detail).into_response()
}
