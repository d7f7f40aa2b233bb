//! The names of the built-in gates.

use serde::Serialize;

use crate::rollout::names::Identifier;

/// A gate that comes with the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuiltInGate {
    /// Census and metrics are attached, and the census is watching.
    Instrumentation,
    /// Each required check was reported green, not too long ago.
    RequiredChecks,
    /// No dependent response in the quiet window, waived callers aside.
    NoDependentResponses,
    /// Every caller that ever depended has migrated, is waived or is inactive.
    AllCallersResolved,
    /// The window was watched, no census data was lost, there was traffic, and this process saw all of it.
    Coverage,
    /// No incident is open.
    NoOpenIncident,
    /// Each rollback has its post-analysis.
    PostAnalysesFiled,
}

impl BuiltInGate {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Instrumentation,
        Self::RequiredChecks,
        Self::NoDependentResponses,
        Self::AllCallersResolved,
        Self::Coverage,
        Self::NoOpenIncident,
        Self::PostAnalysesFiled,
    ];

    /// The default gates of cutover and retirement.
    pub(in crate::rollout) const EVIDENCE: [Self; 6] = [
        Self::RequiredChecks,
        Self::NoDependentResponses,
        Self::AllCallersResolved,
        Self::Coverage,
        Self::NoOpenIncident,
        Self::PostAnalysesFiled,
    ];

    /// The name in policies and reports, such as `no_dependent_responses`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instrumentation => "instrumentation",
            Self::RequiredChecks => "required_checks",
            Self::NoDependentResponses => "no_dependent_responses",
            Self::AllCallersResolved => "all_callers_resolved",
            Self::Coverage => "coverage",
            Self::NoOpenIncident => "no_open_incident",
            Self::PostAnalysesFiled => "post_analyses_filed",
        }
    }

    /// The gate of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.as_str() == name)
    }

    /// The name as an identifier.
    ///
    /// # Panics
    ///
    /// Never: each name is a token.
    #[must_use]
    pub fn identifier(self) -> Identifier {
        Identifier::new(self.as_str()).expect("the names of the built-in gates are tokens")
    }
}
