//! The gates that ask the journal alone.

use serde_json::Value;

use super::{
    explanation::{ExplainContext, Point},
    figures::Figures,
};
use crate::admin::format::{counted, duration, grouped};

pub(super) fn required_checks(figures: Figures<'_>, context: &ExplainContext<'_>) -> Vec<Point> {
    let faults: Vec<Point> = figures
        .inner("in_the_way")
        .map(|(check, fault)| check_fault(check, fault.as_str().unwrap_or_default(), context))
        .collect();
    if !faults.is_empty() {
        return faults;
    }
    let text = match figures.number("required") {
        0 => "The policy asks for no check.".to_owned(),
        1 => "The one required check is green.".to_owned(),
        number => format!("All {} required checks are green.", grouped(number)),
    };
    vec![Point::new(text)]
}

fn check_fault(check: &str, fault: &str, context: &ExplainContext<'_>) -> Point {
    let age = duration(context.policy.check_max_age());
    let (text, todo) = match fault {
        "red" => (
            format!("The check {check} is red."),
            format!("Repair what {check} found, and have it report green."),
        ),
        "not reported" => (
            format!("The check {check} was never reported."),
            format!("Run {check}, and have the pipeline report it."),
        ),
        "too old" => (
            format!("The last report of the check {check} is older than {age}."),
            format!("Run {check} again, and have it reported."),
        ),
        "reported in the future" => (
            format!("The check {check} was reported by a clock that is ahead."),
            "Set the clock of whoever reported it, and report it again.".to_owned(),
        ),
        other => (
            format!("The check {check} is in the way: {other}."),
            format!("Have {check} reported again."),
        ),
    };
    let href = format!("{}/records#checks", context.base);
    Point::new(text).todo(todo).at(href, "Checks")
}

pub(super) fn no_open_incident(figures: Figures<'_>, context: &ExplainContext<'_>) -> Vec<Point> {
    let open = figures.number("open");
    if open == 0 {
        return vec![Point::new("No incident is open.")];
    }
    let named = figures.items("incidents").iter().filter_map(Value::as_str);
    let href = format!("{}/records#incidents", context.base);
    let mut points: Vec<Point> = named
        .map(|incident| {
            Point::new(format!("The incident {incident} is open."))
                .todo(format!("Close {incident} once it is over."))
                .at(href.clone(), "Incidents")
        })
        .collect();
    points.extend(others(open, points.len(), "incident", "open"));
    points
}

pub(super) fn post_analyses_filed(
    figures: Figures<'_>,
    context: &ExplainContext<'_>,
) -> Vec<Point> {
    let due = figures.number("due");
    if due == 0 {
        return vec![Point::new("Every rollback has its post-analysis.")];
    }
    let rollbacks = figures.items("rollbacks").iter().filter_map(Value::as_u64);
    let mut points: Vec<Point> = rollbacks
        .map(|rollback| {
            let href = format!("{}/post-analysis/{rollback}", context.base);
            Point::new(format!(
                "The rollback of event {rollback} has no post-analysis."
            ))
            .todo("Find out what went wrong, and file it.")
            .at(href, "File the post-analysis")
        })
        .collect();
    points.extend(others(due, points.len(), "rollback", "without one"));
    points
}

/// Those that the evidence does not name one by one.
fn others(all: u64, named: usize, thing: &str, state: &str) -> Option<Point> {
    let more = all.saturating_sub(named as u64);
    let verb = if more == 1 { "is" } else { "are" };
    let things = counted(more, &format!("more {thing}"));
    (more > 0).then(|| Point::new(format!("{things} {verb} {state}.")))
}
