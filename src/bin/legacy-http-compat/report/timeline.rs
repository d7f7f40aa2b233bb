//! All events, in their order.

use legacy_http_compat::rollout::{
    Attempt, AttemptRefused, Event, Fact, GateReport, IncidentId, Label, Link, PhaseChange,
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
        what(event.fact()),
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
    let step = format!("**{}** to **{}**", change.from, change.to);
    let incident = change.incident.as_ref().map(IncidentId::as_str);
    let incident = incident.map(|id| format!(", incident {}", markdown(id)));
    let overridden = names(change.overridden.iter());
    let overridden = overridden.map(|gates| format!(", **override** of {gates}"));
    step + &incident.unwrap_or_default() + &overridden.unwrap_or_default()
}

fn refused(fact: &AttemptRefused) -> String {
    let attempt = match fact.attempt {
        Attempt::Transition { from, to } => format!("{from} to {to}"),
        _ => "access".to_owned(),
    };
    let failing = fact.gates.iter().filter(|gate| !gate.passed());
    let failing = names(failing.map(GateReport::name));
    let failing = failing.map(|gates| format!("; failing: {gates}"));
    let cause = markdown(fact.cause.as_str());
    format!("refused: {attempt}, {cause}{}", failing.unwrap_or_default())
}

/// Names after one another; `None` where there is none.
fn names<'a>(names: impl Iterator<Item = &'a Label>) -> Option<String> {
    let names: Vec<&str> = names.map(Label::as_str).collect();
    (!names.is_empty()).then(|| markdown(&names.join(", ")))
}

/// A link that is shown as what it is. Only a vertical bar could do harm in it: it would end a cell.
pub(super) fn link(link: &Link) -> String {
    format!("<{}>", link.as_str().replace('|', "%7C"))
}
