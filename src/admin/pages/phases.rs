//! Phases and transitions in words.

use std::cmp::Ordering;

use crate::rollout::{Phase, Transition};

/// One phase on the way from observe to retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// `done`, `current` or `ahead`.
    pub(crate) state: &'static str,
}

/// All phases, relative to the current one.
pub(crate) fn stages(current: Phase) -> Vec<Stage> {
    let stage = |phase: Phase| Stage {
        name: phase.as_str(),
        text: match phase {
            Phase::Observe => "Flag off, callers counted",
            Phase::Compat => "Flag on, legacy clients served",
            Phase::Cutover => "Flag off, stragglers watched",
            Phase::Retired => "Flag and code removed",
        },
        state: match phase.cmp(&current) {
            Ordering::Less => "done",
            Ordering::Equal => "current",
            Ordering::Greater => "ahead",
        },
    };
    Phase::ALL.iter().copied().map(stage).collect()
}

/// What a phase means for clients.
pub(crate) const fn meaning(phase: Phase) -> &'static str {
    match phase {
        Phase::Observe => {
            "All clients get target responses. Callers that depend on legacy responses are counted."
        }
        Phase::Compat => "Legacy clients get legacy responses, all others target responses.",
        Phase::Cutover => {
            "All clients get target responses. Callers that still depend on legacy ones are watched."
        }
        Phase::Retired => {
            "All clients get target responses, for good. The flag cannot be switched on again."
        }
    }
}

/// The text of the button for a transition.
pub(crate) const fn verb(step: Transition) -> &'static str {
    match step {
        Transition::Enable => "Switch the flag on",
        Transition::Cutover => "Cut over",
        Transition::Retire => "Retire the flag",
        Transition::Abort => "Abort",
        Transition::Rollback => "Roll back",
    }
}

/// What a transition changes for clients.
pub(crate) const fn consequence(step: Transition) -> &'static str {
    match step {
        Transition::Cutover => {
            "From the next response on, no client gets a legacy response. A rollback stays possible at any time."
        }
        Transition::Retire => {
            "The flag goes off for good and can never be switched on again. There is no rollback afterwards."
        }
        Transition::Abort => {
            "The flag goes off and the rollout returns to observe. Legacy clients get target responses."
        }
        Transition::Enable | Transition::Rollback => {
            "From the next response on, legacy clients get legacy responses."
        }
    }
}
