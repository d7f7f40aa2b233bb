//! A file that one process at a time uses, and replaces atomically.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use super::frame::FrameWriter;

/// A file that only this process writes.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    path: PathBuf,
    /// Held as long as the file is in use.
    _lock: FileLock,
}

/// A file could not be opened. Nothing was changed on disk.
#[derive(Debug)]
pub(crate) enum AtomicFileError {
    /// Another process has it open.
    InUse,
    /// This directory cannot be read.
    Directory(PathBuf, io::Error),
}

impl AtomicFile {
    /// Opens the file at `path`, which need not exist yet. Beside it a lock file is created (`.lock` appended), and new
    /// content is written under a temporary name (`.tmp` appended).
    pub(crate) fn open(path: &Path) -> Result<Self, AtomicFileError> {
        let directory = parent(path);
        if let Err(error) = fs::read_dir(directory) {
            return Err(AtomicFileError::Directory(directory.to_owned(), error));
        }
        let lock = FileLock::acquire(&with_suffix(path, ".lock"));
        Ok(Self {
            path: path.to_owned(),
            _lock: lock.ok_or(AtomicFileError::InUse)?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The content; `None` if there is no file. A file of `limit` bytes or more is rejected: a wrong path must not fill
    /// the memory.
    pub(crate) fn read(&self, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        let read = file.take(limit).read_to_end(&mut bytes)?;
        if read as u64 == limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Some(bytes))
    }

    /// Replaces the content by what `write` writes, or leaves it unchanged. Returns the new length in bytes.
    pub(crate) fn replace(
        &self,
        write: impl FnOnce(&mut FrameWriter<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<u64> {
        let temporary = with_suffix(&self.path, ".tmp");
        let written = self.replace_through(&temporary, write);
        if written.is_err() {
            // On a full disk, the partial file may take the last of the space.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Renames a file that cannot be decoded (`.corrupt` appended), so that the next write does not destroy the evidence.
    pub(crate) fn quarantine(&self) -> io::Result<PathBuf> {
        let quarantined = with_suffix(&self.path, ".corrupt");
        fs::rename(&self.path, &quarantined)?;
        Ok(quarantined)
    }

    fn replace_through(
        &self,
        temporary: &Path,
        write: impl FnOnce(&mut FrameWriter<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut writer = FrameWriter::new(BufWriter::with_capacity(1 << 16, create(temporary)?));
        write(&mut writer)?;
        let (length, mut buffer) = writer.finish()?;
        buffer.flush()?;
        buffer.get_ref().sync_all()?;
        fs::rename(temporary, &self.path)?;
        sync_parent(&self.path)?;
        Ok(length)
    }
}

/// Makes the name of a new or renamed file durable.
#[cfg(unix)]
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

/// Other systems cannot open a directory as a file, and leave durability to the file system.
#[cfg(not(unix))]
pub(crate) fn sync_parent(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A new file. What an earlier process left under the name, or a link that was put there, is not written through.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// A lock file that this process holds. The operating system releases it when the process ends, however that happens.
#[derive(Debug)]
struct FileLock {
    /// `None` on a file system without locks.
    _file: Option<File>,
}

impl FileLock {
    /// Locks the file at `path`, creating it if needed; `None` if another process holds the lock. Where a file cannot be locked, a warning is logged instead: a
    /// disk without locks may still hold snapshots.
    fn acquire(path: &Path) -> Option<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path);
        let locked = file.map_err(TryLockError::Error).and_then(|file| {
            file.try_lock()?;
            Ok(file)
        });
        match locked {
            Ok(file) => Some(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => {
                let path = path.display();
                tracing::warn!(%error, %path, "cannot lock this file against other processes");
                Some(Self { _file: None })
            }
        }
    }
}
