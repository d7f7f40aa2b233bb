//! The status of a rollout, and the view of it that API and command-line tool show.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    evidence::GateReport,
    json_object::PolicyDocument,
    names::{FlagName, Identifier, IncidentId, WaiverTarget},
    phase::{Phase, Transition},
    policy::Policy,
    state::{
        Check, ClientRollback, EventRef, ObligationKind, Override, ProcessStart, Projection,
        Rollback, RolloutState, ServedContract, Waiver,
    },
};
use crate::{flag::FlagState, time::Timestamp};

/// The status of a rollout, as of its last command or tick.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RolloutStatus {
    /// When the status was made.
    pub at: Timestamp,
    /// The sequence number of the last event.
    pub head: u64,
    /// The state that follows from the journal.
    pub state: RolloutState,
    /// The policy in force.
    pub policy: Policy,
    /// The state of the flag. It differs from that of the phase only while a rollback is unrecorded.
    pub flag: FlagState,
    /// The gated transition that can come next.
    pub next: Option<Transition>,
    /// The last gate reports of that transition; empty before its gates were first evaluated.
    pub gates: Vec<GateReport>,
    /// What is past its time, each kind once.
    pub overdue: Vec<ObligationKind>,
    /// Whether a rollback took effect that could not be journaled yet.
    pub rollback_unrecorded: bool,
    /// Why the journal could not be read or written the last time; `None` if it could.
    pub journal_error: Option<String>,
    /// Refused attempts over the hourly limit since this process started.
    pub unjournaled_refusals: u64,
}

impl RolloutStatus {
    /// The status as a serialisable view.
    #[must_use]
    pub fn view(&self) -> RolloutView {
        RolloutView {
            flag: self.flag,
            refusals: RefusalCounts {
                journaled: self.state.refusals,
                unjournaled: Some(self.unjournaled_refusals),
            },
            ..RolloutView::new(&self.state, &self.policy, self.head, self.at)
        }
    }
}

/// Where a rollout stands at a moment, as one JSON object.
///
/// `GET /api/status` and `status --json` both contain its members, so a key means the same in both. All of it follows
/// from the journal and the time; a running rollout adds what only it knows, see
/// [`RolloutStatus::view`](super::RolloutStatus::view).
///
/// ```
/// use legacy_http_compat::rollout::{Rollout, journal::MemoryJournal, names::FlagName, policy::Policy};
///
/// # use std::sync::Arc;
/// let flag = FlagName::new("features.jobs.compat")?;
/// let rollout = Rollout::builder(flag, Policy::permissive()).open(Arc::new(MemoryJournal::new()))?;
/// let view = serde_json::to_value(rollout.status().view())?;
/// assert_eq!((&view["phase"], &view["flag"]), (&"compat".into(), &"on".into()));
/// assert_eq!(view["flag_name"], "features.jobs.compat");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RolloutView {
    /// The moment of the view.
    pub at: Timestamp,
    /// The sequence number of the last event.
    pub head: u64,
    /// The name of the flag.
    pub flag_name: FlagName,
    /// The state of the flag.
    pub flag: FlagState,
    /// The phase.
    pub phase: Phase,
    /// The event that entered the phase.
    pub entered: EventRef,
    /// The event that opened the rollout.
    pub opened: EventRef,
    /// The gated transition that can come next.
    pub next: Option<Transition>,
    /// What rollbacks require to be done.
    pub obligations: Vec<ObligationView>,
    /// What is past its time, each kind once.
    pub overdue: Vec<ObligationKind>,
    /// The last report of each check.
    pub checks: Vec<CheckView>,
    /// The open incidents.
    pub incidents: Vec<IncidentView>,
    /// All waivers that were not ended, expired ones included.
    pub waivers: Vec<WaiverView>,
    /// All rollbacks, in order.
    pub rollbacks: Vec<RollbackView>,
    /// Cutovers against failing gates, in order.
    pub overrides: Vec<Override>,
    /// Client versions that were rolled back, in order.
    pub client_rollbacks: Vec<ClientRollback>,
    /// The contract that is served; `None` before one was journaled.
    pub contract: Option<ServedContract>,
    /// How often each transition was made.
    pub transitions: BTreeMap<Transition, u64>,
    /// The policy in force.
    pub policy: PolicyDocument,
    /// The event that set the policy.
    pub policy_set: EventRef,
    /// How often a process has started.
    pub process_starts: u64,
    /// The last start of a process.
    pub last_start: Option<ProcessStart>,
    /// Refused attempts.
    pub refusals: RefusalCounts,
}

/// What a rollback requires to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObligationView {
    /// What is to be done.
    pub obligation: ObligationKind,
    /// The sequence number of the rollback.
    pub rollback: u64,
    /// The incident of the rollback.
    pub incident: IncidentId,
    /// Until when.
    pub due: Timestamp,
    /// Whether that is past.
    pub overdue: bool,
}

/// The last report of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckView {
    /// The name of the check.
    pub check: Identifier,
    /// Its report.
    #[serde(flatten)]
    pub report: Check,
}

