//! All routes of the API in one table: the router is made of it, and the documentation is held to it.

use std::sync::Arc;

use axum::routing::{MethodRouter, get};

use super::{callers, curves, dry_run, events, journal, openapi, order, report, status};
use crate::admin::{command::CommandKind, shared::Shared};

/// One route.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) does: Does,
}

/// What a route does. Who may use it is asked by its handler.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// `GET`: changes nothing.
    Show(fn() -> MethodRouter<Arc<Shared>>),
    /// `POST`: changes something, and is an operator's.
    CommandContext(CommandKind),
}

#[rustfmt::skip]
pub(crate) const ROUTES: [Route; 18] = [
    show("/openapi.json", || get(openapi::show)),
    show("/api/status", || get(status::show)),
    show("/api/report", || get(report::show)),
    show("/api/callers", || get(callers::list)),
    show("/api/curves", || get(curves::show)),
    show("/api/journal", || get(journal::list)),
    show("/api/transitions/{step}", || get(dry_run::show)),
    show("/api/events", || get(events::open)),
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
            Does::CommandContext(kind) => order::of(kind),
        }
    }
}

const fn show(path: &'static str, show: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    let does = Does::Show(show);
    Route { path, does }
}

const fn order(path: &'static str, kind: CommandKind) -> Route {
    let does = Does::CommandContext(kind);
    Route { path, does }
}
