//! The local copy of a journal: its verified lines, in memory and in a file.

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use super::error::{StoreError, StoreErrorKind};
use crate::rollout::{
    event::{Event, Head},
    journal::{
        ReadError, ReadErrorKind,
        journal::WatchedHead,
        reader::{JournalReader, decode},
    },
};

/// The local copy of a journal. Reading it never waits for the server.
#[derive(Debug)]
pub(super) struct Mirror {
    copy: Mutex<Copy>,
    head: WatchedHead,
}

#[derive(Debug)]
struct Copy {
    events: Vec<Event>,
    /// Over all lines.
    digest: Sha256,
    file: Option<MirrorFile>,
    /// When it was last the same as in the database.
    confirmed: Option<Instant>,
    fault: Option<Fault>,
}

/// How the database differs from what was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault {
    line: u64,
    kind: ReadErrorKind,
}

/// A row of the journal.
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) hash: Vec<u8>,
    pub(super) line: Vec<u8>,
}

/// The file has the format of a journal file, and this process alone writes it.
#[derive(Debug)]
struct MirrorFile {
    path: PathBuf,
    file: File,
    end: u64,
    failed: bool,
}

impl Mirror {
    /// A copy in memory only.
    pub(super) fn in_memory() -> Self {
        Self::new(Copy {
            events: Vec::new(),
            digest: Sha256::new(),
            file: None,
            confirmed: None,
            fault: None,
        })
    }

