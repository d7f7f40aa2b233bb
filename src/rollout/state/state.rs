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
pub struct RolloutState {
    pub(super) flag_name: FlagName,
    pub(super) opened: EventRef,
    pub(super) phase: Phase,
    pub(super) entered: EventRef,
    pub(super) policy: PolicyDocument,
    pub(super) policy_set: EventRef,
    pub(super) contract: Option<ServedContract>,
    pub(super) checks: BTreeMap<Identifier, Check>,
    pub(super) incidents: BTreeMap<IncidentId, EventRef>,
    pub(super) waivers: BTreeMap<WaiverTarget, Waiver>,
    pub(super) rollbacks: Vec<Rollback>,
    pub(super) client_rollbacks: Vec<ClientRollback>,
    pub(super) overrides: Vec<Override>,
    pub(super) transitions: BTreeMap<Transition, u64>,
    pub(super) starts: u64,
    pub(super) last_start: Option<ProcessStart>,
    pub(super) refusals: u64,
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
            incidents: BTreeMap::new(),
            waivers: BTreeMap::new(),
            rollbacks: Vec::new(),
            client_rollbacks: Vec::new(),
            overrides: Vec::new(),
            transitions: BTreeMap::new(),
            starts: 0,
            last_start: None,
            refusals: 0,
        }
    }

    /// The flag that the rollout controls.
    #[must_use]
    pub const fn flag_name(&self) -> &FlagName {
        &self.flag_name
    }

    /// The event that opened it.
    #[must_use]
    pub const fn opened(&self) -> &EventRef {
        &self.opened
    }

    /// The current phase.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The event that entered the phase.
    #[must_use]
    pub const fn entered(&self) -> &EventRef {
        &self.entered
    }

    /// The state of the flag, which follows from the phase.
    #[must_use]
    pub const fn flag(&self) -> FlagState {
        self.phase.flag()
    }

    /// The policy in force.
    #[must_use]
    pub const fn policy(&self) -> &PolicyDocument {
        &self.policy
    }

    /// The event that set the policy.
    #[must_use]
    pub const fn policy_set(&self) -> &EventRef {
        &self.policy_set
    }

    /// The contract that is served; `None` before one was journaled.
    #[must_use]
    pub const fn contract(&self) -> Option<&ServedContract> {
        self.contract.as_ref()
    }

    /// The last report of each check.
    #[must_use]
    pub const fn checks(&self) -> &BTreeMap<Identifier, Check> {
        &self.checks
    }

    /// The open incidents, each with the event that opened it: its own, or a rollback.
    #[must_use]
    pub const fn open_incidents(&self) -> &BTreeMap<IncidentId, EventRef> {
        &self.incidents
    }

    /// All waivers that were not ended, expired ones included.
    #[must_use]
    pub const fn waivers(&self) -> &BTreeMap<WaiverTarget, Waiver> {
        &self.waivers
    }

    /// The waiver for these callers, if it is in force.
    #[must_use]
    pub fn waiver(&self, target: &WaiverTarget, now: Timestamp) -> Option<&Waiver> {
        self.waivers.get(target).filter(|waiver| waiver.holds(now))
    }

    /// All rollbacks, in order.
    #[must_use]
    pub fn rollbacks(&self) -> &[Rollback] {
        &self.rollbacks
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

    /// The client versions that were rolled back, in order.
    #[must_use]
    pub fn client_rollbacks(&self) -> &[ClientRollback] {
        &self.client_rollbacks
    }

    /// The cutovers against failing gates, in order.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// How often a transition was made.
    #[must_use]
    pub fn count_of(&self, transition: Transition) -> u64 {
        self.transitions.get(&transition).copied().unwrap_or(0)
    }

    /// How often a process has started.
    #[must_use]
    pub const fn process_starts(&self) -> u64 {
        self.starts
    }

    /// The last start of a process.
    #[must_use]
    pub const fn last_start(&self) -> Option<&ProcessStart> {
        self.last_start.as_ref()
    }

    /// How many attempts were refused.
    #[must_use]
    pub const fn refusals(&self) -> u64 {
        self.refusals
    }
}
