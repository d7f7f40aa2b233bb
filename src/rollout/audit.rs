//! Logs every event. The [docs of the rollout](super#log) list the fields.

use serde_json::{Map, Value};
use tracing::Level;

use super::{
    event::{Attempt, Event, EventPayload, NewEvent},
    evidence::GateReport,
    journal::AppendError,
    names::{CorrelationId, Identifier},
    phase::Phase,
};

/// The target of all events.
const TARGET: &str = "legacy_http_compat::audit";

/// Logs an event of the journal.
pub(super) fn record(flag: &str, event: &Event) {
    match level(&event.payload) {
        Level::ERROR => emit_error(flag, event, None, "rollout event"),
        Level::WARN => emit_warn(flag, event, None, "rollout event"),
        _ => emit_info(flag, event, None, "rollout event"),
    }
}

/// Logs an event that could not be journaled, at `ERROR` and without a sequence number.
pub(super) fn not_journaled(flag: &str, new_event: &NewEvent, error: &AppendError) {
    let event = new_event.clone().numbered(0);
    emit_error(flag, &event, Some(error), "rollout event not journaled");
}

/// A function for each level, since the level of a `tracing` call is fixed.
macro_rules! emitter {
    ($name:ident, $level:ident) => {
        fn $name(flag: &str, event: &Event, error: Option<&AppendError>, message: &str) {
            let payload = &event.payload;
            let (details, transition) = (Details::of(payload), Step::of(payload));
            let step = transition.as_ref();
            tracing::event!(
                target: TARGET,
                Level::$level,
                flag,
                seq = error.is_none().then_some(event.seq),
                at = %event.at,
                event = payload.name(),
                actor_kind = event.actor.kind.as_str(),
                actor_id = event.actor.id.as_str(),
                reason = event.reason.as_str(),
                correlation_id = event.correlation_id.as_ref().map(CorrelationId::as_str),
                phase = details.text("phase"),
                from = step.map(|step| step.from.as_str()),
                to = step.map(|step| step.to.as_str()),
                failing_gates = step.and_then(|step| step.failing.as_deref()),
                overridden_gates = step.and_then(|step| step.overridden.as_deref()),
                incident = details.text("incident"),
                cause = details.text("cause"),
                check = details.text("check"),
                green = details.boolean("green"),
                client_kind = details.text("kind"),
                version = details.text("version"),
                waiver_target = details.text("target"),
                owner = details.text("owner"),
                until = details.text("until"),
                digest = details.text("digest"),
                start = details.text("start"),
                brownout = details.number("brownout"),
                rollback = details.number("rollback"),
                cutover = details.number("cutover"),
                instance = details.text("instance"),
                loosened = loosened(payload),
                line = details.number("line"),
                error = error.map(ToString::to_string),
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
        EventPayload::Recovered(_) | EventPayload::LossAccepted(_) => Level::ERROR,
        payload if loosened(payload).is_some() => Level::WARN,
        _ => Level::INFO,
    }
}

/// The members that a policy loosens, with commas between them.
fn loosened(payload: &EventPayload) -> Option<String> {
    let differences = match payload {
        EventPayload::Opened(opened) => &opened.loosened,
        EventPayload::PolicyChanged(changed) => &changed.differences,
        _ => return None,
    };
    let looser = differences.iter().filter(|found| found.loosens);
    let members: Vec<&str> = looser.map(|found| found.member.as_str()).collect();
    (!members.is_empty()).then(|| members.join(","))
}

/// The members of a payload; none of an unknown one.
struct Details(Map<String, Value>);

impl Details {
    fn of(payload: &EventPayload) -> Self {
        if matches!(payload, EventPayload::Unknown(_)) {
            return Self(Map::new());
        }
        let mut json = serde_json::to_value(payload).unwrap_or_default();
        match json.get_mut(payload.name()).map(Value::take) {
            Some(Value::Object(members)) => Self(members),
            _ => Self(Map::new()),
        }
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member).and_then(Value::as_str)
    }

    fn boolean(&self, member: &str) -> Option<bool> {
        self.0.get(member).and_then(Value::as_bool)
    }

    fn number(&self, member: &str) -> Option<u64> {
        self.0.get(member).and_then(Value::as_u64)
    }
}

/// A transition that was made or refused.
struct Step {
    from: Phase,
    to: Phase,
    failing: Option<String>,
    overridden: Option<String>,
}

impl Step {
    fn of(payload: &EventPayload) -> Option<Self> {
        let (from, to, gates, overridden): (_, _, _, &[Identifier]) = match payload {
            EventPayload::PhaseChanged(change) => {
                (change.from, change.to, &change.gates, &change.overridden)
            }
            EventPayload::AttemptRefused(refused) => match refused.attempt {
                Attempt::Transition { from, to } => (from, to, &refused.gates, &[]),
                Attempt::Access => return None,
            },
            _ => return None,
        };
        let failing = |report: &&GateReport| !report.passed;
        let failing = gates.iter().filter(failing).map(|report| &report.name);
        Some(Self {
            from,
            to,
            failing: names(failing),
            overridden: names(overridden.iter()),
        })
    }
}

/// Names with commas between them, if there are any.
fn names<'a>(names: impl Iterator<Item = &'a Identifier>) -> Option<String> {
    let names: Vec<&str> = names.map(Identifier::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}

#[cfg(test)]
#[path = "../../tests/support/rollout_events.rs"]
mod events;

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;
    use crate::time::Timestamp;

    fn numbered() -> impl Iterator<Item = Event> {
        (1..)
            .zip(events::story())
            .map(|(seq, payload)| events::draft(payload).numbered(seq))
    }

    /// What is logged while something runs.
    fn logged(run: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Sink(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, run);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_event_is_logged_with_who_and_why() {
        for event in numbered() {
            let line = logged(|| record("features.jobs.compat", &event));
            let expected = format!(
                r#"legacy_http_compat::audit: rollout event flag="features.jobs.compat" seq={} at=2026-03-01T12:00:00.000Z event="{}" actor_kind="human" actor_id="mara" reason="as planned""#,
                event.seq,
                event.payload.name(),
            );
            assert!(line.contains(&expected), "{line}");
            assert!(
                !line.contains("hidden"),
                "links and summaries stay in the journal: {line}"
            );
        }
    }

    #[test]
    fn an_override_is_a_warning_and_a_torn_or_lossy_journal_an_error() {
        let levels: Vec<(u64, String)> = numbered()
            .map(|event| {
                let line = logged(|| record("f", &event));
                let level = line.trim_start().split(' ').next().unwrap_or_default();
                (event.seq, level.to_owned())
            })
            .filter(|(_, level)| level != "INFO")
            .collect();
        let levels: Vec<(u64, &str)> = levels
            .iter()
            .map(|(seq, level)| (*seq, &level[..]))
            .collect();
        assert_eq!(
            levels,
            [(2, "ERROR"), (10, "WARN"), (13, "WARN"), (17, "ERROR")]
        );
    }

    #[test]
    fn a_logged_event_has_what_it_is_about() {
        let all: String = numbered()
            .map(|event| logged(|| record("f", &event)))
            .collect();
        for field in [
            r#"phase="compat""#,
            "cutover=13",
            r#"loosened="/min_responses""#,
            r#"check="openapi" green=true"#,
            r#"incident="INC-1""#,
            r#"waiver_target="caller psd_0000000000000000000000000000feed" owner="team probes" until="2027-01-15T08:00:00.000Z""#,
            r#"from="compat" to="cutover" failing_gates="no_dependent_responses" overridden_gates="no_dependent_responses""#,
            r#"cause="no such token""#,
            r#"client_kind="AGENT" version="1.9.3""#,
            "rollback=14",
            r#"digest="0a0a"#,
            "line=17",
        ] {
            assert!(all.contains(field), "{field} in {all}");
        }
    }

    #[test]
    fn what_could_not_be_journaled_is_logged_as_an_error() {
        let draft = events::draft_at(Timestamp::MIN.unix_ms(), events::rollback(1, "INC-1"));
        let line = logged(|| not_journaled("f", &draft, &AppendError::Closed));
        assert!(
            line.trim_start()
                .starts_with("ERROR legacy_http_compat::audit")
        );
        assert!(
            line.contains(r#"event="rollback_taken""#)
                && line.contains("error=\"the journal is closed")
        );
        assert!(!line.contains("seq="), "it has no place: {line}");
    }
}
