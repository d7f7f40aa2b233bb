//! Explanations of gate reports.

use super::blocking_callers::BlockingCallers;
use crate::{admin::mount_path::MountPath, rollout::policy::Policy};

/// The report of a gate in words.
#[derive(Clone, Debug)]
pub(crate) struct Explanation {
    /// Its name in policies, reports and overrides.
    pub(crate) name: String,
    /// Its name as words.
    pub(crate) title: String,
    pub(crate) passed: bool,
    /// The findings; never empty.
    pub(crate) points: Vec<Point>,
    /// The evidence, each value with its name.
    pub(crate) evidence: Vec<(String, String)>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) text: String,
    pub(crate) todo: Option<Todo>,
}

/// What to do about a finding, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Todo {
    pub(crate) text: String,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

/// What explanations use besides the evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExplainContext<'a> {
    /// The path that the pages are mounted at.
    pub(crate) base: &'a MountPath,
    pub(crate) policy: &'a Policy,
    pub(crate) blocking: &'a BlockingCallers,
}

impl Point {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            todo: None,
        }
    }

    /// Adds what to do.
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

    /// Adds where to do it.
    pub(super) fn at(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        if let Some(todo) = &mut self.todo {
            todo.link = Some((href.into(), text.into()));
        }
        self
    }
}
