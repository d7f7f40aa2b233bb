//! Whether the rollout may go on, and what stands in the way.

use super::{
    explain::{Background, Explanation, explain},
    phases::verb,
};
use crate::rollout::{Transition, gate::GateReport};

/// The gates of a step, explained.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    pub(crate) failing: Vec<Explanation>,
    pub(crate) passing: Vec<Explanation>,
}

/// The next step and its gates.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    pub(crate) step: &'static str,
    pub(crate) verb: &'static str,
    /// The same within a sentence.
    pub(crate) asked: String,
    pub(crate) gates: Gates,
}

impl Gates {
    pub(crate) fn new(reports: &[GateReport], background: &Background<'_>) -> Self {
        let explained = reports.iter().map(|report| explain(report, background));
        let (passing, failing) = explained.partition(|explanation| explanation.passed);
        Self { failing, passing }
    }

    pub(crate) const fn pass(&self) -> bool {
        self.failing.is_empty()
    }

    pub(crate) const fn count(&self) -> usize {
        self.failing.len() + self.passing.len()
    }

    /// `3 of 6 gates stand in the way`.
    pub(crate) fn verdict(&self) -> String {
        match (self.failing.len(), self.count()) {
            (0, 0) => "No gate is asked".to_owned(),
            (0, 1) => "The one gate lets pass".to_owned(),
            (0, all) => format!("All {all} gates let pass"),
            (1, all) => format!("1 of {all} gates stands in the way"),
            (failing, all) => format!("{failing} of {all} gates stand in the way"),
        }
    }
}

impl Next {
    pub(crate) fn new(step: Transition, gates: Gates) -> Self {
        Self {
            step: step.as_str(),
            verb: verb(step),
            asked: verb(step).to_lowercase(),
            gates,
        }
    }
}
