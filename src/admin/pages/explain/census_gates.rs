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
            NoDependentResponsesEvidence, WatchedWindow, WindowRestart,
        },
        names::WaiverTarget,
    },
};

pub(super) fn instrumentation(evidence: &InstrumentationEvidence, passed: bool) -> Vec<Point> {
    let point = if passed {
        let responses = counted(evidence.responses_counted, "response");
        Point::new(format!("The census is running; {responses} were counted."))
    } else if evidence.watched_ms == 0 {
        Point::new(
            "The census receives no heartbeats, or no service with the layer, so nothing is watched.",
        )
        .todo(
            Side::Service,
            "Add the census to the background worker and to the observers of the layer, and restart",
        )
    } else {
        let age = duration(Duration::from_millis(evidence.report_age_ms));
        Point::new(format!(
            "The last report of the census is {age} old; a running census renews it every five seconds."
        ))
        .todo(
            Side::Service,
            "Check whether the process stalls or its background worker has stopped",
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
    }
    if blocking.unplaced_responses > 0 || blocking.estimated_callers > 0 {
        points.push(unplaced(blocking.estimated_callers));
    }
    if blocking.anonymous_responses > 0 {
        let responses = counted(blocking.anonymous_responses, "dependent response");
        points.push(anonymous(
            &responses,
            evidence.only_anonymous,
            &span,
            context,
        ));
    }
    points.extend(restarted(&evidence.restarts));
    points.extend(unwatched(&evidence.watched, evidence.window, context));
    if points.is_empty() {
        points.push(quiet(evidence.dependent_responses, &span));
    }
    points
}

/// The point about responses to anonymous callers.
fn anonymous(responses: &str, alone: bool, span: &str, context: &ExplainContext<'_>) -> Point {
    let text = if alone {
        format!("{responses} in the {span} went to anonymous callers, and to no others.")
    } else {
        format!("{responses} in the {span} went to anonymous callers.")
    };
    let href = format!("{}/waive?target=anonymous", context.base);
    Point::new(text)
        .todo(
            Side::Callers,
            "Identify the anonymous callers, or waive them",
        )
        .at(href, "Waive the anonymous callers")
}

/// What of a window was not watched, and until when.
fn unwatched(
    watched: &WatchedWindow,
    window: Window,
    context: &ExplainContext<'_>,
) -> Option<Point> {
    let ready = watched.ready_at?;
    let gaps = gaps(watched.gaps);
    let text = if milliseconds(watched.watched_ms) < window.length() {
        format!(
            "{} watched{gaps}.",
            time_of(milliseconds(watched.watched_ms), window)
        )
    } else {
        let stretch = duration(milliseconds(watched.stretch_ms));
        let (of, least) = (
            percent(watched.ratio),
            percent(context.policy.coverage_ratio),
        );
        format!("Only {of} of the last {stretch} was watched{gaps}; the policy requires {least}.")
    };
    Some(Point::new(text).todo(Side::Time, KEEP_RUNNING).until(ready))
}

const fn milliseconds(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn gaps(gaps: usize) -> String {
    match gaps {
        0 => String::new(),
        gaps => format!(", with {}", counted(gaps as u64, "gap")),
    }
}

fn restarted(restarts: &[WindowRestart]) -> impl Iterator<Item = Point> {
    restarts.iter().map(|restart| {
        let at = in_words(restart.at);
        Point::new(match &restart.kind {
            None => format!("The contract changed at {at}; the window counts from then on."),
            Some(kind) => format!(
                "The detector's rules for {kind} changed at {at}; the window counts from then on."
            ),
        })
    })
}

fn quiet(dependent: u64, span: &str) -> Point {
    Point::new(if dependent == 0 {
        format!("There was no dependent response in the {span}.")
    } else {
        let responses = counted(dependent, "dependent response");
        format!("The {responses} in the {span} all belong to waived callers.")
    })
}

pub(super) fn all_callers_resolved(
    evidence: &AllCallersResolvedEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    let span = window(&evidence.inactive_after.label());
    let blocking = &evidence.blocking;
    let list = ("unresolved", evidence.inactive_after);
    let mut points = Vec::new();
    if blocking.callers > 0 {
        let callers = by_kind(blocking.callers, &evidence.callers, context);
        let verb = have(blocking.callers);
        let text = format!(
            "{callers} depended on legacy responses and {verb} neither migrated nor been inactive for {span}."
        );
        points.push(upgrade(text, blocking.callers, context, list));
    }
    if blocking.latent > 0 {
        let callers = counted(blocking.latent, "legacy caller");
        let text = format!(
            "{callers} {} not depended yet, and may.",
            have(blocking.latent)
        );
        let list = ("latent", evidence.inactive_after);
        points.push(upgrade(text, blocking.latent, context, list));
    }
    if let Some(until) = evidence.due_until {
        let callers = counted(blocking.due, "inactive caller");
        let text = format!("{callers} may still return, by the longest pause so far.");
        let point = Point::new(text).todo(Side::Time, "Waive inactive callers, or wait");
        points.push(point.until(until));
    }
    if blocking.estimated_callers > 0 {
        points.push(unplaced(blocking.estimated_callers));
    }
    if blocking.anonymous_responses > 0 {
        let responses = counted(blocking.anonymous_responses, "response");
        points.push(anonymous(
            &responses,
            evidence.only_anonymous,
            &last(&evidence.inactive_after.label()),
            context,
        ));
    }
    points.extend(restarted(&evidence.restarts));
    if !evidence.accept_unwatched || evidence.inactive > 0 {
        points.extend(unwatched(
            &evidence.watched,
            evidence.inactive_after,
            context,
        ));
    }
    points.extend(lost(evidence.snapshots_lost, &span));
    if points.is_empty() {
        points.push(Point::new(format!(
            "Every caller that depended is resolved: {} migrated, {} inactive for {span}, {} waived.",
            grouped(evidence.migrated),
            grouped(evidence.inactive),
            grouped(evidence.waived)
        )));
    }
    points
}

const fn have(callers: u64) -> &'static str {
    if callers == 1 { "has" } else { "have" }
}

pub(super) fn coverage(evidence: &CoverageEvidence, context: &ExplainContext<'_>) -> Vec<Point> {
    let span = window(&evidence.window.label());
    let recent = last(&evidence.window.label());
    let responses = counted(evidence.responses, "response");
    let mut points: Vec<Point> = unwatched(&evidence.watched, evidence.window, context)
        .into_iter()
        .collect();
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
            "Check whether traffic reaches this service; if it is this rare, lower min_responses in the policy",
        ));
    }
    points.extend(lost(evidence.snapshots_lost, &span));
    if evidence.processes > 1 && !evidence.shared {
        let text = format!(
            "By the policy {} processes serve, but this census sees only one of them.",
            grouped(evidence.processes.into())
        );
        points.push(Point::new(text).todo(
            Side::Service,
            "Serve with one process, or judge by the numbers of all processes and override this gate",
        ));
    }
    if points.is_empty() {
        let watched = time_of(milliseconds(evidence.watched.watched_ms), evidence.window);
        let text = format!("{watched} watched, with {responses}.");
        points.push(Point::new(text));
    }
    points
}

