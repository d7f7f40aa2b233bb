//! Explaining the gates that use the census.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use super::explanation::{ExplainContext, Point, Side};
use crate::{
    admin::{
        format::{counted, duration, grouped, last, listed, percent, window, window_length},
        mount_path::query,
        pages::time_tag::in_words,
    },
    census::Window,
    rollout::{
        gate::{
            AllCallersResolvedEvidence, CoverageEvidence, InstrumentationEvidence,
            NoDependentResponsesEvidence,
        },
        names::WaiverTarget,
    },
    time::Timestamp,
};

pub(super) fn instrumentation(evidence: &InstrumentationEvidence, passed: bool) -> Vec<Point> {
    let point = if passed {
        let responses = counted(evidence.responses_counted, "response");
        Point::new(format!("The census is running; {responses} were counted."))
    } else if evidence.watched_ms == 0 {
        Point::new("The census receives no heartbeats, so nothing is watched.").todo(
            Side::Service,
            "Add the census to the background worker of the service, and restart.",
        )
    } else {
        let age = duration(Duration::from_millis(evidence.report_age_ms));
        Point::new(format!(
            "The last report of the census is {age} old; a running census renews it every five seconds."
        ))
        .todo(
            Side::Service,
            "Check whether the process stalls or its background worker has stopped.",
        )
    };
    vec![point]
}

pub(super) fn no_dependent_responses(
    evidence: &NoDependentResponsesEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    let span = last(&evidence.window.label());
    let blocking = &evidence.blocking;
    let mut points = Vec::new();
    if blocking.callers > 0 {
        let callers = by_kind(blocking.callers, &evidence.callers, context);
        let text = format!("{callers} depended on a legacy response in the {span}.");
        let list = ("depended", evidence.window);
        points.push(upgrade(text, blocking.callers, context, list));
    } else if blocking.responses > 0 {
        let responses = counted(blocking.responses, "dependent response");
        let text =
            format!("{responses} in the {span} cannot be attributed to a known caller any more.");
        points.push(Point::new(text).todo(
            Side::Time,
            "Wait until they have left the window, which can take 15 minutes longer than the window.",
        ));
    }
    if blocking.anonymous_responses > 0 {
        let responses = counted(blocking.anonymous_responses, "dependent response");
        let text = format!("{responses} in the {span} went to anonymous callers.");
        let href = format!("{}/waive?target=anonymous", context.base);
        points.push(
            Point::new(text)
                .todo(
                    Side::Callers,
                    "Identify the anonymous callers, or waive them.",
                )
                .at(href, "Waive the anonymous callers"),
        );
    }
    if blocking.estimated_callers > 0 {
        let callers = counted(blocking.estimated_callers, "caller");
        points.push(overflowed(&format!("About {callers}")));
    }
    if !evidence.contract_unchanged {
        points.push(contract_changed(evidence));
    }
    if points.is_empty() {
        points.push(quiet(evidence.dependent_responses, &span));
    }
    points
}

fn quiet(dependent: u64, span: &str) -> Point {
    Point::new(if dependent == 0 {
        format!("There was no dependent response in the {span}.")
    } else {
        let responses = counted(dependent, "dependent response");
        format!("The {responses} in the {span} all belong to waived callers.")
    })
}

fn contract_changed(evidence: &NoDependentResponsesEvidence) -> Point {
    let since = evidence.contract_since;
    let until = in_words(since.plus(evidence.window.length()));
    let text = format!(
        "The contract changed at {}; the window counts from then on.",
        in_words(since)
    );
    Point::new(text).todo(Side::Time, format!("Wait until {until}."))
}

pub(super) fn all_callers_resolved(
    evidence: &AllCallersResolvedEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    let span = window(&evidence.inactive_after.label());
    let mut points = Vec::new();
    if evidence.blocking > 0 {
        let callers = by_kind(evidence.blocking, &evidence.callers, context);
        let verb = if evidence.blocking == 1 {
            "has"
        } else {
            "have"
        };
        let text = format!(
            "{callers} depended on legacy responses and {verb} neither migrated nor been inactive for {span}."
        );
        let list = ("unresolved", evidence.inactive_after);
        points.push(upgrade(text, evidence.blocking, context, list));
    }
    let inactive = evidence
        .inactive
        .saturating_add(evidence.forgotten_dependents);
    let (watched, least) = (evidence.watched_ratio, context.policy.coverage_ratio);
    if inactive > 0 && watched < least {
        let verb = if inactive == 1 { "counts" } else { "count" };
        let text = format!(
            "{} {verb} as gone, but only {} was watched; the policy requires {}.",
            counted(inactive, "inactive caller"),
            watched_of(watched, evidence.inactive_after),
            percent(least)
        );
        let until = keep_watching(evidence.inactive_after, watched, least, context.now);
        points.push(Point::new(text).todo(Side::Time, until));
    }
    points.extend(losses(evidence.overflowed, evidence.snapshots_lost, &span));
    if points.is_empty() {
        points.push(Point::new(format!(
            "Every caller that depended is resolved: {} migrated, {} inactive for {span}, {} waived.",
            grouped(evidence.migrated),
            grouped(inactive),
            grouped(evidence.waived)
        )));
    }
    points
}

