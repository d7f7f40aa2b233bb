//! The view of a rollout that API and command-line tool show.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    brownout_callers::BrownoutCallers,
    event::{Head, LossAccepted, Recovered},
    evidence::GateReport,
    fleet::FleetView,
    json_object::PolicyDocument,
    names::{FlagName, Identifier, IncidentId, WaiverTarget},
    phase::{Phase, Transition},
    policy::Policy,
    state::{
        Brownout, BrownoutStage, Check, ClientRollback, EventRef, ObligationKind, Override,
        Projection, Rollback, RolloutState, ServedContract, Waiver,
    },
    stranded::Stranded,
};
use crate::{flag::FlagState, metrics::RehearsedOutcome, time::Timestamp, words::words};

/// Where a rollout stands at a moment, as one JSON object.
///
/// `GET /api/status` and `status --json` both contain its members, so a key means the same in both. All of it follows
/// from the journal and the time; a running rollout adds what only it knows, see
/// [`Rollout::view`](super::Rollout::view).
///
/// ```
/// use legacy_http_compat::rollout::{Rollout, journal::MemoryJournal, names::FlagName, policy::Policy};
///
/// # use std::sync::Arc;
/// let flag = FlagName::new("features.jobs.compat")?;
/// let rollout = Rollout::builder(flag, Policy::permissive()).open(Arc::new(MemoryJournal::new()))?;
/// let view = serde_json::to_value(rollout.view())?;
/// assert_eq!((&view["phase"], &view["flag"]), (&"compat".into(), &"on".into()));
/// assert_eq!(view["flag_name"], "features.jobs.compat");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RolloutView {
    /// The moment of the view.
    pub at: Timestamp,
    /// The last event, as `SEQ:HASH`.
    pub head: Head,
    /// The last event that bears on a decision, which is the entity tag of the status.
    pub decision: u64,
    /// The name of the flag.
    pub flag_name: FlagName,
    /// The name of the environment, if the rollout was given one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The state of the flag.
    pub flag: FlagState,
    /// The event that last switched it on or off.
    pub flag_changed: EventRef,
    /// Whether a rollback took effect that is not on record yet.
    pub rollback_unrecorded: bool,
    /// The same of the end of a brownout.
    pub brownout_end_unrecorded: bool,
    /// The phase.
    pub phase: Phase,
    /// The event that entered the phase.
    pub entered: EventRef,
    /// The event that opened the rollout.
    pub opened: EventRef,
    /// The gated transition that can come next.
    pub next: Option<Transition>,
    /// The verdict on its gates.
    pub gates_verdict: GatesVerdict,
    /// The reports of its gates, by the last evaluation.
    pub gates: Vec<GateReport>,
    /// When gates and stranded callers were evaluated; left out where they were not. With the snapshot of a census, its moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<Timestamp>,
    /// The stranded callers since the flag last changed; left out where there is no census.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranded: Option<Stranded>,
    /// The callers that the last brownout hit, and what became of them; left out where no brownout began or there is no census.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brownout_callers: Option<BrownoutCallers>,
    /// How the legacy responses were [rehearsed](super::Rollout::rehearsed) in this process; left out where the view was made
    /// from a journal alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Vec<RehearsedOutcome>>,
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
    /// All brownouts, in the order of their announcements.
    pub brownouts: Vec<BrownoutView>,
    /// Cutovers against failing gates and loosenings of the policy, in order.
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
    /// Whether the policy comes from the program alone; left out where the view was made from a journal alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_pinned: Option<bool>,
    /// Torn lines that were cut off from the journal.
    pub recoveries: Vec<RecoveryView>,
    /// Losses of recorded events that were accepted.
    pub losses: Vec<LossView>,
    /// Refused attempts.
    pub refusals: RefusalCounts,
    /// The instances that share the journal; left out where there is no table of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetView>,
}

words! {
    /// The verdict on the gates of a transition.
    ///
    /// The same words on pages, in the API and on the command line: gates that were not evaluated do not pass, and a
    /// transition without gates says so.
    #[non_exhaustive]
    pub enum GatesVerdict {
        /// They were not evaluated.
        NotEvaluated = "not_evaluated",
        /// The policy requires none.
        NoGates = "no_gates",
        /// All of them pass.
        Pass = "pass",
        /// At least one fails.
        Fail = "fail",
    }
}

