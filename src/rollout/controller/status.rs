//! What is shown of a rollout.

use crate::time::Timestamp;
use crate::{
    flag::FlagState,
    rollout::{
        evidence::GateReport,
        phase::Transition,
        policy::Policy,
        state::{ObligationKind, RolloutState},
        view::{RefusalCounts, RolloutView},
    },
};

/// How a rollout stands, as of its last command or tick.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RolloutStatus {
    /// When this was put together.
    pub at: Timestamp,
    /// The number of the last event taken in.
    pub head: u64,
    /// What follows from the journal.
    pub state: RolloutState,
    /// The policy that holds.
    pub policy: Policy,
    /// What the switch says. It differs from what follows from the phase only while a rollback is unrecorded.
    pub flag: FlagState,
    /// The gated step that can come next.
    pub next: Option<Transition>,
    /// What the gates of that step said last; empty before they were first asked.
    pub gates: Vec<GateReport>,
    /// What is past its time.
    pub overdue: Vec<ObligationKind>,
    /// Whether a rollback took effect that could not be journaled yet.
    pub rollback_unrecorded: bool,
    /// Why the journal could not be read or written the last time; `None` if it could.
    pub journal_error: Option<String>,
    /// How many refused attempts were too many to be journaled, since this process started.
    pub unjournaled_refusals: u64,
}

impl RolloutStatus {
    /// The status as a serialisable view.
    #[must_use]
    pub fn view(&self) -> RolloutView {
        RolloutView {
            flag: self.flag,
            policy: self.policy.to_document(),
            refusals: RefusalCounts {
                journaled: self.state.refusals(),
                unjournaled: Some(self.unjournaled_refusals),
            },
            ..RolloutView::new(&self.state, &self.policy, self.head, self.at)
        }
    }
}
