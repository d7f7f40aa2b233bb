//! The storage of a journal: a file, or in tests one that fails.

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

/// A file that is locked until this is dropped.
#[derive(Debug)]
pub(super) struct LockedFile(File);

impl LockedFile {
    /// Locks a file, unless it is locked already.
    pub(super) fn new(file: File) -> Result<Self, TryLockError> {
        file.try_lock()?;
        Ok(Self(file))
    }

    /// Makes a new file durable.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is being spawned holds the file open for a moment. On error,
        // closing has to do.
        let _ = self.0.unlock();
    }
}

impl Storage for LockedFile {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&mut self, place: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(place))?;
        self.0.read(into)
    }

    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(place))?;
        // One write, unless the system writes only a part.
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync: it also makes the length durable, as far as the data needs it.
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
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
