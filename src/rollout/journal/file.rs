//! A journal in a file.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    error::{AppendError, Conflict, ReadError},
    head_file::HeadFile,
    journal::{Journal, WatchedHead},
    reader::{JournalReader, TornLine, Verified},
    reserve::Reserve,
    storage::DiskFile,
    store::Store,
};
use crate::{
    rollout::{
        event::{Event, EventPayload, Head, NewEvent, Recovered},
        names::{Actor, InvalidText, Reason},
    },
    storage::atomic_file::with_suffix,
    time::{Clock, Timestamp},
};

/// A journal in a file, one JSON object per line.
///
/// - An event is acknowledged once its line is written and synced (`fdatasync`), and then the head, in the small file
///   `….head` beside it. One process writes, and holds a lock on the file; others may read.
/// - A journal that lacks an acknowledged event is not opened, unless
///   [exactly this loss is accepted](super::FileJournalBuilder::accept_loss). A journal that is ahead of its head file is right:
///   its writer was killed between the two.
/// - A torn last line that was not acknowledged is cut off when the file is opened. It is kept in the file `….cut`, and that
///   is journaled. Any other broken line is an error and never repaired.
/// - The file `….reserve` holds disk space for the record of a rollback.
/// - After a failed write or sync the file is cut back to its last complete line, so that the event is not in the journal.
///   If that fails too, the journal is closed for writing until it is [reopened](Journal::reopen).
///
/// ```
/// use legacy_http_compat::rollout::journal::{FileJournal, Journal, OpenJournalErrorKind};
///
/// # let directory = std::env::temp_dir().join(format!("journal-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let path = directory.join("device-flow.journal");
/// let journal = FileJournal::open(&path)?;
/// assert_eq!(journal.head()?.seq, 0);
///
/// let second = FileJournal::open(&path).unwrap_err();
/// assert_eq!(second.kind(), OpenJournalErrorKind::Locked);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Format
///
/// One JSON object per line, in the order of the sequence numbers: line 7 holds event 7.
///
/// ```text
/// {"v":1,"prev_sha256":"<hex>","event":{…},"sha256":"<hex>"}
/// ```
///
/// - `v`: the version of the format. A later version is refused.
/// - `prev_sha256`: the `sha256` of the previous line; 64 zeros in the first one. It reveals lines that were removed, added
///   or moved.
/// - `event`: `seq`, `at` (RFC 3339, UTC, milliseconds), `actor`, `reason`, optionally `correlation_id`, `payload`.
/// - `sha256`: the SHA-256 of the line up to, not including, `,"sha256"`. It reveals a changed line, the last one too.
///
/// A line has at most 256 KiB.
///
/// # What the hashes prove
///
/// That the lines are those that some program wrote, one after the other: damage, and edits of single lines, show. The
/// hashes have no key, so a writer of the file can forge all of it, the head file included. To prove more, keep a
/// head (`SEQ:HASH`) where that writer cannot reach it, and compare: `legacy-http-compat verify --expect SEQ:HASH`. Every
/// event is also a `tracing` event with its sequence number.
///
/// # Compatibility
///
/// An older version of this crate reads a newer journal as far as it can, since the command-line tool of a service may be
/// older than the service:
///
/// - Unknown members are ignored. A later version adds a member only if an event means the same without it.
/// - An event of an unknown kind is [kept whole](crate::rollout::event::EventPayload::Unknown). Readers skip it and
///   [say so](crate::rollout::Projection::unknown_events). A [`Rollout`](crate::rollout::Rollout) refuses to open such a
///   journal, and accepts no command but a rollback once one appears: it must not decide by a state that lacks an event.
/// - Anything that changes the meaning of known events, or the line itself, is a later format `v`.
///
/// The hashes cover the line as it was written, so they match whether or not its event is known.
pub struct FileJournal {
    path: PathBuf,
    store: Mutex<Store>,
    head: WatchedHead,
    reserve: Option<Mutex<Reserve>>,
    clock: Arc<dyn Clock>,
}

impl FileJournal {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The acknowledged head in the file beside the journal at this path; `None` if there is none. It is only read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn recorded_head(path: impl AsRef<Path>) -> io::Result<Option<Head>> {
        let path = with_suffix(path.as_ref(), ".head");
        let file = match fs::metadata(&path) {
            Ok(found) if found.is_file() => File::open(&path)?,
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let head = HeadFile::open(Box::new(DiskFile::new(file)))?;
        Ok(head.record().map(|record| record.head))
    }

    /// Reads the whole file again and checks every line, while appending continues.
    ///
    /// # Errors
    ///
    /// The first broken line.
    pub fn verify(&self) -> Result<Verified, ReadError> {
        JournalReader::open(&self.path)
            .map_err(ReadError::storage)?
            .verify()
    }

    pub(super) fn new(
        path: &Path,
        store: Store,
        reserve: Option<Reserve>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            head: WatchedHead::new(store.head()),
            store: Mutex::new(store),
            reserve: reserve.map(Mutex::new),
            clock,
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Safe after a panic: the store records a line only after it is written.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends to the store. The record of a rollback may use the reserved space.
    fn write(&self, store: &mut Store, event: Event) -> Result<Event, AppendError> {
        let Some(reserve) = &self.reserve else {
            return store.append(event);
        };
        let mut reserve = reserve.lock().unwrap_or_else(PoisonError::into_inner);
        let is_rollback = matches!(event.payload, EventPayload::RollbackTaken(_));
        match store.append(event.clone()) {
            Err(AppendError::NotWritten(_)) if is_rollback && reserve.release() => {
                store.append(event)
            }
            Ok(event) => {
                reserve.fill();
                Ok(event)
            }
            failed => failed,
        }
    }
}

impl Journal for FileJournal {
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError> {
        let mut store = self.store();
        let head = store.head();
        if head != expected {
            let events = store.read(expected.seq, Conflict::MAX_EVENTS);
            let events = events.unwrap_or_default();
            return Err(Conflict::new(expected.seq, head, events).into());
        }
        let event = self.write(&mut store, event.numbered(head.seq + 1))?;
        self.head.set(event.head());
        Ok(event)
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.store().read(after, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.head.get())
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        Ok(self.head.wait(after, timeout))
    }

    fn reopen(&self) -> Result<(), ReadError> {
        let mut store = self.store();
        let torn = store.reopen()?;
        let recorded = torn.map_or(Ok(()), |torn| {
            record(&mut store, torn, Timestamp::now(&*self.clock))
        });
        self.head.set(store.head());
        recorded.map_err(ReadError::storage)
    }
}

impl fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileJournal")
            .field("path", &self.path)
            .field("head", &self.head.get())
            .finish_non_exhaustive()
    }
}

/// Journals that a torn line was cut off.
pub(super) fn record(store: &mut Store, torn: TornLine, at: Timestamp) -> Result<(), AppendError> {
    let payload = EventPayload::Recovered(Recovered {
        line: torn.line,
        bytes: torn.bytes,
    });
    let reason = "the last line was torn and has been cut off";
    record_by_itself(store, payload, reason, at)
}

/// Appends an event of the journal itself.
pub(super) fn record_by_itself(
    store: &mut Store,
    payload: EventPayload,
    reason: &str,
    at: Timestamp,
) -> Result<(), AppendError> {
    let invalid = |error: InvalidText| AppendError::NotWritten(error.into());
    let actor = Actor::system("journal").map_err(invalid)?;
    let reason = Reason::new(reason).map_err(invalid)?;
    let event = NewEvent::new(at, actor, reason, payload).numbered(store.head().seq + 1);
    store.append(event).map(drop)
}
