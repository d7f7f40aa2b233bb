//! The status of a rollout.

use std::time::Duration;

use super::{
    evaluation::Evaluation,
    event::{Head, LossAccepted, Recovered},
    journal::JournalSync,
    phase::Transition,
    policy::Policy,
    state::{EventRef, ObligationKind, RolloutState},
    view::{GatesVerdict, RefusalCounts, RolloutView, losses, recoveries},
};
use crate::{flag::FlagState, time::Timestamp};

/// The status of a rollout, as of its last command or tick.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RolloutStatus {
    /// When the status was made.
    pub at: Timestamp,
    /// The last event.
    pub head: Head,
    /// The state that follows from the journal.
    pub state: RolloutState,
    /// The policy in force.
    pub policy: Policy,
    /// The state of the flag. It differs from that of the phase only while a brownout runs or a rollback is unrecorded.
    pub flag: FlagState,
    /// The gated transition that can come next; `None` while a rollback is unrecorded.
    pub next: Option<Transition>,
    /// Whether the policy comes from the program alone.
    pub policy_pinned: bool,
    /// The name of the environment.
    pub environment: Option<String>,
    /// The torn lines that were cut off from the journal.
    pub recoveries: Vec<(Recovered, EventRef)>,
    /// The losses of recorded events that were accepted.
    pub losses: Vec<(LossAccepted, EventRef)>,
    /// What is past its time, each kind once.
    pub overdue: Vec<ObligationKind>,
    /// Whether a rollback took effect that could not be journaled yet: "rolled back, not yet on record".
    pub rollback_unrecorded: bool,
    /// The same of the end of a brownout.
    pub brownout_end_unrecorded: bool,
    /// Why the journal could not be read or written the last time; `None` if it could.
    pub journal_error: Option<String>,
    /// How the journal relates to the store that it is shared through.
    pub sync: JournalSync,
    /// How long after it was journaled the last change of the flag was applied here, by the clocks of both instances; `None`
    /// before one was since the process started.
    pub applied_lag: Option<Duration>,
    /// Refused attempts over the hourly limit since this process started.
    pub unjournaled_refusals: u64,
}

impl RolloutStatus {
    /// The status as a serialisable view, with an evaluation if there is one.
    pub(super) fn view(&self, evaluation: Option<&Evaluation>) -> RolloutView {
        let evaluated = evaluation.filter(|evaluation| evaluation.next == self.next);
        // Where no transition can come next, there is nothing that gates could be of.
        let gates = evaluated.filter(|_| self.next.is_some());
        RolloutView {
            flag: self.flag,
            environment: self.environment.clone(),
            next: self.next,
            gates_verdict: GatesVerdict::of(gates.map(|evaluation| &evaluation.gates[..])),
            gates: evaluated
                .map(|evaluation| evaluation.gates.clone())
                .unwrap_or_default(),
            evaluated: evaluated.map(|evaluation| evaluation.at),
            stranded: evaluation.and_then(|evaluation| evaluation.stranded.clone()),
            brownout_callers: evaluation.and_then(|evaluation| evaluation.brownout_callers.clone()),
            rollback_unrecorded: self.rollback_unrecorded,
            brownout_end_unrecorded: self.brownout_end_unrecorded,
            policy_pinned: Some(self.policy_pinned),
            recoveries: recoveries(&self.recoveries),
            losses: losses(&self.losses),
            refusals: RefusalCounts {
                journaled: self.state.refusals,
                unjournaled: Some(self.unjournaled_refusals),
            },
            ..RolloutView::new(&self.state, &self.policy, self.head, self.at)
        }
    }
}
