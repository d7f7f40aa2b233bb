//! The trait of a journal, and its head.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::error::{AppendError, ReadError};
use crate::rollout::event::{Event, Head, NewEvent};

/// An append-only sequence of events, numbered from 1 without gaps.
///
/// Its [`Head`] is the sequence number and the hash of its last event. All methods block; from async code call them
/// by `spawn_blocking`.
///
/// ```
/// use legacy_http_compat::rollout::{event::{Head, NewEvent, EventPayload, Incident}, names::{Actor, IncidentId, Reason}};
/// use legacy_http_compat::time::Timestamp;
/// use legacy_http_compat::rollout::journal::{AppendError, Journal, MemoryJournal};
///
/// let journal: Box<dyn Journal> = Box::new(MemoryJournal::new());
/// let incident = Incident { incident: IncidentId::new("INC-1")? };
/// let event = NewEvent::new(
///     Timestamp::from_unix_ms(0),
///     Actor::human("mara")?,
///     Reason::new("polls fail")?,
///     EventPayload::IncidentOpened(incident),
/// );
///
/// assert_eq!(journal.append(Head::NONE, event.clone())?.seq, 1);
/// // A command that expects an empty journal gets the events since:
/// let AppendError::Conflict(conflict) = journal.append(Head::NONE, event).unwrap_err() else { panic!() };
/// assert_eq!(conflict.events_since[0].actor.id.as_str(), "mara");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Journal: fmt::Debug + Send + Sync {
    /// Appends an event if the head is the expected one, and returns it with its sequence number and hash.
    ///
    /// A returned event is as durable as the journal promises.
    ///
    /// # Errors
    ///
    /// [`AppendError::Conflict`] on concurrent modification, with the events since. The other errors say whether the
    /// event is in the journal.
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError>;

    /// The events after a sequence number, in order, at most `limit` of them.
    ///
    /// Fewer may be returned although there are more; an empty list means that there are none.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed, or is not as it was written.
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError>;

    /// Sequence number and hash of the last event.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed.
    fn head(&self) -> Result<Head, ReadError>;

    /// Waits for an event after a sequence number, at most until the timeout, and returns the head.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed.
    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError>;

    /// Tries to make a journal writable again that closed itself after a failure. The head may have changed: read on to
    /// find out whether an undecided event is in the journal.
    ///
    /// Does nothing by default, for journals that never close.
    ///
    /// # Errors
    ///
    /// When it stays closed.
    fn reopen(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

impl<J: Journal + ?Sized> Journal for Arc<J> {
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError> {
        (**self).append(expected, event)
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        (**self).read(after, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        (**self).head()
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        (**self).wait(after, timeout)
    }

    fn reopen(&self) -> Result<(), ReadError> {
        (**self).reopen()
    }
}

/// A head with a lock of its own, so that reading it never waits for a disk.
#[derive(Debug, Default)]
pub(crate) struct WatchedHead {
    head: Mutex<Head>,
    moved: Condvar,
}

impl WatchedHead {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            head: Mutex::new(head),
            moved: Condvar::new(),
        }
    }

    pub(crate) fn get(&self) -> Head {
        *self.lock()
    }

    pub(crate) fn set(&self, head: Head) {
        *self.lock() = head;
        self.moved.notify_all();
    }

    /// Waits until the head is beyond a number or the timeout is over, and returns it.
    pub(crate) fn wait(&self, after: u64, timeout: Duration) -> Head {
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), timeout, |head| head.seq <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, Head> {
        // Safe after a panic: a head is always whole.
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
