//! The gates of a transition, explained, with their verdict.

use super::{
    explain::{ExplainContext, Explanation, explain},
    phases::verb,
};
use crate::rollout::{Transition, gate::GateReport};

/// The explained gates of a transition.
#[derive(Clone, Debug)]
pub(crate) struct GateSummary {
    pub(crate) failing: Vec<Explanation>,
    pub(crate) passing: Vec<Explanation>,
}

/// The next transition and its gates.
#[derive(Clone, Debug)]
pub(crate) struct NextStep {
    pub(crate) step: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) gates: GateSummary,
}

impl GateSummary {
    pub(crate) fn new(reports: &[GateReport], context: &ExplainContext<'_>) -> Self {
        let explained = reports.iter().map(|report| explain(report, context));
        let (passing, failing) = explained.partition(|explanation| explanation.passed);
        Self { failing, passing }
    }

    pub(crate) const fn pass(&self) -> bool {
        self.failing.is_empty()
    }

    pub(crate) const fn count(&self) -> usize {
        self.failing.len() + self.passing.len()
    }

    /// `3 of 6 gates fail`.
    pub(crate) fn verdict(&self) -> String {
        match (self.failing.len(), self.count()) {
            (0, 0) => "There are no gates".to_owned(),
            (0, 1) => "The only gate passes".to_owned(),
            (0, all) => format!("All {all} gates pass"),
            (1, all) => format!("1 of {all} gates fails"),
            (failing, all) => format!("{failing} of {all} gates fail"),
        }
    }
}

impl NextStep {
    pub(crate) const fn new(step: Transition, gates: GateSummary) -> Self {
        Self {
            step: step.as_str(),
            verb: verb(step),
            gates,
        }
    }

    /// The question that the gates decide.
    pub(crate) fn question(&self) -> String {
        format!("Ready to {}?", self.verb.to_lowercase())
    }
}
