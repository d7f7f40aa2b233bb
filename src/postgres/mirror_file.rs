//! The file of a local copy.

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::error::{StoreError, StoreErrorKind};
use crate::rollout::{event::Event, journal::JournalReader};

/// The file of a local copy. It has the format of a journal file, and this process alone writes it.
#[derive(Debug)]
pub(super) struct MirrorFile {
    path: PathBuf,
    file: File,
    end: u64,
    failed: bool,
}

impl MirrorFile {
    /// Opens and reads a file, which need not exist. An incomplete last line is cut off.
    pub(super) fn open(
        path: &Path,
        mut read: impl FnMut(Event, &[u8]),
    ) -> Result<Self, StoreError> {
        let failed = |error: &dyn std::fmt::Display| {
            let why = format!("{}: {error}", path.display());
            StoreError::because(StoreErrorKind::Mirror, why)
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| failed(&error))?;
        file.try_lock().map_err(|error| failed(&error))?;
        let mut reader = JournalReader::new(BufReader::new(&file));
        while let Some(event) = reader.next() {
            let event = event.map_err(|error| failed(&error))?;
            read(event, reader.line());
        }
        let end = reader.good_bytes();
        file.set_len(end).map_err(|error| failed(&error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            end,
            failed: false,
        })
    }

    /// Not synced: what a crash of the machine takes is read from the database again.
    pub(super) fn append(&mut self, line: &[u8]) {
        if self.failed {
            // A line after a missing one would be worth nothing.
            return;
        }
        let start = self.file.seek(SeekFrom::Start(self.end));
        match start.and_then(|_| self.file.write_all(line)) {
            Ok(()) => self.end += line.len() as u64,
            Err(error) => {
                let path = self.path.display();
                tracing::error!(%error, %path, "the local copy of the journal is not written any more");
                self.failed = true;
            }
        }
    }
}
