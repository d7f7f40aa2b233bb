//! Explanations of gate reports.

use crate::{admin::mount_path::MountPath, census::Census, rollout::policy::Policy};

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

/// What to do about a finding, by whom, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Todo {
    pub(crate) side: Side,
    pub(crate) text: String,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

/// Which side has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Those who own the clients.
    Callers,
    /// The pipelines.
    Checks,
    /// The operators of the rollout.
    Operators,
    /// Those who run the service.
    Service,
    /// Only time.
    Time,
}

impl Side {
    /// The heading of what is to be done.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Callers => "Callers to upgrade",
            Self::Checks => "Checks to report",
            Self::Operators => "Records to complete",
            Self::Service => "Service to fix",
            Self::Time => "Time to wait",
        }
    }
}

/// What explanations use besides the evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExplainContext<'a> {
    /// The path that the pages are mounted at.
    pub(crate) base: &'a MountPath,
    pub(crate) policy: &'a Policy,
    /// Where the kinds of the callers are found that the evidence names.
    pub(crate) census: Option<&'a Census>,
}

impl Explanation {
    /// What was found, in one line.
    pub(crate) fn finding(&self) -> String {
        match self.points.as_slice() {
            [] => String::new(),
            [one] => one.text.clone(),
            [first, rest @ ..] => format!("{} And {} more.", first.text, rest.len()),
        }
    }
}

/// The post-analysis of a rollback, which must be filed before the flag goes off.
pub(crate) fn post_analysis_due(rollback: u64, base: &MountPath) -> Todo {
    let href = base.link(&format!("/post-analysis/{rollback}"));
    Todo {
        side: Side::Operators,
        text: format!("File the post-analysis of the rollback of event {rollback}."),
        link: Some((href, "File it".to_owned())),
    }
}

impl Point {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            todo: None,
        }
    }

    /// Adds what to do.
    pub(super) fn todo(self, side: Side, text: impl Into<String>) -> Self {
        let todo = Todo {
            side,
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
