//! All routes of the API in one table: the router is made of it, and the documentation is held to it.

use std::sync::Arc;

use axum::routing::{MethodRouter, get};

use super::{callers, curves, dry_run, events, journal, openapi, order, report, status};
use crate::admin::{command::CommandKind, shared::Shared};

/// One route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) does: Does,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Anyone,
    Viewer,
    Operator,
}

/// What a route does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    Show(fn() -> MethodRouter<Arc<Shared>>),
    Order(CommandKind),
}

#[rustfmt::skip]
pub(crate) const ROUTES: [Route; 18] = [
    show("/openapi.json", Access::Anyone, || get(openapi::show)),
    show("/api/status", Access::Viewer, || get(status::show)),
    show("/api/report", Access::Viewer, || get(report::show)),
    show("/api/callers", Access::Viewer, || get(callers::list)),
    show("/api/curves", Access::Viewer, || get(curves::show)),
    show("/api/journal", Access::Viewer, || get(journal::list)),
    show("/api/transitions/{step}", Access::Viewer, || get(dry_run::show)),
    show("/api/events", Access::Viewer, || get(events::open)),
    order("/api/transitions", CommandKind::Transition),
    order("/api/rollbacks", CommandKind::Rollback),
    order("/api/checks", CommandKind::Check),
    order("/api/incidents", CommandKind::OpenIncident),
    order("/api/incidents/close", CommandKind::CloseIncident),
    order("/api/waivers", CommandKind::Waive),
    order("/api/waivers/end", CommandKind::EndWaiver),
    order("/api/post-analyses", CommandKind::PostAnalysis),
    order("/api/client-rollbacks", CommandKind::ClientRollback),
    order("/api/policy", CommandKind::Policy),
];

impl Route {
    pub(crate) fn handler(&self) -> MethodRouter<Arc<Shared>> {
        match self.does {
            Does::Show(show) => show(),
            Does::Order(kind) => order::of(kind),
        }
    }
}

const fn show(
    path: &'static str,
    access: Access,
    show: fn() -> MethodRouter<Arc<Shared>>,
) -> Route {
    Route {
        method: "GET",
        path,
        access,
        does: Does::Show(show),
    }
}

const fn order(path: &'static str, kind: CommandKind) -> Route {
    Route {
        method: "POST",
        path,
        access: Access::Operator,
        does: Does::Order(kind),
    }
}