pub(super) fn coverage(evidence: &CoverageEvidence, context: &ExplainContext<'_>) -> Vec<Point> {
    let span = window(&evidence.window.label());
    let recent = last(&evidence.window.label());
    let (watched, responses) = (
        watched_of(evidence.ratio, evidence.window),
        counted(evidence.responses, "response"),
    );
    let mut points = Vec::new();
    if evidence.ratio < evidence.min_ratio {
        let gaps = match evidence.gaps {
            0 => String::new(),
            gaps => format!(", with {}", counted(gaps as u64, "gap")),
        };
        let text = format!(
            "Only {watched} was watched{gaps}; the policy requires {}.",
            percent(evidence.min_ratio)
        );
        let (ratio, least) = (evidence.ratio, evidence.min_ratio);
        let until = keep_watching(evidence.window, ratio, least, context.now);
        points.push(Point::new(text).todo(Side::Time, until));
    }
    if evidence.responses < evidence.min_responses {
        let verb = if evidence.responses == 1 {
            "was"
        } else {
            "were"
        };
        let text = format!(
            "Only {responses} {verb} counted in the {recent}; the policy requires {}.",
            grouped(evidence.min_responses)
        );
        points.push(Point::new(text).todo(
            Side::Service,
            "Check whether traffic reaches this service. If it is this rare, lower min_responses in the policy.",
        ));
    }
    points.extend(losses(evidence.overflowed, evidence.snapshots_lost, &span));
    if evidence.processes > 1 {
        let text = format!(
            "By the policy {} processes serve, but this census sees only one of them.",
            grouped(evidence.processes.into())
        );
        points.push(Point::new(text).todo(
            Side::Service,
            "Serve with one process, or judge by the numbers of all processes and override this gate.",
        ));
    }
    if points.is_empty() {
        let text = format!("{watched} watched, with {responses}.");
        points.push(Point::new(text));
    }
    points
}

const UPGRADE: &str = "Upgrade the callers that still depend, or waive them.";

/// When so much of a window can have been watched, if all of the time from now on is.
fn keep_watching(window: Window, ratio: f64, least: f64, now: Timestamp) -> String {
    let missing = window.length().mul_f64((least - ratio).clamp(0.0, 1.0));
    format!(
        "Keep the process running; this cannot pass before {}.",
        in_words(now.plus(missing))
    )
}

/// How much of a window was watched: `31 s of 24 h`.
pub(crate) fn watched_of(ratio: f64, window: Window) -> String {
    let length = window_length(window.length());
    let watched = if ratio >= 1.0 {
        length.clone()
    } else {
        duration(window.length().mul_f64(ratio.max(0.0)))
    };
    format!("{watched} of {length}")
}

/// What makes the numbers of a window unreliable.
fn losses(full: bool, snapshots: usize, span: &str) -> impl Iterator<Item = Point> {
    let full = full.then(|| overflowed("Some callers"));
    let lost = (snapshots > 0).then(|| {
        let snapshots = counted(snapshots as u64, "snapshot");
        Point::new(format!(
            "{snapshots} of the census could not be read within {span}; the data is lost."
        ))
        .todo(Side::Time, format!("Wait until the loss is {span} ago."))
    });
    full.into_iter().chain(lost)
}

fn overflowed(callers: &str) -> Point {
    Point::new(format!(
        "The census is full: {callers} can only be estimated."
    ))
    .todo(
        Side::Service,
        "Build the census with a larger capacity, and restart.",
    )
}

/// The point about blocking callers, with a link to the list of them.
fn upgrade(
    text: String,
    callers: u64,
    context: &ExplainContext<'_>,
    (state, window): (&str, Window),
) -> Point {
    let link = if callers == 1 {
        "Show this caller".to_owned()
    } else {
        format!("Show these {}", counted(callers, "caller"))
    };
    let list = query(&[("state", state), ("window", &window.label())]);
    let href = format!("{}/callers{list}", context.base);
    Point::new(text).todo(Side::Callers, UPGRADE).at(href, link)
}

/// `3 callers of AGENT`, or `3 callers (2 of AGENT and 1 of MCP)`; without kinds if the evidence does not list all.
fn by_kind(callers: u64, listed_callers: &[String], context: &ExplainContext<'_>) -> String {
    let all = counted(callers, "caller");
    match most_first(callers, listed_callers, context).as_slice() {
        [] => all,
        [(kind, _)] => format!("{all} of {kind}"),
        kinds => {
            let kinds = kinds.iter();
            let kinds = kinds.map(|(kind, number)| format!("{} of {kind}", grouped(*number)));
            format!("{all} ({})", listed(&kinds.collect::<Vec<_>>()))
        }
    }
}

/// The kinds of the listed callers, if these are all.
fn most_first(callers: u64, listed: &[String], context: &ExplainContext<'_>) -> Vec<(String, u64)> {
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let found = listed
        .iter()
        .filter_map(|caller| match format!("caller {caller}").parse() {
            Ok(WaiverTarget::Caller(fingerprint)) => {
                context.census?.caller(fingerprint, Window::MONTH)
            }
            _ => None,
        });
    for row in found {
        *kinds.entry(row.kind).or_default() += 1;
    }
    if kinds.values().sum::<u64>() != callers {
        return Vec::new();
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, number)| Reverse(*number));
    kinds
}
