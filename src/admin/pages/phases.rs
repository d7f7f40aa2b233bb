//! The phases in words.

use crate::rollout::{Phase, Transition};

/// One stage on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// `done`, `current` or `ahead`.
    pub(crate) state: &'static str,
}

/// All stages, seen from where the rollout stands.
pub(crate) fn stages(now: Phase) -> Vec<Stage> {
    let stages = Phase::ALL.into_iter();
    let stage = stages.map(|phase| Stage {
        name: phase.as_str(),
        text: match phase {
            Phase::Observe => "Flag off, everybody counted",
            Phase::Compat => "Flag on, old clients served",
            Phase::Cutover => "Flag off, stragglers watched",
            Phase::Retired => "Flag and code gone for good",
        },
        state: match phase.cmp(&now) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "current",
            std::cmp::Ordering::Greater => "ahead",
        },
    });
    stage.collect()
}

/// What a phase means for the clients.
pub(crate) const fn meaning(phase: Phase) -> &'static str {
    match phase {
        Phase::Observe => {
            "All clients get the new answers. Who would need the old ones is being counted."
        }
        Phase::Compat => {
            "Old clients get the answers they expect. Everybody else gets the new ones."
        }
        Phase::Cutover => {
            "All clients get the new answers. Whoever still needs the old ones is watched closely."
        }
        Phase::Retired => {
            "All clients get the new answers, for good. The flag cannot be switched on again."
        }
    }
}

/// What a step does, as words on a button.
pub(crate) const fn verb(step: Transition) -> &'static str {
    match step {
        Transition::Enable => "Switch the flag on",
        Transition::Cutover => "Cut over",
        Transition::Retire => "Retire the flag",
        Transition::Abort => "Give up for now",
        Transition::Rollback => "Roll back",
    }
}

/// What becomes of the clients by a step.
pub(crate) const fn consequence(step: Transition) -> &'static str {
    match step {
        Transition::Cutover => {
            "From the next answer on nobody gets an old answer any more. A rollback stays possible at any time."
        }
        Transition::Retire => {
            "The flag is off for good and can never be switched on again. After it there is no rollback."
        }
        Transition::Abort => {
            "The flag goes off and the rollout is back where it only observes. Old clients get new answers."
        }
        Transition::Enable | Transition::Rollback => {
            "Old clients get the answers they expect from the next answer on."
        }
    }
}
