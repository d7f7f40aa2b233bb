//! The phases of a rollout, and the transitions between them.

use std::{error::Error, fmt};

use serde::{Deserialize, Serialize};

use crate::flag::FlagState;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "code that shows or decides by the phase must handle every one"
)]
pub enum Phase {
    /// Flag off; callers that depend on the legacy shape are counted. For APIs whose old clients still cope.
    Observe,
    /// Flag on: old clients get the legacy shape.
    Compat,
    /// Flag off; stranded callers are watched.
    Cutover,
    /// Flag off for good; the layer is an identity.
    Retired,
}

/// A transition from one phase to another. There are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "each has its own rules")]
pub enum Transition {
    /// Observe → Compat: switches the flag on.
    Enable,
    /// Compat → Cutover: switches it off, on evidence.
    Cutover,
    /// Cutover → Retired: switches it off for good, on evidence.
    Retire,
    /// Compat → Observe: abandons the rollout for now.
    Abort,
    /// Cutover → Compat: switches the flag on again because of an incident.
    Rollback,
}

/// A transition that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImpossibleTransition {
    from: Phase,
    to: Phase,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 4] = [Self::Observe, Self::Compat, Self::Cutover, Self::Retired];

    /// `observe`, `compat`, `cutover` or `retired`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Compat => "compat",
            Self::Cutover => "cutover",
            Self::Retired => "retired",
        }
    }

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
            .into_iter()
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

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Transition {
    /// All transitions.
    pub const ALL: [Self; 5] = [
        Self::Enable,
        Self::Cutover,
        Self::Retire,
        Self::Abort,
        Self::Rollback,
    ];

    /// `enable`, `cutover`, `retire`, `abort` or `rollback`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Cutover => "cutover",
            Self::Retire => "retire",
            Self::Abort => "abort",
            Self::Rollback => "rollback",
        }
    }

    /// The phase it leaves.
    #[must_use]
    pub const fn from(self) -> Phase {
        match self {
            Self::Enable => Phase::Observe,
            Self::Cutover | Self::Abort => Phase::Compat,
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
            Self::Abort => Phase::Observe,
        }
    }

    /// Whether its failing gates can be overridden by name: only those of the cutover.
    #[must_use]
    pub const fn may_be_overridden(self) -> bool {
        matches!(self, Self::Cutover)
    }

    /// Whether it has gates. Abort and rollback have none.
    #[must_use]
    pub const fn is_gated(self) -> bool {
        matches!(self, Self::Enable | Self::Cutover | Self::Retire)
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ImpossibleTransition {
    /// The phase to be left.
    #[must_use]
    pub const fn from(&self) -> Phase {
        self.from
    }

    /// The phase that was requested.
    #[must_use]
    pub const fn to(&self) -> Phase {
        self.to
    }

    /// The phases that can be reached instead.
    pub fn possible(&self) -> impl Iterator<Item = Phase> {
        self.from.transitions().map(Transition::to)
    }
}

impl fmt::Display for ImpossibleTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no transition from {} to {}; possible: ",
            self.from, self.to
        )?;
        let possible: Vec<&str> = self.possible().map(Phase::as_str).collect();
        match possible.as_slice() {
            [] => f.write_str("none, retired is final"),
            names => f.write_str(&names.join(" or ")),
        }
    }
}

impl Error for ImpossibleTransition {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_five_transitions() {
        let steps: Vec<(Phase, Phase)> = Phase::ALL
            .into_iter()
            .flat_map(|from| Phase::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.step(*to).is_ok())
            .collect();
        let expected = [
            (Phase::Observe, Phase::Compat),
            (Phase::Compat, Phase::Observe),
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
            "there is no transition from compat to retired; possible: cutover or observe"
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
        let on = Phase::ALL.map(|phase| phase.flag() == FlagState::On);
        assert_eq!(on, [false, true, false, false]);
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