impl GatesVerdict {
    /// The verdict on these reports; on none, that they were not evaluated.
    #[must_use]
    pub fn of(reports: Option<&[GateReport]>) -> Self {
        match reports {
            None => Self::NotEvaluated,
            Some([]) => Self::NoGates,
            Some(reports) if reports.iter().all(|report| report.passed) => Self::Pass,
            Some(_) => Self::Fail,
        }
    }

    /// The verdict as a sentence without its full stop.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotEvaluated => "The gates have not been evaluated",
            Self::NoGates => "The policy requires no gates",
            Self::Pass => "All gates pass",
            Self::Fail => "Gates fail",
        }
    }
}

/// A torn line that was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecoveryView {
    /// The line.
    #[serde(flatten)]
    pub torn: Recovered,
    /// The event that recorded it.
    pub done: EventRef,
}

/// A loss of recorded events that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LossView {
    /// What was lost.
    #[serde(flatten)]
    pub loss: LossAccepted,
    /// The event that recorded it.
    pub done: EventRef,
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

/// A brownout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BrownoutView {
    /// The sequence number of its announcement, by which it is ended.
    pub brownout: u64,
    /// How far it has come, by the journal.
    pub stage: BrownoutStage,
    /// Its times and events.
    #[serde(flatten)]
    pub window: Brownout,
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
        let view = match Policy::from_document(&state.policy) {
            Ok(policy) => Self::new(state, &policy, head, at),
            Err(_) => Self {
                policy: state.policy.clone(),
                ..Self::new(state, &Policy::default(), head, at)
            },
        };
        Some(Self {
            recoveries: recoveries(projection.recoveries()),
            losses: losses(projection.losses()),
            ..view
        })
    }

    /// With the stranded callers that the snapshot of a census shows, if it is later than the last change of the flag.
    #[cfg(feature = "cli")]
    pub(crate) fn with_census(
        self,
        (stranded, brownout_callers): (Option<Stranded>, Option<BrownoutCallers>),
        at: Timestamp,
    ) -> Self {
        Self {
            stranded,
            brownout_callers,
            evaluated: Some(at),
            ..self
        }
    }

    pub(super) fn new(state: &RolloutState, policy: &Policy, head: Head, at: Timestamp) -> Self {
        let counts = Transition::ALL
            .iter()
            .map(|step| (*step, state.count_of(*step)));
        Self {
            at,
            head,
            decision: state.decision,
            flag_name: state.flag_name.clone(),
            environment: None,
            flag: state.flag_at(at),
            flag_changed: state.flag_changed.clone(),
            rollback_unrecorded: false,
            brownout_end_unrecorded: false,
            phase: state.phase,
            entered: state.entered.clone(),
            opened: state.opened.clone(),
            next: next_gated(state),
            gates_verdict: GatesVerdict::NotEvaluated,
            gates: Vec::new(),
            evaluated: None,
            stranded: None,
            brownout_callers: None,
            rehearsed: None,
            obligations: obligations(state, policy, at),
            overdue: overdue(state, policy, at),
            checks: checks(state),
            incidents: incidents(state),
            waivers: waivers(state, at),
            rollbacks: rollbacks(state, at),
            brownouts: brownouts(state),
            overrides: state.overrides.clone(),
            client_rollbacks: state.client_rollbacks.clone(),
            contract: state.contract.clone(),
            transitions: counts.collect(),
            policy: policy.to_document(),
            policy_set: state.policy_set.clone(),
            policy_pinned: None,
            recoveries: Vec::new(),
            losses: Vec::new(),
            refusals: RefusalCounts {
                journaled: state.refusals,
                unjournaled: None,
            },
            fleet: None,
        }
    }
}

pub(super) fn recoveries(recoveries: &[(Recovered, EventRef)]) -> Vec<RecoveryView> {
    let views = recoveries.iter().map(|(torn, done)| RecoveryView {
        torn: *torn,
        done: done.clone(),
    });
    views.collect()
}

pub(super) fn losses(losses: &[(LossAccepted, EventRef)]) -> Vec<LossView> {
    let views = losses.iter().map(|(loss, done)| LossView {
        loss: *loss,
        done: done.clone(),
    });
    views.collect()
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

fn brownouts(state: &RolloutState) -> Vec<BrownoutView> {
    let views = state.brownouts.iter().map(|brownout| BrownoutView {
        brownout: brownout.seq(),
        stage: brownout.stage(),
        window: brownout.clone(),
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
