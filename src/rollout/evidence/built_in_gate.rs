//! The names of the built-in gates.

use crate::{rollout::names::Identifier, words::words};

words! {
    /// A gate that comes with the crate.
    #[non_exhaustive]
    pub enum BuiltInGate {
        /// Census and metrics are attached, and the census is watching.
        Instrumentation = "instrumentation",
        /// Each required check was reported green, not too long ago.
        RequiredChecks = "required_checks",
        /// No dependent response in the quiet window, waived callers aside.
        NoDependentResponses = "no_dependent_responses",
        /// Every caller that ever depended has migrated, is waived or is inactive.
        AllCallersResolved = "all_callers_resolved",
        /// The window was watched, no census data was lost, there was traffic, and this process saw all of it.
        Coverage = "coverage",
        /// No incident is open.
        NoOpenIncident = "no_open_incident",
        /// Each rollback has its post-analysis.
        PostAnalysesFiled = "post_analyses_filed",
    }
}

impl BuiltInGate {
    /// The default gates of cutover and retirement.
    pub(in crate::rollout) const EVIDENCE: [Self; 6] = [
        Self::RequiredChecks,
        Self::NoDependentResponses,
        Self::AllCallersResolved,
        Self::Coverage,
        Self::NoOpenIncident,
        Self::PostAnalysesFiled,
    ];

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
