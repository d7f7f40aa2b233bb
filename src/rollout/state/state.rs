//! The state of a rollout.

use std::{collections::BTreeMap, time::Duration};

use super::entries::{
    Check, ClientRollback, EventRef, Obligation, ObligationKind, Override, ProcessStart, Rollback,
    ServedContract, Waiver,
};
use crate::{
    flag::FlagState,
    rollout::{
        event::{Event, Opened},
        json_object::PolicyDocument,
        names::{FlagName, Identifier, IncidentId, WaiverTarget},
        phase::{Phase, Transition},
    },
    time::Timestamp,
};

/// The state of a rollout after the events of its journal, made by a [`Projection`](super::Projection).
///
/// It does not change with time: methods that depend on the time take `now`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RolloutState {
    /// The flag that the rollout controls.
    pub flag_name: FlagName,
    /// The event that opened it.
    pub opened: EventRef,
    /// The current phase.
    pub phase: Phase,
    /// The event that entered the phase.
    pub entered: EventRef,
    /// The policy in force.
    pub policy: PolicyDocument,
    /// The event that set the policy.
    pub policy_set: EventRef,
    /// The contract that is served; `None` before one was journaled.
    pub contract: Option<ServedContract>,
    /// The last report of each check.
    pub checks: BTreeMap<Identifier, Check>,
    /// The open incidents, each with the event that opened it: its own, or a rollback.
    pub open_incidents: BTreeMap<IncidentId, EventRef>,
    /// All waivers that were not ended, expired ones included.
    pub waivers: BTreeMap<WaiverTarget, Waiver>,
    /// All rollbacks, in order.
    pub rollbacks: Vec<Rollback>,
    /// The client versions that were rolled back, in order.
    pub client_rollbacks: Vec<ClientRollback>,
    /// The cutovers against failing gates, in order.
    pub overrides: Vec<Override>,
    pub(super) transitions: BTreeMap<Transition, u64>,
    /// How often a process has started.
    pub process_starts: u64,
    /// The last start of a process.
    pub last_start: Option<ProcessStart>,
    /// How many attempts were refused.
    pub refusals: u64,
}

impl RolloutState {
    pub(super) fn open(event: &Event, opened: &Opened) -> Self {
        let reference = EventRef::of(event);
        Self {
            flag_name: opened.flag.clone(),
            opened: reference.clone(),
            phase: opened.phase,
            entered: reference.clone(),
            policy: opened.policy.clone(),
            policy_set: reference,
            contract: None,
            checks: BTreeMap::new(),
            open_incidents: BTreeMap::new(),
            waivers: BTreeMap::new(),
            rollbacks: Vec::new(),
            client_rollbacks: Vec::new(),
            overrides: Vec::new(),
            transitions: BTreeMap::new(),
            process_starts: 0,
            last_start: None,
            refusals: 0,
        }
    }

    /// The state of the flag, which follows from the phase.
    #[must_use]
    pub const fn flag(&self) -> FlagState {
        self.phase.flag()
    }

    /// The waiver for these callers, if it is in force.
    #[must_use]
    pub fn waiver(&self, target: &WaiverTarget, now: Timestamp) -> Option<&Waiver> {
        self.waivers.get(target).filter(|waiver| waiver.holds(now))
    }

    /// The rollback because of which the flag is on now.
    #[must_use]
    pub fn running_rollback(&self) -> Option<&Rollback> {
        self.rollbacks.last().filter(|last| last.is_running())
    }

    /// The rollbacks without a post-analysis.
    pub fn open_post_analyses(&self) -> impl Iterator<Item = &Rollback> {
        self.rollbacks
            .iter()
            .filter(|rollback| rollback.post_analysis.is_none())
    }

    /// What rollbacks require: to end each, and to file its post-analysis, both within `limit`.
    pub fn obligations(
        &self,
        now: Timestamp,
        limit: Duration,
    ) -> impl Iterator<Item = Obligation<'_>> {
        self.rollbacks.iter().flat_map(move |rollback| {
            let due = rollback.done.at.plus(limit);
            let end = rollback.is_running().then_some(ObligationKind::EndRollback);
            let analysis = rollback.post_analysis.is_none();
            let analysis = analysis.then_some(ObligationKind::PostAnalysis);
            let open = end.into_iter().chain(analysis);
            open.map(move |kind| Obligation {
                kind,
                rollback,
                due,
                overdue: due < now,
            })
        })
    }

    /// How often a transition was made.
    #[must_use]
    pub fn count_of(&self, transition: Transition) -> u64 {
        self.transitions.get(&transition).copied().unwrap_or(0)
    }
}
