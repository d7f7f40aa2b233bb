//! The status of a rollout.

use crate::{
    flag::FlagState,
    rollout::{
        evidence::GateReport,
        phase::Transition,
        policy::Policy,
        state::{ObligationKind, RolloutState},
        view::{RefusalCounts, RolloutView},
    },
    time::Timestamp,
};

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
