//! Explaining the report of one gate, and those of the gates that use the journal alone.

use super::{
    census_gates::{all_callers_resolved, coverage, instrumentation, no_dependent_responses},
    explanation::{ExplainContext, Explanation, Point, Side},
};
use crate::{
    admin::format::{counted, duration, grouped, json_rows, titled},
    rollout::{
        gate::{
            BuiltInGate, CheckFailure, Evidence, GateReport, NoOpenIncidentEvidence,
            RequiredChecksEvidence, UnknownReason,
        },
        names::Identifier,
    },
};

/// The report of a gate in words.
pub(crate) fn explain(report: &GateReport, context: &ExplainContext<'_>) -> Explanation {
    let (name, passed) = (report.name.as_str(), report.passed);
    let points = match &report.evidence {
        Evidence::Instrumentation(evidence) => instrumentation(evidence, passed),
        Evidence::RequiredChecks(evidence) => required_checks(evidence, context),
        Evidence::NoDependentResponses(evidence) => no_dependent_responses(evidence, context),
        Evidence::AllCallersResolved(evidence) => all_callers_resolved(evidence, context),
        Evidence::Coverage(evidence) => coverage(evidence, context),
        Evidence::NoOpenIncident(evidence) => no_open_incident(evidence, context),
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
    }
}

/// A gate that could not be evaluated.
fn unknown(reason: UnknownReason) -> Point {
    let (text, todo) = match reason {
        UnknownReason::NoCensus => (
            "The rollout has no census, so callers are not counted.",
            "Build the rollout with its census, and restart",
        ),
        UnknownReason::NoMetrics => (
            "The rollout has no metrics, so responses are not counted.",
            "Build the rollout with its metrics, and restart",
        ),
        UnknownReason::NoContract => (
            "The rollout has no contract, so it is unknown which outcomes were legacy ones.",
            "Build the rollout with its contract, and restart",
        ),
        UnknownReason::CensusUnreachable => (
            "What the other instances counted cannot be read, so nothing is known of their callers.",
            "Check whether this instance reaches the store that all share",
        ),
        UnknownReason::Panicked => ("The gate panicked.", "See the log of the process"),
    };
    Point::new(text).todo(Side::Service, todo)
}

/// A custom gate, or evidence of another version.
fn custom(name: &str, passed: bool) -> Point {
    if passed {
        Point::new(format!("The gate {name} passes."))
    } else {
        Point::new(format!("The gate {name} fails. See its evidence."))
            .todo(Side::Operators, "Ask the owner of the gate")
            .subject(name)
    }
}

fn required_checks(evidence: &RequiredChecksEvidence, context: &ExplainContext<'_>) -> Vec<Point> {
    let failures = evidence.blocking.iter();
    let points: Vec<Point> = failures
        .map(|(check, failure)| failed_check(check, *failure, context))
        .collect();
    if !points.is_empty() {
        return points;
    }
    let text = match evidence.required {
        0 => "The policy requires no checks.".to_owned(),
        1 => "The only required check is green.".to_owned(),
        number => format!("All {} required checks are green.", grouped(number as u64)),
    };
    vec![Point::new(text)]
}

fn failed_check(check: &Identifier, failure: CheckFailure, context: &ExplainContext<'_>) -> Point {
    let age = duration(context.policy.check_max_age);
    let (text, todo) = match failure {
        CheckFailure::Red => (
            format!("The check {check} is red."),
            "Fix what was found, and report as green",
        ),
        CheckFailure::NotReported => (
            format!("The check {check} was never reported."),
            "Run and report",
        ),
        CheckFailure::TooOld => (
            format!("The last report of the check {check} is older than {age}."),
            "Run again and report",
        ),
        CheckFailure::InTheFuture => (
            format!("The report of the check {check} is dated in the future."),
            "Set the clock of the reporting machine, and report again",
        ),
        CheckFailure::ForAnotherContract => (
            format!("The check {check} tested another contract than the one that is served."),
            "Run against the contract that is served, and report",
        ),
    };
    let href = context.base.link("/records#checks");
    let point = Point::new(text).todo(Side::Checks, todo);
    point.subject(check.as_str()).at(href, "Show")
}

fn no_open_incident(evidence: &NoOpenIncidentEvidence, context: &ExplainContext<'_>) -> Vec<Point> {
    if evidence.open == 0 {
        return vec![Point::new("No incident is open.")];
    }
    let incidents = evidence.incidents.iter();
    let points = incidents.map(|incident| {
        Point::new(format!("The incident {incident} is open."))
            .todo(Side::Operators, "Close once resolved")
            .subject(incident.as_str())
            .at(context.base.link("/records#incidents"), "Show")
    });
    let more = evidence.open.saturating_sub(evidence.incidents.len());
    let more = unlisted(more, "incident", "open");
    points.chain(more).collect()
}

/// Those that the evidence does not list.
fn unlisted(more: usize, thing: &str, state: &str) -> Option<Point> {
    let verb = if more == 1 { "is" } else { "are" };
    let things = counted(more as u64, &format!("more {thing}"));
    (more > 0).then(|| Point::new(format!("{things} {verb} {state}.")))
}
