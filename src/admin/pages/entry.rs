//! An event as the timeline shows it.

use serde_json::Value;

use super::{explain::leaves, moment::Moment, sentence::sentence};
use crate::rollout::{Event, Fact, GateReport, Link, Timestamp, Transition};

/// One entry of the timeline.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) at: Moment,
    pub(crate) sentence: String,
    pub(crate) reason: String,
    pub(crate) correlation: String,
    /// How it is marked: `step`, `back`, `good`, `bad` or `plain`.
    pub(crate) tone: &'static str,
    pub(crate) link: Option<String>,
    /// Gates with their verdict.
    pub(crate) gates: Vec<(String, bool)>,
    /// All that was journaled, by name.
    pub(crate) details: Vec<(String, String)>,
}

impl Entry {
    pub(crate) fn new(event: &Event, now: Timestamp) -> Self {
        let correlation = event.correlation_id();
        Self {
            seq: event.seq(),
            at: Moment::new(event.at(), now),
            sentence: sentence(event),
            reason: event.reason().to_string(),
            correlation: correlation.map(ToString::to_string).unwrap_or_default(),
            tone: tone(event.fact()),
            link: link(event.fact()).map(ToString::to_string),
            gates: gates(event.fact()).iter().map(verdict).collect(),
            details: details(event.fact()),
        }
    }

    /// What the mark says to those who cannot see it.
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

fn tone(fact: &Fact) -> &'static str {
    match fact {
        Fact::PhaseChanged(change) => match change.from.step(change.to) {
            Ok(Transition::Rollback | Transition::Abort) => "back",
            _ => "step",
        },
        Fact::CheckReported(report) if report.green => "good",
        Fact::IncidentClosed(_) | Fact::PostAnalysisFiled(_) => "good",
        Fact::CheckReported(_)
        | Fact::IncidentOpened(_)
        | Fact::AttemptRefused(_)
        | Fact::ClientRolledBack(_)
        | Fact::Recovered(_) => "bad",
        _ => "plain",
    }
}

fn link(fact: &Fact) -> Option<&Link> {
    match fact {
        Fact::CheckReported(report) => report.link.as_ref(),
        Fact::PostAnalysisFiled(filed) => Some(&filed.link),
        _ => None,
    }
}

fn gates(fact: &Fact) -> &[GateReport] {
    match fact {
        Fact::PhaseChanged(change) => &change.gates,
        Fact::AttemptRefused(refused) => &refused.gates,
        _ => &[],
    }
}

fn verdict(report: &GateReport) -> (String, bool) {
    (report.name().to_string(), report.passed())
}

/// The members of the fact. The gates are told by their names, and each by its evidence.
fn details(fact: &Fact) -> Vec<(String, String)> {
    let value = serde_json::to_value(fact).unwrap_or_default();
    let members = value.get(fact.name()).and_then(Value::as_object);
    let mut members = members.cloned().unwrap_or_default();
    members.remove("gates");
    let mut details = leaves(&members);
    for report in gates(fact) {
        let evidence = leaves(report.evidence().members());
        let named = evidence
            .into_iter()
            .map(|(name, text)| (format!("{}: {name}", report.name()), text));
        details.extend(named);
    }
    details
}