const KEEP_RUNNING: &str = "Keep the process running";

const UPGRADE: &str = "Upgrade the callers that still depend, or waive them";

/// How much of a window was watched: `31 s of 24 h`.
pub(crate) fn watched_of(ratio: f64, window: Window) -> String {
    let watched = if ratio >= 1.0 {
        window.length()
    } else {
        window.length().mul_f64(ratio.max(0.0))
    };
    time_of(watched, window)
}

fn time_of(watched: Duration, window: Window) -> String {
    let length = window.length();
    let watched = if watched >= length {
        window_length(length)
    } else {
        duration(watched)
    };
    format!("{watched} of {}", window_length(length))
}

/// The point about census data that was lost.
fn lost(snapshots: usize, span: &str) -> Option<Point> {
    let lost = counted(snapshots as u64, "snapshot");
    let text =
        format!("{lost} of the census could not be read, or was not there; the data is lost.");
    let todo = format!("Wait until {span} have been watched since");
    (snapshots > 0).then(|| Point::new(text).todo(Side::Time, todo))
}

fn unplaced(callers: u64) -> Point {
    let callers = counted(callers, "caller");
    Point::new(format!(
        "The census is full: about {callers} that depend or may had no place."
    ))
    .todo(
        Side::Service,
        "Build the census with a larger capacity, and restart; or wait until they have left the window",
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
                Some(context.census?.caller(fingerprint, Window::MONTH))
            }
            _ => None,
        })
        .flatten();
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
