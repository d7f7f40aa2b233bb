//! Access to the pages of the dashboard.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;

use crate::admin::{
    access::{Identity, Principal, Role},
    mount_path::{MountPath, query},
    problem::Problem,
};

/// Extracts a principal that may see a page. A browser without a session is sent to sign in.
#[derive(Clone, Debug)]
pub(crate) struct PageViewer(pub(crate) Principal);

/// Extracts a principal that may submit a form. A browser without a session is sent to sign in; a viewer gets a problem.
#[derive(Clone, Debug)]
pub(crate) struct PageOperator(pub(crate) Principal);

/// Why a page is not served.
#[derive(Debug)]
pub(crate) enum PageRejection {
    /// The address to sign in at.
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
            // 303, so that a form is not posted again to the sign-in page.
            Self::SignIn(address) => Redirect::to(&address).into_response(),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

fn require(parts: &Parts, role: Role) -> Result<Principal, PageRejection> {
    let identity = parts.extensions.get().unwrap_or(&Identity::Anonymous);
    if *identity == Identity::Anonymous {
        return Err(PageRejection::SignIn(sign_in(parts)));
    }
    let principal = identity.require(role).cloned();
    principal.map_err(PageRejection::Problem)
}

/// The address to sign in at, which leads back to the requested page.
fn sign_in(parts: &Parts) -> String {
    let base = parts
        .extensions
        .get::<MountPath>()
        .cloned()
        .unwrap_or_default();
    let requested = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
    let next = match requested {
        "/" => base.home().to_owned(),
        requested => base.link(requested),
    };
    format!("{}{}", base.link("/sign-in"), query(&[("next", &next)]))
}
