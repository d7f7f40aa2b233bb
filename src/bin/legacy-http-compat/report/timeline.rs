//! All events, in their order.

use legacy_http_compat::rollout::{
    Attempt, AttemptRefused, Event, Fact, GateReport, Link, PhaseChange,
};

use crate::printable::markdown;

/// A table of all events.
pub(super) fn timeline(events: &[Event]) -> String {
    let mut table =
        "| # | When | Who | What | Why |\n| ---: | --- | --- | --- | --- |\n".to_owned();
    for event in events {
        table += &format!(
            "| {} | {} | {} | {} | {} |\n",
            event.seq(),
            event.at(),
            markdown(&event.actor().to_string()),
            what(event.fact()),
            why(event),
        );
    }
    table
}

fn why(event: &Event) -> String {
    let reason = markdown(event.reason().as_str());
    match event.correlation_id() {
        Some(id) => format!("{reason} ({})", markdown(id.as_str())),
        None => reason,
    }
}

fn what(fact: &Fact) -> String {
    match fact {
        Fact::Opened(opened) => {
            let flag = markdown(opened.flag.as_str());
            format!("opened in **{}** for {flag}", opened.phase)
        }
        Fact::PhaseChanged(change) => phase_changed(change),
        Fact::CheckReported(report) => {
            let colour = if report.green { "green" } else { "not green" };
            let link = report.link.as_ref().map(|at| format!(" {}", link(at)));
            let link = link.unwrap_or_default();
            format!("check {} {colour}{link}", markdown(report.check.as_str()))
        }
        Fact::IncidentOpened(fact) => {
            format!("incident {} opened", markdown(fact.incident.as_str()))
        }
        Fact::IncidentClosed(fact) => {
            format!("incident {} closed", markdown(fact.incident.as_str()))
        }
        Fact::ClientRolledBack(back) => {
            let kind = markdown(back.kind.as_str());
            format!("{kind} rolled back to {}", markdown(back.version.as_str()))
        }
        Fact::DependenceWaived(fact) => {
            let whose = markdown(&fact.waived.to_string());
            format!("waived {whose} until {}", fact.until)
        }
        Fact::WaiverEnded(fact) => format!("waiver ended: {}", markdown(&fact.waived.to_string())),
        Fact::ContractChanged(fact) => format!("contract `{}`", fact.digest),
        Fact::PostAnalysisFiled(fact) => {
            format!(
                "post-analysis of event {}: {}",
                fact.rollback,
                link(&fact.link)
            )
        }
        Fact::PolicyChanged(_) => "policy changed".to_owned(),
        Fact::ProcessStarted(fact) => format!("process started {}", fact.mode.as_str()),
        Fact::AttemptRefused(fact) => refused(fact),
        Fact::Recovered(torn) => format!("torn line {} cut off ({} bytes)", torn.line, torn.bytes),
        other => markdown(other.name()),
    }
}

fn phase_changed(change: &PhaseChange) -> String {
    let mut text = format!("**{}** to **{}**", change.from, change.to);
    if let Some(incident) = &change.incident {
        text += &format!(", incident {}", markdown(incident.as_str()));
    }
    if !change.overridden.is_empty() {
        let gates: Vec<&str> = change.overridden.iter().map(|gate| gate.as_str()).collect();
        text += &format!(", **override** of {}", markdown(&gates.join(", ")));
    }
    text
}

fn refused(fact: &AttemptRefused) -> String {
    let attempt = match fact.attempt {
        Attempt::Transition { from, to } => format!("{from} to {to}"),
        _ => "access".to_owned(),
    };
    let failing = fact.gates.iter().filter(|gate| !gate.passed());
    let failing: Vec<&str> = failing
        .map(GateReport::name)
        .map(|name| name.as_str())
        .collect();
    let mut text = format!("refused: {attempt}, {}", markdown(fact.cause.as_str()));
    if !failing.is_empty() {
        text += &format!("; failing: {}", markdown(&failing.join(", ")));
    }
    text
}

/// A link that is shown as what it is. Only a vertical bar could do harm in it: it would end a cell.
pub(super) fn link(link: &Link) -> String {
    format!("<{}>", link.as_str().replace('|', "%7C"))
}
