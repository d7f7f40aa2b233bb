//! What a rollout asks of a journal.

use std::{fmt, sync::Arc, time::Duration};

use super::{error::AppendError, error::ReadError};
use crate::rollout::event::{Event, NewEvent};

/// An append-only sequence of events, numbered from 1 without gaps.
///
/// Its *head* is the number of its last event, 0 while it is empty. All methods block; from async code call them by
/// `spawn_blocking` or the like.
///
/// ```
/// use legacy_http_compat::rollout::{event::{NewEvent, EventPayload, Incident}, names::{Actor, IncidentId, Reason}};
/// use legacy_http_compat::time::Timestamp;
/// use legacy_http_compat::rollout::journal::{AppendError, Journal, MemoryJournal};
///
/// let journal: Box<dyn Journal> = Box::new(MemoryJournal::new());
/// let incident = Incident { incident: IncidentId::new("INC-1")? };
/// let draft = NewEvent::new(
///     Timestamp::from_unix_ms(0),
///     Actor::human("mara")?,
///     Reason::new("polls fail")?,
///     EventPayload::IncidentOpened(incident),
/// );
///
/// assert_eq!(journal.append(0, draft.clone())?.seq(), 1);
/// // Whoever thought the journal still empty is shown what happened meanwhile:
/// let AppendError::Conflict(conflict) = journal.append(0, draft).unwrap_err() else { panic!() };
/// assert_eq!(conflict.events_since()[0].actor().id().as_str(), "mara");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Journal: fmt::Debug + Send + Sync {
    /// Adds an event, if the head is the expected one, and returns it with its number.
    ///
    /// Once this has returned an event it is durable as far as this journal promises.
    ///
    /// # Errors
    ///
    /// [`AppendError::Conflict`] when others were faster, with what they wrote. The other errors say whether the event
    /// stands.
    fn append(&self, expected_head: u64, draft: NewEvent) -> Result<Event, AppendError>;

    /// The events after a number, in their order, at most `limit` of them.
    ///
    /// There may be fewer than asked for and more to come; none at all means that there are none.
    ///
    /// # Errors
    ///
    /// When the journal cannot be reached, or what is there is not what was written.
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError>;

    /// The number of the last event, 0 where there is none.
    ///
    /// # Errors
    ///
    /// When the journal cannot be reached.
    fn head(&self) -> Result<u64, ReadError>;

    /// Waits until there is an event after a number, at most so long, and returns the head.
    ///
    /// # Errors
    ///
    /// When the journal cannot be reached.
    fn wait(&self, after: u64, timeout: Duration) -> Result<u64, ReadError>;

    /// Tries to make a journal writable again that closed itself after a failure. The head may be another afterwards;
    /// read on from there to know whether an event whose fate was unknown stands.
    ///
    /// The default does nothing, for journals that never close.
    ///
    /// # Errors
    ///
    /// When it stays closed.
    fn reopen(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

impl<J: Journal + ?Sized> Journal for Arc<J> {
    fn append(&self, expected_head: u64, draft: NewEvent) -> Result<Event, AppendError> {
        (**self).append(expected_head, draft)
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
