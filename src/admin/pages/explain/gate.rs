//! Explaining the report of one gate.

use super::{
    census_gates::{all_callers_resolved, coverage, instrumentation, no_dependent_responses},
    explanation::{ExplainContext, Explanation, Point},
    journal_gates::{no_open_incident, post_analyses_filed, required_checks},
    json_rows::json_rows,
};
use crate::{
    admin::format::{counted, titled},
    rollout::gate::{BuiltInGate, Evidence, GateReport, UnknownReason},
};

/// The report of a gate in words.
pub(crate) fn explain(report: &GateReport, context: &ExplainContext<'_>) -> Explanation {
    let (name, passed) = (report.name.as_str(), report.passed);
    let points = match &report.evidence {
        Evidence::Instrumentation(evidence) => instrumentation(evidence, passed),
        Evidence::RequiredChecks(evidence) => required_checks(evidence, context),
        Evidence::NoDependentResponses(evidence) => no_dependent_responses(evidence, context),
        Evidence::AllCallersResolved(evidence) => all_callers_resolved(evidence, context),
        Evidence::Coverage(evidence) => coverage(evidence),
        Evidence::NoOpenIncident(evidence) => no_open_incident(evidence, context),
        Evidence::PostAnalysesFiled(evidence) => post_analyses_filed(evidence, context),
        Evidence::AutoRollback(evidence) => {
            vec![Point::new(counted(evidence.stranded, "stranded caller"))]
        }
        Evidence::Unknown(evidence) => vec![unknown(evidence.unknown)],
        Evidence::Custom(_) => vec![custom(name, passed)],
    };
    let title = BuiltInGate::find(name).map_or_else(|| titled(name), |gate| title(gate).to_owned());
    Explanation {
        name: name.to_owned(),
        title,
        passed,
        points,
        evidence: json_rows(&report.evidence.to_members()),
    }
}

/// The condition that a gate checks.
const fn title(gate: BuiltInGate) -> &'static str {
    match gate {
        BuiltInGate::Instrumentation => "Census and metrics are running",
        BuiltInGate::RequiredChecks => "Required checks are green",
        BuiltInGate::NoDependentResponses => "No dependent responses",
        BuiltInGate::AllCallersResolved => "All callers are resolved",
        BuiltInGate::Coverage => "The window was observed",
        BuiltInGate::NoOpenIncident => "No incident is open",
        BuiltInGate::PostAnalysesFiled => "All post-analyses are filed",
    }
}

/// A gate that could not be evaluated.
fn unknown(reason: UnknownReason) -> Point {
    let (text, todo) = match reason {
        UnknownReason::NoCensus => (
            "The rollout has no census, so callers are not counted.",
            "Build the rollout with its census, and restart.",
        ),
        UnknownReason::NoMetrics => (
            "The rollout has no metrics, so responses are not counted.",
            "Build the rollout with its metrics, and restart.",
        ),
        UnknownReason::NoContract => (
            "The rollout has no contract, so it is unknown which outcomes were legacy ones.",
            "Build the rollout with its contract, and restart.",
        ),
        UnknownReason::Panicked => ("The gate panicked.", "See the log of the process."),
    };
    Point::new(text).todo(todo)
}

/// A custom gate, or evidence of another version.
fn custom(name: &str, passed: bool) -> Point {
    if passed {
        Point::new(format!("The gate {name} passes."))
    } else {
        Point::new(format!("The gate {name} fails. See its evidence."))
            .todo("Ask the owner of this gate.")
    }
}
