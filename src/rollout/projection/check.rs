//! Whether an event can follow those before it.

use super::error::FoldErrorKind;
use crate::rollout::{
    event::Event,
    fact::{Fact, Mode, Opened, PhaseChange, ProcessStarted},
    gate_report::GateReport,
    phase::Transition,
    state::RolloutState,
    texts::IncidentId,
};

type Checked = Result<(), FoldErrorKind>;

pub(super) fn follows(state: Option<&RolloutState>, event: &Event) -> Checked {
    match (event.fact(), state) {
        (Fact::Recovered(_), _) => Ok(()),
        (Fact::Opened(opened), None) => opens(opened),
        (Fact::Opened(_), Some(_)) => Err(FoldErrorKind::AlreadyOpened),
        (_, None) => Err(FoldErrorKind::NotOpened),
        (fact, Some(state)) => follows_open(state, fact),
    }
}

fn follows_open(state: &RolloutState, fact: &Fact) -> Checked {
    match fact {
        Fact::PhaseChanged(change) => changes_phase(state, change),
        Fact::IncidentOpened(fact) => is_closed(state, &fact.incident),
        Fact::IncidentClosed(fact) => is_open(state, &fact.incident),
        Fact::WaiverEnded(fact) => require(state.waivers.contains_key(&fact.waived), || {
            FoldErrorKind::NotWaived(fact.waived.clone())
        }),
        Fact::ContractChanged(fact) => {
            let served = state.contract.as_ref().map(|served| &served.digest);
            require(served != Some(&fact.digest), || FoldErrorKind::SameContract)
        }
        Fact::PostAnalysisFiled(fact) => {
            let mut rollbacks = state.rollbacks.iter();
            let known = rollbacks.any(|rollback| rollback.done.seq == fact.rollback);
            require(known, || FoldErrorKind::NoSuchRollback(fact.rollback))
        }
        Fact::ProcessStarted(fact) => starts(state, fact),
        _ => Ok(()),
    }
}

fn opens(opened: &Opened) -> Checked {
    require(opened.phase.may_open(), || {
        FoldErrorKind::CannotOpenIn(opened.phase)
    })
}

fn changes_phase(state: &RolloutState, change: &PhaseChange) -> Checked {
    let (stated, actual) = (change.from, state.phase);
    require(stated == actual, || FoldErrorKind::NotInPhase {
        stated,
        actual,
    })?;
    let step = actual.step(change.to).map_err(FoldErrorKind::Impossible)?;
    has_evidence(step, change)?;
    match (step, &change.incident) {
        (Transition::Rollback, None) => Err(FoldErrorKind::NoIncident),
        (Transition::Rollback, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(FoldErrorKind::UnexpectedIncident(step)),
    }
}

/// Each failing gate is overridden, and nothing else is. The ways back ask for no evidence.
fn has_evidence(step: Transition, change: &PhaseChange) -> Checked {
    let overridable = step.may_be_overridden() || change.overridden.is_empty();
    require(overridable, || FoldErrorKind::NotOverridable(step))?;
    let needless = change
        .overridden
        .iter()
        .find(|gate| !change.failing().any(|report| report.name() == *gate));
    if let Some(gate) = needless {
        return Err(FoldErrorKind::NothingToOverride(gate.clone()));
    }
    let in_the_way = |report: &&GateReport| !change.overridden.contains(report.name());
    match change.failing().find(in_the_way) {
        Some(report) if step.is_gated() => Err(FoldErrorKind::GateFailed(report.name().clone())),
        _ => Ok(()),
    }
}

fn is_open(state: &RolloutState, incident: &IncidentId) -> Checked {
    require(state.incidents.contains_key(incident), || {
        FoldErrorKind::IncidentNotOpen(incident.clone())
    })
}

fn is_closed(state: &RolloutState, incident: &IncidentId) -> Checked {
    require(!state.incidents.contains_key(incident), || {
        FoldErrorKind::IncidentOpen(incident.clone())
    })
}

fn starts(state: &RolloutState, fact: &ProcessStarted) -> Checked {
    let (mode, phase) = (fact.mode, state.phase);
    let follows = mode == Mode::of(phase.flag());
    require(follows, || FoldErrorKind::WrongMode { mode, phase })
}

fn require(holds: bool, otherwise: impl FnOnce() -> FoldErrorKind) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}
