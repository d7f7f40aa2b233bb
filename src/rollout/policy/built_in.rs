//! The names of the built-in gates.

use crate::rollout::texts::Label;

/// A gate that comes with the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BuiltInGate {
    /// Census and metrics are attached, and the census is watching.
    Instrumentation,
    /// Each required check was reported green, not too long ago.
    ChecksGreen,
    /// No dependent answer in the quiet window, whoever got it, waived callers aside.
    LegacyQuiet,
    /// Every caller that ever depended has migrated, is waived or has been silent for long.
    AllAccounted,
    /// The window was watched, nothing overflowed, there was traffic, and this process saw all of it.
    Coverage,
    /// No incident is open.
    NoIncident,
    /// Each rollback has its post-analysis.
    PostAnalysisDone,
}

impl BuiltInGate {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Instrumentation,
        Self::ChecksGreen,
        Self::LegacyQuiet,
        Self::AllAccounted,
        Self::Coverage,
        Self::NoIncident,
        Self::PostAnalysisDone,
    ];

    /// Those that cutover and retirement ask for by default.
    pub(super) const EVIDENCE: [Self; 6] = [
        Self::ChecksGreen,
        Self::LegacyQuiet,
        Self::AllAccounted,
        Self::Coverage,
        Self::NoIncident,
        Self::PostAnalysisDone,
    ];

    /// The name in policies and reports, such as `legacy_quiet`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instrumentation => "instrumentation",
            Self::ChecksGreen => "checks_green",
            Self::LegacyQuiet => "legacy_quiet",
            Self::AllAccounted => "all_accounted",
            Self::Coverage => "coverage",
            Self::NoIncident => "no_incident",
            Self::PostAnalysisDone => "post_analysis_done",
        }
    }

    /// The gate of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.as_str() == name)
    }

    /// The name as a label.
    ///
    /// # Panics
    ///
    /// Never: each name is a token.
    #[must_use]
    pub fn label(self) -> Label {
        Label::new(self.as_str()).expect("the names of the built-in gates are tokens")
    }
}
