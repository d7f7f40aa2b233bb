//! A snapshot on disk.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use super::codec::Writer;

/// A snapshot file that this process alone writes.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    path: PathBuf,
    /// Held for as long as the file is in use; the operating system lets go of it when the process dies, however.
    _lock: Option<File>,
}

/// A file could not be taken. Nothing was changed on disk.
#[derive(Debug)]
pub(crate) enum TakeError {
    /// Another process has it.
    InUse,
    /// This directory cannot be read.
    Directory(PathBuf, io::Error),
}

impl SnapshotFile {
    /// Takes the file at `path`, which need not exist yet. Beside it a lock file is made (`.lock` appended), and
    /// snapshots are written under a temporary name (`.tmp` appended).
    pub(crate) fn take(path: &Path) -> Result<Self, TakeError> {
        let directory = directory(path);
        if let Err(error) = fs::read_dir(directory) {
            return Err(TakeError::Directory(directory.to_owned(), error));
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock(&with_suffix(path, ".lock"))?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The content; `None` if there is no file. One of `limit` bytes or more is not read: a wrong path must not fill the
    /// memory.
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

    /// Replaces the file by what `write` writes, or leaves it as it was. Returns the new length in bytes.
    pub(crate) fn replace(
        &self,
        write: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<u64> {
        let temporary = with_suffix(&self.path, ".tmp");
        let written = self.replace_through(&temporary, write);
        if written.is_err() {
            // What was written of it may be what the disk has no room for.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Moves an unreadable file out of the way, so that the next snapshot does not overwrite the evidence.
    pub(crate) fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = with_suffix(&self.path, ".lost");
        fs::rename(&self.path, &aside)?;
        Ok(aside)
    }

    fn replace_through(
        &self,
        temporary: &Path,
        write: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut writer = Writer::new(BufWriter::with_capacity(1 << 16, create(temporary)?));
        write(&mut writer)?;
        let (length, mut buffer) = writer.finish()?;
        buffer.flush()?;
        buffer.get_ref().sync_all()?;
        fs::rename(temporary, &self.path)?;
        sync_directory(directory(&self.path))?;
        Ok(length)
    }
}

/// A fresh file: what an earlier process left under the name, or a link that was put there, is not written through.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn lock(path: &Path) -> Result<Option<File>, TakeError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let file = match file {
        Ok(file) => file,
        Err(error) => return Ok(unlocked(path, &error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(TakeError::InUse),
        Err(TryLockError::Error(error)) => Ok(unlocked(path, &error)),
    }
}

/// A disk that takes no lock file may still hold a snapshot, and takes no second writer's either.
fn unlocked(path: &Path, error: &io::Error) -> Option<File> {
    let path = path.display();
    tracing::warn!(%error, %path, "a snapshot could not be locked against other processes");
    None
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Makes the rename last through a loss of power.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file, and the file system sees to it.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
