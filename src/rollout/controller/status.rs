//! What is shown of a rollout.

use crate::time::Timestamp;
use crate::{
    flag::FlagState,
    rollout::{evidence::GateReport, phase::Transition, policy::Policy, state::RolloutState},
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
    pub overdue: Vec<Overdue>,
    /// Whether a rollback took effect that could not be journaled yet.
    pub rollback_unrecorded: bool,
    /// Why the journal could not be read or written the last time; `None` if it could.
    pub journal_error: Option<String>,
    /// How many refused attempts were too many to be journaled, since this process started.
    pub unjournaled_refusals: u64,
}

/// What can be past its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Overdue {
    /// A rollback lasts longer than the policy allows.
    Rollback,
    /// The post-analysis of a rollback is missing for longer than the policy allows.
    PostAnalysis,
    /// Flag and code should be gone.
    Retirement,
}

impl Overdue {
    /// All that can be.
    pub const ALL: [Self; 3] = [Self::Rollback, Self::PostAnalysis, Self::Retirement];

    /// `rollback`, `post_analysis` or `retirement`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::PostAnalysis => "post_analysis",
            Self::Retirement => "retirement",
        }
    }
}