    /// A copy in a file, which need not exist. An incomplete last line is cut off.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io(StoreErrorKind::Mirror, error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        file.try_lock().map_err(|error| {
            let why = format!("{}: {error}", path.display());
            StoreError::because(StoreErrorKind::Mirror, why)
        })?;
        let mut reader = JournalReader::new(BufReader::new(&file));
        let mut copy = Copy {
            events: Vec::new(),
            digest: Sha256::new(),
            file: None,
            confirmed: None,
            fault: None,
        };
        while let Some(read) = reader.next() {
            let event = read.map_err(|error| {
                let why = format!("{}: {error}", path.display());
                StoreError::because(StoreErrorKind::Mirror, why)
            })?;
            copy.digest.update(reader.line());
            copy.events.push(event);
        }
        let end = reader.good_bytes();
        drop(reader);
        file.set_len(end).map_err(failed)?;
        copy.file = Some(MirrorFile {
            path: path.to_owned(),
            file,
            end,
            failed: false,
        });
        Ok(Self::new(copy))
    }

    fn new(copy: Copy) -> Self {
        let head = WatchedHead::new(copy.head());
        Self {
            copy: Mutex::new(copy),
            head,
        }
    }

    pub(super) fn head(&self) -> Head {
        self.head.get()
    }

    pub(super) fn wait(&self, after: u64, timeout: Duration) -> Head {
        self.head.wait(after, timeout)
    }

    /// At most `limit` events after a sequence number.
    pub(super) fn after(&self, position: u64, limit: usize) -> Vec<Event> {
        let skipped = usize::try_from(position).unwrap_or(usize::MAX);
        let copy = self.copy();
        copy.events.iter().skip(skipped).take(limit).cloned().collect()
    }

    /// How the database differs from the copy, if it does.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        match self.copy().fault {
            Some(fault) => Err(ReadError::at(fault.line, fault.kind)),
            None => Ok(()),
        }
    }

    /// How long ago it was last the same as in the database; `None` if it never was in this process.
    pub(super) fn age(&self) -> Option<Duration> {
        self.copy().confirmed.map(|at| at.elapsed())
    }

    /// The number of events up to a head, and the SHA-256 of their lines, if that is the head.
    pub(super) fn digest(&self) -> (Head, [u8; 32]) {
        let copy = self.copy();
        (copy.head(), copy.digest.clone().finalize().into())
    }

    /// Takes the rows from the head on: the first one must be the head itself, unless the copy is empty. What follows is
    /// verified and added. Returns whether anything was.
    pub(super) fn take(&self, rows: &[Row]) -> Result<bool, ReadError> {
        let mut copy = self.copy();
        let before = copy.head();
        let taken = copy.take(rows);
        match taken {
            Ok(()) => copy.confirmed = Some(Instant::now()),
            Err(fault) => copy.fail(fault),
        }
        if taken.is_ok() && copy.fault.take().is_some() {
            tracing::info!("the journal in the database is as it was verified again");
        }
        let head = copy.head();
        drop(copy);
        if head != before {
            self.head.set(head);
        }
        match taken {
            Ok(()) => Ok(head != before),
            Err(fault) => Err(ReadError::at(fault.line, fault.kind)),
        }
    }

    /// Adds the line of an event that was appended from here.
    pub(super) fn push(&self, event: &Event, line: &[u8]) {
        let mut copy = self.copy();
        // Otherwise it was read already.
        if copy.head().seq + 1 == event.seq {
            copy.push(event.clone(), line);
            let head = copy.head();
            drop(copy);
            self.head.set(head);
        }
    }

    /// Notes that a line in the database is not the one that was verified.
    pub(super) fn differs_at(&self, line: u64) {
        let kind = ReadErrorKind::Changed;
        self.copy().fail(Fault { line, kind });
    }

    fn copy(&self) -> MutexGuard<'_, Copy> {
        // Safe after a panic: events are whole, and the file is written before they are added.
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Copy {
    fn head(&self) -> Head {
        self.events.last().map_or(Head::NONE, Event::head)
    }

    fn take(&mut self, rows: &[Row]) -> Result<(), Fault> {
        let known = self.head();
        let mut rows = rows;
        if known.seq > 0 {
            let changed = Fault {
                line: known.seq,
                kind: ReadErrorKind::Changed,
            };
            let (first, rest) = rows.split_first().ok_or(changed)?;
            let previous = self.events.iter().nth_back(1);
            let previous = previous.map_or(Head::NONE, Event::head);
            let same = first.decode(previous).is_ok_and(|event| event.head() == known);
            if !same {
                return Err(changed);
            }
            rows = rest;
        }
        for row in rows {
            let event = row.decode(self.head())?;
            self.push(event, &row.line);
        }
        Ok(())
    }

    fn push(&mut self, event: Event, line: &[u8]) {
        if let Some(file) = &mut self.file {
            file.append(line);
        }
        self.digest.update(line);
        self.events.push(event);
    }

    fn fail(&mut self, fault: Fault) {
        if self.fault != Some(fault) {
            let Fault { line, kind } = fault;
            tracing::error!(
                line,
                %kind,
                "the journal in the database is not as it was written: the state stays, and only a rollback is possible"
            );
        }
        self.fault = Some(fault);
    }
}

impl Row {
    /// Verifies the row as the one after a head.
    fn decode(&self, previous: Head) -> Result<Event, Fault> {
        let line = previous.seq + 1;
        let found = u64::try_from(self.seq).unwrap_or(0);
        if found != line {
            let kind = ReadErrorKind::OutOfPlace { found };
            return Err(Fault { line, kind });
        }
        let event = decode(&self.line, line, previous.hash);
        let event = event.map_err(|error| Fault {
            line,
            kind: error.kind(),
        })?;
        if event.hash.as_bytes() != self.hash.as_slice() {
            let kind = ReadErrorKind::Changed;
            return Err(Fault { line, kind });
        }
        Ok(event)
    }
}

impl MirrorFile {
    /// Not synced: after a crash of the machine, what is missing is read again.
    fn append(&mut self, line: &[u8]) {
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(line));
        match written {
            Ok(()) if !self.failed => self.end += line.len() as u64,
            Ok(()) => {}
            Err(error) => {
                if !self.failed {
                    let path = self.path.display();
                    tracing::error!(%error, %path, "the local copy of the journal is not written any more");
                }
                // A line after a missing one would be worth nothing.
                self.failed = true;
            }
        }
    }
}
