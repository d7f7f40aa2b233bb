//! What a journal is written to: a file, and in tests one that fails.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek as _, SeekFrom, Write as _},
};

/// The little of a file that a journal needs.
pub(super) trait Medium: fmt::Debug + Send {
    fn len(&mut self) -> io::Result<u64>;
    fn read_at(&mut self, place: u64, into: &mut [u8]) -> io::Result<usize>;
    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&mut self, place: u64, into: &mut [u8]) -> io::Result<usize> {
        self.seek(SeekFrom::Start(place))?;
        self.read(into)
    }

    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(place))?;
        // One write, unless the system takes less than all of it.
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync: it brings the length to the disk too, as far as the data needs it to be read.
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Reads a medium from a place on.
#[derive(Debug)]
pub(super) struct MediumReader<'a> {
    medium: &'a mut dyn Medium,
    place: u64,
}

impl<'a> MediumReader<'a> {
    pub(super) fn new(medium: &'a mut dyn Medium, place: u64) -> Self {
        Self { medium, place }
    }
}

impl Read for MediumReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.medium.read_at(self.place, into)?;
        self.place += read as u64;
        Ok(read)
    }
}
