//! Any bytes are events in their order up to a torn or a broken line, and so are any texts of events under right hashes.

#![cfg_attr(fuzzing, no_main)]

use std::fmt::Write as _;

use legacy_http_compat::rollout::{Projection, event::Event, journal::JournalReader};
use sha2::{Digest, Sha256};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a [u8];

pub(crate) fn run(bytes: Input<'_>) {
    read(bytes);
    read(&sealed(bytes));
}

/// A journal of these events, one in each line. Without their hashes hardly any text would be looked into.
fn sealed(events: &[u8]) -> Vec<u8> {
    let (mut journal, mut previous) = (Vec::new(), "0".repeat(64));
    for event in events.split(|byte| *byte == b'\n') {
        let mut line = format!(r#"{{"v":1,"prev_sha256":"{previous}","event":"#).into_bytes();
        line.extend_from_slice(event);
        previous.clear();
        for byte in Sha256::digest(&line) {
            write!(previous, "{byte:02x}").expect("a text takes all");
        }
        journal.append(&mut line);
        journal.extend_from_slice(format!(",\"sha256\":\"{previous}\"}}\n").as_bytes());
    }
    journal
}

fn read(bytes: &[u8]) {
    let mut reader = JournalReader::new(bytes);
    let mut fold = Projection::new();
    let mut last = 0;
    for event in reader.by_ref() {
        let Ok(event) = event else { break };
        last += 1;
        assert_eq!(event.seq, last);
        let text = serde_json::to_string(&event).expect("an event can be written");
        let again: Event = serde_json::from_str(&text).expect("what was written can be read");
        // Not the whole of both: a fraction in evidence may read back one bit apart.
        assert_eq!(
            (event.seq, &event.actor, &event.reason),
            (again.seq, &again.actor, &again.reason)
        );
        let _ = fold.apply(&event);
    }
    assert!(reader.next().is_none(), "after an error it has ended");
    if let Some(torn) = reader.torn() {
        assert_eq!(torn.line, last + 1);
        assert!(torn.bytes > 0 && torn.bytes <= bytes.len() as u64);
    }
}
