//! The local copy of a journal: its verified lines, in memory and in a file.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use super::{error::StoreError, mirror_file::MirrorFile};
use crate::{
    rollout::{
        event::{Event, EventHash, Head},
        journal::{
            Fork, JournalSync, ReadError, ReadErrorKind, journal::WatchedHead, reader::decode,
        },
    },
    time::{SystemClock, Timestamp},
};

/// After how long without confirmation a copy counts as stale: a few polls.
const STALE_AFTER: Duration = Duration::from_secs(2);

/// The local copy of a journal. Reading it never waits for the server.
#[derive(Debug)]
pub(super) struct Mirror {
    copy: Mutex<LocalCopy>,
    head: WatchedHead,
}

#[derive(Debug)]
struct LocalCopy {
    events: Vec<Event>,
    /// Over all lines.
    digest: Sha256,
    file: Option<MirrorFile>,
    /// When it was last the same as in the database.
    confirmed: Option<(Instant, Timestamp)>,
    fault: Option<Fault>,
}

/// How the database differs from what was verified: the line, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    line: u64,
    kind: ReadErrorKind,
}

/// A row of the journal.
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) hash: EventHash,
    pub(super) line: Vec<u8>,
}

impl Mirror {
    /// A copy in memory, and in a file if there is a path. The file need not exist.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, StoreError> {
        let mut copy = LocalCopy {
            events: Vec::new(),
            digest: Sha256::new(),
            file: None,
            confirmed: None,
            fault: None,
        };
        if let Some(path) = path {
            let file = MirrorFile::open(path, |event, line| copy.add(event, line))?;
            copy.file = Some(file);
        }
        let head = WatchedHead::new(copy.head());
        Ok(Self {
            copy: Mutex::new(copy),
            head,
        })
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
        let events = copy.events.iter().skip(skipped);
        events.take(limit).cloned().collect()
    }

    /// The event with a sequence number.
    pub(super) fn event(&self, seq: u64) -> Option<Event> {
        self.after(seq.checked_sub(1)?, 1).pop()
    }

    /// How the database differs from the copy, if it does.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        match self.copy().fault {
            Some(fault) => Err(fault.into()),
            None => Ok(()),
        }
    }

    pub(super) fn sync_state(&self) -> JournalSync {
        let copy = self.copy();
        if let Some(Fault {
            kind: ReadErrorKind::Forked(fork),
            ..
        }) = copy.fault
        {
            return JournalSync::Forked(fork);
        }
        match copy.confirmed {
            Some((at, _)) if at.elapsed() <= STALE_AFTER => JournalSync::Current,
            last => JournalSync::Stale {
                since: last.map(|(_, since)| since),
            },
        }
    }

    /// The head, and the SHA-256 of all lines.
    pub(super) fn digest(&self) -> (Head, [u8; 32]) {
        let copy = self.copy();
        (copy.head(), copy.digest.clone().finalize().into())
    }

    /// Takes the rows that were read from a head on: the first one must be the head itself, unless that is of an empty
    /// journal. What follows is verified and added. `last` is the head of the database if there was no row.
    pub(super) fn take(&self, from: Head, rows: &[Row], last: Head) -> Result<(), Fault> {
        let mut copy = self.copy();
        if copy.head() != from {
            // An event was appended from here meanwhile; the rows are read again.
            return Ok(());
        }
        let taken = copy.take(rows, last);
        match taken {
            Ok(()) => copy.confirm(),
            Err(fault) => copy.fail(fault),
        }
        if copy.head() != from {
            // Under the lock, so that a later head is never followed by an earlier one.
            self.head.set(copy.head());
        }
        taken
    }

    /// Adds the line of an event that was appended from here after a head.
    pub(super) fn push(&self, after: Head, event: &Event, line: &[u8]) {
        let mut copy = self.copy();
        // Otherwise it was read already.
        if copy.head() == after {
            copy.push(event.clone(), line);
            self.head.set(event.head());
        }
    }

    /// Notes that the database has another line than the one that was verified.
    pub(super) fn found_changed(&self, line: u64) {
        let kind = ReadErrorKind::Changed;
        self.copy().fail(Fault { line, kind });
    }

    fn copy(&self) -> MutexGuard<'_, LocalCopy> {
        // Safe after a panic: the copy holds whole events only.
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalCopy {
    fn head(&self) -> Head {
        self.events.last().map_or(Head::NONE, Event::head)
    }

    fn take(&mut self, rows: &[Row], last: Head) -> Result<(), Fault> {
        let known = self.head();
        let mut rows = rows;
        if known != Head::NONE {
            let found = rows.first().map_or(last, Row::head);
            let line = known.seq;
            if found != known {
                let kind = ReadErrorKind::Forked(Fork { known, found });
                return Err(Fault { line, kind });
            }
            let (first, rest) = rows.split_first().ok_or(Fault {
                line,
                kind: ReadErrorKind::Changed,
            })?;
            let previous = self.events.iter().nth_back(1);
            first.decode(previous.map_or(Head::NONE, Event::head))?;
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
        self.add(event, line);
    }

    fn add(&mut self, event: Event, line: &[u8]) {
        self.digest.update(line);
        self.events.push(event);
    }

    fn confirm(&mut self) {
        self.confirmed = Some((Instant::now(), Timestamp::now(&SystemClock::new())));
        if let Some(Fault { line, .. }) = self.fault.take() {
            tracing::info!(
                line,
                "the journal in the database is as it was verified again"
            );
        }
    }

    fn fail(&mut self, fault: Fault) {
        if self.fault != Some(fault) {
            let error = ReadError::from(fault);
            tracing::error!(%error, "the journal in the database is not as it was written; nothing more is read from it");
        }
        self.fault = Some(fault);
    }
}

impl Row {
    fn head(&self) -> Head {
        let (seq, hash) = (self.seq, self.hash);
        Head { seq, hash }
    }

    /// Verifies the row as the one after a head.
    pub(super) fn decode(&self, previous: Head) -> Result<Event, Fault> {
        let line = previous.seq + 1;
        let event = decode(&self.line, line, previous.hash);
        let event = event.map_err(|error| Fault {
            line,
            kind: error.kind(),
        })?;
        if event.head() != self.head() {
            let kind = ReadErrorKind::Changed;
            return Err(Fault { line, kind });
        }
        Ok(event)
    }
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        Self::at(fault.line, fault.kind)
    }
}
