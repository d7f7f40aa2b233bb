//! A journal in its storage: a file, or in tests one that fails.

use std::io::{self, BufReader, Read as _};

use super::{
    error::{AppendError, ReadError, ReadErrorKind},
    head_file::{HeadFile, HeadRecord, PhaseTrack},
    reader::{JournalReader, MAX_LINE, TornLine, decode, encode},
    storage::{Storage, StorageReader},
};
use crate::rollout::{
    event::{Event, EventHash, Head},
    phase::Phase,
};

/// The most bytes that one read returns, so that reads are bounded whatever the events contain.
const MAX_READ: u64 = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Store {
    storage: Box<dyn Storage>,
    head_file: HeadFile,
    lines: Lines,
    torn: Option<TornLine>,
    state: State,
}

/// Whether lines may be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// No: a failed write could not be undone.
    DirtyTail,
    /// No: the last line stands, but could not be recorded as the head.
    HeadBehind,
    /// No: another process modified the file.
    ExternallyModified,
}

/// The end and the hash of each line, and the phase after them.
#[derive(Debug, Default)]
struct Lines {
    ends: Vec<u64>,
    hashes: Vec<EventHash>,
    track: PhaseTrack,
}

impl Store {
    /// Reads all lines and the recorded head, and changes nothing: [`Self::start`] opens for writing.
    pub(super) fn scan(
        mut storage: Box<dyn Storage>,
        head_storage: Box<dyn Storage>,
    ) -> Result<Self, ReadError> {
        let (lines, torn) = scan(&mut *storage)?;
        let head_file = HeadFile::open(head_storage).map_err(ReadError::storage)?;
        Ok(Self {
            storage,
            head_file,
            lines,
            torn,
            state: State::HeadBehind,
        })
    }

    /// What was recorded as the head.
    pub(super) const fn recorded(&self) -> Option<HeadRecord> {
        self.head_file.record()
    }

    pub(super) const fn torn(&self) -> Option<TornLine> {
        self.torn
    }

    /// The bytes of a torn last line.
    pub(super) fn torn_bytes(&mut self) -> Result<Vec<u8>, ReadError> {
        let end = self.storage.len().map_err(ReadError::storage)?;
        self.bytes(self.lines.end(), end)
    }

    /// Whether the event of a head is in the journal.
    pub(super) fn has(&self, head: Head) -> bool {
        head.seq <= self.head().seq && self.lines.hash_of(head.seq) == head.hash
    }

    /// Cuts off a torn last line, makes the others durable, records the head, and opens for writing.
    pub(super) fn start(&mut self) -> Result<Option<TornLine>, ReadError> {
        let torn = self.torn.take();
        self.make_durable(torn).map_err(ReadError::storage)?;
        self.record_head().map_err(ReadError::storage)?;
        self.state = State::Open;
        Ok(torn)
    }

    /// Undoes what a failed write may have left, reads all lines again, and opens for writing if the known ones are still
    /// there.
    pub(super) fn reopen(&mut self) -> Result<Option<TornLine>, ReadError> {
        if self.state == State::DirtyTail {
            // Never adopted instead: after a failed sync, reads may return a line that is not on disk.
            self.cut().map_err(ReadError::storage)?;
        }
        // A line that was synced is adopted.
        self.state = State::ExternallyModified;
        let (lines, torn) = scan(&mut *self.storage)?;
        if let Some(line) = self.lines.first_not_in(&lines) {
            return Err(ReadError::at(line, ReadErrorKind::Changed));
        }
        (self.lines, self.torn) = (lines, torn);
        self.head_file.load().map_err(ReadError::storage)?;
        self.start()
    }

    pub(super) fn head(&self) -> Head {
        let seq = self.lines.ends.len() as u64;
        Head {
            seq,
            hash: self.lines.hash_of(seq),
        }
    }

    pub(super) const fn phase(&self) -> Option<Phase> {
        self.lines.track.phase()
    }

    /// Appends an event and records it as the head. Returns it with its hash.
    pub(super) fn append(&mut self, event: Event) -> Result<Event, AppendError> {
        let not_written = |error: serde_json::Error| AppendError::NotWritten(error.into());
        let (line, hash) = encode(&event, self.head().hash).map_err(not_written)?;
        if line.len() > MAX_LINE {
            let (bytes, most) = (line.len(), MAX_LINE);
            return Err(AppendError::TooLarge { bytes, most });
        }
        self.check_unmodified()?;
        if let Err(error) = self.write(&line) {
            return Err(self.undo(error));
        }
        let event = Event { hash, ..event };
        let mut track = self.lines.track;
        track.apply(&event);
        // The line is on disk and stays: a record of it that was written only in part must not name an event that is not there.
        if let Err(error) = self.head_file.write(event.head(), track.phase()) {
            self.state = State::HeadBehind;
            return Err(AppendError::Undecided(error.into()));
        }
        self.lines.push(line.len() as u64, &event);
        Ok(event)
    }

    /// At most `limit` events after a sequence number; fewer if they are large.
    pub(super) fn read(&mut self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        let start = self.lines.start_of(after);
        let numbers = after..self.head().seq;
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
        decode(line, number + 1, self.lines.hash_of(number))
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

    /// Records the head, unless it is recorded already.
    fn record_head(&mut self) -> io::Result<()> {
        let (head, phase) = (self.head(), self.phase());
        let recorded = self.recorded();
        if recorded.is_some_and(|record| (record.head, record.phase) == (head, phase)) {
            return Ok(());
        }
        self.head_file.write(head, phase)
    }

    fn cut(&mut self) -> io::Result<()> {
        self.storage.truncate(self.lines.end())?;
        self.storage.sync()
    }
}

impl Lines {
    fn push(&mut self, length: u64, event: &Event) {
        self.ends.push(self.end() + length);
        self.hashes.push(event.hash);
        self.track.apply(event);
    }

    fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Where the line after so many lines starts; the end if there is none.
    fn start_of(&self, lines: u64) -> u64 {
        match usize::try_from(lines) {
            Ok(0) => 0,
            Ok(lines) => self.ends.get(lines - 1).copied().unwrap_or(self.end()),
            Err(_) => self.end(),
        }
    }

    /// The hash of an event; of event 0, and of one that is not there, zeros.
    fn hash_of(&self, seq: u64) -> EventHash {
        let index = usize::try_from(seq).ok().and_then(|seq| seq.checked_sub(1));
        let known = index.and_then(|index| self.hashes.get(index).copied());
        known.unwrap_or(EventHash::NONE)
    }

    /// The first line that is not among `others`.
    fn first_not_in(&self, others: &Self) -> Option<u64> {
        let pairs = self.hashes.iter().zip(&others.hashes);
        let same = pairs.take_while(|(known, found)| known == found).count();
        (same < self.hashes.len()).then_some(same as u64 + 1)
    }
}

fn scan(storage: &mut dyn Storage) -> Result<(Lines, Option<TornLine>), ReadError> {
    let mut lines = Lines::default();
    let mut reader = JournalReader::new(BufReader::new(StorageReader::new(storage, 0)));
    while let Some(event) = reader.next() {
        let length = reader.good_bytes() - lines.end();
        lines.push(length, &event?);
    }
    Ok((lines, reader.torn()))
}
