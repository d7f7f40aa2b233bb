//! `report`: the history of a rollout as Markdown.

use serde::Serialize;

use crate::{
    cli::{
        census::stranded_text,
        journal::{ReadJournal, ShownFrom, show, torn_text, unknown_text},
        output::{Output, json, markdown, markdown_link},
        report_sections::{
            brownouts, checks, client_rollbacks, gates, incident_text, incidents, link_text,
            obligations, on_instance, overrides, rollbacks, waivers,
        },
        status::StatusJson,
    },
    rollout::{
        EventRef, Phase, RolloutState,
        event::{
            Attempt, AttemptRefused, Event, EventPayload, PhaseChange, Recovered, RollbackTaken,
        },
        names::Identifier,
        policy::PolicyDifference,
    },
};

/// The state of the rollout, and its history.
#[derive(Serialize)]
struct ReportJson<'a> {
    status: StatusJson<'a>,
    recoveries: Vec<RecoveryJson<'a>>,
    events: &'a [Event],
}

#[derive(Serialize)]
struct RecoveryJson<'a> {
    torn: &'a Recovered,
    done: &'a EventRef,
}

pub(super) fn run(from: &ShownFrom<'_>, as_json: bool) -> Output {
    let to_json = |journal: &ReadJournal| json(&ReportJson::new(journal));
    show(from, as_json, to_json, document)
}

impl<'a> ReportJson<'a> {
    fn new(journal: &'a ReadJournal) -> Self {
        let recoveries = journal.projection.recoveries().iter();
        let recoveries = recoveries.map(|(torn, done)| RecoveryJson { torn, done });
        Self {
            status: StatusJson::new(journal),
            recoveries: recoveries.collect(),
            events: &journal.events,
        }
    }
}

fn document(journal: &ReadJournal, state: &RolloutState) -> String {
    let sections = [
        ("Obligations", obligations(journal, state)),
        ("Rollbacks", rollbacks(journal, state)),
        ("Brownouts", brownouts(journal, state)),
        ("Overrides", overrides(journal, state)),
        ("Waivers", waivers(journal)),
        ("Incidents", incidents(journal)),
        ("Client versions rolled back", client_rollbacks(state)),
        ("Checks", checks(state)),
        ("Gates, as last evaluated", gates(journal)),
        ("Timeline", timeline(&journal.events)),
    ];
    let sections = sections.map(|(title, body)| match body.as_slice() {
        [] => format!("\n## {title}\n\nNone.\n"),
        lines => format!("\n## {title}\n\n{}", lines.concat()),
    });
    head(journal, state) + sections.concat().as_str()
}

fn head(journal: &ReadJournal, state: &RolloutState) -> String {
    let verified = &journal.verified;
    let mut lines = vec![
        format!("# Rollout of {}\n\n", markdown(state.flag_name.as_str())),
        format!("- Phase: **{}** since {}\n", state.phase, state.entered.at),
        format!("- As of: {}\n", journal.now),
        format!(
            "- Flag {} since {}\n",
            state.flag_at(journal.now),
            state.flag_changed.at
        ),
        format!(
            "- Stranded callers: {}\n",
            markdown(&stranded_text(journal.census.as_ref(), state))
        ),
    ];
    if let Some(date) = journal.policy().retire_by {
        let late = state.phase != Phase::Retired && date < journal.now;
        let late = if late { " (**overdue**)" } else { "" };
        lines.push(format!("- To be retired by: {date}{late}\n"));
    }
    if let Some(served) = &state.contract {
        let (digest, since) = (&served.digest, served.since.at);
        lines.push(format!("- Contract: `{digest}`, since {since}\n"));
    }
    lines.push(format!(
        "- Journal: {} events, intact; head `{}`\n",
        verified.head.seq, verified.head,
    ));
    let torn = verified.torn.map(torn_text);
    lines.extend(torn.map(|torn| format!("- {torn}")));
    let unknown = unknown_text(journal);
    if !unknown.is_empty() {
        lines.push(format!("- {unknown}"));
    }
    lines.concat()
}

/// A table of all events.
fn timeline(events: &[Event]) -> Vec<String> {
    let head = "| # | When | Who | What | Why |\n| ---: | --- | --- | --- | --- |\n";
    let rows = events.iter().map(row);
    std::iter::once(head.to_owned()).chain(rows).collect()
}

fn row(event: &Event) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        event.seq,
        event.at,
        markdown(&event.actor.to_string()),
        what(&event.payload),
        why(event),
    )
}

fn why(event: &Event) -> String {
    let reason = markdown(event.reason.as_str());
    match &event.correlation_id {
        Some(id) => format!("{reason} ({})", markdown(id.as_str())),
        None => reason,
    }
}

