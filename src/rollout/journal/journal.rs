//! The trait of a journal, and its head.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    attempt::AppendAttempt,
    error::{AppendError, ReadError, ReadErrorKind},
    sync::{Fork, JournalSync},
};
use crate::rollout::event::{Event, Head, NewEvent};

/// An append-only sequence of events, numbered from 1 without gaps.
///
/// Its [`Head`] is the sequence number and the hash of its last event. All methods block; from async code call them
/// by `spawn_blocking`.
///
/// # A journal of several instances
///
/// Instances share a journal through a store that may be slow or away. Such a journal keeps a verified copy of it, and:
///
/// - `read`, `head`, `wait` and `sync_state` are of the copy, and never wait for the store: a rollout calls them on the
///   path of a rollback.
/// - [`append_attempt`](Journal::append_attempt) returns within the patience of its attempt, whatever the store does and
///   however many other calls wait. What was not sent yet is withdrawn and certain; a lost response is
///   [undecided](AppendError::Undecided), and the same attempt, tried again, decides it.
/// - A copy that is not a beginning of what the store has stays as it is, and `sync_state` says so.
/// - What the store gets from other instances is in the copy soon, which wakes `wait`.
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

    /// Appends as [`append`](Journal::append) does, once for all tries of an attempt, and within its patience.
    ///
    /// If the event of the attempt is in the journal already, because a try that seemed to fail had succeeded, it is
    /// returned whatever the expected head is. By default the attempt is ignored, for journals that wait for no other system.
    ///
    /// # Errors
    ///
    /// As [`append`](Journal::append). A conflict is certain for all tries so far.
    fn append_attempt(
        &self,
        expected: Head,
        event: NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        let _ = attempt;
        self.append(expected, event)
    }

    /// The events after a sequence number, in order, at most `limit` of them.
    ///
    /// Fewer may be returned although there are more; an empty list means that there are none.
    ///
    /// # Errors
    ///
    /// When the journal cannot be accessed, or is not as it was written.
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError>;

    /// The events after this very event, at most `limit` of them and at least one if there is one.
    ///
    /// # Errors
    ///
    /// As [`read`](Journal::read); and [`ReadErrorKind::Forked`] when the journal does not have the event.
    fn read_after(&self, known: Head, limit: usize) -> Result<Vec<Event>, ReadError> {
        let Some(before) = known.seq.checked_sub(1) else {
            return self.read(0, limit);
        };
        let mut events = self.read(before, limit.saturating_add(1).max(2))?;
        let found = match events.first() {
            Some(event) => event.head(),
            None => self.head()?,
        };
        if found != known {
            let fork = Fork { known, found };
            return Err(ReadError::at(known.seq, ReadErrorKind::Forked(fork)));
        }
        events.remove(0);
        if events.is_empty() && self.head()?.seq > known.seq {
            // The event itself took the whole of what one read returns.
            return self.read(known.seq, limit);
        }
        Ok(events)
    }

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

    /// How what the journal returns relates to the store that it is shared through. Always current by default.
    fn sync_state(&self) -> JournalSync {
        JournalSync::Current
    }
}

impl<J: Journal + ?Sized> Journal for Arc<J> {
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError> {
        (**self).append(expected, event)
    }

    fn append_attempt(
        &self,
        expected: Head,
        event: NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        (**self).append_attempt(expected, event, attempt)
    }

    fn read_after(&self, known: Head, limit: usize) -> Result<Vec<Event>, ReadError> {
        (**self).read_after(known, limit)
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

    fn sync_state(&self) -> JournalSync {
        (**self).sync_state()
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