/// An open incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IncidentView {
    /// Its name.
    pub incident: IncidentId,
    /// The event that opened it.
    pub opened: EventRef,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaiverView {
    /// The callers it covers.
    pub target: WaiverTarget,
    /// Owner, end and grant.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// Whether it is in force.
    pub holds: bool,
}

/// A rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RollbackView {
    /// The rollback.
    #[serde(flatten)]
    pub rollback: Rollback,
    /// Whether the flag is still on because of it.
    pub running: bool,
    /// How long the flag was on because of it, so far.
    pub duration_seconds: u64,
}

/// Refused attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusalCounts {
    /// Those in the journal.
    pub journaled: u64,
    /// Those over the hourly limit since the process started; left out where the view was made from a journal alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unjournaled: Option<u64>,
}

impl RolloutView {
    /// The view of a journal at a moment; `None` if no rollout was opened in it.
    ///
    /// A policy that is not valid for this version is shown as it is, and obligations go by the default policy.
    #[must_use]
    pub fn of_journal(projection: &Projection, at: Timestamp) -> Option<Self> {
        let state = projection.state()?;
        let head = projection.head();
        Some(match Policy::from_document(&state.policy) {
            Ok(policy) => Self::new(state, &policy, head, at),
            Err(_) => Self {
                policy: state.policy.clone(),
                ..Self::new(state, &Policy::default(), head, at)
            },
        })
    }

    pub(super) fn new(state: &RolloutState, policy: &Policy, head: u64, at: Timestamp) -> Self {
        let counts = Transition::ALL
            .iter()
            .map(|step| (*step, state.count_of(*step)));
        Self {
            at,
            head,
            flag_name: state.flag_name.clone(),
            flag: state.flag(),
            phase: state.phase,
            entered: state.entered.clone(),
            opened: state.opened.clone(),
            next: next_gated(state),
            obligations: obligations(state, policy, at),
            overdue: overdue(state, policy, at),
            checks: checks(state),
            incidents: incidents(state),
            waivers: waivers(state, at),
            rollbacks: rollbacks(state, at),
            overrides: state.overrides.clone(),
            client_rollbacks: state.client_rollbacks.clone(),
            contract: state.contract.clone(),
            transitions: counts.collect(),
            policy: policy.to_document(),
            policy_set: state.policy_set.clone(),
            process_starts: state.process_starts,
            last_start: state.last_start.clone(),
            refusals: RefusalCounts {
                journaled: state.refusals,
                unjournaled: None,
            },
        }
    }
}

/// The gated transition that can come next.
pub(super) fn next_gated(state: &RolloutState) -> Option<Transition> {
    state.phase.transitions().find(|step| step.is_gated())
}

/// What is past its time, each kind once.
pub(super) fn overdue(
    state: &RolloutState,
    policy: &Policy,
    now: Timestamp,
) -> Vec<ObligationKind> {
    let obligations = state.obligations(now, policy.rollback_limit);
    let late = obligations.filter(|obligation| obligation.overdue);
    let mut overdue: Vec<ObligationKind> = late.map(|obligation| obligation.kind).collect();
    let past_date = policy.retire_by.is_some_and(|date| date < now);
    if past_date && state.phase != Phase::Retired {
        overdue.push(ObligationKind::Retirement);
    }
    overdue.sort_unstable();
    overdue.dedup();
    overdue
}

fn obligations(state: &RolloutState, policy: &Policy, now: Timestamp) -> Vec<ObligationView> {
    let obligations = state.obligations(now, policy.rollback_limit);
    let views = obligations.map(|obligation| ObligationView {
        obligation: obligation.kind,
        rollback: obligation.rollback.done.seq,
        incident: obligation.rollback.incident.clone(),
        due: obligation.due,
        overdue: obligation.overdue,
    });
    views.collect()
}

fn checks(state: &RolloutState) -> Vec<CheckView> {
    let views = state.checks.iter().map(|(check, report)| CheckView {
        check: check.clone(),
        report: report.clone(),
    });
    views.collect()
}

fn incidents(state: &RolloutState) -> Vec<IncidentView> {
    let incidents = state.open_incidents.iter();
    let views = incidents.map(|(incident, opened)| IncidentView {
        incident: incident.clone(),
        opened: opened.clone(),
    });
    views.collect()
}

fn waivers(state: &RolloutState, now: Timestamp) -> Vec<WaiverView> {
    let views = state.waivers.iter().map(|(target, waiver)| WaiverView {
        target: target.clone(),
        waiver: waiver.clone(),
        holds: waiver.holds(now),
    });
    views.collect()
}

fn rollbacks(state: &RolloutState, now: Timestamp) -> Vec<RollbackView> {
    let views = state.rollbacks.iter().map(|rollback| RollbackView {
        rollback: rollback.clone(),
        running: rollback.is_running(),
        duration_seconds: rollback.duration(now).as_secs(),
    });
    views.collect()
}