fn what(payload: &EventPayload) -> String {
    match payload {
        EventPayload::Opened(opened) => {
            let flag = markdown(opened.flag.as_str());
            format!("opened in **{}** for {flag}", opened.phase)
        }
        EventPayload::PhaseChanged(change) => phase_changed(change),
        EventPayload::CheckReported(report) => {
            let colour = if report.green { "green" } else { "not green" };
            let link = link_text(report.link.as_ref());
            format!("check {} {colour}{link}", markdown(report.check.as_str()))
        }
        EventPayload::IncidentOpened(payload) => {
            format!("incident {} opened", markdown(payload.incident.as_str()))
        }
        EventPayload::IncidentClosed(payload) => {
            format!("incident {} closed", markdown(payload.incident.as_str()))
        }
        EventPayload::ClientRolledBack(back) => {
            let kind = markdown(back.kind.as_str());
            format!("{kind} rolled back to {}", markdown(back.version.as_str()))
        }
        EventPayload::DependenceWaived(payload) => {
            let whose = markdown(&payload.target.to_string());
            format!("waived {whose} until {}", payload.until)
        }
        EventPayload::WaiverEnded(payload) => {
            format!("waiver ended: {}", markdown(&payload.target.to_string()))
        }
        EventPayload::InstanceWrittenOff(payload) => {
            let instance = markdown(payload.instance.as_str());
            format!("lost instance {instance} written off")
        }
        EventPayload::ContractChanged(payload) => format!("contract `{}`", payload.digest),
        EventPayload::PostAnalysisFiled(payload) => {
            format!(
                "post-analysis of event {}: {}",
                payload.rollback,
                markdown_link(&payload.link)
            )
        }
        EventPayload::PolicyChanged(changed) => policy(&changed.differences),
        EventPayload::RollbackTaken(taken) => rolled_back(taken),
        EventPayload::RollbackExtended(extended) => {
            let seq = extended.rollback;
            format!("rollback of event {seq} extended until {}", extended.until)
        }
        EventPayload::LossAccepted(loss) => {
            let recorded = loss
                .recorded
                .map(|head| format!(" up to event {}", head.seq));
            let phase = loss.phase.map(|phase| format!(", goes on in **{phase}**"));
            format!(
                "**loss** of recorded events{} accepted{}",
                recorded.unwrap_or_default(),
                phase.unwrap_or_default()
            )
        }
        EventPayload::BrownoutAnnounced(payload) => {
            format!("brownout announced, {} to {}", payload.start, payload.until)
        }
        EventPayload::BrownoutBegan(payload) => {
            format!("**brownout** of event {} began", payload.brownout)
        }
        EventPayload::BrownoutEnded(payload) => {
            let incident = incident_text(payload.incident.as_ref());
            format!("brownout of event {} ended{incident}", payload.brownout)
        }
        EventPayload::AttemptRefused(payload) => refused(payload),
        EventPayload::Recovered(torn) => {
            format!("torn line {} cut off ({} bytes)", torn.line, torn.bytes)
        }
        EventPayload::Unknown(payload) => {
            format!("{} (unknown to this version)", markdown(&payload.name))
        }
    }
}

fn phase_changed(change: &PhaseChange) -> String {
    let (from, to) = (change.from, change.to);
    let overridden = names(change.overridden.iter());
    let overridden = overridden.map(|gates| format!(", **override** of {gates}"));
    let overridden = overridden.unwrap_or_default();
    format!("**{from}** to **{to}**{overridden}")
}

fn rolled_back(taken: &RollbackTaken) -> String {
    let incident = incident_text(Some(&taken.incident));
    let instance = on_instance(taken.instance.as_ref());
    format!(
        "**rolled back** the cutover of event {}{incident}{instance}",
        taken.cutover
    )
}

fn policy(differences: &[PolicyDifference]) -> String {
    let texts = differences.iter().map(|found| markdown(&found.to_string()));
    let texts: Vec<String> = texts.collect();
    format!("policy changed: {}", texts.join(", "))
}

fn refused(payload: &AttemptRefused) -> String {
    let attempt = match payload.attempt {
        Attempt::Transition { from, to } => format!("{from} to {to}"),
        _ => "access".to_owned(),
    };
    let failing = payload.gates.iter().filter(|gate| !gate.passed);
    let failing = names(failing.map(|report| &report.name));
    let failing = failing.map(|gates| format!("; failing: {gates}"));
    let cause = markdown(payload.cause.as_str());
    format!("refused: {attempt}, {cause}{}", failing.unwrap_or_default())
}

/// Names separated by commas, or `None` if there are none.
fn names<'a>(names: impl Iterator<Item = &'a Identifier>) -> Option<String> {
    let names: Vec<&str> = names.map(Identifier::as_str).collect();
    (!names.is_empty()).then(|| markdown(&names.join(", ")))
}
