//! A look at a page: who looks, and at what.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Query},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use serde::Deserialize;

use super::frame::{Scene, Who};
use crate::time::Timestamp;
use crate::{
    admin::{
        access::{PageViewer, Principal, Role},
        base::Base,
        blocking::blocking,
        problem::Problem,
        shared::Shared,
    },
    census::Window,
    rollout::{Rollout, event::Event},
};

/// A look at a page by somebody who may look.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    pub(crate) base: Base,
    principal: Principal,
    /// The event that the form before this page has led to.
    done: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    done: Option<u64>,
}

impl Visit {
    pub(crate) fn new(shared: Arc<Shared>, base: Base, principal: Principal) -> Self {
        Self {
            shared,
            base,
            principal,
            done: None,
        }
    }

    /// Draws a page of what is seen, on a thread that may block.
    pub(crate) async fn draw(
        self,
        page: impl FnOnce(&Rollout, Scene) -> Response + Send + 'static,
    ) -> Response {
        let drawn = blocking(move || {
            let scene = self.scene();
            page(&self.shared.rollout, scene)
        });
        drawn.await.unwrap_or_else(Problem::into_response)
    }

    fn scene(&self) -> Scene {
        let rollout = &self.shared.rollout;
        let status = rollout.status();
        Scene {
            base: self.base.as_str().to_owned(),
            who: Who {
                name: self.principal.actor().id().to_string(),
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

impl FromRequestParts<Arc<Shared>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let viewer = PageViewer::from_request_parts(parts, shared).await;
        let PageViewer(principal) = viewer.map_err(IntoResponse::into_response)?;
        let base = parts.extensions.get::<Base>().cloned().unwrap_or_default();
        let asked = Query::<Asked>::try_from_uri(&parts.uri);
        Ok(Self {
            shared: Arc::clone(shared),
            base,
            principal,
            done: asked.ok().and_then(|Query(asked)| asked.done),
        })
    }
}
