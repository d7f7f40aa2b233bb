//! Who may use a page of the dashboard.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;

use super::{identity::Identity, principal::Principal, role::Role};
use crate::admin::{base::Base, problem::Problem};

/// Somebody who may look; nobody in particular is sent to sign in.
#[derive(Clone, Debug)]
pub(crate) struct PageViewer(pub(crate) Principal);

/// Somebody who may act; nobody in particular is sent to sign in, and a viewer gets a problem.
#[derive(Clone, Debug)]
pub(crate) struct PageOperator(pub(crate) Principal);

/// Why somebody does not get a page.
#[derive(Debug)]
pub(crate) enum PageRejection {
    /// They may after signing in, at this address.
    SignIn(String),
    Problem(Problem),
}

impl<S: Sync> FromRequestParts<S> for PageViewer {
    type Rejection = PageRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageRejection> {
        require(parts, Role::Viewer).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for PageOperator {
    type Rejection = PageRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageRejection> {
        require(parts, Role::Operator).map(Self)
    }
}

impl IntoResponse for PageRejection {
    fn into_response(self) -> Response {
        match self {
            // 303, so that what was posted is not posted again to the page of signing in.
            Self::SignIn(address) => Redirect::to(&address).into_response(),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

fn require(parts: &Parts, role: Role) -> Result<Principal, PageRejection> {
    let identity = parts.extensions.get().unwrap_or(&Identity::Nobody);
    if *identity == Identity::Nobody {
        return Err(PageRejection::SignIn(sign_in(parts)));
    }
    let principal = identity.require(role).cloned();
    principal.map_err(PageRejection::Problem)
}

/// The address to sign in at, which leads back to what was asked for.
fn sign_in(parts: &Parts) -> String {
    let base = parts.extensions.get::<Base>().cloned().unwrap_or_default();
    let asked = parts
        .uri
        .path_and_query()
        .map_or("/", |asked| asked.as_str());
    let next = if asked == "/" {
        base.home().to_owned()
    } else {
        base.link(asked)
    };
    format!("{}?next={}", base.link("/sign-in"), encoded(&next))
}

/// For the value of a query (RFC 3986 §2.3 and §3.4).
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            byte => {
                encoded.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(digit.into(), 16);
                    encoded.push(digit.unwrap_or_default().to_ascii_uppercase());
                }
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_as_the_value_of_a_query() {
        let encoded = encoded("/rollout/callers?kind=AGENT&sort=a b%20é");
        assert_eq!(
            encoded,
            "/rollout/callers%3Fkind%3DAGENT%26sort%3Da%20b%2520%C3%A9"
        );
    }
}
