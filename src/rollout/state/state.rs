//! The state of a rollout, and what each event does to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::entries::{
    Check, ClientRollback, EventRef, Obligation, ObligationKind, Override, PostAnalysis,
    ProcessStart, Rollback, ServedContract, Waiver,
};
use crate::{
    caller::Fingerprint,
    census::CallerRow,
    flag::FlagState,
    rollout::{
        event::{
            CheckReported, ClientRolledBack, ContractChanged, DependenceWaived, Event,
            EventPayload, Opened, PhaseChange, PostAnalysisFiled, ProcessStarted,
        },
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

impl RolloutState {
    pub(super) fn apply(&mut self, event: &Event) {
        let reference = EventRef::of(event);
        match &event.payload {
            EventPayload::PhaseChanged(change) => self.change_phase(change, &reference),
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
                self.policy_set = reference;
            }
            EventPayload::ProcessStarted(payload) => self.start(payload, reference),
            EventPayload::AttemptRefused(_) => self.refusals += 1,
            // The projection holds these.
            EventPayload::Opened(_) | EventPayload::Recovered(_) | EventPayload::Unknown(_) => {}
        }
    }

    fn change_phase(&mut self, change: &PhaseChange, reference: &EventRef) {
        if let Ok(step) = self.phase.step(change.to) {
            *self.transitions.entry(step).or_default() += 1;
            self.roll(step, change, reference);
        }
        if !change.overridden.is_empty() {
            self.overrides.push(Override {
                gates: change.overridden.clone(),
                done: reference.clone(),
            });
        }
        self.phase = change.to;
        self.entered = reference.clone();
    }

    /// Begins or ends a rollback. One that names an incident which is not open opens it.
    fn roll(&mut self, step: Transition, change: &PhaseChange, reference: &EventRef) {
        if let (Transition::Rollback, Some(incident)) = (step, &change.incident) {
            let opened = self.open_incidents.entry(incident.clone());
            opened.or_insert_with(|| reference.clone());
            self.rollbacks.push(Rollback {
                incident: incident.clone(),
                done: reference.clone(),
                ended: None,
                post_analysis: None,
            });
        } else if let Some(running) = self.rollbacks.last_mut().filter(|last| last.is_running()) {
            running.ended = Some(reference.clone());
        }
    }

    fn report_check(&mut self, payload: &CheckReported, reported: EventRef) {
        let check = Check {
            green: payload.green,
            link: payload.link.clone(),
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

    fn start(&mut self, payload: &ProcessStarted, started: EventRef) {
        self.process_starts += 1;
        self.last_start = Some(ProcessStart {
            flag: payload.flag,
            started,
        });
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
