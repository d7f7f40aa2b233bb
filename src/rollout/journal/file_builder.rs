//! Opens a journal file: creates it, compares it with the head that was recorded, and cuts off a torn line.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    error::{OpenCause, OpenJournalError},
    file::{FileJournal, record, record_by_itself},
    reserve::Reserve,
    storage::{DiskFile, Nothing, Storage},
    store::Store,
};
use crate::{
    rollout::event::{EventPayload, Head, LossAccepted},
    storage::atomic_file::{sync_parent, with_suffix},
    time::{Clock, SystemClock, Timestamp},
};

/// Builder for [`FileJournal`].
///
/// ```
/// use legacy_http_compat::rollout::journal::{FileJournal, OpenJournalErrorKind};
///
/// # let directory = std::env::temp_dir().join(format!("journal-builder-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let path = directory.join("journal.jsonl");
/// let error = FileJournal::builder(&path).existing().open().unwrap_err();
/// assert_eq!(error.kind(), OpenJournalErrorKind::Missing);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct FileJournalBuilder {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    existing: bool,
    accepted: Option<Head>,
}

impl FileJournal {
    /// Opens a journal for writing, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// As [`FileJournalBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenJournalError> {
        Self::builder(path).open()
    }

    /// A builder for the journal at a path.
    pub fn builder(path: impl AsRef<Path>) -> FileJournalBuilder {
        FileJournalBuilder {
            path: path.as_ref().to_owned(),
            clock: Arc::new(SystemClock::new()),
            existing: false,
            accepted: None,
        }
    }
}

impl FileJournalBuilder {
    /// The clock that dates what the journal records by itself; that of the operating system if none is given.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Refuses to create anything: a volume that was lost takes journal and head with it, and would look like a new one.
    pub const fn existing(mut self) -> Self {
        self.existing = true;
        self
    }

    /// Accepts that events were lost, if the head is exactly the one that [`OpenJournalError::recorded`] names. The loss is
    /// journaled, and the rollout goes on in the phase that was recorded. Has no effect on a journal that lacks nothing.
    pub const fn accept_loss(mut self, head: Head) -> Self {
        self.accepted = Some(head);
        self
    }

    /// Opens the journal for writing.
    ///
    /// # Errors
    ///
    /// When a file cannot be opened, another process writes it, a line is broken, the journal lacks events that were
    /// acknowledged, or what was done on opening could not be recorded.
    pub fn open(self) -> Result<FileJournal, OpenJournalError> {
        self.try_open()
            .map_err(|cause| OpenJournalError::new(&self.path, cause))
    }

    fn try_open(&self) -> Result<FileJournal, OpenCause> {
        let head_path = with_suffix(&self.path, ".head");
        let is_new = !self.path.try_exists()?;
        if is_new {
            self.check_new(&head_path)?;
        }
        let is_new = is_new || !head_path.try_exists()?;
        let journal = lock(&self.path)?;
        let head = DiskFile::new(open(&head_path)?);
        if is_new {
            sync_parent(&self.path)?;
        }
        let store = self.start(Box::new(journal), Box::new(head))?;
        let reserve = Reserve::new(with_suffix(&self.path, ".reserve"));
        let clock = Arc::clone(&self.clock);
        Ok(FileJournal::new(&self.path, store, Some(reserve), clock))
    }

    /// Whether a journal that is not there may be created.
    fn check_new(&self, head_path: &Path) -> Result<(), OpenCause> {
        let head: Box<dyn Storage> = match File::open(head_path) {
            Ok(file) => Box::new(DiskFile::new(file)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Err(_) if self.existing => return Err(OpenCause::Missing),
            Err(_) => return Ok(()),
        };
        let store = Store::scan(Box::new(Nothing), head)?;
        self.check_complete(&store, true).map(drop)
    }

    /// Opens a store for writing, if nothing was lost or that was accepted.
    pub(super) fn start(
        &self,
        journal: Box<dyn Storage>,
        head: Box<dyn Storage>,
    ) -> Result<Store, OpenCause> {
        let mut store = Store::scan(journal, head)?;
        let loss = self.check_complete(&store, false)?;
        if store.torn().is_some() {
            self.keep(&store.torn_bytes()?)?;
        }
        let now = Timestamp::now(&*self.clock);
        if let Some(torn) = store.start()? {
            record(&mut store, torn, now)?;
        }
        if let Some(loss) = loss {
            let reason = "recorded events are lost, which was accepted";
            record_by_itself(&mut store, EventPayload::LossAccepted(loss), reason, now)?;
        }
        Ok(store)
    }

    /// The loss that was accepted, if there is one.
    fn check_complete(
        &self,
        store: &Store,
        is_missing: bool,
    ) -> Result<Option<LossAccepted>, OpenCause> {
        let found = store.head();
        let recorded = store.recorded();
        let (cause, named) = match recorded {
            Some(record) if !store.has(record.head) => {
                let (recorded, phase) = (record.head, record.phase);
                let found = (!is_missing).then_some(found);
                (
                    OpenCause::Lost {
                        recorded,
                        phase,
                        found,
                    },
                    recorded,
                )
            }
            None if found.seq > 0 || store.torn().is_some() => {
                (OpenCause::HeadLost { found }, found)
            }
            _ if self.existing && found.seq == 0 => return Err(OpenCause::Missing),
            _ => return Ok(None),
        };
        if self.accepted != Some(named) {
            return Err(cause);
        }
        Ok(Some(LossAccepted {
            recorded: recorded.map(|record| record.head),
            found,
            phase: recorded.and_then(|record| record.phase),
        }))
    }

    /// Keeps what is cut off.
    fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        let path = with_suffix(&self.path, ".cut");
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)?;
        file.write_all(bytes)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }
}

/// Opens and locks the journal.
fn lock(path: &Path) -> Result<DiskFile, OpenCause> {
    DiskFile::lock(open(path)?).map_err(|error| match error {
        TryLockError::WouldBlock => OpenCause::Locked,
        TryLockError::Error(error) => OpenCause::Storage(error),
    })
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}
