//! What stands beside the timeline, each as a list.

use legacy_http_compat::rollout::{
    Event, EventPayload, EventRef, GateReport, IncidentId, Override, PhaseChange, Rollback,
    RolloutState,
};

use super::timeline::link;
use crate::{
    gates::last_reports,
    history::History,
    journal_json::evidence,
    printable::markdown,
    terms::{rollback_limit, spoken},
};

pub(super) fn obligations(history: &History, state: &RolloutState) -> Vec<String> {
    let limit = rollback_limit(state.policy());
    let owed = state.obligations(history.now, limit);
    owed.map(|owed| {
        let late = if owed.overdue { " (**overdue**)" } else { "" };
        format!(
            "- {} of the rollback by event {}, due {}{late}\n",
            markdown(owed.kind.as_str()),
            owed.rollback.done.seq,
            owed.due,
        )
    })
    .collect()
}

pub(super) fn rollbacks(history: &History, state: &RolloutState) -> Vec<String> {
    let rollbacks = state.rollbacks().iter();
    rollbacks.map(|back| rollback(back, history)).collect()
}

fn rollback(back: &Rollback, history: &History) -> String {
    let lasted = spoken(back.duration(history.now));
    let end = match &back.ended {
        Some(ended) => format!("ended {} after {lasted}, {}", ended.at, by(ended)),
        None => format!("**running** for {lasted}"),
    };
    let analysis = match &back.post_analysis {
        Some(filed) => format!(
            "{}, filed {} by {}: {}",
            link(&filed.link),
            filed.filed.at,
            markdown(&filed.filed.actor.to_string()),
            markdown(filed.summary.as_str()),
        ),
        None => "**due**".to_owned(),
    };
    format!(
        "- Event {}, {}, incident {}: {}\n  - {end}\n  - post-analysis: {analysis}\n",
        back.done.seq,
        back.done.at,
        markdown(back.incident.as_str()),
        by(&back.done),
    )
}

pub(super) fn overrides(history: &History, state: &RolloutState) -> Vec<String> {
    let overrides = state.overrides().iter();
    overrides
        .map(|cutover| overridden(cutover, history))
        .collect()
}

fn overridden(cutover: &Override, history: &History) -> String {
    let done = &cutover.done;
    let head = format!("- Event {}, {}, {}\n", done.seq, done.at, by(done));
    let event = history.events.iter().find(|event| event.seq() == done.seq);
    let failing = event.into_iter().flat_map(failing).map(|report| {
        let (name, seen) = (report.name().as_str(), evidence(report));
        format!("  - {}: {}\n", markdown(name), markdown(&seen))
    });
    head + &failing.collect::<Vec<String>>().concat()
}

fn failing(event: &Event) -> Vec<&GateReport> {
    match event.payload() {
        EventPayload::PhaseChanged(change) => PhaseChange::failing(change).collect(),
        _ => Vec::new(),
    }
}

/// All that were ever granted, with their ends: the state forgets those that were ended.
pub(super) fn waivers(history: &History) -> Vec<String> {
    let told = history.events.iter().filter_map(|event| {
        let text = match event.payload() {
            EventPayload::DependenceWaived(payload) => {
                let expired = if payload.until <= history.now {
                    " (past)"
                } else {
                    ""
                };
                let whose = markdown(&payload.target.to_string());
                let owner = markdown(payload.owner.as_str());
                format!("{whose} until {}{expired}, owner {owner}", payload.until)
            }
            EventPayload::WaiverEnded(payload) => {
                format!("{}: ended", markdown(&payload.target.to_string()))
            }
            _ => return None,
        };
        Some(told(event, &text))
    });
    told.collect()
}

pub(super) fn incidents(history: &History) -> Vec<String> {
    let told = history.events.iter().filter_map(|event| {
        let (incident, what) = match event.payload() {
            EventPayload::IncidentOpened(payload) => (&payload.incident, "opened"),
            EventPayload::IncidentClosed(payload) => (&payload.incident, "closed"),
            EventPayload::PhaseChanged(change) => {
                (change.incident.as_ref()?, "named by a rollback")
            }
            _ => return None,
        };
        Some(told(
            event,
            &format!("{} {what}", markdown(incident.as_str())),
        ))
    });
    told.collect()
}

fn told(event: &Event, what: &str) -> String {
    let done = EventRef::of(event);
    format!("- {what}; event {}, {}, {}\n", done.seq, done.at, by(&done))
}

pub(super) fn client_rollbacks(state: &RolloutState) -> Vec<String> {
    let rollbacks = state.client_rollbacks().iter();
    rollbacks
        .map(|back| {
            let incident = back.incident.as_ref().map(IncidentId::as_str);
            let incident = incident.map(|id| format!(", incident {}", markdown(id)));
            format!(
                "- {} to {}{}; {}, {}\n",
                markdown(back.kind.as_str()),
                markdown(back.version.as_str()),
                incident.unwrap_or_default(),
                back.done.at,
                by(&back.done),
            )
        })
        .collect()
}

pub(super) fn checks(state: &RolloutState) -> Vec<String> {
    let checks = state.checks().iter();
    checks
        .map(|(name, check)| {
            let colour = if check.green {
                "green"
            } else {
                "**not green**"
            };
            let link = check.link.as_ref().map(|at| format!(" {}", link(at)));
            format!(
                "- {} {colour}{}; {}, {}\n",
                markdown(name.as_str()),
                link.unwrap_or_default(),
                check.reported.at,
                by(&check.reported),
            )
        })
        .collect()
}

pub(super) fn gates(history: &History) -> Vec<String> {
    let last = last_reports(&history.events);
    last.values()
        .map(|last| {
            let verdict = if last.report.passed() {
                "passed"
            } else {
                "**failed**"
            };
            let step = last.step.map(|(from, to)| format!(" for {from} to {to}"));
            format!(
                "- {} {verdict}{}; event {}, {}: {}\n",
                markdown(last.report.name().as_str()),
                step.unwrap_or_default(),
                last.event.seq(),
                last.event.at(),
                markdown(&evidence(last.report)),
            )
        })
        .collect()
}

fn by(stamp: &EventRef) -> String {
    let actor = markdown(&stamp.actor.to_string());
    format!("by {actor}: {}", markdown(stamp.reason.as_str()))
}
