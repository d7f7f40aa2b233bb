//! The journal of one flag in the database.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    error::{StoreError, StoreErrorKind},
    follower::Followed,
    rows::{Appended, NewLine},
    shared::Shared,
};
use crate::rollout::{
    event::{Event, Head, NewEvent},
    journal::{
        AppendAttempt, AppendError, AttemptId, Conflict, Journal, JournalSync, ReadError,
        reader::{MAX_LINE, encode},
    },
};

/// The journal of one flag in a [`PostgresStore`](super::PostgresStore), which many instances share.
///
/// Reading, the head and waiting are of the local copy of verified lines, and never wait for the server. An appended event
/// is acknowledged once the server has synced it. A statement whose response is lost is
/// [undecided](AppendError::Undecided); the same attempt, tried again, decides it.
pub struct PostgresJournal {
    shared: Arc<Shared>,
    followed: Arc<Followed>,
    /// The attempts whose last try has no known end.
    undecided: Mutex<BTreeSet<AttemptId>>,
}

/// The most attempts without a known end that are remembered.
const MAX_UNDECIDED: usize = 1024;

/// How long the events since a conflict may take to be read.
const READ_PATIENCE: Duration = Duration::from_secs(1);

impl PostgresJournal {
    pub(super) fn new(shared: Arc<Shared>, followed: Arc<Followed>) -> Self {
        Self {
            shared,
            followed,
            undecided: Mutex::default(),
        }
    }

    /// Reads the database now, and compares all lines with the local copy.
    ///
    /// # Errors
    ///
    /// When the server does not respond in time, or a line is not as it was written.
    pub fn verify(&self, patience: Duration) -> Result<Head, StoreError> {
        self.shared.read(&self.followed, patience)?;
        self.shared.audit(&self.followed, patience)?;
        self.followed.mirror.check().map_err(StoreError::journal)?;
        Ok(self.followed.mirror.head())
    }

    /// The conflict with what the database has.
    fn conflict(&self, expected: Head, left: Duration) -> AppendError {
        // As far as it can be read.
        let read = self.shared.read(&self.followed, left.min(READ_PATIENCE));
        if let Err(error) = read
            && *error.kind() == StoreErrorKind::Journal
        {
            return AppendError::NotWritten(error.into());
        }
        let head = self.followed.mirror.head();
        if head == expected {
            // Only a statement that came too late finds the expected head, and has no effect.
            let late = StoreError::because(StoreErrorKind::Refused, "the statement came too late");
            return AppendError::NotWritten(late.into());
        }
        let events = self
            .followed
            .mirror
            .after(expected.seq, Conflict::MAX_EVENTS);
        Conflict::new(expected.seq, head, events).into()
    }

    /// The error of a try that failed.
    fn failed(&self, attempt: AttemptId, error: StoreError) -> AppendError {
        let mut undecided = self.undecided();
        if error.is_certain() && !undecided.contains(&attempt) {
            return AppendError::NotWritten(error.into());
        }
        if undecided.len() >= MAX_UNDECIDED {
            undecided.pop_first();
        }
        undecided.insert(attempt);
        AppendError::Undecided(error.into())
    }

    /// The event of an attempt that had succeeded before.
    fn found(&self, seq: u64, attempt: AttemptId, left: Duration) -> Result<Event, AppendError> {
        let unread = |error| self.failed(attempt, error);
        if self.followed.mirror.head().seq < seq {
            self.shared.read(&self.followed, left).map_err(unread)?;
        }
        let event = self.followed.mirror.event(seq);
        let missing = || StoreError::new(StoreErrorKind::Broken);
        event.ok_or_else(|| self.failed(attempt, missing()))
    }

    fn undecided(&self) -> MutexGuard<'_, BTreeSet<AttemptId>> {
        self.undecided
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for PostgresJournal {
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError> {
        self.append_attempt(expected, event, AppendAttempt::default())
    }

    fn append_attempt(
        &self,
        expected: Head,
        event: NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        let until = Instant::now() + attempt.patience;
        let left = || until.saturating_duration_since(Instant::now());
        let event = event.numbered(expected.seq + 1);
        let encoded = encode(&event, expected.hash);
        let (line, hash) = encoded.map_err(|error| AppendError::NotWritten(error.into()))?;
        if line.len() > MAX_LINE {
            let (bytes, most) = (line.len(), MAX_LINE);
            return Err(AppendError::TooLarge { bytes, most });
        }
        let event = Event { hash, ..event };
        let new_line = NewLine {
            flag: self.followed.flag.clone(),
            expected,
            head: event.head(),
            attempt: attempt.id,
            line: line.clone(),
            patience: attempt.patience,
        };
        let appended = self.shared.call(attempt.patience, |live| async move {
            new_line.append(&live).await
        });
        match appended {
            Ok(Appended::Now) => {
                self.undecided().remove(&attempt.id);
                self.followed.mirror.push(expected, &event, &line);
                Ok(event)
            }
            Ok(Appended::Before(seq)) => {
                let event = self.found(seq, attempt.id, left())?;
                self.undecided().remove(&attempt.id);
                Ok(event)
            }
            Ok(Appended::Conflict) => {
                self.undecided().remove(&attempt.id);
                Err(self.conflict(expected, left()))
            }
            Err(error) => Err(self.failed(attempt.id, error)),
        }
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        Ok(self.followed.mirror.after(after, limit))
    }

    fn read_after(&self, known: Head, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.followed.mirror.check()?;
        self.read(known.seq, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.followed.mirror.head())
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        Ok(self.followed.mirror.wait(after, timeout))
    }

    fn sync_state(&self) -> JournalSync {
        self.followed.mirror.sync_state()
    }
}

impl fmt::Debug for PostgresJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresJournal")
            .field("flag", &self.followed.flag)
            .field("head", &self.followed.mirror.head())
            .finish_non_exhaustive()
    }
}
