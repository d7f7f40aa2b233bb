//! The state of a rollout, and what each event does to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::entries::{
    Check, ClientRollback, EventRef, Extension, Obligation, ObligationKind, Override, PostAnalysis,
    Rollback, ServedContract, Waiver,
};
use crate::{
    caller::Fingerprint,
    census::CallerRow,
    flag::FlagState,
    rollout::{
        event::{
            CheckReported, ClientRolledBack, ContractChanged, DependenceWaived, Event,
            EventPayload, Opened, PhaseChange, PostAnalysisFiled, RollbackExtended, RollbackTaken,
        },
        json_object::PolicyDocument,
        names::{FlagName, Identifier, IncidentId, WaiverTarget},
        phase::{Phase, Transition},
        policy::PolicyDifference,
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
    /// The event that last switched the flag on or off; before the first switch, the opening.
    pub flag_changed: EventRef,
    /// The one before that.
    pub flag_changed_before: Option<EventRef>,
    /// The sequence number of the last event that bears on a decision: one of phase, policy, contract, incidents, waivers,
    /// post-analyses, or a check whose result changed. A command that expects it conflicts with nothing else.
    pub decision: u64,
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
    /// The cutovers against failing gates and the loosenings of the policy, in order.
    pub overrides: Vec<Override>,
    pub(super) transitions: BTreeMap<Transition, u64>,
    /// The sequence numbers of all cutovers.
    pub(super) cutovers: BTreeSet<u64>,
    /// How many attempts were refused.
    pub refusals: u64,
}

impl RolloutState {
    pub(super) fn open(event: &Event, opened: &Opened) -> Self {
        let reference = EventRef::of(event);
        let mut state = Self {
            flag_name: opened.flag.clone(),
            opened: reference.clone(),
            phase: opened.phase,
            entered: reference.clone(),
            flag_changed: reference.clone(),
            flag_changed_before: None,
            decision: event.seq,
            policy: opened.policy.clone(),
            policy_set: reference.clone(),
            contract: None,
            checks: BTreeMap::new(),
            open_incidents: BTreeMap::new(),
            waivers: BTreeMap::new(),
            rollbacks: Vec::new(),
            client_rollbacks: Vec::new(),
            overrides: Vec::new(),
            transitions: BTreeMap::new(),
            // After a loss, a rollout opens in the phase that was recorded.
            cutovers: (opened.phase == Phase::Cutover)
                .then_some(event.seq)
                .into_iter()
                .collect(),
            refusals: 0,
        };
        state.loosen(&opened.loosened, reference);
        state
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

    /// The rollbacks without a post-analysis.
    pub fn open_post_analyses(&self) -> impl Iterator<Item = &Rollback> {
        self.rollbacks
            .iter()
            .filter(|rollback| rollback.post_analysis.is_none())
    }

    /// What rollbacks require: to end each, and to file its post-analysis, both within `limit` unless the rollback was
    /// extended.
    pub fn obligations(
        &self,
        now: Timestamp,
        limit: Duration,
    ) -> impl Iterator<Item = Obligation<'_>> {
        self.rollbacks.iter().flat_map(move |rollback| {
            let limit = rollback.done.at.plus(limit);
            let extended = rollback.extended.as_ref().map(|extended| extended.until);
            let end = rollback.is_running().then_some(ObligationKind::EndRollback);
            let analysis = rollback.post_analysis.is_none();
            let analysis = analysis.then_some(ObligationKind::PostAnalysis);
            let open = end.into_iter().chain(analysis);
            open.map(move |kind| {
                let due = match kind {
                    ObligationKind::EndRollback => extended.unwrap_or(limit),
                    _ => limit,
                };
                Obligation {
                    kind,
                    rollback,
                    due,
                    overdue: due < now,
                }
            })
        })
    }

    /// The last cutover before an event.
    pub(in crate::rollout) fn cutover_before(&self, seq: u64) -> Option<u64> {
        self.cutovers.range(..seq).next_back().copied()
    }

    /// How often a transition was made.
    #[must_use]
    pub fn count_of(&self, transition: Transition) -> u64 {
        self.transitions.get(&transition).copied().unwrap_or(0)
    }
}

impl RolloutState {
    pub(super) fn apply(&mut self, event: &Event) {
        let reference = EventRef::of(event);
        if self.is_decisive(&event.payload) {
            self.decision = event.seq;
        }
        match &event.payload {
            EventPayload::PhaseChanged(change) => self.change_phase(change, &reference),
            EventPayload::RollbackTaken(taken) => self.roll_back(taken, &reference),
            EventPayload::RollbackExtended(payload) => self.extend(payload, reference),
            EventPayload::LossAccepted(loss) => {
                if let Some(phase) = loss.phase {
                    self.enter(phase, &reference);
                }
            }
            EventPayload::CheckReported(payload) => self.report_check(payload, reference),
            EventPayload::IncidentOpened(payload) => {
                self.open_incidents
                    .insert(payload.incident.clone(), reference);
            }
            EventPayload::IncidentClosed(payload) => {
                self.open_incidents.remove(&payload.incident);
            }
            EventPayload::ClientRolledBack(payload) => self.roll_back_client(payload, reference),
            EventPayload::DependenceWaived(payload) => self.waive(payload, reference),
            EventPayload::WaiverEnded(payload) => {
                self.waivers.remove(&payload.target);
            }
            EventPayload::ContractChanged(payload) => self.serve(payload, reference),
            EventPayload::PostAnalysisFiled(payload) => self.file(payload, reference),
            EventPayload::PolicyChanged(payload) => {
                self.policy.clone_from(&payload.policy);
                self.policy_set = reference.clone();
                self.loosen(&payload.differences, reference);
            }
            EventPayload::AttemptRefused(_) => self.refusals += 1,
            // The projection holds these, and what was written off concerns the census alone.
            EventPayload::Opened(_)
            | EventPayload::Recovered(_)
            | EventPayload::InstanceWrittenOff(_)
            | EventPayload::Unknown(_) => {}
        }
    }

    /// Whether an event bears on a decision.
    fn is_decisive(&self, payload: &EventPayload) -> bool {
        match payload {
            EventPayload::AttemptRefused(_)
            | EventPayload::ClientRolledBack(_)
            | EventPayload::Recovered(_) => false,
            EventPayload::CheckReported(report) => {
                let last = self.checks.get(&report.check);
                last.is_none_or(|last| {
                    (last.green, &last.contract_digest) != (report.green, &report.contract_digest)
                })
            }
            _ => true,
        }
    }

    fn change_phase(&mut self, change: &PhaseChange, reference: &EventRef) {
        if let Ok(step) = self.phase.step(change.to) {
            *self.transitions.entry(step).or_default() += 1;
        }
        if !change.overridden.is_empty() {
            self.overrides.push(Override {
                gates: change.overridden.clone(),
                loosened: Vec::new(),
                done: reference.clone(),
            });
        }
        self.enter(change.to, reference);
    }

    /// How long the flag had been as it was before it last changed.
    pub(crate) fn flag_lasted_before(&self) -> Duration {
        let before = self.flag_changed_before.as_ref();
        before.map_or(Duration::ZERO, |before| {
            self.flag_changed.at.since(before.at)
        })
    }

    fn enter(&mut self, phase: Phase, reference: &EventRef) {
        let was_on = self.phase.flag() == FlagState::On;
        let is_on = phase.flag() == FlagState::On;
        if was_on != is_on {
            let before = std::mem::replace(&mut self.flag_changed, reference.clone());
            self.flag_changed_before = Some(before);
        }
        if !is_on && let Some(running) = self.rollbacks.last_mut().filter(|last| last.is_running())
        {
            running.ended = Some(reference.clone());
        }
        if phase == Phase::Cutover {
            self.cutovers.insert(reference.seq);
        }
        self.phase = phase;
        self.entered = reference.clone();
    }

    /// Records a rollback, and goes back to compat unless the cutover has been left meanwhile. An incident that is not open
    /// is opened.
    fn roll_back(&mut self, taken: &RollbackTaken, reference: &EventRef) {
        let mut known = self.rollbacks.iter_mut();
        if let Some(first) = known.find(|rollback| rollback.cutover == taken.cutover) {
            first.repeated.push(reference.clone());
            return;
        }
        let opened = self.open_incidents.entry(taken.incident.clone());
        opened.or_insert_with(|| reference.clone());
        let lasts = self.phase == Phase::Cutover && self.entered.seq == taken.cutover;
        self.rollbacks.push(Rollback {
            cutover: taken.cutover,
            incident: taken.incident.clone(),
            done: reference.clone(),
            repeated: Vec::new(),
            extended: None,
            ended: (!lasts).then(|| reference.clone()),
            post_analysis: None,
        });
        if lasts {
            *self.transitions.entry(Transition::Rollback).or_default() += 1;
            self.enter(Phase::Compat, reference);
        }
    }

    fn extend(&mut self, payload: &RollbackExtended, done: EventRef) {
        let mut rollbacks = self.rollbacks.iter_mut();
        if let Some(rollback) = rollbacks.find(|rollback| rollback.done.seq == payload.rollback) {
            let until = payload.until;
            rollback.extended = Some(Extension { until, done });
        }
    }

    fn loosen(&mut self, differences: &[PolicyDifference], done: EventRef) {
        let looser = differences.iter().filter(|difference| difference.loosens);
        let loosened: Vec<PolicyDifference> = looser.cloned().collect();
        if !loosened.is_empty() {
            self.overrides.push(Override {
                gates: Vec::new(),
                loosened,
                done,
            });
        }
    }

    fn report_check(&mut self, payload: &CheckReported, reported: EventRef) {
        let check = Check {
            green: payload.green,
            link: payload.link.clone(),
            contract_digest: payload.contract_digest.clone(),
            reported,
        };
        self.checks.insert(payload.check.clone(), check);
    }

    fn roll_back_client(&mut self, payload: &ClientRolledBack, done: EventRef) {
        self.client_rollbacks.push(ClientRollback {
            kind: payload.kind.clone(),
            version: payload.version,
            incident: payload.incident.clone(),
            done,
        });
    }

    fn waive(&mut self, payload: &DependenceWaived, granted: EventRef) {
        let waiver = Waiver {
            owner: payload.owner.clone(),
            until: payload.until,
            granted,
        };
        self.waivers.insert(payload.target.clone(), waiver);
    }

    fn serve(&mut self, payload: &ContractChanged, since: EventRef) {
        self.contract = Some(ServedContract {
            digest: payload.digest.clone(),
            detector: payload.detector.clone(),
            beside: payload.beside.clone(),
            since,
        });
    }

    fn file(&mut self, payload: &PostAnalysisFiled, filed: EventRef) {
        let mut rollbacks = self.rollbacks.iter_mut();
        if let Some(rollback) = rollbacks.find(|rollback| rollback.done.seq == payload.rollback) {
            rollback.post_analysis = Some(PostAnalysis {
                link: payload.link.clone(),
                summary: payload.summary.clone(),
                filed,
            });
        }
    }
}

/// The callers that the waivers in force at a moment cover.
#[derive(Debug, Default)]
pub(crate) struct WaiverCover {
    callers: BTreeSet<Fingerprint>,
    kinds: BTreeSet<String>,
    anonymous: bool,
}

impl WaiverCover {
    /// Of the waivers of a rollout at a moment.
    pub(crate) fn new(state: &RolloutState, now: Timestamp) -> Self {
        let mut cover = Self::default();
        let in_force = state.waivers.iter();
        for (target, _) in in_force.filter(|(_, waiver)| waiver.holds(now)) {
            match target {
                WaiverTarget::Caller(fingerprint) => {
                    cover.callers.insert(*fingerprint);
                }
                WaiverTarget::Kind(name) => {
                    cover.kinds.insert(name.as_str().to_owned());
                }
                WaiverTarget::Anonymous => cover.anonymous = true,
            }
        }
        cover
    }

    /// Whether a caller is covered, by itself or by its kind.
    pub(crate) fn covers(&self, row: &CallerRow) -> bool {
        self.covers_caller(row.fingerprint, &row.kind)
    }

    /// The same of a caller of this kind.
    pub(crate) fn covers_caller(&self, fingerprint: Fingerprint, kind: &str) -> bool {
        self.callers.contains(&fingerprint) || self.covers_kind(kind)
    }

    /// Whether all callers of a kind are covered.
    pub(crate) fn covers_kind(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    /// Whether anonymous callers are covered.
    pub(crate) const fn covers_anonymous(&self) -> bool {
        self.anonymous
    }
}
