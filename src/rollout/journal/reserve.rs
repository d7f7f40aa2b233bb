//! Disk space for the record of a rollback.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

/// More than the record of any rollback has: its texts and figures are bounded.
const SIZE: usize = 64 * 1024;

/// A file that takes up the space of the record of a rollback, and is removed when a rollback has to be recorded on a full disk.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    held: bool,
}

impl Reserve {
    /// Reserves the space, or logs that it could not.
    pub(super) fn new(path: PathBuf) -> Self {
        let mut reserve = Self { path, held: false };
        reserve.fill();
        reserve
    }

    /// Reserves the space again if it was released.
    pub(super) fn fill(&mut self) {
        if self.held {
            return;
        }
        match fill(&self.path) {
            Ok(()) => self.held = true,
            Err(error) => {
                let _ = fs::remove_file(&self.path);
                let path = self.path.display();
                tracing::warn!(%error, %path, "no disk space is reserved for the record of a rollback");
            }
        }
    }

    /// Releases the space; `false` if there is none.
    pub(super) fn release(&mut self) -> bool {
        std::mem::take(&mut self.held) && fs::remove_file(&self.path).is_ok()
    }
}

/// Writes bytes that no file system compresses.
fn fill(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.len() == SIZE as u64) {
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(SIZE);
    let mut block = Sha256::digest(b"reserved");
    while bytes.len() < SIZE {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    // Not synced: the space is taken once it is written, and what a crash leaves of it is filled up.
    File::create(path)?.write_all(&bytes)
}
