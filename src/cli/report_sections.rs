//! The sections of the report before its timeline, each a list.

use crate::{
    cli::{
        journal::{ReadJournal, duration_text, evidence, last_reports},
        output::{markdown, markdown_link},
    },
    rollout::{
        EventRef, Override, Rollback, RolloutState,
        event::{Event, EventPayload, PhaseChange},
        gate::GateReport,
        names::{IncidentId, InstanceId, Link},
    },
};

pub(super) fn obligations(journal: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let limit = journal.policy().rollback_limit;
    let owed = state.obligations(journal.now, limit);
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

pub(super) fn rollbacks(journal: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let rollbacks = state.rollbacks.iter();
    rollbacks.map(|back| rollback(back, journal)).collect()
}

fn rollback(back: &Rollback, journal: &ReadJournal) -> String {
    let lasted = duration_text(back.duration(journal.now));
    let end = match &back.ended {
        Some(ended) => format!("ended {} after {lasted}, {}", ended.at, by(ended)),
        None => format!("**running** for {lasted}"),
    };
    let analysis = match &back.post_analysis {
        Some(filed) => format!(
            "{}, filed {} by {}: {}",
            markdown_link(&filed.link),
            filed.filed.at,
            markdown(&filed.filed.actor.to_string()),
            markdown(filed.summary.as_str()),
        ),
        None => "**due**".to_owned(),
    };
    let repeated = back.repeated.iter().map(|again| {
        let (done, instance) = (&again.done, on_instance(again.instance.as_ref()));
        format!(
            "  - also by event {}, {}{instance}: {}\n",
            done.seq,
            done.at,
            by(done)
        )
    });
    let repeated: String = repeated.collect();
    format!(
        "- Event {}, {}, incident {}{}: {}\n{repeated}  - {end}\n  - post-analysis: {analysis}\n",
        back.done.seq,
        back.done.at,
        markdown(back.incident.as_str()),
        on_instance(back.instance.as_ref()),
        by(&back.done),
    )
}

/// The instance that a rollback took effect on, where several share the journal.
pub(super) fn on_instance(instance: Option<&InstanceId>) -> String {
    instance.map_or_else(String::new, |instance| {
        format!(", on {}", markdown(instance.as_str()))
    })
}

pub(super) fn overrides(journal: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let overrides = state.overrides.iter();
    overrides.map(|done| overridden(done, journal)).collect()
}

fn overridden(cutover: &Override, journal: &ReadJournal) -> String {
    let done = &cutover.done;
    let head = format!("- Event {}, {}, {}\n", done.seq, done.at, by(done));
    let event = journal.events.iter().find(|event| event.seq == done.seq);
    let failing = event.into_iter().flat_map(failing).map(|report| {
        let (name, seen) = (report.name.as_str(), evidence(report));
        format!("  - {}: {}\n", markdown(name), markdown(&seen))
    });
    let loosened = cutover.loosened.iter();
    let loosened = loosened.map(|found| format!("  - policy {}\n", markdown(&found.to_string())));
    head + failing.chain(loosened).collect::<String>().as_str()
}

fn failing(event: &Event) -> Vec<&GateReport> {
    match &event.payload {
        EventPayload::PhaseChanged(change) => PhaseChange::failing(change).collect(),
        _ => Vec::new(),
    }
}

/// All waivers ever granted and ended: the state does not include ended ones.
pub(super) fn waivers(journal: &ReadJournal) -> Vec<String> {
    let lines = journal.events.iter().filter_map(|event| {
        let text = match &event.payload {
            EventPayload::DependenceWaived(payload) => {
                let past = payload.until <= journal.now;
                let expired = if past { " (past)" } else { "" };
                let whose = markdown(&payload.target.to_string());
                let owner = markdown(payload.owner.as_str());
                format!("{whose} until {}{expired}, owner {owner}", payload.until)
            }
            EventPayload::WaiverEnded(payload) => {
                format!("{}: ended", markdown(&payload.target.to_string()))
            }
            _ => return None,
        };
        Some(line(event, &text))
    });
    lines.collect()
}

pub(super) fn incidents(journal: &ReadJournal) -> Vec<String> {
    let lines = journal.events.iter().filter_map(|event| {
        let (incident, what) = match &event.payload {
            EventPayload::IncidentOpened(payload) => (&payload.incident, "opened"),
            EventPayload::IncidentClosed(payload) => (&payload.incident, "closed"),
            EventPayload::RollbackTaken(taken) => (&taken.incident, "named by a rollback"),
            _ => return None,
        };
        Some(line(
            event,
            &format!("{} {what}", markdown(incident.as_str())),
        ))
    });
    lines.collect()
}

fn line(event: &Event, what: &str) -> String {
    let done = EventRef::of(event);
    format!("- {what}; event {}, {}, {}\n", done.seq, done.at, by(&done))
}

pub(super) fn client_rollbacks(state: &RolloutState) -> Vec<String> {
    let rollbacks = state.client_rollbacks.iter();
    rollbacks
        .map(|back| {
            format!(
                "- {} to {}{}; {}, {}\n",
                markdown(back.kind.as_str()),
                markdown(back.version.as_str()),
                incident_text(back.incident.as_ref()),
                back.done.at,
                by(&back.done),
            )
        })
        .collect()
}

pub(super) fn checks(state: &RolloutState) -> Vec<String> {
    let checks = state.checks.iter();
    checks
        .map(|(name, check)| {
            let colour = if check.green {
                "green"
            } else {
                "**not green**"
            };
            format!(
                "- {} {colour}{}; {}, {}\n",
                markdown(name.as_str()),
                link_text(check.link.as_ref()),
                check.reported.at,
                by(&check.reported),
            )
        })
        .collect()
}

pub(super) fn gates(journal: &ReadJournal) -> Vec<String> {
    let last = last_reports(&journal.events);
    last.values()
        .map(|last| {
            let verdict = last.verdict("**failed**");
            format!(
                "- {} {verdict}{}; event {}, {}: {}\n",
                markdown(last.report.name.as_str()),
                last.step(),
                last.seq,
                last.at,
                markdown(&last.evidence()),
            )
        })
        .collect()
}

fn by(event: &EventRef) -> String {
    let actor = markdown(&event.actor.to_string());
    format!("by {actor}: {}", markdown(event.reason.as_str()))
}

/// The incident, if there is one, after what it caused.
pub(super) fn incident_text(incident: Option<&IncidentId>) -> String {
    incident.map_or_else(String::new, |id| {
        format!(", incident {}", markdown(id.as_str()))
    })
}

/// The link, if there is one, after what it shows.
pub(super) fn link_text(link: Option<&Link>) -> String {
    link.map_or_else(String::new, |link| format!(" {}", markdown_link(link)))
}
