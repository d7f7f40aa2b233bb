//! Explaining the gates that use the census.

use std::time::Duration;

use super::explanation::{ExplainContext, Point};
use crate::{
    admin::{
        format::{counted, duration, grouped, listed, percent, window},
        mount_path::query,
        pages::time_tag::in_words,
    },
    census::Window,
    rollout::gate::{
        AllCallersResolvedEvidence, CoverageEvidence, InstrumentationEvidence,
        NoDependentResponsesEvidence, WatchedWindow, WindowRestart,
    },
};

pub(super) fn instrumentation(evidence: &InstrumentationEvidence, passed: bool) -> Vec<Point> {
    let point = if passed {
        let responses = counted(evidence.responses_counted, "response");
        Point::new(format!("The census is running; {responses} were counted."))
    } else if evidence.watched_ms == 0 {
        Point::new("The census receives no heartbeats, or no service with the layer, so nothing is watched.")
            .todo("Add the census to the background worker and to the observers of the layer, and restart.")
    } else {
        let age = duration(Duration::from_millis(evidence.report_age_ms));
        Point::new(format!(
            "The last report of the census is {age} old; a running census renews it every five seconds."
        ))
        .todo("Check whether the process stalls or its background worker has stopped.")
    };
    vec![point]
}

pub(super) fn no_dependent_responses(
    evidence: &NoDependentResponsesEvidence,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    let span = window(&evidence.window.label());
    let blocking = &evidence.blocking;
    let mut points = Vec::new();
    if blocking.callers > 0 {
        let callers = by_kind(blocking.callers, &context.blocking.depended);
        let text = format!("{callers} depended on a legacy response in the last {span}.");
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
    points.extend(unwatched(&evidence.watched, &span, context));
    if points.is_empty() {
        points.push(quiet(evidence.dependent_responses, &span));
    }
    points
}

/// The point about responses to anonymous callers.
fn anonymous(responses: &str, alone: bool, span: &str, context: &ExplainContext<'_>) -> Point {
    let text = if alone {
        format!("{responses} in the last {span} went to anonymous callers, and to no others.")
    } else {
        format!("{responses} in the last {span} went to anonymous callers.")
    };
    let href = format!("{}/waive?target=anonymous", context.base);
    Point::new(text)
        .todo("Find out who they are, or waive the anonymous callers.")
        .at(href, "Waive the anonymous callers")
}

/// What of a window was not watched, and until when.
fn unwatched(watched: &WatchedWindow, span: &str, context: &ExplainContext<'_>) -> Option<Point> {
    let ready = watched.ready_at?;
    let length = |ms| duration(Duration::from_millis(ms));
    let (of, stretch) = (percent(watched.ratio), length(watched.stretch_ms));
    let (time, gaps) = (length(watched.watched_ms), gaps(watched.gaps));
    let least = percent(context.policy.coverage_ratio);
    let text = format!(
        "{time} of the last {stretch} was watched ({of}){gaps}; the policy requires {span}, and {least} of the time that they take."
    );
    Some(Point::new(text).todo(format!(
        "{KEEP_RUNNING} It can pass at {}.",
        in_words(ready)
    )))
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
        format!("There was no dependent response in the last {span}.")
    } else {
        let responses = counted(dependent, "dependent response");
        format!("The {responses} in the last {span} all belong to waived callers.")
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
        let callers = by_kind(blocking.callers, &context.blocking.unresolved);
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
        let todo = format!("Wait until {}, or grant a waiver.", in_words(until));
        points.push(Point::new(text).todo(todo));
    }
    if blocking.estimated_callers > 0 {
        points.push(unplaced(blocking.estimated_callers));
    }
    if blocking.anonymous_responses > 0 {
        let responses = counted(blocking.anonymous_responses, "response");
        points.push(anonymous(
            &responses,
            evidence.only_anonymous,
            &span,
            context,
        ));
    }
    points.extend(restarted(&evidence.restarts));
    if !evidence.accept_unwatched || evidence.inactive > 0 {
        points.extend(unwatched(&evidence.watched, &span, context));
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
    let responses = counted(evidence.responses, "response");
    let mut points: Vec<Point> = unwatched(&evidence.watched, &span, context)
        .into_iter()
        .collect();
    if evidence.responses < evidence.min_responses {
        let verb = if evidence.responses == 1 {
            "was"
        } else {
            "were"
        };
        let text = format!(
            "Only {responses} {verb} counted in the last {span}; the policy requires {}.",
            grouped(evidence.min_responses)
        );
        points.push(Point::new(text).todo(
            "Check whether traffic reaches this service. If it is this rare, lower min_responses in the policy.",
        ));
    }
    points.extend(lost(evidence.snapshots_lost, &span));
    if evidence.processes > 1 {
        let text = format!(
            "By the policy {} processes serve, but this census sees only one of them.",
            grouped(evidence.processes.into())
        );
        points.push(Point::new(text).todo(
            "Serve with one process, or judge by the numbers of all processes and override this gate.",
        ));
    }
    if points.is_empty() {
        let ratio = percent(evidence.watched.ratio);
        let text = format!("The last {span} were watched ({ratio}), with {responses}.");
        points.push(Point::new(text));
    }
    points
}

const KEEP_RUNNING: &str = "Keep the process running: the share rises while it watches.";

/// The point about census data that was lost.
fn lost(snapshots: usize, span: &str) -> Option<Point> {
    let lost = counted(snapshots as u64, "snapshot");
    let text =
        format!("{lost} of the census could not be read, or was not there; the data is lost.");
    let todo = format!("Wait until {span} has been watched since.");
    (snapshots > 0).then(|| Point::new(text).todo(todo))
}

fn unplaced(callers: u64) -> Point {
    let callers = counted(callers, "caller");
    Point::new(format!(
        "The census is full: about {callers} that depend or may had no place."
    ))
    .todo("Wait until they have left the window, or build the census with a larger capacity, and restart.")
}

/// The point about blocking callers, with a link to the list of them.
fn upgrade(
    text: String,
    callers: u64,
    context: &ExplainContext<'_>,
    (state, window): (&str, Window),
) -> Point {
    let (todo, link) = if callers == 1 {
        (
            "Upgrade it, or grant a waiver with an owner.",
            "Show this caller".to_owned(),
        )
    } else {
        (
            "Upgrade them, or grant waivers with an owner.",
            format!("Show these {}", counted(callers, "caller")),
        )
    };
    let list = query(&[("state", state), ("window", &window.label())]);
    let href = format!("{}/callers{list}", context.base);
    Point::new(text).todo(todo).at(href, link)
}

/// `3 callers of AGENT`, or `3 callers (2 of AGENT and 1 of MCP)`.
fn by_kind(callers: u64, kinds: &[(String, u64)]) -> String {
    let all = counted(callers, "caller");
    match kinds {
        [] => all,
        [(kind, _)] => format!("{all} of {kind}"),
        kinds => {
            let kinds = kinds.iter();
            let kinds = kinds.map(|(kind, number)| format!("{} of {kind}", grouped(*number)));
            format!("{all} ({})", listed(&kinds.collect::<Vec<_>>()))
        }
    }
}
