//! The trait of a journal, and its head.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::error::{AppendError, ReadError};
use crate::rollout::event::{Event, NewEvent};

/// An append-only sequence of events, numbered from 1 without gaps.
///
/// Its *head* is the sequence number of its last event, 0 while it is empty. All methods block; from async code call them
/// by `spawn_blocking`.
///
/// ```
/// use legacy_http_compat::rollout::{event::{NewEvent, EventPayload, Incident}, names::{Actor, IncidentId, Reason}};
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
/// assert_eq!(journal.append(0, event.clone())?.seq, 1);
/// // A command that expects an empty journal gets the events since:
/// let AppendError::Conflict(conflict) = journal.append(0, event).unwrap_err() else { panic!() };
/// assert_eq!(conflict.events_since[0].actor.id.as_str(), "mara");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Journal: fmt::Debug + Send + Sync {
    /// Appends an event if the head is the expected one, and returns it with its sequence number.
    ///
    /// A returned event is as durable as the journal promises.
    ///
    /// # Errors
    ///
    /// [`AppendError::Conflict`] on concurrent modification, with the events since. The other errors say whether the
    /// event is in the journal.
    fn append(&self, expected_head: u64, event: NewEvent) -> Result<Event, AppendError>;

    /// The events after a sequence number, in order, at most `limit` of them.
    ///
    /// Fewer may be returned although there are more; an empty list means that there are none.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed, or is not as it was written.
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError>;

    /// The sequence number of the last event, 0 if there is none.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed.
    fn head(&self) -> Result<u64, ReadError>;

    /// Waits for an event after a sequence number, at most until the timeout, and returns the head.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed.
    fn wait(&self, after: u64, timeout: Duration) -> Result<u64, ReadError>;

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
    fn append(&self, expected_head: u64, event: NewEvent) -> Result<Event, AppendError> {
        (**self).append(expected_head, event)
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        (**self).read(after, limit)
    }

    fn head(&self) -> Result<u64, ReadError> {
        (**self).head()
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<u64, ReadError> {
        (**self).wait(after, timeout)
    }

    fn reopen(&self) -> Result<(), ReadError> {
        (**self).reopen()
    }
}

/// A head with a lock of its own, so that reading it never waits for a disk.
#[derive(Debug, Default)]
pub(super) struct Head {
    number: Mutex<u64>,
    moved: Condvar,
}

impl Head {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number: Mutex::new(number),
            moved: Condvar::new(),
        }
    }

    pub(super) fn get(&self) -> u64 {
        *self.lock()
    }

    pub(super) fn set(&self, number: u64) {
        *self.lock() = number;
        self.moved.notify_all();
    }

    /// Waits until the head is beyond a number or the timeout is over, and returns it.
    pub(super) fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), timeout, |number| *number <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        // Safe after a panic: a number is always whole.
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
