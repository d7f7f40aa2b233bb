//! The gates that ask the census.

use std::time::Duration;

use super::{
    explanation::{Background, Point},
    figures::Figures,
};
use crate::admin::pages::{
    moment::in_words,
    wording::{counted, grouped, listed, percent, spoken, window},
};
use crate::time::Timestamp;

pub(super) fn instrumentation(figures: Figures<'_>, passed: bool) -> Vec<Point> {
    let responses = counted(figures.number("responses_counted"), "answer");
    if passed {
        let text = format!("The census is watching, and {responses} were counted.");
        return vec![Point::new(text)];
    }
    if figures.number("watched_ms") == 0 {
        let text = "The census is attached, but its heart does not beat: nothing is being watched.";
        let todo = "Keep the census with a keeper where the service starts, and restart.";
        return vec![Point::new(text).todo(todo)];
    }
    let age = spoken(Duration::from_millis(figures.number("report_age_ms")));
    let text = format!(
        "The last report of the census is {age} old, while a watching one is renewed every five seconds."
    );
    vec![Point::new(text).todo("Look whether the process stalls, or its keeper has stopped.")]
}

pub(super) fn no_dependent_responses(
    figures: Figures<'_>,
    background: &Background<'_>,
) -> Vec<Point> {
    let label = figures.text("window");
    let span = window(label);
    let in_the_way = |what| figures.inner_number("in_the_way", what);
    let [callers, responses, anonymous, estimated] = [
        "callers",
        "responses",
        "anonymous_responses",
        "estimated_callers",
    ]
    .map(in_the_way);
    let mut points = Vec::new();
    if callers > 0 {
        let by_kind = by_kind(callers, &background.remaining.depended);
        let text = format!("{by_kind} got or missed an old answer in the last {span}.");
        let query = format!("state=depended&window={label}");
        points.push(upgrade(text, callers, background, &query));
    } else if responses > 0 {
        let text = format!(
            "{} in the last {span} asked for the old form, though no known caller is left that got one.",
            counted(responses, "answer")
        );
        points.push(Point::new(text).todo(
            "Wait until they have left the window, which can take a quarter of an hour longer than it.",
        ));
    }
    if anonymous > 0 {
        let text = format!(
            "{} in the last {span} went to callers that cannot be told apart.",
            counted(anonymous, "dependent answer")
        );
        let href = format!("{}/waive?waived=anonymous", background.base);
        let todo = "Find out who they are, or waive the anonymous callers.";
        points.push(Point::new(text).todo(todo).at(href, "Waive the anonymous"));
    }
    if estimated > 0 {
        points.push(no_place(&format!("About {}", counted(estimated, "caller"))));
    }
    if !figures.is("contract_settled") {
        points.extend(inconclusive(figures, background));
    }
    if points.is_empty() {
        points.push(quiet(figures.number("dependent_responses"), &span));
    }
    points
}

fn quiet(dependent: u64, span: &str) -> Point {
    Point::new(if dependent == 0 {
        format!("Nobody got or missed an old answer in the last {span}.")
    } else {
        let responses = counted(dependent, "dependent answer");
        format!("The {responses} in the last {span} all belong to waived callers.")
    })
}

fn inconclusive(figures: Figures<'_>, background: &Background<'_>) -> Option<Point> {
    let since: Timestamp = figures.text("contract_since").parse().ok()?;
    let label = figures.text("window");
    // Cutover and retirement have windows of their own; the label says which of them it was.
    let steps = [
        crate::rollout::Transition::Cutover,
        crate::rollout::Transition::Retire,
    ];
    let windows = steps.map(|step| background.policy.quiet_window(step));
    let length = windows.into_iter().find(|window| window.label() == label)?;
    let text = format!(
        "Another contract is served since {}, and silence counts only from then on.",
        in_words(since)
    );
    let until = in_words(since.plus(length.length()));
    Some(Point::new(text).todo(format!("Wait until {until}.")))
}

