//! How the way back was rehearsed, in words.

use crate::{
    FlagState,
    admin::format::{counted, grouped, listed},
    metrics::RehearsedOutcome,
};

/// The rehearsals of the legacy responses, as the pages show them.
#[derive(Clone, Debug)]
pub(crate) struct Rehearsed(Option<Vec<RehearsedOutcome>>);

impl Rehearsed {
    pub(crate) const fn new(outcomes: Option<Vec<RehearsedOutcome>>) -> Self {
        Self(outcomes)
    }

    /// Whether there is something to say: with the flag on, the responses themselves show whether they can be rewritten.
    pub(crate) fn is_shown(&self, flag: FlagState) -> bool {
        flag == FlagState::Off && !self.outcomes().is_empty()
    }

    /// The outcomes that have a legacy shape.
    pub(crate) fn outcomes(&self) -> &[RehearsedOutcome] {
        self.0.as_deref().unwrap_or_default()
    }

    /// How many legacy responses could not be rendered.
    pub(crate) fn failures(&self) -> u64 {
        self.outcomes().iter().map(RehearsedOutcome::failures).sum()
    }

    fn successes(&self) -> u64 {
        self.outcomes().iter().map(|outcome| outcome.ok).sum()
    }

    /// Whether nothing was rehearsed.
    pub(crate) fn none(&self) -> bool {
        self.failures() + self.successes() == 0
    }

    /// The result in a sentence without its full stop.
    pub(crate) fn sentence(&self) -> String {
        let (failures, successes) = (self.failures(), self.successes());
        let all = counted(failures + successes, "rehearsed legacy response");
        match (failures, successes) {
            (0, 0) => "No legacy response has been rehearsed since this process began to serve the contract".to_owned(),
            (0, _) => format!("Of {all}, each could be rendered"),
            _ => format!("Of {all}, {} could not be rendered", grouped(failures)),
        }
    }

    /// `2 missing_value in PENDING of device_poll`; empty if none failed.
    pub(crate) fn failed(&self) -> String {
        let failed = self.outcomes().iter().flat_map(|of| {
            let name = name(of);
            let reasons = of.failed.iter();
            reasons.map(move |(reason, count)| format!("{} {reason} in {name}", grouped(*count)))
        });
        listed(&failed.collect::<Vec<_>>())
    }

    /// The outcomes whose endpoint is rehearsed, and that were not yet.
    pub(crate) fn not_yet(&self) -> String {
        self.names(|of| of.rehearse && of.ok + of.failures() == 0)
    }

    /// The outcomes whose endpoint is never rehearsed.
    pub(crate) fn never(&self) -> String {
        self.names(|of| !of.rehearse)
    }

    fn names(&self, which: impl Fn(&RehearsedOutcome) -> bool) -> String {
        let outcomes = self.outcomes().iter().filter(|of| which(of));
        listed(&outcomes.map(name).collect::<Vec<_>>())
    }
}

fn name(of: &RehearsedOutcome) -> String {
    format!("{} of {}", of.outcome, of.endpoint)
}
