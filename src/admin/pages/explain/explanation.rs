//! Explanations of gate reports.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    admin::mount_path::MountPath,
    census::{CallerState, Select},
    rollout::{Rollout, Transition, gate::WaiverCover, policy::Policy},
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
    pub(crate) blocking: &'a BlockingCallers,
    pub(crate) now: Timestamp,
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

/// The callers that make gates fail, by kind and without the waived ones. Evidence has only their number.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockingCallers {
    /// Callers with a dependent response in the quiet window.
    pub(crate) depended: Vec<(String, u64)>,
    /// Callers that depended, have not migrated and are not inactive.
    pub(crate) unresolved: Vec<(String, u64)>,
}

impl BlockingCallers {
    /// Walks all callers: not for an async thread.
    pub(crate) fn of(rollout: &Rollout, step: Transition, now: Timestamp) -> Self {
        let (Some(census), status) = (rollout.census(), rollout.status()) else {
            return Self::default();
        };
        let waivers = WaiverCover::new(&status.state, now);
        let (mut depended, mut unresolved) = (Kinds::new(), Kinds::new());
        let window = status.policy.quiet_window(step);
        census.each_caller(window, Select::Depended, |row| {
            if !waivers.covers(&row) {
                *depended.entry(row.kind).or_default() += 1;
            }
        });
        let window = status.policy.inactive_after;
        census.each_caller(window, Select::Unresolved, |row| {
            if row.state != CallerState::Inactive && !waivers.covers(&row) {
                *unresolved.entry(row.kind).or_default() += 1;
            }
        });
        Self {
            depended: most_first(depended),
            unresolved: most_first(unresolved),
        }
    }
}

type Kinds = BTreeMap<String, u64>;

fn most_first(kinds: Kinds) -> Vec<(String, u64)> {
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, number)| Reverse(*number));
    kinds
}
