//! A journal in a file.

use std::{
    fmt,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    append_error::{AppendError, Conflict},
    head::Head,
    journal::Journal,
    medium::{LockedFile, Medium},
    open_error::{Cause, OpenError},
    read_error::ReadError,
    reader::{JournalReader, TornLine, Verified},
    store::Store,
};
use crate::time::Timestamp;
use crate::{
    rollout::{
        actor::Actor,
        event::{Event, NewEvent},
        payload::{EventPayload, Recovered},
        text::InvalidText,
        texts::Reason,
    },
    storage::atomic_file::sync_parent,
    time::{Clock, SystemClock},
};

/// A journal in a file, one JSON object a line.
///
/// - An event stands once its line is written and synced (`fdatasync`). One process writes, held by a lock on the file;
///   others may read.
/// - A torn last line is cut off when the file is opened, and that is journaled. Any other broken line is refused and
///   never repaired.
/// - After a failed write or sync the file is cut back to its last good line, so that the event does not stand. Where that
///   fails too, the journal is closed for writing until it is [reopened](Journal::reopen).
///
/// ```
/// use legacy_http_compat::rollout::{FileJournal, Journal, OpenErrorKind};
///
/// # let directory = std::env::temp_dir().join(format!("journal-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let path = directory.join("device-flow.journal");
/// let journal = FileJournal::open(&path)?;
/// assert_eq!(journal.head()?, 0);
///
/// let second = FileJournal::open(&path).unwrap_err();
/// assert_eq!(second.kind(), OpenErrorKind::Locked);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The format
///
/// One JSON object a line, in the order of the sequence numbers: line 7 holds event 7.
///
/// ```text
/// {"v":1,"prev_sha256":"<hex>","event":{…},"sha256":"<hex>"}
/// ```
///
/// - `v`: the version of the format. A later one than this crate knows is refused.
/// - `prev_sha256`: the SHA-256 of the line before, its line break included (`sed -n 6p FILE | sha256sum`); for the
///   first line, 64 zeros. So a line that was removed, added or moved is found.
/// - `event`: `seq`, `at` (RFC 3339, UTC, milliseconds), `actor`, `reason`, `correlation_id` where there is one, `fact`.
/// - `sha256`: the SHA-256 of the line up to, not including, `,"sha256"`. So a line that was changed is found at itself,
///   the last one too.
///
/// A line has at most 256 KiB. Unknown members are refused.
///
/// What the file alone cannot show is that lines at its very end were removed, or that all of it was written anew: the
/// hashes have no key. Compare [`Verified`] with the log: every event is also a `tracing` event with its sequence number.
pub struct FileJournal {
    path: PathBuf,
    store: Mutex<Store>,
    head: Head,
    clock: Arc<dyn Clock>,
}

impl FileJournal {
    /// Opens a journal for writing, and creates it where there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, another process writes it, a line of it is broken, or a torn line was cut off and
    /// that could not be recorded.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with_clock(path, Arc::new(SystemClock::new()))
    }

    /// [Opens](Self::open) a journal with a clock of one's own, which is asked when a torn line was cut off.
    ///
    /// # Errors
    ///
    /// As [`FileJournal::open`].
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file = lock(path).map_err(|cause| OpenError::new(path, cause))?;
        Self::over(path, Box::new(file), clock)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole file again and checks every line. Appending goes on meanwhile.
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
        medium: Box<dyn Medium>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let failed = |cause: Cause| OpenError::new(path, cause);
        let (mut store, torn) = Store::open(medium).map_err(|error| failed(error.into()))?;
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
        // The store notes a line only after it stands, so it is whole whatever became of the thread that held the lock.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for FileJournal {
    fn append(&self, expected_head: u64, draft: NewEvent) -> Result<Event, AppendError> {
        let mut store = self.store();
        let head = store.head();
        if head != expected_head {
            let meanwhile = store.read(expected_head, Conflict::MAX_SHOWN);
            let meanwhile = meanwhile.unwrap_or_default();
            return Err(Conflict::new(expected_head, head, meanwhile).into());
        }
        let event = draft.numbered(head + 1);
        store.append(&event)?;
        self.head.set(event.seq());
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

/// Opens the file as the only one who writes it.
fn lock(path: &Path) -> Result<LockedFile, Cause> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let mut file = LockedFile::new(file).map_err(|error| match error {
        TryLockError::WouldBlock => Cause::Locked,
        TryLockError::Error(error) => Cause::Storage(error),
    })?;
    if file.len()? == 0 {
        file.sync_all()?;
        sync_parent(path)?;
    }
    Ok(file)
}

/// Journals that a torn line was cut off.
fn record(store: &mut Store, torn: TornLine, at: Timestamp) -> Result<(), AppendError> {
    let draft = recovered(torn, at).map_err(|error| AppendError::NotWritten(error.into()))?;
    store.append(&draft.numbered(store.head() + 1))
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
