//! The explanation of a gate.

use super::tree::leaves;
use crate::{
    admin::pages::wording::titled,
    rollout::{GateReport, Policy},
};

/// What a gate says, for people.
#[derive(Clone, Debug)]
pub(in crate::admin::pages) struct Explanation {
    /// Its name in policies, reports and overrides.
    pub(in crate::admin::pages) name: String,
    /// Its name as words.
    pub(in crate::admin::pages) title: String,
    pub(in crate::admin::pages) passed: bool,
    /// What it found; never empty.
    pub(in crate::admin::pages) points: Vec<Point>,
    /// What it rests on, each figure with its name.
    pub(in crate::admin::pages) evidence: Vec<(String, String)>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::admin::pages) struct Point {
    pub(in crate::admin::pages) text: String,
    pub(in crate::admin::pages) todo: Option<Todo>,
}

/// What has to be done about a finding, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::admin::pages) struct Todo {
    pub(in crate::admin::pages) text: String,
    /// Address and text.
    pub(in crate::admin::pages) link: Option<(String, String)>,
}

/// What an explanation may look at beside the evidence.
#[derive(Clone, Copy, Debug)]
pub(in crate::admin::pages) struct Background<'a> {
    /// The path under which the pages are.
    pub(in crate::admin::pages) base: &'a str,
    pub(in crate::admin::pages) policy: &'a Policy,
    pub(in crate::admin::pages) remaining: &'a Remaining,
}

/// The callers in the way that are not waived, by their kinds.
#[derive(Clone, Debug, Default)]
pub(in crate::admin::pages) struct Remaining {
    /// Those with a dependent answer in the quiet window.
    pub(in crate::admin::pages) depended: Vec<(String, u64)>,
    /// Those that depended once, did not migrate and are not silent.
    pub(in crate::admin::pages) unaccounted: Vec<(String, u64)>,
}

impl Explanation {
    pub(super) fn new(report: &GateReport, points: Vec<Point>) -> Self {
        let name = report.name().as_str();
        Self {
            name: name.to_owned(),
            title: titled(name),
            passed: report.passed(),
            points,
            evidence: leaves(report.evidence().members()),
        }
    }
}

impl Point {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            todo: None,
        }
    }

    /// With what has to be done.
    pub(super) fn todo(self, text: impl Into<String>) -> Self {
        let todo = Todo {
            text: text.into(),
            link: None,
        };
        Self {
            todo: Some(todo),
            ..self
        }
    }

    /// With where to do it.
    pub(super) fn at(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        if let Some(todo) = &mut self.todo {
            todo.link = Some((href.into(), text.into()));
        }
        self
    }
}
