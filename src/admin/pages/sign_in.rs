//! The page to sign in at.

use axum::response::{Html, IntoResponse as _, Response};

use crate::admin::{access::SignInFailure, base::Base};

/// The form, with what went wrong before. `next` has been checked to be a page of ours. Status and headers of a failure are
/// set by whoever calls.
pub(crate) fn render(base: &Base, next: &str, failure: Option<SignInFailure>) -> Response {
    let _ = (base, next, failure);
    Html("<!doctype html><title>Sign in</title>").into_response()
}
