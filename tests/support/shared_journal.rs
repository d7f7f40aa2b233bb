//! A journal of several instances in memory, with a store that can be away, hang, be slow, and lose what it had.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use legacy_http_compat::rollout::{
    event::{Event, Head, NewEvent},
    journal::{
        AppendAttempt, AppendError, AttemptId, Conflict, Fork, Journal, JournalSync, MemoryJournal,
        ReadError,
    },
};

/// The store that instances share.
#[derive(Debug, Default)]
pub(crate) struct SharedStore(Mutex<Stored>);

#[derive(Debug, Default)]
struct Stored {
    journal: MemoryJournal,
    attempts: HashMap<AttemptId, Event>,
}

/// What is between an instance and the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    #[default]
    Works,
    /// Refused at once.
    Away,
    /// No response, and what was sent is lost.
    Hangs,
    /// No response, and what was sent stands.
    AnswerLost,
}

/// The journal of one instance: its copy of what the store has, and its link.
#[derive(Debug, Default)]
pub(crate) struct SharedJournal {
    store: Arc<SharedStore>,
    copy: Mutex<Vec<Event>>,
    fork: Mutex<Option<Fork>>,
    link: Mutex<Link>,
    /// Whether the link works again after the next append.
    once: AtomicBool,
    /// Held by a test to let appends wait.
    gate: Mutex<()>,
    patience: Mutex<Vec<Duration>>,
}

impl SharedStore {
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap()
    }

    /// The journal of a further instance.
    pub(crate) fn join(self: &Arc<Self>) -> Arc<SharedJournal> {
        Arc::new(SharedJournal {
            store: Arc::clone(self),
            ..SharedJournal::default()
        })
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.stored().journal.read(0, 10_000).unwrap()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        let events = self.events().into_iter();
        events.filter(|event| event.payload.name() == name).count()
    }

    /// Loses an event and all after it.
    pub(crate) fn lose_from(&self, seq: u64) {
        let events = self.events().into_iter();
        self.refill(events.take_while(|event| event.seq < seq));
    }

    /// Replaces an event, and all hashes after it.
    pub(crate) fn replace(&self, seq: u64, reason: &str) {
        let mut events = self.events();
        let event = events.iter_mut().find(|event| event.seq == seq).unwrap();
        event.reason = reason.parse().unwrap();
        self.refill(events.into_iter());
    }

    fn refill(&self, events: impl Iterator<Item = Event>) {
        let journal = MemoryJournal::new();
        for event in events {
            let new = NewEvent::new(event.at, event.actor, event.reason, event.payload);
            journal.append(journal.head().unwrap(), new).unwrap();
        }
        *self.stored() = Stored {
            journal,
            attempts: HashMap::new(),
        };
    }
}

impl SharedJournal {
    pub(crate) fn set(&self, link: Link) {
        *self.link.lock().unwrap() = link;
        self.once.store(false, Ordering::SeqCst);
    }

    /// Sets a link that works again after the next append.
    pub(crate) fn set_once(&self, link: Link) {
        self.set(link);
        self.once.store(true, Ordering::SeqCst);
    }

    /// Lets appends wait until the guard is dropped.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap()
    }

    /// How long each append so far was allowed to take.
    pub(crate) fn patience(&self) -> Vec<Duration> {
        self.patience.lock().unwrap().clone()
    }

    fn link(&self) -> Link {
        *self.link.lock().unwrap()
    }

    /// Takes over what is new, if the copy is a beginning of it.
    fn pull(&self) {
        if self.link() != Link::Works {
            return;
        }
        let (mut copy, found) = (self.copy.lock().unwrap(), self.store.events());
        let known = copy.last().map_or(Head::NONE, Event::head);
        let place = found.get(copy.len().wrapping_sub(1));
        let in_place = place.or(found.last()).map_or(Head::NONE, Event::head);
        if copy.is_empty() || in_place == known {
            *self.fork.lock().unwrap() = None;
            let new = found.into_iter().filter(|event| event.seq > known.seq);
            copy.extend(new);
        } else {
            let found = in_place;
            *self.fork.lock().unwrap() = Some(Fork { known, found });
        }
    }
}

impl Journal for SharedJournal {
    fn append(&self, expected: Head, event: NewEvent) -> Result<Event, AppendError> {
        self.append_attempt(expected, event, AppendAttempt::default())
    }

    fn append_attempt(
        &self,
        expected: Head,
        event: NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        self.patience.lock().unwrap().push(attempt.patience);
        drop(self.hold());
        let link = self.link();
        if self.once.swap(false, Ordering::SeqCst) {
            self.set(Link::Works);
        }
        match link {
            Link::Away => return Err(AppendError::NotWritten("connection refused".into())),
            Link::Hangs => return Err(AppendError::Undecided("no response".into())),
            Link::Works | Link::AnswerLost => {}
        }
        let appended = self.store.append(expected, event, attempt);
        if link == Link::AnswerLost {
            return Err(AppendError::Undecided("no response".into()));
        }
        self.pull();
        appended
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.pull();
        let copy = self.copy.lock().unwrap();
        let events = copy.iter().filter(|event| event.seq > after).take(limit);
        Ok(events.cloned().collect())
    }

    fn head(&self) -> Result<Head, ReadError> {
        self.pull();
        let copy = self.copy.lock().unwrap();
        Ok(copy.last().map_or(Head::NONE, Event::head))
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        let until = Instant::now() + timeout;
        loop {
            let head = self.head()?;
            if head.seq > after || Instant::now() >= until {
                return Ok(head);
            }
            sleep(Duration::from_millis(1));
        }
    }

    fn sync_state(&self) -> JournalSync {
        self.pull();
        if let Some(fork) = *self.fork.lock().unwrap() {
            return JournalSync::Forked(fork);
        }
        match self.link() {
            Link::Works => JournalSync::Current,
            _ => JournalSync::Stale { since: None },
        }
    }
}

impl SharedStore {
    fn append(
        &self,
        expected: Head,
        event: NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        let mut stored = self.stored();
        if let Some(event) = stored.attempts.get(&attempt.id) {
            return Ok(event.clone());
        }
        let head = stored.journal.head().unwrap();
        if head != expected {
            return Err(Conflict::new(expected.seq, head, Vec::new()).into());
        }
        let event = stored.journal.append(expected, event)?;
        stored.attempts.insert(attempt.id, event.clone());
        Ok(event)
    }
}
