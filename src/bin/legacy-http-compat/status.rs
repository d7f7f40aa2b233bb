//! `status`: where a rollout stands.

use std::path::Path;

use legacy_http_compat::rollout::{EventRef, Phase, RolloutState};

use crate::{
    answer::{Answer, json},
    gates::last_reports,
    history::History,
    journal_json,
    printable::printable,
    terms::{retire_by, rollback_limit, spoken},
    verify::torn_text,
};

pub(crate) fn run(journal: &Path, as_json: bool) -> Answer {
    let history = match History::read(journal) {
        Ok(history) => history,
        Err(broken) => return broken.into(),
    };
    match history.state() {
        Ok(state) if as_json => Answer::holds(json(&journal_json::status(&history, state))),
        Ok(state) => Answer::holds(text(&history, state)),
        Err(answer) => answer,
    }
}

fn text(history: &History, state: &RolloutState) -> String {
    let name = printable(state.flag_name().as_str());
    let phase = state.phase();
    let time = spoken(history.now.since(state.entered().at));
    let parts = [
        format!("{name} is in {phase} for {time}\n"),
        format!("  {}\n", by(state.entered())),
        end(history, state),
        section("gates, as last asked", &gates(history)),
        section("obligations", &obligations(history, state)),
        section("waivers", &waivers(history, state)),
        section("open incidents", &incidents(state)),
        section("checks", &checks(state)),
        format!("journal: {} events\n", history.verified.events),
        history.verified.torn.map(torn_text).unwrap_or_default(),
    ];
    parts.concat()
}

/// The date by which it should be over.
fn end(history: &History, state: &RolloutState) -> String {
    match retire_by(state.policy()) {
        Some(_) if state.phase() == Phase::Retired => String::new(),
        Some(date) if date < history.now => format!("  OVERDUE: to be retired by {date}\n"),
        Some(date) => format!("  to be retired by {date}\n"),
        None => String::new(),
    }
}

fn section(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return format!("{title}: none\n");
    }
    let lines = lines.iter().map(|line| format!("  {}\n", printable(line)));
    format!("{title}:\n{}", lines.collect::<Vec<String>>().concat())
}

fn gates(history: &History) -> Vec<String> {
    let last = last_reports(&history.events);
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

fn obligations(history: &History, state: &RolloutState) -> Vec<String> {
    let limit = rollback_limit(state.policy());
    let owed = state.obligations(history.now, limit);
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

fn waivers(history: &History, state: &RolloutState) -> Vec<String> {
    let waivers = state.waivers().iter();
    waivers
        .map(|(waived, waiver)| {
            let holds = waiver.holds(history.now);
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
    printable(&text)
}