pub(super) fn all_callers_resolved(
    figures: Figures<'_>,
    background: &Background<'_>,
) -> Vec<Point> {
    let label = figures.text("inactive_after");
    let span = window(label);
    let number = |name| figures.number(name);
    let mut points = Vec::new();
    let in_the_way = number("in_the_way");
    if in_the_way > 0 {
        let by_kind = by_kind(in_the_way, &background.remaining.unaccounted);
        let verb = if in_the_way == 1 { "has" } else { "have" };
        let text = format!(
            "{by_kind} depended on old answers and {verb} neither migrated nor been silent for {span}."
        );
        let query = format!("state=unresolved&window={label}");
        points.push(upgrade(text, in_the_way, background, &query));
    }
    let quiet = number("inactive").saturating_add(number("forgotten_dependents"));
    let (watched, least) = (
        figures.share("watched_ratio"),
        background.policy.coverage_ratio(),
    );
    if quiet > 0 && watched < least {
        let text = format!(
            "{} counted as gone, but only {} of the last {span} was watched, and {} is asked for.",
            is_or_are(quiet, "silent caller"),
            percent(watched),
            percent(least)
        );
        points.push(Point::new(text).todo(RISES));
    }
    points.extend(losses(figures, &span));
    if points.is_empty() {
        points.push(Point::new(format!(
            "Everyone who ever depended is accounted for: {} migrated, {} silent for {span}, {} waived.",
            grouped(number("migrated")),
            grouped(quiet),
            grouped(number("waived"))
        )));
    }
    points
}

pub(super) fn coverage(figures: Figures<'_>) -> Vec<Point> {
    let span = window(figures.text("window"));
    let number = |name| figures.number(name);
    let (ratio, least) = (figures.share("ratio"), figures.share("least_ratio"));
    let mut points = Vec::new();
    if ratio < least {
        let gaps = match number("gaps") {
            0 => String::new(),
            gaps => format!(", with {}", counted(gaps, "gap")),
        };
        let text = format!(
            "{} of the last {span} was watched{gaps}; {} is asked for.",
            percent(ratio),
            percent(least)
        );
        points.push(Point::new(text).todo(RISES));
    }
    let (responses, enough) = (number("responses"), number("least_responses"));
    if responses < enough {
        let text = format!(
            "Only {} {} seen in the last {span}; {} are asked for.",
            counted(responses, "answer"),
            if responses == 1 { "was" } else { "were" },
            grouped(enough)
        );
        points.push(Point::new(text).todo(
            "Look whether the traffic comes this way at all. If it is this rare, lower min_responses in the policy.",
        ));
    }
    points.extend(losses(figures, &span));
    let processes = number("processes");
    if processes > 1 {
        let text = format!(
            "The policy says that {} processes serve, and this census sees only one of them.",
            grouped(processes)
        );
        let todo = "Serve with one process, or judge by the numbers of all of them and override this gate.";
        points.push(Point::new(text).todo(todo));
    }
    if points.is_empty() {
        let text = format!(
            "{} of the last {span} was watched, with {}.",
            percent(ratio),
            counted(responses, "answer")
        );
        points.push(Point::new(text));
    }
    points
}

const RISES: &str = "Keep the process running: the share rises by itself while it watches.";

/// What makes the numbers of a window uncertain.
fn losses(figures: Figures<'_>, span: &str) -> impl Iterator<Item = Point> {
    let overflowed = figures.is("overflowed").then(|| no_place("Some callers"));
    let lost = figures.number("snapshots_lost");
    let lost = (lost > 0).then(|| {
        let text = format!(
            "{} of the census could not be read in the last {span}; what it knew is gone.",
            counted(lost, "snapshot")
        );
        Point::new(text).todo(format!("Wait until that is {span} ago."))
    });
    overflowed.into_iter().chain(lost)
}

fn no_place(who: &str) -> Point {
    let text = format!("{who} found no place in the census, and can only be estimated.");
    Point::new(text).todo("Give the census a larger capacity where it is built, and restart.")
}

fn upgrade(text: String, callers: u64, background: &Background<'_>, query: &str) -> Point {
    let (todo, link) = if callers == 1 {
        (
            "Upgrade it, or waive it under an owner’s name.",
            "See this caller".to_owned(),
        )
    } else {
        let all = counted(callers, "caller");
        (
            "Upgrade them, or waive each under an owner’s name.",
            format!("See these {all}"),
        )
    };
    let href = format!("{}/callers?{query}", background.base);
    Point::new(text).todo(todo).at(href, link)
}

/// `3 callers of AGENT`, or `3 callers (2 of AGENT and 1 of MCP)`.
fn by_kind(callers: u64, kinds: &[(String, u64)]) -> String {
    let all = counted(callers, "caller");
    match kinds {
        [] => all,
        [(kind, _)] => format!("{all} of {kind}"),
        kinds => {
            let parts = kinds.iter();
            let parts: Vec<String> = parts
                .map(|(kind, n)| format!("{} of {kind}", grouped(*n)))
                .collect();
            format!("{all} ({})", listed(&parts))
        }
    }
}

fn is_or_are(number: u64, thing: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(number, thing))
}
