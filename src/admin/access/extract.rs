//! Who may use a route of the API.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{identity::Identity, principal::Principal, role::Role};
use crate::admin::problem::Problem;

/// Somebody who may look; everybody else gets a problem.
#[derive(Clone, Debug)]
pub(crate) struct Viewer(pub(crate) Principal);

/// Somebody who may act; everybody else gets a problem.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Principal);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        require(parts, Role::Viewer).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        require(parts, Role::Operator).map(Self)
    }
}

fn require(parts: &Parts, role: Role) -> Result<Principal, Problem> {
    let identity = parts.extensions.get().unwrap_or(&Identity::Nobody);
    identity.require(role).cloned()
}
