//! Every event in the log too.
//!
//! Each is a `tracing` event on the target [`TARGET`]: one that stands in the journal by [`record`], one that could not
//! be journaled by [`not_journaled`]. Its fields are stable:
//!
//! | Fields | Of |
//! |---|---|
//! | `flag`, `at`, `event`, `actor_kind`, `actor_id`, `reason` | all |
//! | `seq` | those in the journal |
//! | `correlation_id`, `incident` | those that have one |
//! | `phase` | `opened` |
//! | `from`, `to`, `failing_gates`, `overridden_gates` | `phase_changed`, `attempt_refused` |
//! | `cause` | `attempt_refused` |
//! | `check`, `green` | `check_reported` |
//! | `client_kind`, `version` | `client_rolled_back` |
//! | `waived`, `owner`, `until` | `dependence_waived`, `waiver_ended` |
//! | `digest` | `contract_changed` |
//! | `rollback` | `post_analysis_filed` |
//! | `mode` | `process_started` |
//! | `line` | `recovered` |
//! | `error` | those that are not in the journal |
//!
//! The level is `WARN` for a cutover that overrides gates, `ERROR` for what could not be journaled and for a journal that
//! was found torn, `INFO` for all others. Links, evidence, policies and summaries stay in the journal: they may hold
//! more than a log should.

use tracing::Level;

use super::{
    actor::Actor,
    event::{Draft, Event},
    fact::{Attempt, Fact},
    gate_report::GateReport,
    journal::AppendError,
    phase::Phase,
    texts::{CorrelationId, IncidentId, Label},
    time::Timestamp,
};

/// The target of all audit events.
pub const TARGET: &str = "legacy_http_compat::audit";

/// Logs an event that stands in the journal of the rollout of a flag.
pub fn record(flag: &str, event: &Event) {
    let (head, details) = (Head::of(event), Details::of(event.fact()));
    match level(event.fact()) {
        Level::ERROR => emit_error(flag, &head, &details, "rollout event"),
        Level::WARN => emit_warn(flag, &head, &details, "rollout event"),
        _ => emit_info(flag, &head, &details, "rollout event"),
    }
}

/// Logs an event that could not be journaled, at `ERROR`.
pub fn not_journaled(flag: &str, draft: &Draft, error: &AppendError) {
    // Any number will do: it is not logged.
    let event = draft.clone().numbered(0);
    let head = Head {
        seq: None,
        error: Some(error.to_string()),
        ..Head::of(&event)
    };
    emit_error(
        flag,
        &head,
        &Details::of(event.fact()),
        "rollout event not journaled",
    );
}

/// What every event has.
struct Head<'a> {
    seq: Option<u64>,
    at: Timestamp,
    event: &'static str,
    actor: &'a Actor,
    reason: &'a str,
    correlation_id: Option<&'a str>,
    error: Option<String>,
}

/// What some events have.
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
    waived: Option<String>,
    owner: Option<&'a str>,
    until: Option<String>,
    digest: Option<&'a str>,
    rollback: Option<u64>,
    mode: Option<&'static str>,
    line: Option<u64>,
}

/// A function for each level, since `tracing` fixes the level where the call stands.
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
                waived = details.waived.as_deref(),
                owner = details.owner,
                until = details.until.as_deref(),
                digest = details.digest,
                rollback = details.rollback,
                mode = details.mode,
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

fn level(fact: &Fact) -> Level {
    match fact {
        Fact::PhaseChanged(change) if !change.overridden.is_empty() => Level::WARN,
        Fact::Recovered(_) => Level::ERROR,
        _ => Level::INFO,
    }
}

impl<'a> Head<'a> {
    fn of(event: &'a Event) -> Self {
        Self {
            seq: Some(event.seq()),
            at: event.at(),
            event: event.fact().name(),
            actor: event.actor(),
            reason: event.reason().as_str(),
            correlation_id: event.correlation_id().map(CorrelationId::as_str),
            error: None,
        }
    }
}

impl<'a> Details<'a> {
    fn of(fact: &'a Fact) -> Self {
        let mut details = Self::default();
        details.read_step(fact);
        details.read_rest(fact);
        details
    }

    fn read_step(&mut self, fact: &'a Fact) {
        match fact {
            Fact::Opened(fact) => self.phase = Some(fact.phase.as_str()),
            Fact::PhaseChanged(change) => {
                self.step(change.from, change.to, &change.gates);
                self.overridden_gates = names(change.overridden.iter());
                self.incident = change.incident.as_ref().map(IncidentId::as_str);
            }
            Fact::AttemptRefused(fact) => {
                if let Attempt::Transition { from, to } = fact.attempt {
                    self.step(from, to, &fact.gates);
                }
                self.cause = Some(fact.cause.as_str());
            }
            Fact::ProcessStarted(fact) => self.mode = Some(fact.mode.as_str()),
            Fact::Recovered(fact) => self.line = Some(fact.line),
            _ => {}
        }
    }

    fn read_rest(&mut self, fact: &'a Fact) {
        match fact {
            Fact::CheckReported(fact) => {
                self.check = Some(fact.check.as_str());
                self.green = Some(fact.green);
            }
            Fact::IncidentOpened(fact) | Fact::IncidentClosed(fact) => {
                self.incident = Some(fact.incident.as_str());
            }
            Fact::ClientRolledBack(fact) => {
                self.client_kind = Some(fact.kind.as_str());
                self.version = Some(fact.version.as_str());
                self.incident = fact.incident.as_ref().map(IncidentId::as_str);
            }
            Fact::DependenceWaived(fact) => {
                self.waived = Some(fact.waived.to_string());
                self.owner = Some(fact.owner.as_str());
                self.until = Some(fact.until.to_string());
            }
            Fact::WaiverEnded(fact) => self.waived = Some(fact.waived.to_string()),
            Fact::ContractChanged(fact) => self.digest = Some(fact.digest.as_str()),
            Fact::PostAnalysisFiled(fact) => self.rollback = Some(fact.rollback),
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
fn names<'a>(labels: impl Iterator<Item = &'a Label>) -> Option<String> {
    let names: Vec<&str> = labels.map(Label::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}
