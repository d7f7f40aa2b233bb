//! How the writing of snapshots goes.

use std::{
    fs::File,
    io::{self, BufWriter},
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use super::{codec::Writer, file::SnapshotFile};
use crate::time::Clock;

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
pub(crate) struct Saver {
    /// Whose snapshots they are, for the log.
    of: &'static str,
    file: SnapshotFile,
    /// Held while a snapshot is written, so that only one is at a time.
    writing: Mutex<()>,
    status: Mutex<SnapshotStatus>,
}

impl Saver {
    pub(crate) fn new(of: &'static str, file: SnapshotFile) -> Self {
        Self {
            of,
            file,
            writing: Mutex::new(()),
            status: Mutex::default(),
        }
    }

    pub(crate) fn status(&self) -> SnapshotStatus {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the file by what `write` writes and notes how that went. On failure the file is as it was before.
    pub(crate) fn save(
        &self,
        clock: &dyn Clock,
        write: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<()> {
        // Whoever panicked while writing left a temporary file, which is written anew.
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.file.replace(write) {
            Ok(bytes) => self.succeeded(clock.unix_ms(), bytes),
            Err(error) => {
                self.failed(&error);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Notes a success and says so in the log if the attempt before it failed.
    fn succeeded(&self, unix_ms: u64, bytes: u64) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.error.is_some() {
            let (of, failures) = (self.of, status.failures);
            tracing::info!(of, failures, "snapshots are written again");
        }
        *status = SnapshotStatus {
            last_success_unix_ms: Some(unix_ms),
            bytes,
            error: None,
            failures: 0,
        };
    }

    /// Notes a failure and says so in the log if it is the first in a row.
    fn failed(&self, error: &io::Error) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.error.is_none() {
            let (of, path) = (self.of, self.file.path().display());
            tracing::error!(of, %error, %path, "a snapshot could not be written; a restart would lose what came since the last one");
        }
        status.error = Some(error.to_string());
        status.failures = status.failures.saturating_add(1);
    }
}
