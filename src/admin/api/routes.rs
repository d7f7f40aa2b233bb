//! All routes of the API in one table: the router is built from it, and tests compare the documentation with it.

use std::sync::Arc;

use axum::{
    Router,
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use http::header::CONTENT_TYPE;

use super::{
    census::{callers, report, timeseries},
    commands::command,
    events::events,
    journal::journal,
    rollout::{dry_run, status},
};
use crate::admin::{command::CommandKind, shared::Shared};

/// The `OpenAPI` 3.1 document.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// One route.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) action: Action,
}

/// What a route does. Its handler checks the role.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// `GET`: changes nothing.
    Show(fn() -> MethodRouter<Arc<Shared>>),
    /// `POST`: executes a command, for operators only.
    Execute(CommandKind),
}

#[rustfmt::skip]
pub(crate) const ROUTES: [Route; 18] = [
    show("/openapi.json", || get(openapi)),
    show("/api/status", || get(status)),
    show("/api/report", || get(report)),
    show("/api/callers", || get(callers)),
    show("/api/timeseries", || get(timeseries)),
    show("/api/journal", || get(journal)),
    show("/api/transitions/{step}", || get(dry_run)),
    show("/api/events", || get(events)),
    execute("/api/transitions", CommandKind::Transition),
    execute("/api/rollbacks", CommandKind::Rollback),
    execute("/api/checks", CommandKind::Check),
    execute("/api/incidents", CommandKind::OpenIncident),
    execute("/api/incidents/close", CommandKind::CloseIncident),
    execute("/api/waivers", CommandKind::Waive),
    execute("/api/waivers/end", CommandKind::EndWaiver),
    execute("/api/post-analyses", CommandKind::PostAnalysis),
    execute("/api/client-rollbacks", CommandKind::ClientRollback),
    execute("/api/policy", CommandKind::Policy),
];

/// The router of the API.
pub(crate) fn router() -> Router<Arc<Shared>> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        let handler = match route.action {
            Action::Show(handler) => handler(),
            Action::Execute(kind) => command(kind),
        };
        router.route(route.path, handler)
    })
}

async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

const fn show(path: &'static str, handler: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    let action = Action::Show(handler);
    Route { path, action }
}

const fn execute(path: &'static str, kind: CommandKind) -> Route {
    let action = Action::Execute(kind);
    Route { path, action }
}
