//! Phases and transitions in words, and the gates of a transition with their verdict.

use std::{cmp::Ordering, collections::BTreeMap};

use super::{
    explain::{ExplainContext, Explanation, Side, Todo, explain, post_analysis_due},
    layout::Layout,
};
use crate::rollout::{DryRun, GatesVerdict, Phase, Rollout, Transition};

/// The explained gates of a transition.
#[derive(Clone, Debug)]
pub(crate) struct GateSummary {
    pub(crate) step: Transition,
    pub(crate) failing: Vec<Explanation>,
    pub(crate) passing: Vec<Explanation>,
    /// Post-analyses that no policy and no override dispenses with.
    pub(crate) due: Vec<Todo>,
}

impl GateSummary {
    pub(crate) fn new(rollout: &Rollout, layout: &Layout, run: &DryRun) -> Self {
        let census = rollout.census();
        let context = ExplainContext {
            base: &layout.base,
            policy: &layout.status.policy,
            census: census.as_deref(),
        };
        let explained = run.gates.iter().map(|report| explain(report, &context));
        let (passing, failing) = explained.partition(|explanation| explanation.passed);
        let due = run.post_analyses_due.iter();
        Self {
            step: run.step,
            failing,
            passing,
            due: due
                .map(|rollback| post_analysis_due(*rollback, &layout.base))
                .collect(),
        }
    }

    /// The text of the button.
    pub(crate) const fn verb(&self) -> &'static str {
        verb(self.step)
    }

    /// The question that the gates decide.
    pub(crate) fn question(&self) -> String {
        format!("Ready to {}?", self.verb().to_lowercase())
    }

    pub(crate) const fn pass(&self) -> bool {
        self.failing.is_empty() && self.due.is_empty()
    }

    pub(crate) const fn count(&self) -> usize {
        self.failing.len() + self.passing.len()
    }

    /// All of them, failing ones first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Explanation> {
        self.failing.iter().chain(&self.passing)
    }

    /// What the failing gates require, by who has to act; the same is said once, for all that it is to be done to.
    pub(crate) fn remedies(&self) -> Vec<(Side, Vec<Todo>)> {
        let mut remedies: BTreeMap<Side, Vec<Todo>> = BTreeMap::new();
        let points = self.failing.iter().flat_map(|gate| &gate.points);
        let of_points = points.filter_map(|point| point.todo.as_ref());
        for todo in of_points.chain(&self.due) {
            let of_side = remedies.entry(todo.side).or_default();
            match of_side.iter_mut().find(|same| same.text == todo.text) {
                Some(same) => same.merge(todo),
                None => of_side.push(todo.clone()),
            }
        }
        remedies.into_iter().collect()
    }

    /// `3 of 6 gates fail`.
    pub(crate) fn verdict(&self) -> String {
        match (self.failing.len(), self.count()) {
            (0, _) if !self.due.is_empty() => "A post-analysis is due".to_owned(),
            (0, 0) => GatesVerdict::NoGates.sentence().to_owned(),
            (0, 1) => "The only gate passes".to_owned(),
            (0, all) => format!("All {all} gates pass"),
            (1, 1) => "The only gate fails".to_owned(),
            (1, all) => format!("1 of {all} gates fails"),
            (failing, all) => format!("{failing} of {all} gates fail"),
        }
    }
}

/// What a phase is, and whether it is `done`, `current` or `ahead`.
pub(crate) fn stage(phase: Phase, current: Phase) -> (&'static str, &'static str) {
    let text = match phase {
        Phase::Observe => "Flag off, callers counted",
        Phase::Compat => "Flag on, legacy clients served",
        Phase::Cutover => "Flag off, stranded callers watched",
        Phase::Retired => "Flag off for good",
    };
    let state = match phase.cmp(&current) {
        Ordering::Less => "done",
        Ordering::Equal => "current",
        Ordering::Greater => "ahead",
    };
    (text, state)
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
        Transition::Enable | Transition::Rollback => {
            "From the next response on, legacy clients get legacy responses."
        }
    }
}
