//! How the writing of snapshots goes.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::file::SnapshotFile;

/// How the writing of snapshots goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SnapshotStatus {
    /// When the last snapshot was completed; milliseconds since the Unix epoch.
    pub last_success_unix_ms: Option<u64>,
    /// How large it is, in bytes.
    pub bytes: u64,
    /// Why the latest attempt failed; `None` if it did not.
    pub error: Option<String>,
    /// How many attempts in a row have failed.
    pub failures: u32,
}

/// The snapshot file and what became of the last attempts to write it.
#[derive(Debug)]
pub(super) struct Saver {
    pub(super) file: SnapshotFile,
    /// Held while a snapshot is written, so that only one is at a time.
    pub(super) writing: Mutex<()>,
    status: Mutex<SnapshotStatus>,
}

impl Saver {
    pub(super) fn new(file: SnapshotFile) -> Self {
        Self {
            file,
            writing: Mutex::new(()),
            status: Mutex::default(),
        }
    }

    pub(super) fn status(&self) -> SnapshotStatus {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes a success and says so in the log if the attempt before it failed.
    pub(super) fn succeeded(&self, unix_ms: u64, bytes: u64) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.error.is_some() {
            tracing::info!(
                failures = status.failures,
                "census snapshots are written again"
            );
        }
        *status = SnapshotStatus {
            last_success_unix_ms: Some(unix_ms),
            bytes,
            error: None,
            failures: 0,
        };
    }

    /// Notes a failure and says so in the log if it is the first in a row.
    pub(super) fn failed(&self, error: &std::io::Error) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.error.is_none() {
            let path = self.file.path().display();
            tracing::error!(%error, %path, "the census snapshot could not be written; a restart would lose what came since the last one");
        }
        status.error = Some(error.to_string());
        status.failures = status.failures.saturating_add(1);
    }
}
