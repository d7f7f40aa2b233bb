//! Explaining the gates that use the journal alone.

use super::explanation::{ExplainContext, Point};
use crate::{
    admin::format::{counted, duration, grouped},
    rollout::{
        gate::{
            CheckFailure, NoOpenIncidentEvidence, PostAnalysesFiledEvidence, RequiredChecksEvidence,
        },
        names::Identifier,
    },
};

pub(super) fn required_checks(
    evidence: &RequiredChecksEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
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
            format!("Fix what {check} found, and report it green."),
        ),
        CheckFailure::NotReported => (
            format!("The check {check} was never reported."),
            format!("Run {check}, and let the pipeline report it."),
        ),
        CheckFailure::TooOld => (
            format!("The last report of the check {check} is older than {age}."),
            format!("Run {check} again, and report it."),
        ),
        CheckFailure::InTheFuture => (
            format!("The report of the check {check} is dated in the future."),
            "Set the clock of the reporting machine, and report the check again.".to_owned(),
        ),
    };
    let href = context.base.link("/records#checks");
    Point::new(text).todo(todo).at(href, "Checks")
}

pub(super) fn no_open_incident(
    evidence: &NoOpenIncidentEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    if evidence.open == 0 {
        return vec![Point::new("No incident is open.")];
    }
    let incidents = evidence.incidents.iter();
    let points = incidents.map(|incident| {
        Point::new(format!("The incident {incident} is open."))
            .todo(format!("Close {incident} once it is resolved."))
            .at(context.base.link("/records#incidents"), "Incidents")
    });
    let more = evidence.open.saturating_sub(evidence.incidents.len());
    let more = unlisted(more, "incident", "open");
    points.chain(more).collect()
}

pub(super) fn post_analyses_filed(
    evidence: &PostAnalysesFiledEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    if evidence.open == 0 {
        return vec![Point::new("Every rollback has its post-analysis.")];
    }
    let rollbacks = evidence.rollbacks.iter();
    let points = rollbacks.map(|rollback| {
        let href = context.base.link(&format!("/post-analysis/{rollback}"));
        let text = format!("The rollback of event {rollback} has no post-analysis.");
        Point::new(text)
            .todo("Analyse the cause, and file the post-analysis.")
            .at(href, "File the post-analysis")
    });
    let more = evidence.open.saturating_sub(evidence.rollbacks.len());
    let more = unlisted(more, "rollback", "without one");
    points.chain(more).collect()
}

/// Those that the evidence does not list.
fn unlisted(more: usize, thing: &str, state: &str) -> Option<Point> {
    let verb = if more == 1 { "is" } else { "are" };
    let things = counted(more as u64, &format!("more {thing}"));
    (more > 0).then(|| Point::new(format!("{things} {verb} {state}.")))
}
