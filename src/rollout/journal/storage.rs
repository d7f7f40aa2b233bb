//! The file operations that a journal needs, and the files that have them.

use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, Read, Seek as _, SeekFrom, Write as _},
};

/// The file operations that a journal needs.
pub(super) trait Storage: fmt::Debug + Send {
    fn len(&mut self) -> io::Result<u64>;
    fn read_at(&mut self, place: u64, into: &mut [u8]) -> io::Result<usize>;
    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// A file, unlocked when this is dropped if it was locked.
#[derive(Debug)]
pub(super) struct DiskFile {
    file: File,
    locked: bool,
}

impl DiskFile {
    pub(super) const fn new(file: File) -> Self {
        let locked = false;
        Self { file, locked }
    }

    /// Locks a file, unless it is locked already.
    pub(super) fn lock(file: File) -> Result<Self, TryLockError> {
        file.try_lock()?;
        let locked = true;
        Ok(Self { file, locked })
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        if self.locked {
            // Closing is not enough: a child process that is being spawned holds the file open for a moment. On error,
            // closing has to do.
            let _ = self.file.unlock();
        }
    }
}

impl Storage for DiskFile {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&mut self, place: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(place))?;
        self.file.read(into)
    }

    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(place))?;
        // One write, unless the system writes only a part.
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync: it also makes the length durable, as far as the data needs it.
        self.file.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }
}

/// A journal that is not there.
#[derive(Debug)]
pub(super) struct Nothing;

impl Storage for Nothing {
    fn len(&mut self) -> io::Result<u64> {
        Ok(0)
    }

    fn read_at(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write_at(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a storage from a position on.
#[derive(Debug)]
pub(super) struct StorageReader<'a> {
    storage: &'a mut dyn Storage,
    place: u64,
}

impl<'a> StorageReader<'a> {
    pub(super) fn new(storage: &'a mut dyn Storage, place: u64) -> Self {
        Self { storage, place }
    }
}

impl Read for StorageReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.storage.read_at(self.place, into)?;
        self.place += read as u64;
        Ok(read)
    }
}
