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
    access::{Identity, Principal, Role},
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
struct SignInPage<'a> {
    base: &'a MountPath,
    /// The address of the form.
    action: String,
    /// What it sends besides the token: the page to return to, or a form that was interrupted.
    fields: Vec<(String, String)>,
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
    uri: Uri,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    query: Result<Query<NextQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let next = base.page(&query.next);
    if matches!(identity, Identity::Known(_)) {
        return Redirect::to(next.unwrap_or(base.home())).into_response();
    }
    let had_session = shared.cookie(&uri, &headers).read(&headers).is_some();
    let notice = Notice::on_arrival(had_session, next.is_some_and(|next| next != base.home()));
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
    match by_token(&shared, &form.token, &parts).await {
        Ok(principal) => open_session(&shared, &principal, &base, &parts)
            .await
            .map_or_else(Problem::into_response, |cookie| {
                redirect(base.page(&form.next).unwrap_or(base.home()), cookie)
            }),
        Err(failure) => failure.on(page(&base, base.page(&form.next), Some(failure.notice()))),
    }
}

/// Why a sign-in failed.
#[derive(Debug)]
pub(crate) struct SignInFailure {
    identity: Identity,
    problem: Problem,
}

/// The principal of a token that was typed.
pub(crate) async fn by_token(
    shared: &Arc<Shared>,
    token: &str,
    parts: &Parts,
) -> Result<Principal, SignInFailure> {
    let identity = match token.trim() {
        "" => Identity::Anonymous,
        token => verify(shared, token.as_bytes(), &parts.extensions),
    };
    if identity == Identity::WrongToken {
        record_refusal(shared, AccessKind::SignIn).await;
    }
    let principal = identity.require(Role::Viewer).cloned();
    principal.map_err(|problem| SignInFailure { identity, problem })
}

/// The sign-in page in place of the page of a form whose session has ended. It sends the form again, with the token.
pub(crate) fn interrupted(
    base: &MountPath,
    action: String,
    fields: Vec<(String, String)>,
    failure: Option<&SignInFailure>,
) -> Response {
    let page = html(&SignInPage {
        base,
        action,
        fields,
        notice: Some(failure.map_or_else(Notice::interrupted, SignInFailure::notice)),
    });
    match failure {
        Some(failure) => failure.on(page),
        None => match Identity::Anonymous.require(Role::Viewer) {
            Err(problem) => with_head_of(page, &problem),
            Ok(_) => page,
        },
    }
}

async fn end(
    State(shared): State<Arc<Shared>>,
    base: MountPath,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let cookie = shared.cookie(&uri, &headers);
    end_session(&shared, cookie.read(&headers)).await;
    redirect(&base.link("/sign-in"), cookie.removal(&base))
}

/// Begins a session; its cookie is for the response.
pub(crate) async fn open_session(
    shared: &Arc<Shared>,
    principal: &Principal,
    base: &MountPath,
    parts: &Parts,
) -> Result<HeaderValue, Problem> {
    let cookie = shared.cookie(&parts.uri, &parts.headers);
    // Signing in again leaves no earlier session open.
    end_session(shared, cookie.read(&parts.headers)).await;
    let of = principal.clone();
    let secret = shared.with_sessions(move |sessions, now| sessions.begin(&of, now));
    let secret = secret.await?;
    let secret = secret.map_err(|error| {
        tracing::error!(%error, "no random bytes for a session");
        let detail = "The session could not be created. See the log for the cause.";
        Problem::new(ProblemKind::Internal, detail)
    })?;
    tracing::info!(actor = %principal.actor, role = principal.role.as_str(), "signed in");
    Ok(cookie.session(secret.as_str(), shared.sessions.lifetime(), base))
}

async fn end_session(shared: &Arc<Shared>, secret: Option<&str>) {
    if let Some(secret) = secret.map(str::to_owned) {
        // A failure is logged.
        let _ = shared
            .with_sessions(move |sessions, _| sessions.end(&secret))
            .await;
    }
}

impl SignInFailure {
    /// The page with the status and the headers of the problem.
    fn on(&self, mut page: Response) -> Response {
        if self.identity == Identity::Anonymous {
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return page;
        }
        with_head_of(page, &self.problem)
    }
}

fn with_head_of(mut page: Response, problem: &Problem) -> Response {
    *page.status_mut() = problem.kind().status();
    page.headers_mut().extend(problem.headers().clone());
    page
}

fn page(base: &MountPath, next: Option<&str>, notice: Option<Notice>) -> Response {
    let next = next.unwrap_or(base.home()).to_owned();
    html(&SignInPage {
        base,
        action: base.link("/sign-in"),
        fields: vec![("next".to_owned(), next)],
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
    fn on_arrival(had_session: bool, came_from_a_page: bool) -> Option<Self> {
        let (title, text) = if had_session {
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

    /// A form was sent without a session.
    fn interrupted() -> Self {
        Self {
            is_error: false,
            title: "Your session has ended. Nothing was carried out.",
            text: "Sign in, and the form is shown again with what you entered.".to_owned(),
        }
    }
}

impl SignInFailure {
    fn notice(&self) -> Notice {
        let (title, text) = match &self.identity {
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
        Notice {
            is_error: true,
            title,
            text,
        }
    }
}
