//! The page to sign in at.

use axum::response::Response;

use super::{
    bare::{Notice, SignIn},
    html::html,
    wording::spoken,
};
use crate::admin::{access::SignInFailure, base::Base};

/// The form, with what went wrong before. `next` has been checked to be a page of ours. Status and headers of a failure are
/// set by whoever calls.
pub(crate) fn render(base: &Base, next: &str, failure: Option<SignInFailure>) -> Response {
    page(base, next, failure.map(said))
}

/// The form, with something said above it.
pub(crate) fn page(base: &Base, next: &str, notice: Option<Notice>) -> Response {
    html(&SignIn {
        base: base.as_str().to_owned(),
        next: next.to_owned(),
        notice,
    })
}

fn said(failure: SignInFailure) -> Notice {
    let (title, text) = match failure {
        SignInFailure::Missing => (
            "No token was given.",
            "Enter the one that you have.".to_owned(),
        ),
        SignInFailure::WrongToken => (
            "Not let in.",
            "This token is not known. Look whether all of it was copied.".to_owned(),
        ),
        SignInFailure::TooMany(wait) => (
            "Too many attempts have failed.",
            format!("The next one is looked at in {}.", spoken(wait)),
        ),
    };
    Notice {
        bad: true,
        title,
        text,
    }
}
