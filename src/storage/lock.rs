//! Locks against other processes.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

/// A lock file that this process holds. The operating system releases it when the process ends, however that happens.
#[derive(Debug)]
pub(crate) struct FileLock {
    /// `None` on a file system without locks.
    _file: Option<File>,
}

/// Another process holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InUse;

impl FileLock {
    /// Locks the file at `path`, creating it if needed. Where a file cannot be locked, a warning is logged instead: a
    /// disk without locks may still hold snapshots.
    pub(crate) fn acquire(path: &Path) -> Result<Self, InUse> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path);
        let locked = file.map_err(TryLockError::Error).and_then(|file| {
            file.try_lock()?;
            Ok(file)
        });
        match locked {
            Ok(file) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(InUse),
            Err(TryLockError::Error(error)) => {
                let path = path.display();
                tracing::warn!(%error, %path, "cannot lock this file against other processes");
                Ok(Self { _file: None })
            }
        }
    }
}
