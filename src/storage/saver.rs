//! Writing a snapshot file, and how that goes.

use std::{
    fs::File,
    io::{self, BufWriter},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{atomic_file::AtomicFile, frame::FrameWriter};
use crate::time::{Clock, Timestamp};

/// How the writing of snapshots goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SnapshotStatus {
    /// When the last snapshot was completed.
    pub last_success: Option<Timestamp>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Why the latest attempt failed; `None` if it did not.
    pub error: Option<String>,
    /// How many attempts in a row have failed.
    pub failures: u32,
}

/// A snapshot file and the outcome of the last attempts to write it.
#[derive(Debug)]
pub(crate) struct Saver {
    /// What the snapshots are of, for the log.
    of: &'static str,
    file: AtomicFile,
    /// Held while a snapshot is written, so that there is one writer at a time.
    writing: Mutex<()>,
    status: Mutex<SnapshotStatus>,
}

impl Saver {
    pub(crate) fn new(of: &'static str, file: AtomicFile) -> Self {
        Self {
            of,
            file,
            writing: Mutex::new(()),
            status: Mutex::default(),
        }
    }

    pub(crate) fn status(&self) -> SnapshotStatus {
        self.lock_status().clone()
    }

    fn lock_status(&self) -> MutexGuard<'_, SnapshotStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the file by what `write` writes and records the outcome. On failure the file is unchanged.
    pub(crate) fn save(
        &self,
        clock: &dyn Clock,
        write: impl FnOnce(&mut FrameWriter<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<()> {
        // A writer that panicked left a temporary file, which is created anew.
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.file.replace(write) {
            Ok(bytes) => self.succeeded(Timestamp::now(clock), bytes),
            Err(error) => {
                self.failed(&error);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Records a success; logs it if the attempt before it failed.
    fn succeeded(&self, at: Timestamp, bytes: u64) {
        let mut status = self.lock_status();
        if status.error.is_some() {
            let (of, failures) = (self.of, status.failures);
            tracing::info!(of, failures, "snapshots are written again");
        }
        *status = SnapshotStatus {
            last_success: Some(at),
            bytes,
            error: None,
            failures: 0,
        };
    }

    /// Records a failure; logs it if it is the first in a row.
    fn failed(&self, error: &io::Error) {
        let mut status = self.lock_status();
        if status.error.is_none() {
            let (of, path) = (self.of, self.file.path().display());
            tracing::error!(of, %error, %path, "cannot write a snapshot; a restart would lose everything since the last one");
        }
        status.error = Some(error.to_string());
        status.failures = status.failures.saturating_add(1);
    }
}
