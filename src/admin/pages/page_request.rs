//! The extractor of pages: who requests one, and what it shows.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Query},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use serde::Deserialize;

use super::layout::{PageContext, User};
use crate::{
    admin::{
        access::{Principal, Role},
        login::PageViewer,
        mount_path::MountPath,
        problem::Problem,
        shared::{Shared, blocking},
    },
    census::Window,
    rollout::{Rollout, event::Event},
    time::Timestamp,
};

/// The request of a page by a principal that may see it.
#[derive(Debug)]
pub(crate) struct PageRequest {
    pub(crate) shared: Arc<Shared>,
    pub(crate) base: MountPath,
    principal: Principal,
    /// The event of the form that redirected here.
    done: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct DoneQuery {
    done: Option<u64>,
}

impl PageRequest {
    pub(crate) fn new(shared: Arc<Shared>, base: MountPath, principal: Principal) -> Self {
        Self {
            shared,
            base,
            principal,
            done: None,
        }
    }

    /// Renders a page of the current state, on a thread that may block.
    pub(crate) async fn render(
        self,
        page: impl FnOnce(&Rollout, PageContext) -> Response + Send + 'static,
    ) -> Response {
        let rendered = blocking(move || {
            let context = self.context();
            page(&self.shared.rollout, context)
        });
        rendered.await.unwrap_or_else(Problem::into_response)
    }

    fn context(&self) -> PageContext {
        let rollout = &self.shared.rollout;
        let status = rollout.status();
        PageContext {
            base: self.base.clone(),
            user: User {
                name: self.principal.actor().id.to_string(),
                operator: self.principal.role() == Role::Operator,
            },
            now: Timestamp::now(&*self.shared.clock),
            report: rollout.census().map(|census| census.report(Window::DAY)),
            latest: event(rollout, status.head),
            done: self.done.and_then(|seq| event(rollout, seq)),
            status,
        }
    }
}

/// The event with this number, if the journal can be read and has it.
fn event(rollout: &Rollout, seq: u64) -> Option<Event> {
    let events = rollout.journal().read(seq.checked_sub(1)?, 1).ok()?;
    events.into_iter().next()
}

impl FromRequestParts<Arc<Shared>> for PageRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let viewer = PageViewer::from_request_parts(parts, shared).await;
        let PageViewer(principal) = viewer.map_err(IntoResponse::into_response)?;
        let base = parts.extensions.get().cloned().unwrap_or_default();
        let query = Query::<DoneQuery>::try_from_uri(&parts.uri);
        Ok(Self {
            shared: Arc::clone(shared),
            base,
            principal,
            done: query.ok().and_then(|Query(query)| query.done),
        })
    }
}
