//! Signing in and out with a browser: the form, the session that it begins, and its end.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Router,
    extract::{
        Form, Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header::SET_COOKIE, request::Parts};
use serde::Deserialize;

use super::{
    access::{Identity, Principal, Role, cookie},
    authenticate::{AccessKind, record_refusal, verify},
    format::duration,
    layers::rejected_form,
    mount_path::MountPath,
    problem::{Problem, ProblemKind},
    shared::{Shared, html},
};

/// The sign-in page.
#[derive(Debug, Template)]
#[template(
    path = "sign_in.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct SignInPage {
    base: String,
    /// The page to return to.
    next: String,
    notice: Option<Notice>,
}

/// A message above the form.
#[derive(Clone, Debug)]
struct Notice {
    is_error: bool,
    title: &'static str,
    text: String,
}

/// The fields of the form. No `Debug`: one is the token.
#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Default, Deserialize)]
struct NextQuery {
    #[serde(default)]
    next: String,
}

/// The routes that show the form, begin a session and end it.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sign-in", get(show).post(begin))
        .route("/sign-out", axum::routing::post(end))
}

/// The form, with the reason why it is shown. A browser that is signed in is sent on.
async fn show(
    State(shared): State<Arc<Shared>>,
    base: MountPath,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    query: Result<Query<NextQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let next = base.page(&query.next);
    if matches!(identity, Identity::Known(_)) {
        return Redirect::to(next.unwrap_or(base.home())).into_response();
    }
    let notice = Notice::on_arrival(
        cookie::read(&shared.cookie, &headers),
        next.is_some_and(|next| next != base.home()),
    );
    page(&base, next, notice)
}

async fn begin(
    State(shared): State<Arc<Shared>>,
    base: MountPath,
    parts: Parts,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return rejected_form(&rejection).into_response(),
    };
    let token = form.token.trim();
    let identity = match token {
        "" => Identity::Anonymous,
        token => verify(&shared, token.as_bytes(), &parts.extensions),
    };
    if identity == Identity::WrongToken {
        record_refusal(&shared, AccessKind::SignIn).await;
    }
    match identity.require(Role::Viewer) {
        Ok(principal) => open_session(&shared, principal, (&base, &form.next), &parts),
        Err(problem) => failed(&base, &form.next, &identity, &problem),
    }
}

async fn end(
    State(shared): State<Arc<Shared>>,
    base: MountPath,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Some(secret) = cookie::read(&shared.cookie, &headers) {
        shared.sessions.end(secret);
    }
    let cookie = cookie::removal(&shared.cookie, &base, cookie::is_secure(&uri, &headers));
    redirect(&base.link("/sign-in"), cookie)
}

fn open_session(
    shared: &Shared,
    principal: &Principal,
    (base, next): (&MountPath, &str),
    parts: &Parts,
) -> Response {
    // Signing in again leaves no earlier session open.
    if let Some(secret) = cookie::read(&shared.cookie, &parts.headers) {
        shared.sessions.end(secret);
    }
    let secret = match shared.sessions.begin(principal, shared.clock.monotonic()) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(%error, "no random bytes for a session");
            let detail = "The session could not be created. See the log for the cause.";
            return Problem::new(ProblemKind::Internal, detail).into_response();
        }
    };
    tracing::info!(actor = %principal.actor, role = principal.role.as_str(), "signed in");
    let secure = cookie::is_secure(&parts.uri, &parts.headers);
    let lifetime = shared.sessions.lifetime();
    let cookie = cookie::session(&shared.cookie, secret.as_str(), lifetime, base, secure);
    redirect(base.page(next).unwrap_or(base.home()), cookie)
}

/// The form again, with the error, and with status and headers of the problem that it amounts to.
fn failed(base: &MountPath, next: &str, identity: &Identity, problem: &Problem) -> Response {
    let mut response = page(base, base.page(next), Some(Notice::of(identity)));
    if *identity == Identity::Anonymous {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    } else {
        *response.status_mut() = problem.kind().status();
        response.headers_mut().extend(problem.headers().clone());
    }
    response
}

fn page(base: &MountPath, next: Option<&str>, notice: Option<Notice>) -> Response {
    html(&SignInPage {
        base: base.as_str().to_owned(),
        next: next.unwrap_or(base.home()).to_owned(),
        notice,
    })
}

fn redirect(address: &str, cookie: HeaderValue) -> Response {
    let mut response = Redirect::to(address).into_response();
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

impl Notice {
    /// A cookie without a session was left by one that has ended; the browser may also have dropped it by itself.
    fn on_arrival(secret: Option<&str>, came_from_a_page: bool) -> Option<Self> {
        let (title, text) = if secret.is_some() {
            (
                "Your session has ended.",
                "Sign in again to continue where you were.",
            )
        } else if came_from_a_page {
            (
                "Sign in to see this page.",
                "You are taken to it afterwards.",
            )
        } else {
            return None;
        };
        Some(Self {
            is_error: false,
            title,
            text: text.to_owned(),
        })
    }

    /// Why a sign-in failed.
    fn of(identity: &Identity) -> Self {
        let (title, text) = match identity {
            Identity::TooMany(wait) => (
                "Too many failed attempts.",
                format!("Try again in {}.", duration(*wait)),
            ),
            Identity::Anonymous => ("Token missing.", "Enter your token.".to_owned()),
            _ => (
                "Unknown token.",
                "Check that the whole token was copied.".to_owned(),
            ),
        };
        Self {
            is_error: true,
            title,
            text,
        }
    }
}
