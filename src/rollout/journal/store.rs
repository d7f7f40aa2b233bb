//! A journal in its storage: a file, or in tests one that fails.

use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, BufReader, Read, Seek as _, SeekFrom, Write as _},
};

use super::{
    error::{AppendError, ReadError, ReadErrorKind},
    reader::{JournalReader, TornLine},
    reader::{LineDigest, MAX_LINE, decode, encode},
};
use crate::rollout::event::Event;

/// The most bytes that one read returns, so that reads are bounded whatever the events contain.
const MAX_READ: u64 = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Store {
    storage: Box<dyn Storage>,
    lines: Lines,
    state: State,
}

/// Whether lines may be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// No: a failed write could not be undone.
    DirtyTail,
    /// No: another process modified the file.
    ExternallyModified,
}

/// The end and the hash of each line.
#[derive(Debug, Default)]
struct Lines {
    ends: Vec<u64>,
    digests: Vec<LineDigest>,
}

impl Store {
    /// Reads all lines. A torn last one is cut off and returned.
    pub(super) fn open(
        mut storage: Box<dyn Storage>,
    ) -> Result<(Self, Option<TornLine>), ReadError> {
        let (lines, torn) = scan(&mut *storage)?;
        let state = State::Open;
        let mut store = Self {
            storage,
            lines,
            state,
        };
        store.make_durable(torn).map_err(ReadError::storage)?;
        Ok((store, torn))
    }

    /// Undoes what a failed write may have left, reads all lines again, and opens for writing if the known ones are still
    /// there.
    pub(super) fn reopen(&mut self) -> Result<Option<TornLine>, ReadError> {
        if self.state == State::DirtyTail {
            // Never adopted instead: after a failed sync, reads may return a line that is not on disk.
            self.cut().map_err(ReadError::storage)?;
        }
        self.state = State::ExternallyModified;
        let (lines, torn) = scan(&mut *self.storage)?;
        if let Some(line) = self.lines.first_not_in(&lines) {
            return Err(ReadError::at(line, ReadErrorKind::Changed));
        }
        self.lines = lines;
        self.make_durable(torn).map_err(ReadError::storage)?;
        self.state = State::Open;
        Ok(torn)
    }

    pub(super) fn head(&self) -> u64 {
        self.lines.ends.len() as u64
    }

    pub(super) fn append(&mut self, event: &Event) -> Result<(), AppendError> {
        let not_written = |error: serde_json::Error| AppendError::NotWritten(error.into());
        let line = encode(event, self.lines.tail()).map_err(not_written)?;
        if line.len() > MAX_LINE {
            let (bytes, most) = (line.len(), MAX_LINE);
            return Err(AppendError::TooLarge { bytes, most });
        }
        self.check_unmodified()?;
        match self.write(&line) {
            Ok(()) => {
                self.lines.push(&line);
                Ok(())
            }
            Err(error) => Err(self.undo(error)),
        }
    }

    /// At most `limit` events after a sequence number; fewer if they are large.
    pub(super) fn read(&mut self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        let start = self.lines.start_of(after);
        let numbers = after..self.head();
        let in_bounds = |number: &u64| self.lines.start_of(number + 1) - start <= MAX_READ;
        let last = numbers.take(limit).take_while(in_bounds).last();
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        let bytes = self.bytes(start, self.lines.start_of(last + 1))?;
        (after..=last)
            .map(|number| self.event(number, &bytes, start))
            .collect()
    }

    fn event(&self, number: u64, bytes: &[u8], start: u64) -> Result<Event, ReadError> {
        let place = |number| usize::try_from(self.lines.start_of(number) - start).ok();
        let line = place(number)
            .zip(place(number + 1))
            .and_then(|(from, to)| bytes.get(from..to));
        let changed = || ReadError::at(number + 1, ReadErrorKind::Changed);
        let line = line.ok_or_else(changed)?;
        decode(line, number + 1, self.lines.digest_before(number))
    }

    fn bytes(&mut self, start: u64, end: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        StorageReader::new(&mut *self.storage, start)
            .take(end - start)
            .read_to_end(&mut bytes)
            .map_err(ReadError::storage)?;
        Ok(bytes)
    }

    /// The lock ensures one writer; a process that ignores it shows in the length.
    fn check_unmodified(&mut self) -> Result<(), AppendError> {
        if self.state != State::Open {
            return Err(AppendError::Closed);
        }
        let length = self.storage.len();
        let length = length.map_err(|error| AppendError::NotWritten(error.into()))?;
        if length != self.lines.end() {
            self.state = State::ExternallyModified;
            return Err(AppendError::Closed);
        }
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.storage.write_at(self.lines.end(), line)?;
        self.storage.sync()
    }

    /// Undoes what a failed write may have left. Only a synced cut proves that it is gone.
    fn undo(&mut self, error: io::Error) -> AppendError {
        if self.cut().is_ok() {
            return AppendError::NotWritten(error.into());
        }
        self.state = State::DirtyTail;
        AppendError::Undecided(error.into())
    }

    /// Makes what was read durable: its writer may have been killed before the sync.
    fn make_durable(&mut self, torn: Option<TornLine>) -> io::Result<()> {
        if torn.is_some() {
            self.cut()
        } else {
            self.storage.sync()
        }
    }

    fn cut(&mut self) -> io::Result<()> {
        self.storage.truncate(self.lines.end())?;
        self.storage.sync()
    }
}

impl Lines {
    fn push(&mut self, line: &[u8]) {
        self.ends.push(self.end() + line.len() as u64);
        self.digests.push(LineDigest::of(line));
    }

    fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    fn tail(&self) -> LineDigest {
        self.digests.last().copied().unwrap_or(LineDigest::NONE)
    }

    /// Where the line after so many lines starts; the end if there is none.
    fn start_of(&self, lines: u64) -> u64 {
        match usize::try_from(lines) {
            Ok(0) => 0,
            Ok(lines) => self.ends.get(lines - 1).copied().unwrap_or(self.end()),
            Err(_) => self.end(),
        }
    }

    /// The `prev_sha256` of the line after so many lines.
    fn digest_before(&self, lines: u64) -> LineDigest {
        let before = usize::try_from(lines)
            .ok()
            .and_then(|lines| lines.checked_sub(1));
        let known = before.and_then(|index| self.digests.get(index).copied());
        known.unwrap_or(LineDigest::NONE)
    }

    /// The first line that is not among `others`.
    fn first_not_in(&self, others: &Self) -> Option<u64> {
        let pairs = self.digests.iter().zip(&others.digests);
        let same = pairs.take_while(|(known, found)| known == found).count();
        (same < self.digests.len()).then_some(same as u64 + 1)
    }
}

fn scan(storage: &mut dyn Storage) -> Result<(Lines, Option<TornLine>), ReadError> {
    let mut lines = Lines::default();
    let mut reader = JournalReader::new(BufReader::new(StorageReader::new(storage, 0)));
    while let Some(event) = reader.next() {
        event?;
        lines.ends.push(reader.good_bytes());
        lines.digests.push(reader.tail());
    }
    Ok((lines, reader.torn()))
}

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
