//! Whether an event is valid after those before it.

use super::{error::ProjectionErrorKind, state::RolloutState};
use crate::rollout::{
    event::{Event, EventPayload, Opened, PhaseChange, ProcessStarted},
    evidence::GateReport,
    names::IncidentId,
    phase::Transition,
};

type Checked = Result<(), ProjectionErrorKind>;

pub(super) fn validate(state: Option<&RolloutState>, event: &Event) -> Checked {
    match (&event.payload, state) {
        (EventPayload::Recovered(_) | EventPayload::Unknown(_), _) => Ok(()),
        (EventPayload::Opened(opened), None) => opens(&opened),
        (EventPayload::Opened(_), Some(_)) => Err(ProjectionErrorKind::AlreadyOpened),
        (_, None) => Err(ProjectionErrorKind::NotOpened),
        (payload, Some(state)) => validate_open(state, &payload),
    }
}

fn validate_open(state: &RolloutState, payload: &EventPayload) -> Checked {
    match payload {
        EventPayload::PhaseChanged(change) => changes_phase(state, change),
        EventPayload::IncidentOpened(payload) => is_closed(state, &payload.incident),
        EventPayload::IncidentClosed(payload) => is_open(state, &payload.incident),
        EventPayload::WaiverEnded(payload) => {
            require(state.waivers.contains_key(&payload.target), || {
                ProjectionErrorKind::NotWaived(payload.target.clone())
            })
        }
        EventPayload::ContractChanged(payload) => {
            let served = state.contract.as_ref().map(|served| &served.digest);
            require(served != Some(&payload.digest), || {
                ProjectionErrorKind::SameContract
            })
        }
        EventPayload::PostAnalysisFiled(payload) => {
            let mut rollbacks = state.rollbacks.iter();
            let known = rollbacks.any(|rollback| rollback.done.seq == payload.rollback);
            require(known, || {
                ProjectionErrorKind::NoSuchRollback(payload.rollback)
            })
        }
        EventPayload::ProcessStarted(payload) => starts(state, payload),
        _ => Ok(()),
    }
}

fn opens(opened: &Opened) -> Checked {
    require(opened.phase.may_open(), || {
        ProjectionErrorKind::CannotOpenIn(opened.phase)
    })
}

fn changes_phase(state: &RolloutState, change: &PhaseChange) -> Checked {
    let (stated, actual) = (change.from, state.phase);
    require(stated == actual, || ProjectionErrorKind::NotInPhase {
        stated,
        actual,
    })?;
    let step = actual
        .step(change.to)
        .map_err(ProjectionErrorKind::Impossible)?;
    validate_gates(step, change)?;
    match (step, &change.incident) {
        (Transition::Rollback, None) => Err(ProjectionErrorKind::NoOpenIncident),
        (Transition::Rollback, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(ProjectionErrorKind::UnexpectedIncident(step)),
    }
}

/// The overridden gates are exactly the failing ones. Abort and rollback have no gates.
fn validate_gates(step: Transition, change: &PhaseChange) -> Checked {
    let overridable = step.may_be_overridden() || change.overridden.is_empty();
    require(overridable, || ProjectionErrorKind::NotOverridable(step))?;
    let not_failing = change
        .overridden
        .iter()
        .find(|gate| !change.failing().any(|report| report.name == **gate));
    if let Some(gate) = not_failing {
        return Err(ProjectionErrorKind::NothingToOverride(gate.clone()));
    }
    let blocks = |report: &&GateReport| !change.overridden.contains(&report.name);
    match change.failing().find(blocks) {
        Some(report) if step.is_gated() => {
            Err(ProjectionErrorKind::GateFailed(report.name.clone()))
        }
        _ => Ok(()),
    }
}

fn is_open(state: &RolloutState, incident: &IncidentId) -> Checked {
    require(state.open_incidents.contains_key(incident), || {
        ProjectionErrorKind::IncidentNotOpen(incident.clone())
    })
}

fn is_closed(state: &RolloutState, incident: &IncidentId) -> Checked {
    require(!state.open_incidents.contains_key(incident), || {
        ProjectionErrorKind::IncidentOpen(incident.clone())
    })
}

fn starts(state: &RolloutState, payload: &ProcessStarted) -> Checked {
    let (flag, phase) = (payload.flag, state.phase);
    require(flag == phase.flag(), || ProjectionErrorKind::WrongFlag {
        flag,
        phase,
    })
}

fn require(holds: bool, otherwise: impl FnOnce() -> ProjectionErrorKind) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}
