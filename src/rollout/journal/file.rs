//! A journal in a file.

use std::{
    fmt,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    error::{AppendError, Conflict, OpenCause, OpenJournalError, ReadError},
    journal::Head,
    journal::Journal,
    reader::{JournalReader, TornLine, Verified},
    store::Store,
    store::{LockedFile, Storage},
};
use crate::time::Timestamp;
use crate::{
    rollout::{
        event::{Event, EventPayload, NewEvent, Recovered},
        names::{Actor, InvalidText, Reason},
    },
    storage::atomic_file::sync_parent,
    time::{Clock, SystemClock},
};

/// A journal in a file, one JSON object per line.
///
/// - An event is in the journal once its line is written and synced (`fdatasync`). One process writes, and holds a lock on
///   the file; others may read.
/// - A torn last line is cut off when the file is opened, and that is journaled. Any other broken line is an error and
///   never repaired.
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
/// assert_eq!(journal.head()?, 0);
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
/// - `prev_sha256`: the SHA-256 of the previous line, its line break included (`sed -n 6p FILE | sha256sum`); 64 zeros in
///   the first line. It reveals lines that were removed, added or moved.
/// - `event`: `seq`, `at` (RFC 3339, UTC, milliseconds), `actor`, `reason`, optionally `correlation_id`, `payload`.
/// - `sha256`: the SHA-256 of the line up to, not including, `,"sha256"`. It reveals a changed line, the last one too.
///
/// A line has at most 256 KiB.
///
/// The hashes have no key: they do not reveal that lines at the end were removed or that the whole file was rewritten.
/// Compare [`Verified`] with the log: every event is also a `tracing` event with its sequence number.
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
    head: Head,
    clock: Arc<dyn Clock>,
}

impl FileJournal {
    /// Opens a journal for writing, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, another process writes it, a line is broken, or a torn line was cut off and that
    /// could not be recorded.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenJournalError> {
        Self::open_with_clock(path, Arc::new(SystemClock::new()))
    }

    /// [Opens](Self::open) a journal with a custom clock, which dates the cutting of a torn line.
    ///
    /// # Errors
    ///
    /// As [`FileJournal::open`].
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenJournalError> {
        let path = path.as_ref();
        let file = lock(path).map_err(|cause| OpenJournalError::new(path, cause))?;
        Self::over(path, Box::new(file), clock)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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

    pub(super) fn over(
        path: &Path,
        storage: Box<dyn Storage>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenJournalError> {
        let failed = |cause: OpenCause| OpenJournalError::new(path, cause);
        let (mut store, torn) = Store::open(storage).map_err(|error| failed(error.into()))?;
        if let Some(torn) = torn {
            record(&mut store, torn, Timestamp::now(&*clock))
                .map_err(|error| failed(error.into()))?;
        }
        let head = Head::new(store.head());
        Ok(Self {
            path: path.to_owned(),
            store: Mutex::new(store),
            head,
            clock,
        })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Safe after a panic: the store records a line only after it is written.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for FileJournal {
    fn append(&self, expected_head: u64, event: NewEvent) -> Result<Event, AppendError> {
        let mut store = self.store();
        let head = store.head();
        if head != expected_head {
            let events = store.read(expected_head, Conflict::MAX_EVENTS);
            let events = events.unwrap_or_default();
            return Err(Conflict::new(expected_head, head, events).into());
        }
        let event = event.numbered(head + 1);
        store.append(&event)?;
        self.head.set(event.seq);
        Ok(event)
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.store().read(after, limit)
    }

    fn head(&self) -> Result<u64, ReadError> {
        Ok(self.head.get())
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<u64, ReadError> {
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

/// Opens and locks the file.
fn lock(path: &Path) -> Result<LockedFile, OpenCause> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let mut file = LockedFile::new(file).map_err(|error| match error {
        TryLockError::WouldBlock => OpenCause::Locked,
        TryLockError::Error(error) => OpenCause::Storage(error),
    })?;
    if file.len()? == 0 {
        file.sync_all()?;
        sync_parent(path)?;
    }
    Ok(file)
}

/// Journals that a torn line was cut off.
fn record(store: &mut Store, torn: TornLine, at: Timestamp) -> Result<(), AppendError> {
    let event = recovered(torn, at).map_err(|error| AppendError::NotWritten(error.into()))?;
    store.append(&event.numbered(store.head() + 1))
}

fn recovered(torn: TornLine, at: Timestamp) -> Result<NewEvent, InvalidText> {
    let payload = EventPayload::Recovered(Recovered {
        line: torn.line,
        bytes: torn.bytes,
    });
    let reason = Reason::new("the last line was torn and has been cut off")?;
    Ok(NewEvent::new(
        at,
        Actor::system("journal")?,
        reason,
        payload,
    ))
}
