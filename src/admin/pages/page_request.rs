//! The extractor of pages: who requests one, and what it shows.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;

use super::{layout::Layout, rehearsed::Rehearsed};
use crate::{
    admin::{
        access::{Identity, Principal, Role},
        mount_path::{MountPath, query},
        params::Params,
        problem::Problem,
        shared::{Shared, blocking},
    },
    census::{Report, Window},
    rollout::{Rollout, event::Event},
};

/// The request of a page by a principal that may see it.
///
/// The parameters need not be finished: every one has a default, which takes the place of an invalid value.
#[derive(Debug)]
pub(crate) struct PageRequest {
    pub(crate) shared: Arc<Shared>,
    pub(crate) base: MountPath,
    pub(crate) principal: Principal,
    pub(crate) params: Params,
}

impl PageRequest {
    /// The request of a principal with this role or a higher one. Without credentials a browser is sent to sign in.
    pub(super) async fn of(
        parts: &mut Parts,
        shared: &Arc<Shared>,
        role: Role,
    ) -> Result<Self, Response> {
        let base: MountPath = parts.extensions.get().cloned().unwrap_or_default();
        let identity = parts.extensions.get().unwrap_or(&Identity::Anonymous);
        if *identity == Identity::Anonymous {
            return Err(Redirect::to(&sign_in(&base, parts)).into_response());
        }
        let principal = identity.require(role).cloned();
        let principal = principal.map_err(Problem::into_response)?;
        let params = Params::from_request_parts(parts, shared).await;
        Ok(Self {
            shared: Arc::clone(shared),
            base,
            principal,
            params: params.map_err(Problem::into_response)?,
        })
    }

    /// Renders a page of the current state, on a thread that may block.
    pub(crate) async fn render(
        self,
        title: &'static str,
        page: impl FnOnce(&Rollout, &Layout) -> Response + Send + 'static,
    ) -> Response {
        let rendered = blocking(move || {
            let shared = Arc::clone(&self.shared);
            page(&shared.rollout, &self.layout(title))
        });
        rendered.await.unwrap_or_else(Problem::into_response)
    }

    fn layout(mut self, title: &'static str) -> Layout {
        let rollout = &self.shared.rollout;
        let status = rollout.status();
        let done = self.params.parsed("done");
        let evaluation = rollout.evaluation();
        let history = self.shared.history.as_ref();
        let is_day = |report: &&Report| report.window_ms == Window::DAY.as_millis();
        Layout {
            title,
            base: self.base,
            principal: self.principal,
            now: rollout.now(),
            report: evaluation.reports.iter().find(is_day).cloned(),
            stranded: evaluation.stranded.clone(),
            skips: history.map_or_else(Vec::new, |history| history.skips()),
            rehearsed: Rehearsed::new(rollout.rehearsed()),
            evaluated: evaluation.at,
            flag_changes: self.shared.flag_changes.read(&**rollout.journal()),
            fleet: rollout.fleet_view(&status),
            latest: event(rollout, status.head.seq),
            done: done.and_then(|seq| event(rollout, seq)),
            status,
        }
    }
}

impl FromRequestParts<Arc<Shared>> for PageRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        Self::of(parts, shared, Role::Viewer).await
    }
}

/// The address to sign in at, which leads back to the requested page.
fn sign_in(base: &MountPath, parts: &Parts) -> String {
    let requested = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
    let next = match requested {
        "/" => base.home().to_owned(),
        requested => base.link(requested),
    };
    format!("{}{}", base.link("/sign-in"), query(&[("next", &next)]))
}

/// The event with this number, if the journal can be read and has it.
fn event(rollout: &Rollout, seq: u64) -> Option<Event> {
    let events = rollout.journal().read(seq.checked_sub(1)?, 1).ok()?;
    events.into_iter().next()
}
