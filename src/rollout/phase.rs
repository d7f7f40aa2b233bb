//! The phases of a rollout, and the transitions between them.

use crate::{flag::FlagState, words::words};

words! {
    /// The phase of a rollout.
    ///
    /// ```
    /// use legacy_http_compat::{FlagState, rollout::{Phase, Transition}};
    ///
    /// assert_eq!(Phase::Compat.flag(), FlagState::On);
    /// assert_eq!(Phase::Cutover.step(Phase::Compat), Ok(Transition::Rollback));
    /// assert_eq!(
    ///     Phase::Observe.step(Phase::Cutover).unwrap_err().to_string(),
    ///     "there is no transition from observe to cutover; possible: compat",
    /// );
    /// ```
    #[expect(
        clippy::exhaustive_enums,
        reason = "code that shows or decides by the phase must handle every one"
    )]
    pub enum Phase {
        /// Flag off; callers that depend on the legacy shape are counted. For APIs whose old clients still cope.
        Observe = "observe",
        /// Flag on: old clients get the legacy shape.
        Compat = "compat",
        /// Flag off; stranded callers are watched.
        Cutover = "cutover",
        /// Flag off for good; the layer is an identity.
        Retired = "retired",
    }
}

words! {
    /// A transition from one phase to another. There are no others.
    #[expect(clippy::exhaustive_enums, reason = "each has its own rules")]
    pub enum Transition {
        /// Observe → Compat: switches the flag on.
        Enable = "enable",
        /// Compat → Cutover: switches it off, on evidence.
        Cutover = "cutover",
        /// Cutover → Retired: switches it off for good, on evidence.
        Retire = "retire",
        /// Cutover → Compat: switches the flag on again because of an incident.
        Rollback = "rollback",
    }
}

/// A transition that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no transition from {from} to {to}; possible: {}", self.names())]
#[non_exhaustive]
pub struct ImpossibleTransition {
    /// The phase to be left.
    pub from: Phase,
    /// The phase that was requested.
    pub to: Phase,
}

impl Phase {
    /// The state of the flag in this phase.
    #[must_use]
    pub const fn flag(self) -> FlagState {
        match self {
            Self::Observe | Self::Cutover => FlagState::Off,
            Self::Compat => FlagState::On,
            Self::Retired => FlagState::Retired,
        }
    }

    /// Whether a rollout may open in this phase.
    #[must_use]
    pub const fn may_open(self) -> bool {
        matches!(self, Self::Observe | Self::Compat)
    }

    /// The transitions from this phase.
    pub fn transitions(self) -> impl Iterator<Item = Transition> {
        Transition::ALL
            .iter()
            .copied()
            .filter(move |step| step.from() == self)
    }

    /// The transition from this phase to another.
    ///
    /// # Errors
    ///
    /// When there is none; the error names the possible ones.
    pub fn step(self, to: Self) -> Result<Transition, ImpossibleTransition> {
        self.transitions()
            .find(|step| step.to() == to)
            .ok_or(ImpossibleTransition { from: self, to })
    }
}

impl Transition {
    /// The phase it leaves.
    #[must_use]
    pub const fn from(self) -> Phase {
        match self {
            Self::Enable => Phase::Observe,
            Self::Cutover => Phase::Compat,
            Self::Retire | Self::Rollback => Phase::Cutover,
        }
    }

    /// The phase it leads to.
    #[must_use]
    pub const fn to(self) -> Phase {
        match self {
            Self::Enable | Self::Rollback => Phase::Compat,
            Self::Cutover => Phase::Cutover,
            Self::Retire => Phase::Retired,
        }
    }

    /// Whether its failing gates can be overridden by name: only those of the cutover.
    #[must_use]
    pub const fn may_be_overridden(self) -> bool {
        matches!(self, Self::Cutover)
    }

    /// Whether each rollback must have its post-analysis first: it switches the flag off.
    #[must_use]
    pub const fn requires_post_analyses(self) -> bool {
        matches!(self, Self::Cutover | Self::Retire)
    }

    /// Whether it has gates: all but the rollback.
    #[must_use]
    pub const fn is_gated(self) -> bool {
        !matches!(self, Self::Rollback)
    }
}

impl ImpossibleTransition {
    /// The phases that can be reached instead.
    pub fn possible(&self) -> impl Iterator<Item = Phase> {
        self.from.transitions().map(Transition::to)
    }

    fn names(self) -> String {
        let names: Vec<&str> = self.possible().map(Phase::as_str).collect();
        match names.as_slice() {
            [] => "none, retired is final".to_owned(),
            names => names.join(" or "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_four_transitions() {
        let pairs = |from| Phase::ALL.iter().map(move |to| (from, *to));
        let steps: Vec<(Phase, Phase)> = Phase::ALL
            .iter()
            .flat_map(|from| pairs(*from))
            .filter(|(from, to)| from.step(*to).is_ok())
            .collect();
        let expected = [
            (Phase::Observe, Phase::Compat),
            (Phase::Compat, Phase::Cutover),
            (Phase::Cutover, Phase::Compat),
            (Phase::Cutover, Phase::Retired),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn an_impossible_transition_names_the_possible_ones() {
        let error = |from: Phase, to| from.step(to).unwrap_err().to_string();
        assert_eq!(
            error(Phase::Compat, Phase::Retired),
            "there is no transition from compat to retired; possible: cutover"
        );
        assert_eq!(
            error(Phase::Retired, Phase::Compat),
            "there is no transition from retired to compat; possible: none, retired is final"
        );
        assert_eq!(
            error(Phase::Cutover, Phase::Cutover),
            "there is no transition from cutover to cutover; possible: retired or compat"
        );
    }

    #[test]
    fn the_flag_is_on_in_compat_alone() {
        let on = Phase::ALL.iter().map(|phase| phase.flag() == FlagState::On);
        assert!(on.eq([false, true, false, false]));
        assert_eq!(Phase::Retired.flag(), FlagState::Retired);
    }

    #[test]
    fn names_are_those_of_the_journal() {
        for phase in Phase::ALL {
            let json = serde_json::to_value(phase).unwrap();
            assert_eq!(json, phase.as_str());
        }
        for step in Transition::ALL {
            assert_eq!(serde_json::to_value(step).unwrap(), step.as_str());
        }
    }
}
