//! Logs every event. The [docs of the rollout](super#log) list the fields.

use tracing::Level;

use super::{
    event::{Attempt, EventPayload},
    event::{Event, NewEvent},
    evidence::GateReport,
    journal::AppendError,
    names::Actor,
    names::{CorrelationId, Identifier, IncidentId},
    phase::Phase,
};
use crate::time::Timestamp;

/// The target of all events.
const TARGET: &str = "legacy_http_compat::audit";

/// Logs an event of the journal.
pub(super) fn record(flag: &str, event: &Event) {
    let (head, details) = (Head::of(event), Details::of(event.payload()));
    match level(event.payload()) {
        Level::ERROR => emit_error(flag, &head, &details, "rollout event"),
        Level::WARN => emit_warn(flag, &head, &details, "rollout event"),
        _ => emit_info(flag, &head, &details, "rollout event"),
    }
}

/// Logs an event that could not be journaled, at `ERROR`.
pub(super) fn not_journaled(flag: &str, new_event: &NewEvent, error: &AppendError) {
    // The number is not logged.
    let event = new_event.clone().numbered(0);
    let head = Head {
        seq: None,
        error: Some(error.to_string()),
        ..Head::of(&event)
    };
    emit_error(
        flag,
        &head,
        &Details::of(event.payload()),
        "rollout event not journaled",
    );
}

/// The fields of every event.
struct Head<'a> {
    seq: Option<u64>,
    at: Timestamp,
    event: &'a str,
    actor: &'a Actor,
    reason: &'a str,
    correlation_id: Option<&'a str>,
    error: Option<String>,
}

/// The fields of some events.
#[derive(Default)]
struct Details<'a> {
    phase: Option<&'static str>,
    from: Option<&'static str>,
    to: Option<&'static str>,
    failing_gates: Option<String>,
    overridden_gates: Option<String>,
    incident: Option<&'a str>,
    cause: Option<&'a str>,
    check: Option<&'a str>,
    green: Option<bool>,
    client_kind: Option<&'a str>,
    version: Option<&'a str>,
    waiver_target: Option<String>,
    owner: Option<&'a str>,
    until: Option<String>,
    digest: Option<&'a str>,
    rollback: Option<u64>,
    flag_state: Option<&'static str>,
    line: Option<u64>,
}

/// A function for each level, since the level of a `tracing` call is fixed.
macro_rules! emitter {
    ($name:ident, $level:ident) => {
        fn $name(flag: &str, head: &Head<'_>, details: &Details<'_>, message: &str) {
            tracing::event!(
                target: TARGET,
                Level::$level,
                flag,
                seq = head.seq,
                at = %head.at,
                event = head.event,
                actor_kind = head.actor.kind().as_str(),
                actor_id = head.actor.id().as_str(),
                reason = head.reason,
                correlation_id = head.correlation_id,
                phase = details.phase,
                from = details.from,
                to = details.to,
                failing_gates = details.failing_gates.as_deref(),
                overridden_gates = details.overridden_gates.as_deref(),
                incident = details.incident,
                cause = details.cause,
                check = details.check,
                green = details.green,
                client_kind = details.client_kind,
                version = details.version,
                waiver_target = details.waiver_target.as_deref(),
                owner = details.owner,
                until = details.until.as_deref(),
                digest = details.digest,
                rollback = details.rollback,
                flag_state = details.flag_state,
                line = details.line,
                error = head.error.as_deref(),
                "{message}"
            );
        }
    };
}

emitter!(emit_error, ERROR);
emitter!(emit_warn, WARN);
emitter!(emit_info, INFO);

fn level(payload: &EventPayload) -> Level {
    match payload {
        EventPayload::PhaseChanged(change) if !change.overridden.is_empty() => Level::WARN,
        EventPayload::Recovered(_) => Level::ERROR,
        _ => Level::INFO,
    }
}

impl<'a> Head<'a> {
    fn of(event: &'a Event) -> Self {
        Self {
            seq: Some(event.seq()),
            at: event.at(),
            event: event.payload().name(),
            actor: event.actor(),
            reason: event.reason().as_str(),
            correlation_id: event.correlation_id().map(CorrelationId::as_str),
            error: None,
        }
    }
}

impl<'a> Details<'a> {
    fn of(payload: &'a EventPayload) -> Self {
        let mut details = Self::default();
        details.read_step(payload);
        details.read_rest(payload);
        details
    }

    fn read_step(&mut self, payload: &'a EventPayload) {
        match payload {
            EventPayload::Opened(payload) => self.phase = Some(payload.phase.as_str()),
            EventPayload::PhaseChanged(change) => {
                self.step(change.from, change.to, &change.gates);
                self.overridden_gates = names(change.overridden.iter());
                self.incident = change.incident.as_ref().map(IncidentId::as_str);
            }
            EventPayload::AttemptRefused(payload) => {
                if let Attempt::Transition { from, to } = payload.attempt {
                    self.step(from, to, &payload.gates);
                }
                self.cause = Some(payload.cause.as_str());
            }
            EventPayload::ProcessStarted(payload) => self.flag_state = Some(payload.flag.as_str()),
            EventPayload::Recovered(payload) => self.line = Some(payload.line),
            _ => {}
        }
    }

    fn read_rest(&mut self, payload: &'a EventPayload) {
        match payload {
            EventPayload::CheckReported(payload) => {
                self.check = Some(payload.check.as_str());
                self.green = Some(payload.green);
            }
            EventPayload::IncidentOpened(payload) | EventPayload::IncidentClosed(payload) => {
                self.incident = Some(payload.incident.as_str());
            }
            EventPayload::ClientRolledBack(payload) => {
                self.client_kind = Some(payload.kind.as_str());
                self.version = Some(payload.version.as_str());
                self.incident = payload.incident.as_ref().map(IncidentId::as_str);
            }
            EventPayload::DependenceWaived(payload) => {
                self.waiver_target = Some(payload.target.to_string());
                self.owner = Some(payload.owner.as_str());
                self.until = Some(payload.until.to_string());
            }
            EventPayload::WaiverEnded(payload) => {
                self.waiver_target = Some(payload.target.to_string());
            }
            EventPayload::ContractChanged(payload) => self.digest = Some(payload.digest.as_str()),
            EventPayload::PostAnalysisFiled(payload) => self.rollback = Some(payload.rollback),
            _ => {}
        }
    }

    fn step(&mut self, from: Phase, to: Phase, gates: &'a [GateReport]) {
        self.from = Some(from.as_str());
        self.to = Some(to.as_str());
        let failing = gates.iter().filter(|report| !report.passed());
        self.failing_gates = names(failing.map(GateReport::name));
    }
}

/// Names with commas between them, if there are any.
fn names<'a>(labels: impl Iterator<Item = &'a Identifier>) -> Option<String> {
    let names: Vec<&str> = labels.map(Identifier::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}
