//! All events, in their order.

use legacy_http_compat::rollout::{
    Attempt, AttemptRefused, Event, EventPayload, GateReport, Identifier, IncidentId, Link,
    PhaseChange,
};

use crate::printable::markdown;

/// A table of all events.
pub(super) fn timeline(events: &[Event]) -> Vec<String> {
    let head = "| # | When | Who | What | Why |\n| ---: | --- | --- | --- | --- |\n";
    let rows = events.iter().map(row);
    std::iter::once(head.to_owned()).chain(rows).collect()
}

fn row(event: &Event) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        event.seq(),
        event.at(),
        markdown(&event.actor().to_string()),
        what(event.payload()),
        why(event),
    )
}

fn why(event: &Event) -> String {
    let reason = markdown(event.reason().as_str());
    match event.correlation_id() {
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
            let link = report.link.as_ref().map(|at| format!(" {}", link(at)));
            let link = link.unwrap_or_default();
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
        EventPayload::ContractChanged(payload) => format!("contract `{}`", payload.digest),
        EventPayload::PostAnalysisFiled(payload) => {
            format!(
                "post-analysis of event {}: {}",
                payload.rollback,
                link(&payload.link)
            )
        }
        EventPayload::PolicyChanged(_) => "policy changed".to_owned(),
        EventPayload::ProcessStarted(payload) => {
            format!("process started, flag {}", payload.flag.as_str())
        }
        EventPayload::AttemptRefused(payload) => refused(payload),
        EventPayload::Recovered(torn) => {
            format!("torn line {} cut off ({} bytes)", torn.line, torn.bytes)
        }
        other => markdown(other.name()),
    }
}

fn phase_changed(change: &PhaseChange) -> String {
    let step = format!("**{}** to **{}**", change.from, change.to);
    let incident = change.incident.as_ref().map(IncidentId::as_str);
    let incident = incident.map(|id| format!(", incident {}", markdown(id)));
    let overridden = names(change.overridden.iter());
    let overridden = overridden.map(|gates| format!(", **override** of {gates}"));
    step + &incident.unwrap_or_default() + &overridden.unwrap_or_default()
}

fn refused(payload: &AttemptRefused) -> String {
    let attempt = match payload.attempt {
        Attempt::Transition { from, to } => format!("{from} to {to}"),
        _ => "access".to_owned(),
    };
    let failing = payload.gates.iter().filter(|gate| !gate.passed());
    let failing = names(failing.map(GateReport::name));
    let failing = failing.map(|gates| format!("; failing: {gates}"));
    let cause = markdown(payload.cause.as_str());
    format!("refused: {attempt}, {cause}{}", failing.unwrap_or_default())
}

/// Names after one another; `None` where there is none.
fn names<'a>(names: impl Iterator<Item = &'a Identifier>) -> Option<String> {
    let names: Vec<&str> = names.map(Identifier::as_str).collect();
    (!names.is_empty()).then(|| markdown(&names.join(", ")))
}

/// A link that is shown as what it is. Only a vertical bar could do harm in it: it would end a cell.
pub(super) fn link(link: &Link) -> String {
    format!("<{}>", link.as_str().replace('|', "%7C"))
}
