//! Journals in files.

use std::{fs, path::PathBuf};

use legacy_http_compat::rollout::{
    event::{EventPayload, NewEvent},
    journal::{FileJournal, Journal},
};

use super::{events, temp_dir::TempDir};

/// A journal in a directory of its own.
pub(crate) struct OnDisk {
    directory: TempDir,
}

impl OnDisk {
    pub(crate) fn of(facts: Vec<EventPayload>) -> Self {
        Self::of_drafts(facts.into_iter().map(events::draft).collect())
    }

    pub(crate) fn of_drafts(drafts: Vec<NewEvent>) -> Self {
        let new = Self {
            directory: TempDir::new(),
        };
        let journal = FileJournal::open(new.path()).unwrap();
        for draft in drafts {
            journal.append(journal.head().unwrap(), draft).unwrap();
        }
        new
    }

    /// The story with every kind of event.
    pub(crate) fn story() -> Self {
        Self::of(events::story())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("journal")
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path()).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    pub(crate) fn put(&self, lines: &[String]) {
        fs::write(self.path(), lines.concat()).unwrap();
    }
}
