//! What a gate may look at.

use crate::time::Timestamp;
use crate::{
    census::{Census, Window},
    metrics::Metrics,
    rollout::{
        evidence::{Evidence, UnknownReason},
        phase::Transition,
        policy::Policy,
        state::RolloutState,
    },
};

/// What a gate may look at: where the rollout stands, what its policy asks for, and what was counted.
#[derive(Clone, Copy, Debug)]
pub struct GateContext<'a> {
    pub(in crate::rollout) step: Transition,
    pub(in crate::rollout) state: &'a RolloutState,
    pub(in crate::rollout) policy: &'a Policy,
    pub(in crate::rollout) census: Option<&'a Census>,
    pub(in crate::rollout) metrics: Option<&'a Metrics>,
    pub(in crate::rollout) now: Timestamp,
}

/// Whether a built-in gate passes and its evidence, or why it could not be evaluated.
pub(super) type Verdict = Result<(bool, Evidence), UnknownReason>;

impl<'a> GateContext<'a> {
    /// The step that is asked about.
    #[must_use]
    pub const fn step(&self) -> Transition {
        self.step
    }

    /// Where the rollout stands.
    #[must_use]
    pub const fn state(&self) -> &'a RolloutState {
        self.state
    }

    /// The policy that holds.
    #[must_use]
    pub const fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The census, where one is attached.
    #[must_use]
    pub const fn census(&self) -> Option<&'a Census> {
        self.census
    }

    /// The metrics, where they are attached.
    #[must_use]
    pub const fn metrics(&self) -> Option<&'a Metrics> {
        self.metrics
    }

    /// What the wall clock shows.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The window in which everything has to be quiet before this step.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.policy.quiet_window(self.step)
    }
}
