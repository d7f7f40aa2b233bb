//! Explaining the report of one gate.

use super::{
    census_gates,
    explanation::{ExplainContext, Explanation, Point},
    figures::Figures,
    journal_gates,
    json_rows::json_rows,
};
use crate::{
    admin::format::titled,
    rollout::{BuiltInGate, GateReport},
};

/// What a gate says.
pub(crate) fn explain(report: &GateReport, context: &ExplainContext<'_>) -> Explanation {
    let figures = Figures(report.evidence().members());
    let unknown = figures.text("unknown");
    let points = match BuiltInGate::find(report.name().as_str()) {
        Some(_) if !unknown.is_empty() => vec![blind(unknown)],
        Some(gate) => points(gate, figures, context, report.passed()),
        None => vec![own(report, unknown)],
    };
    let name = report.name().as_str();
    Explanation {
        name: name.to_owned(),
        title: BuiltInGate::find(name).map_or_else(|| titled(name), |gate| title(gate).to_owned()),
        passed: report.passed(),
        points,
        evidence: json_rows(report.evidence().members()),
    }
}

fn points(
    gate: BuiltInGate,
    figures: Figures<'_>,
    context: &ExplainContext<'_>,
    passed: bool,
) -> Vec<Point> {
    let points = match gate {
        BuiltInGate::Instrumentation => census_gates::instrumentation(figures, passed),
        BuiltInGate::RequiredChecks => journal_gates::required_checks(figures, context),
        BuiltInGate::NoDependentResponses => census_gates::no_dependent_responses(figures, context),
        BuiltInGate::AllCallersResolved => census_gates::all_callers_resolved(figures, context),
        BuiltInGate::Coverage => census_gates::coverage(figures),
        BuiltInGate::NoOpenIncident => journal_gates::no_open_incident(figures, context),
        BuiltInGate::PostAnalysesFiled => journal_gates::post_analyses_filed(figures, context),
    };
    if points.is_empty() {
        let verdict = if passed {
            "It lets pass."
        } else {
            "It does not let pass."
        };
        return vec![Point::new(verdict)];
    }
    points
}

/// A gate that could not look.
fn blind(why: &str) -> Point {
    let (text, todo) = match why {
        "no census is attached" => (
            "No census is attached, so nobody counts who still depends on the old answers.",
            "Give the rollout its census where it is built, and restart.",
        ),
        "no metrics are attached" => (
            "No metrics are attached, so answers are not counted.",
            "Give the rollout its metrics where it is built, and restart.",
        ),
        "no contract is journaled" => (
            "The rollout does not know which contract is served, so silence means nothing.",
            "Give the rollout its contract where it is built, and restart.",
        ),
        other => {
            let text = format!("The gate could not look: {other}.");
            return Point::new(text).todo("Find out why in the log of the process.");
        }
    };
    Point::new(text).todo(todo)
}

/// A gate that somebody has added.
fn own(report: &GateReport, unknown: &str) -> Point {
    let name = report.name();
    if report.passed() {
        return Point::new(format!("The gate {name} lets pass."));
    }
    let text = if unknown.is_empty() {
        format!("The gate {name} does not let pass. What it has seen stands in its evidence.")
    } else {
        format!("The gate {name} does not let pass: {unknown}.")
    };
    Point::new(text).todo("Ask whoever added this gate to the service.")
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
