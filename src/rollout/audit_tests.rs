#[path = "../../tests/support/rollout_events.rs"]
mod events;

use std::{
    io,
    sync::{Arc, Mutex},
};

use super::{audit, event::Event, journal::AppendError};
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
        let line = logged(|| audit::record("features.jobs.compat", &event));
        let expected = format!(
            r#"legacy_http_compat::audit: rollout event flag="features.jobs.compat" seq={} at=2026-03-01T12:00:00.000Z event="{}" actor_kind="human" actor_id="mara" reason="as planned""#,
            event.seq(),
            event.payload().name(),
        );
        assert!(line.contains(&expected), "{line}");
        assert!(
            !line.contains("hidden"),
            "links and summaries stay in the journal: {line}"
        );
    }
}

#[test]
fn an_override_is_a_warning_and_a_torn_journal_an_error() {
    let levels: Vec<(u64, String)> = numbered()
        .map(|event| {
            let line = logged(|| audit::record("f", &event));
            let level = line.trim_start().split(' ').next().unwrap_or_default();
            (event.seq(), level.to_owned())
        })
        .filter(|(_, level)| level != "INFO")
        .collect();
    assert_eq!(levels, [(13, "WARN".to_owned()), (17, "ERROR".to_owned())]);
}

#[test]
fn a_logged_event_has_what_it_is_about() {
    let all: String = numbered()
        .map(|event| logged(|| audit::record("f", &event)))
        .collect();
    for field in [
        r#"phase="compat""#,
        r#"flag_state="on""#,
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
    let draft = events::draft_at(Timestamp::MIN.unix_ms(), events::rollback("INC-1"));
    let line = logged(|| audit::not_journaled("f", &draft, &AppendError::Closed));
    assert!(
        line.trim_start()
            .starts_with("ERROR legacy_http_compat::audit")
    );
    assert!(
        line.contains(r#"event="phase_changed""#) && line.contains("error=\"the journal is closed")
    );
    assert!(!line.contains("seq="), "it has no place: {line}");
}
