//! `GET /admin/rollout`: how the rollout stands.

use axum::{Json, extract::State};
use legacy_http_compat::rollout::{
    GateReport, Overdue, Phase, Policy, Rollback, RolloutStatus, Transition,
};
use serde::Serialize;

use super::super::{extract::Admin, state::AppState};

#[derive(Serialize)]
pub(crate) struct Shown {
    phase: Phase,
    /// The number of the last event in the journal.
    head: u64,
    /// The step that can come next, and what its gates said last.
    next: Option<Transition>,
    gates: Vec<GateReport>,
    open_incidents: Vec<String>,
    /// The numbers of the rollbacks without one.
    post_analyses_due: Vec<u64>,
    overdue: Vec<&'static str>,
    rollback_unrecorded: bool,
    journal_works: bool,
    policy: Policy,
}

pub(crate) async fn status(State(state): State<AppState>, _: Admin) -> Json<Shown> {
    Json(Shown::of(&state.rollout().status()))
}

impl Shown {
    fn of(status: &RolloutStatus) -> Self {
        let rollout = &status.state;
        let incidents = rollout.open_incidents().keys().map(ToString::to_string);
        let due = rollout.post_analyses_due().map(number);
        let overdue = status.overdue.iter().copied().map(Overdue::as_str);
        Self {
            phase: rollout.phase(),
            head: status.head,
            next: status.next,
            gates: status.gates.clone(),
            open_incidents: incidents.collect(),
            post_analyses_due: due.collect(),
            overdue: overdue.collect(),
            rollback_unrecorded: status.rollback_unrecorded,
            journal_works: status.journal_error.is_none(),
            policy: status.policy.clone(),
        }
    }
}

fn number(rollback: &Rollback) -> u64 {
    rollback.done.seq
}
