//! `status`: the state of a rollout as text.

use std::path::Path;

use crate::{
    cli::{
        escape::escape,
        journal::{ReadJournal, duration_text, last_reports, retire_by, rollback_limit},
        journal_json,
        output::{Output, json},
        verify::{torn_text, unknown_text},
    },
    rollout::{EventRef, Phase, RolloutState},
};

pub(super) fn run(journal: &Path, as_json: bool) -> Output {
    let contents = match ReadJournal::read(journal) {
        Ok(contents) => contents,
        Err(broken) => return broken.into(),
    };
    match contents.state() {
        Ok(_) if as_json => Output::success(json(&journal_json::StatusJson::new(&contents))),
        Ok(state) => Output::success(text(&contents, state)),
        Err(output) => output,
    }
}

fn text(contents: &ReadJournal, state: &RolloutState) -> String {
    let name = escape(state.flag_name().as_str());
    let phase = state.phase();
    let time = duration_text(contents.now.since(state.entered().at));
    let parts = [
        format!("{name} is in {phase} for {time}\n"),
        format!("  {}\n", by(state.entered())),
        end(contents, state),
        section("gates, as last evaluated", &gates(contents)),
        section("obligations", &obligations(contents, state)),
        section("waivers", &waivers(contents, state)),
        section("open incidents", &incidents(state)),
        section("checks", &checks(state)),
        format!("journal: {} events\n", contents.verified.events),
        contents.verified.torn.map(torn_text).unwrap_or_default(),
        unknown_text(contents),
    ];
    parts.concat()
}

/// The date by which the flag is to be retired.
fn end(contents: &ReadJournal, state: &RolloutState) -> String {
    match retire_by(state.policy()) {
        Some(_) if state.phase() == Phase::Retired => String::new(),
        Some(date) if date < contents.now => format!("  OVERDUE: to be retired by {date}\n"),
        Some(date) => format!("  to be retired by {date}\n"),
        None => String::new(),
    }
}

fn section(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return format!("{title}: none\n");
    }
    let lines = lines.iter().map(|line| format!("  {}\n", escape(line)));
    format!("{title}:\n{}", lines.collect::<Vec<String>>().concat())
}

fn gates(contents: &ReadJournal) -> Vec<String> {
    let last = last_reports(&contents.events);
    last.values()
        .map(|last| {
            let verdict = if last.report.passed() {
                "passed"
            } else {
                "FAILED"
            };
            let step = last.step.map(|(from, to)| format!(" for {from} to {to}"));
            format!(
                "{} {verdict} at {}{} (event {}): {}",
                last.report.name(),
                last.event.at(),
                step.unwrap_or_default(),
                last.event.seq(),
                journal_json::evidence(last.report),
            )
        })
        .collect()
}

fn obligations(contents: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let limit = rollback_limit(state.policy());
    let owed = state.obligations(contents.now, limit);
    owed.map(|owed| {
        let late = if owed.overdue { "OVERDUE " } else { "" };
        format!(
            "{late}{} of the rollback by event {} ({}), due {}",
            owed.kind.as_str(),
            owed.rollback.done.seq,
            owed.rollback.incident,
            owed.due,
        )
    })
    .collect()
}

fn waivers(contents: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let waivers = state.waivers().iter();
    waivers
        .map(|(waived, waiver)| {
            let holds = waiver.holds(contents.now);
            let word = if holds { "until" } else { "EXPIRED" };
            format!(
                "{waived}, {word} {}, owner {}: {}",
                waiver.until, waiver.owner, waiver.granted.reason,
            )
        })
        .collect()
}

fn incidents(state: &RolloutState) -> Vec<String> {
    let incidents = state.open_incidents().iter();
    incidents
        .map(|(incident, opened)| format!("{incident} {}", by(opened)))
        .collect()
}

fn checks(state: &RolloutState) -> Vec<String> {
    let checks = state.checks().iter();
    checks
        .map(|(name, check)| {
            let colour = if check.green { "green" } else { "NOT GREEN" };
            let link = check.link.as_ref().map(|link| format!(" {link}"));
            let link = link.unwrap_or_default();
            format!("{name} {colour} {}{link}", by(&check.reported))
        })
        .collect()
}

fn by(stamp: &EventRef) -> String {
    let text = format!("since {} by {}: {}", stamp.at, stamp.actor, stamp.reason);
    escape(&text)
}
