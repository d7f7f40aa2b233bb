//! Signing in and out.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Form, State, rejection::FormRejection},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header::SET_COOKIE, request::Parts};
use serde::Deserialize;

use super::{
    attempts::Attempted,
    cookie,
    failure::SignInFailure,
    identity::{too_many, wrong_token},
    peer::Peer,
    principal::{Principal, Via},
    refused::{Tried, record},
};
use crate::admin::{
    base::Base,
    body::rejected_form,
    pages::sign_in,
    problem::{Problem, ProblemKind},
    shared::Shared,
};

/// What the form sends. No `Debug`: it holds the token.
#[derive(Deserialize)]
pub(crate) struct SignIn {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

/// The routes that begin and end a session. The form itself is a page.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sign-in", post(begin))
        .route("/sign-out", post(end))
}

async fn begin(
    State(shared): State<Arc<Shared>>,
    base: Base,
    parts: Parts,
    form: Result<Form<SignIn>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return rejected_form(&rejection).into_response(),
    };
    let token = form.token.trim();
    if token.is_empty() {
        return failed(&base, &form.next, SignInFailure::Missing);
    }
    let (peer, now) = (Peer::of(&parts.extensions), shared.clock.monotonic());
    let look = || shared.tokens.find(token.as_bytes(), Via::Bearer);
    match shared.attempts.attempt(peer, now, look) {
        Attempted::Known(principal) => welcome(&shared, &principal, (&base, &form.next), &parts),
        Attempted::Wrong => {
            record(&shared, Tried::SignIn).await;
            failed(&base, &form.next, SignInFailure::WrongToken)
        }
        Attempted::TooMany(wait) => failed(&base, &form.next, SignInFailure::TooMany(wait)),
    }
}

async fn end(
    State(shared): State<Arc<Shared>>,
    base: Base,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Some(secret) = cookie::read(&headers) {
        shared.sessions.end(secret);
    }
    let cookie = cookie::take_back(&base, cookie::is_secure(&uri, &headers));
    go_to(&base.link("/sign-in"), cookie)
}

fn welcome(
    shared: &Shared,
    principal: &Principal,
    (base, next): (&Base, &str),
    parts: &Parts,
) -> Response {
    // Whoever signs in anew leaves no earlier session open behind them.
    if let Some(secret) = cookie::read(&parts.headers) {
        shared.sessions.end(secret);
    }
    let secret = match shared.sessions.begin(principal, shared.clock.monotonic()) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(%error, "a session needs random bytes and there are none");
            let detail = "No session could be begun. The log says why.";
            return Problem::new(ProblemKind::Internal, detail).into_response();
        }
    };
    let (actor, role) = (principal.actor(), principal.role().as_str());
    tracing::info!(%actor, role, "signed in");
    let secure = cookie::is_secure(&parts.uri, &parts.headers);
    let lifetime = shared.sessions.lifetime();
    let cookie = cookie::give(secret.as_str(), lifetime, base, secure);
    go_to(base.page(next).unwrap_or(base.home()), cookie)
}

/// The form again, with what was wrong.
fn failed(base: &Base, next: &str, failure: SignInFailure) -> Response {
    let problem = match failure {
        SignInFailure::Missing => None,
        SignInFailure::WrongToken => Some(wrong_token()),
        SignInFailure::TooMany(wait) => Some(too_many(wait)),
    };
    let next = base.page(next).unwrap_or(base.home());
    let mut response = sign_in::render(base, next, Some(failure));
    *response.status_mut() = problem
        .as_ref()
        .map_or(StatusCode::UNPROCESSABLE_ENTITY, |problem| {
            problem.kind().status()
        });
    if let Some(problem) = problem {
        response.headers_mut().extend(problem.headers().clone());
    }
    response
}

fn go_to(address: &str, cookie: HeaderValue) -> Response {
    let mut response = Redirect::to(address).into_response();
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}
