//! What a journal is written to: a file, and in tests one that fails.

use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, Read, Seek as _, SeekFrom, Write as _},
};

/// The little of a file that a journal needs.
pub(super) trait Storage: fmt::Debug + Send {
    fn len(&mut self) -> io::Result<u64>;
    fn read_at(&mut self, place: u64, into: &mut [u8]) -> io::Result<usize>;
    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// A file that is locked as long as this lives.
#[derive(Debug)]
pub(super) struct LockedFile(File);

impl LockedFile {
    /// Locks a file that nobody else has locked.
    pub(super) fn new(file: File) -> Result<Self, TryLockError> {
        file.try_lock()?;
        Ok(Self(file))
    }

    /// Makes the file itself durable, new as it is.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is just being started holds the file open for a moment. An error
        // leaves it at that.
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
        // One write, unless the system takes less than all of it.
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync: it brings the length to the disk too, as far as the data needs it to be read.
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

/// Reads a storage from a place on.
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
