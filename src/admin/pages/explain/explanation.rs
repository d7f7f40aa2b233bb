//! Explanations of gate reports.

use crate::{
    admin::{format::listed, mount_path::MountPath, pages::time_tag::in_words},
    census::Census,
    rollout::policy::Policy,
    time::Timestamp,
};

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
    /// The remedy, without its full stop.
    pub(crate) text: String,
    /// What it is to be done to; empty if the remedy says so.
    pub(crate) subjects: Vec<String>,
    /// When it can have worked, at the earliest.
    pub(crate) until: Option<Timestamp>,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

impl Todo {
    fn new(side: Side, text: impl Into<String>) -> Self {
        Self {
            side,
            text: text.into(),
            subjects: Vec::new(),
            until: None,
            link: None,
        }
    }

    /// Adds the same remedy for other subjects, or until later.
    pub(crate) fn merge(&mut self, other: &Self) {
        for subject in &other.subjects {
            if !self.subjects.contains(subject) {
                self.subjects.push(subject.clone());
            }
        }
        self.until = self.until.max(other.until);
    }

    /// `Run and report: load and smoke.`, `Keep the process running until 2026-03-02 12:00 UTC at least.`
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = self.text.clone();
        if !self.subjects.is_empty() {
            sentence = format!("{sentence}: {}", listed(&self.subjects));
        }
        if let Some(until) = self.until {
            sentence = format!("{sentence} until {} at least", in_words(until));
        }
        sentence + "."
    }
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
    let text = format!("File the post-analysis of the rollback of event {rollback}");
    Todo {
        link: Some((href, "File it".to_owned())),
        ..Todo::new(Side::Operators, text)
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
        Self {
            todo: Some(Todo::new(side, text)),
            ..self
        }
    }

    /// Adds what it is to be done to.
    pub(super) fn subject(mut self, subject: impl Into<String>) -> Self {
        if let Some(todo) = &mut self.todo {
            todo.subjects.push(subject.into());
        }
        self
    }

    /// Adds when it can have worked, at the earliest.
    pub(super) fn until(mut self, until: Timestamp) -> Self {
        if let Some(todo) = &mut self.todo {
            todo.until = Some(until);
        }
        self
    }

    /// Adds where to do it.
    pub(super) fn at(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        if let Some(todo) = &mut self.todo {
            todo.link = Some((href.into(), text.into()));
        }
        self
    }
}
