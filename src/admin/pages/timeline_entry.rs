//! Entries of the timeline.

use serde_json::Value;

use super::{event_text::event_text, explain::json_rows, time_tag::TimeTag};
use crate::{
    rollout::{
        Transition,
        event::{Event, EventPayload},
        gate::GateReport,
        names::Link,
    },
    time::Timestamp,
};

/// An event as the timeline shows it.
#[derive(Clone, Debug)]
pub(crate) struct TimelineEntry {
    pub(crate) seq: u64,
    pub(crate) at: TimeTag,
    pub(crate) text: String,
    pub(crate) reason: String,
    pub(crate) correlation: String,
    /// The style of the mark: `step`, `back`, `good`, `bad` or `plain`.
    pub(crate) tone: &'static str,
    pub(crate) link: Option<String>,
    /// Gates, and whether they passed.
    pub(crate) gates: Vec<(String, bool)>,
    /// The members of the event by name.
    pub(crate) details: Vec<(String, String)>,
}

impl TimelineEntry {
    pub(crate) fn new(event: &Event, now: Timestamp) -> Self {
        let correlation = event.correlation_id.as_ref();
        Self {
            seq: event.seq,
            at: TimeTag::new(event.at, now),
            text: event_text(event),
            reason: event.reason.to_string(),
            correlation: correlation.map(ToString::to_string).unwrap_or_default(),
            tone: tone(&event.payload),
            link: link(&event.payload).map(ToString::to_string),
            gates: gates(&event.payload).iter().map(verdict).collect(),
            details: details(&event.payload),
        }
    }

    /// The character of the mark.
    pub(crate) fn mark(&self) -> &'static str {
        match self.tone {
            "step" => "→",
            "back" => "↩",
            "good" => "✓",
            "bad" => "!",
            _ => "·",
        }
    }
}

fn tone(payload: &EventPayload) -> &'static str {
    match payload {
        EventPayload::PhaseChanged(change) => match change.from.step(change.to) {
            Ok(Transition::Rollback | Transition::Abort) => "back",
            _ => "step",
        },
        EventPayload::CheckReported(report) if report.green => "good",
        EventPayload::IncidentClosed(_) | EventPayload::PostAnalysisFiled(_) => "good",
        EventPayload::CheckReported(_)
        | EventPayload::IncidentOpened(_)
        | EventPayload::AttemptRefused(_)
        | EventPayload::ClientRolledBack(_)
        | EventPayload::Recovered(_) => "bad",
        _ => "plain",
    }
}

fn link(payload: &EventPayload) -> Option<&Link> {
    match payload {
        EventPayload::CheckReported(report) => report.link.as_ref(),
        EventPayload::PostAnalysisFiled(filed) => Some(&filed.link),
        _ => None,
    }
}

fn gates(payload: &EventPayload) -> &[GateReport] {
    match payload {
        EventPayload::PhaseChanged(change) => &change.gates,
        EventPayload::AttemptRefused(refused) => &refused.gates,
        _ => &[],
    }
}

fn verdict(report: &GateReport) -> (String, bool) {
    (report.name.to_string(), report.passed)
}

/// The members of the payload; gates as one row for each member of their evidence.
fn details(payload: &EventPayload) -> Vec<(String, String)> {
    let value = serde_json::to_value(payload).unwrap_or_default();
    let members = value.get(payload.name()).and_then(Value::as_object);
    let mut members = members.cloned().unwrap_or_default();
    members.remove("gates");
    let mut details = json_rows(&members);
    for report in gates(payload) {
        let evidence = json_rows(&report.evidence.to_members());
        let named = evidence
            .into_iter()
            .map(|(name, text)| (format!("{}: {name}", report.name), text));
        details.extend(named);
    }
    details
}
