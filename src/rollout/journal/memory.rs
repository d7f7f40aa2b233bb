//! A journal in memory.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    error::{AppendError, Conflict, ReadError},
    journal::{Journal, WatchedHead},
    reader::encode,
};
use crate::rollout::event::{Event, Head, NewEvent};

/// A journal in memory, for tests and for rollouts that need no record.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::rollout::{event::Head, journal::{Journal, MemoryJournal}};
///
/// let journal = MemoryJournal::new();
/// assert_eq!(journal.head()?, Head::NONE);
/// assert!(journal.read(0, 10)?.is_empty());
/// assert_eq!(journal.wait(0, Duration::ZERO)?.seq, 0);
/// # Ok::<(), legacy_http_compat::rollout::journal::ReadError>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryJournal {
    events: Mutex<Vec<Event>>,
    head: WatchedHead,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        // Safe after a panic: the vector holds whole events only.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError> {
        let mut events = self.events();
        let head = self.head.get();
        if head != expected {
            let events = after(&events, expected.seq, Conflict::MAX_EVENTS);
            return Err(Conflict::new(expected.seq, head, events).into());
        }
        let event = event.numbered(head.seq + 1);
        // The hash that a file would have.
        let (_, hash) =
            encode(&event, head.hash).map_err(|error| AppendError::NotWritten(error.into()))?;
        let event = Event { hash, ..event };
        events.push(event.clone());
        self.head.set(event.head());
        Ok(event)
    }

    fn read(&self, position: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        Ok(after(&self.events(), position, limit))
    }

    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.head.get())
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        Ok(self.head.wait(after, timeout))
    }
}

fn after(events: &[Event], position: u64, limit: usize) -> Vec<Event> {
    let skipped = usize::try_from(position).unwrap_or(usize::MAX);
    events.iter().skip(skipped).take(limit).cloned().collect()
}
