//! What the gates of the cutover say of a stage, and how it is set.

use std::time::Duration;

use super::super::stage::{DAY, HOUR, Stage, stage};
use crate::{
    caller::{Caller, Fingerprint},
    census::{CallerEvent, CallerState, Dependence, EndpointSlot, Report, Window},
    rollout::{
        Transition,
        gate::{AllCallersResolvedEvidence, Evidence, NoDependentResponsesEvidence},
        policy::Policy,
    },
    time::{Clock, Timestamp},
};

pub(super) const CUTOVER: Transition = Transition::Cutover;

const RESOLVED: &str = "all_callers_resolved";

/// Windows of four days.
pub(super) fn policy() -> Policy {
    Policy {
        inactive_after: Window::new(4 * DAY).unwrap(),
        ..Policy::default()
    }
}

/// A stage whose window was watched.
pub(super) fn watched() -> Stage {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    stage
}

/// A response to a caller, on an endpoint that has no name.
pub(super) fn event(caller: Caller, dependence: Dependence) -> CallerEvent {
    CallerEvent {
        caller,
        endpoint: EndpointSlot::OTHER,
        dependence,
        failed: false,
    }
}

impl Stage {
    pub(super) fn resolved(&self) -> bool {
        self.passes(RESOLVED, CUTOVER)
    }

    pub(super) fn resolution(&self) -> AllCallersResolvedEvidence {
        match self.evidence(RESOLVED, CUTOVER) {
            Evidence::AllCallersResolved(evidence) => evidence,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn quiet(&self) -> NoDependentResponsesEvidence {
        match self.evidence("no_dependent_responses", CUTOVER) {
            Evidence::NoDependentResponses(evidence) => evidence,
            other => panic!("{other:?}"),
        }
    }

    /// The state of a caller in the window of the policy.
    pub(super) fn state(&self, id: u128) -> CallerState {
        let window = policy().inactive_after;
        self.census.caller(Fingerprint::from_u128(id), window)[0].state
    }

    pub(super) fn day(&self) -> Report {
        self.census.report(Window::DAY)
    }

    /// Lets time pass until a moment, and an hour more.
    pub(super) fn pass_until(&self, at: Option<Timestamp>) {
        let wait = at.unwrap().unix_ms() - self.clock.unix_ms();
        self.pass(Duration::from_millis(wait) + HOUR);
    }
}
