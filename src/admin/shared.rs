//! What all handlers share: the state, work that blocks, and pages as responses.

use std::{fmt, sync::Arc, time::Duration};

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderMap, Uri};
use tokio::task::spawn_blocking;

use super::{
    access::{LoginThrottle, Principal, SessionCookie, Sessions, Tokens, Via},
    event_hub::EventHub,
    flag_changes::FlagChanges,
    mount_path::MountPath,
    problem::{Problem, ProblemKind},
};
use crate::{admin::history::History, rollout::Rollout, time::Clock};

/// The state that all requests share.
pub(crate) struct Shared {
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) tokens: Tokens,
    pub(crate) history: Option<Arc<History>>,
    pub(crate) sessions: Sessions,
    pub(crate) throttle: LoginThrottle,
    /// The clock of sessions and failed attempts; pages go by the clock of the rollout.
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: EventHub,
    pub(crate) flag_changes: FlagChanges,
    /// The configured prefix, for a proxy that changes the path.
    pub(crate) public_path: Option<MountPath>,
}

impl Shared {
    /// The cookie of sessions in the requests to a host.
    pub(crate) fn cookie(&self, uri: &Uri, headers: &HeaderMap) -> SessionCookie {
        SessionCookie::of(&self.rollout.status().state.flag_name, uri, headers)
    }

    /// Whether the credentials of a request are still valid: a session may have ended since.
    pub(crate) async fn is_current(self: &Arc<Self>, principal: &Principal) -> bool {
        let Via::Session(key) = principal.via else {
            return true;
        };
        self.with_sessions(move |sessions, now| sessions.is_open(key, now))
            .await
            .unwrap_or(false)
    }

    /// Does something with the sessions, on a thread that may block if they are in a table.
    pub(crate) async fn with_sessions<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Sessions, Duration) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let now = self.clock.monotonic();
        if !self.sessions.are_shared() {
            return Ok(work(&self.sessions, now));
        }
        let shared = Arc::clone(self);
        blocking(move || work(&shared.sessions, now)).await
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("rollout", &self.rollout)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// Runs work that waits for a disk or walks all callers, on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request was not completed");
        let detail = "The request was not completed. See the log for the cause.";
        Problem::new(ProblemKind::Internal, detail)
    })
}

/// Renders a page; an error in its template is a problem.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            let detail = "The page could not be rendered. See the log for the cause.";
            Problem::new(ProblemKind::Internal, detail).into_response()
        }
    }
}
