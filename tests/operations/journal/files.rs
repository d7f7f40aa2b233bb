//! Journal files to break.

use std::{
    fs,
    path::{Path, PathBuf},
};

use legacy_http_compat::rollout::{
    event::EventPayload,
    journal::{FileJournal, Journal, JournalReader, ReadError, Verified},
};
use sha2::{Digest as _, Sha256};

use super::{events, temp_dir::TempDir};

/// A directory with a journal of the whole story in it.
pub(crate) fn story() -> (TempDir, PathBuf) {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    write(&path, events::story().len());
    (directory, path)
}

/// Writes a journal of the first events of the story.
pub(crate) fn write(path: &Path, count: usize) {
    write_facts(path, events::story().into_iter().take(count));
}

pub(crate) fn write_facts(path: &Path, facts: impl IntoIterator<Item = EventPayload>) {
    let journal = FileJournal::open(path).unwrap();
    for payload in facts {
        journal
            .append(journal.head().unwrap(), events::draft(payload))
            .unwrap();
    }
}

/// The lines of the whole story, each with its line break.
pub(crate) fn lines() -> Vec<Vec<u8>> {
    lines_of(events::story())
}

/// The lines of a journal of these facts, each with its line break.
pub(crate) fn lines_of(facts: Vec<EventPayload>) -> Vec<Vec<u8>> {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    write_facts(&path, facts);
    let bytes = fs::read(path).unwrap();
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

pub(crate) fn verify(bytes: &[u8]) -> Result<Verified, ReadError> {
    JournalReader::new(bytes).verify()
}

/// A line with a right hash of its own, whatever its text.
pub(crate) fn sealed(body: &str) -> Vec<u8> {
    let hash = Sha256::digest(body);
    let hash = hash
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    format!("{body},\"sha256\":\"{hash}\"}}\n").into_bytes()
}

/// What a line has before its own hash.
pub(crate) fn body(line: &[u8]) -> String {
    let text = str::from_utf8(line).unwrap();
    text.rsplit_once(",\"sha256\":").unwrap().0.to_owned()
}
