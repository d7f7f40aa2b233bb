//! The explanation of a gate.

use super::tree::leaves;
use crate::{
    admin::pages::{remaining::Remaining, wording::titled},
    rollout::{
        gate::{BuiltInGate, GateReport},
        policy::Policy,
    },
};

/// What a gate says, for people.
#[derive(Clone, Debug)]
pub(crate) struct Explanation {
    /// Its name in policies, reports and overrides.
    pub(crate) name: String,
    /// Its name as words.
    pub(crate) title: String,
    pub(crate) passed: bool,
    /// What it found; never empty.
    pub(crate) points: Vec<Point>,
    /// What it rests on, each figure with its name.
    pub(crate) evidence: Vec<(String, String)>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) text: String,
    pub(crate) todo: Option<Todo>,
}

/// What has to be done about a finding, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Todo {
    pub(crate) text: String,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

/// What an explanation may look at beside the evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Background<'a> {
    /// The path under which the pages are.
    pub(crate) base: &'a str,
    pub(crate) policy: &'a Policy,
    pub(crate) remaining: &'a Remaining,
}

impl Explanation {
    pub(super) fn new(report: &GateReport, points: Vec<Point>) -> Self {
        let name = report.name().as_str();
        Self {
            name: name.to_owned(),
            title: BuiltInGate::find(name)
                .map_or_else(|| titled(name), |gate| title(gate).to_owned()),
            passed: report.passed(),
            points,
            evidence: leaves(&report.evidence().to_members()),
        }
    }
}

/// What a gate asks for.
fn title(gate: BuiltInGate) -> &'static str {
    match gate {
        BuiltInGate::Instrumentation => "Somebody is counting",
        BuiltInGate::RequiredChecks => "All checks are green",
        BuiltInGate::NoDependentResponses => "Nobody needs old answers",
        BuiltInGate::AllCallersResolved => "Everyone is accounted for",
        BuiltInGate::Coverage => "Silence would have been heard",
        BuiltInGate::NoOpenIncident => "No incident is open",
        BuiltInGate::PostAnalysesFiled => "Every rollback was analysed",
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
