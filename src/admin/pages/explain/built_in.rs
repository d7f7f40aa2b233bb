//! Which gate is explained how.

use super::{
    census_gates,
    explanation::{Background, Explanation, Point},
    figures::Figures,
    journal_gates,
};
use crate::rollout::gate::{BuiltInGate, GateReport};

/// What a gate says.
pub(crate) fn explain(report: &GateReport, background: &Background<'_>) -> Explanation {
    let members = report.evidence().to_members();
    let figures = Figures(&members);
    let unknown = figures.text("unknown");
    let points = match BuiltInGate::find(report.name().as_str()) {
        Some(_) if !unknown.is_empty() => vec![blind(unknown)],
        Some(gate) => points(gate, figures, background, report.passed()),
        None => vec![own(report, unknown)],
    };
    Explanation::new(report, points)
}

fn points(
    gate: BuiltInGate,
    figures: Figures<'_>,
    background: &Background<'_>,
    passed: bool,
) -> Vec<Point> {
    let points = match gate {
        BuiltInGate::Instrumentation => census_gates::instrumentation(figures, passed),
        BuiltInGate::RequiredChecks => journal_gates::required_checks(figures, background),
        BuiltInGate::NoDependentResponses => {
            census_gates::no_dependent_responses(figures, background)
        }
        BuiltInGate::AllCallersResolved => census_gates::all_callers_resolved(figures, background),
        BuiltInGate::Coverage => census_gates::coverage(figures),
        BuiltInGate::NoOpenIncident => journal_gates::no_open_incident(figures, background),
        BuiltInGate::PostAnalysesFiled => journal_gates::post_analyses_filed(figures, background),
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
        "no_census" => (
            "No census is attached, so nobody counts who still depends on the old answers.",
            "Give the rollout its census where it is built, and restart.",
        ),
        "no_metrics" => (
            "No metrics are attached, so answers are not counted.",
            "Give the rollout its metrics where it is built, and restart.",
        ),
        "no_contract" => (
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
