//! What event streams wait for: one task looks at the journal for all of them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::spawn_blocking,
    time::sleep,
};

use super::totals::Totals;
use crate::{rollout::Rollout, time::Clock};

/// What is new. Streams read the records themselves, each from where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    /// The head of the journal.
    pub(crate) head: u64,
    /// The last totals, as JSON, and how many there were before them.
    pub(crate) totals: Option<Arc<str>>,
    pub(crate) rounds: u64,
    /// Streams are to end.
    pub(crate) closed: bool,
}

/// Tells streams what is new, as long as there are any.
#[derive(Debug)]
pub(crate) struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    news: watch::Sender<News>,
    places: Arc<Semaphore>,
    /// Whether there is a task. Whoever comes or goes holds the lock, so that none is missed and there are never two.
    running: Mutex<bool>,
}

/// A place among the streams.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) news: watch::Receiver<News>,
    _place: OwnedSemaphorePermit,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    Full,
    Closed,
}

impl Feed {
    /// So many streams at a time.
    pub(crate) const MOST: usize = 64;

    /// How often the totals are told, in real time.
    pub(crate) const EVERY: Duration = Duration::from_secs(2);

    /// How long the journal is waited for at a time: a thread hangs no longer when all is over.
    const PATIENCE: Duration = Duration::from_millis(400);

    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            news: watch::Sender::new(News::default()),
            places: Arc::new(Semaphore::new(Self::MOST)),
            running: Mutex::new(false),
        }))
    }

    /// A place for a stream, held until the subscription is dropped.
    pub(crate) fn subscribe(
        &self,
        rollout: &Arc<Rollout>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Subscription, NoPlace> {
        let place = Arc::clone(&self.0.places).try_acquire_owned();
        let place = place.map_err(|_| NoPlace::Full)?;
        let mut running = self.0.running();
        if self.0.news.borrow().closed {
            return Err(NoPlace::Closed);
        }
        let news = self.0.news.subscribe();
        if !*running {
            *running = true;
            let watcher = Watcher {
                inner: Arc::clone(&self.0),
                rollout: Arc::clone(rollout),
                clock: Arc::clone(clock),
                told: None,
                cut_off: true,
            };
            tokio::spawn(watcher.run());
        }
        Ok(Subscription {
            news,
            _place: place,
        })
    }

    /// Ends all streams, and lets none begin.
    pub(crate) fn close(&self) {
        self.0.news.send_modify(|news| news.closed = true);
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, bool> {
        // It is one word, whole whatever became of the thread that held the lock.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task: it lives as long as there are streams.
struct Watcher {
    inner: Arc<Inner>,
    rollout: Arc<Rollout>,
    clock: Arc<dyn Clock>,
    /// When the totals were last told.
    told: Option<Instant>,
    /// Whether the task ends without having said so, as when its runtime does.
    cut_off: bool,
}

/// What one look has found.
struct Found {
    head: Option<u64>,
    totals: Option<String>,
}

impl Watcher {
    async fn run(mut self) {
        while self.is_wanted() {
            let due = self.told.is_none_or(|told| told.elapsed() >= Feed::EVERY);
            if due {
                self.told = Some(Instant::now());
            }
            let found = self.look(due).await;
            let failed = found.head.is_none();
            self.tell(found);
            if failed {
                // A journal that cannot be read is no reason to turn round without rest.
                sleep(Feed::PATIENCE).await;
            }
        }
    }

    /// Whether anybody listens. If not, the next to come starts another task.
    fn is_wanted(&mut self) -> bool {
        let mut running = self.inner.running();
        let wanted = self.inner.news.receiver_count() > 0 && !self.inner.news.borrow().closed;
        if !wanted {
            *running = false;
            self.cut_off = false;
        }
        wanted
    }

    async fn look(&self, due: bool) -> Found {
        let (rollout, clock) = (Arc::clone(&self.rollout), Arc::clone(&self.clock));
        let after = self.inner.news.borrow().head;
        let patience = if due { Duration::ZERO } else { Feed::PATIENCE };
        let look = spawn_blocking(move || Found {
            head: rollout.journal().wait(after, patience).ok(),
            totals: due.then(|| json(&Totals::now(&rollout, &*clock))).flatten(),
        });
        // A look that panicked has found nothing.
        look.await.unwrap_or(Found {
            head: None,
            totals: None,
        })
    }

    fn tell(&self, found: Found) {
        self.inner.news.send_if_modified(|news| {
            let head = found.head.unwrap_or(news.head);
            let moved = head != news.head;
            news.head = head;
            let Some(totals) = found.totals else {
                return moved;
            };
            news.totals = Some(totals.into());
            news.rounds += 1;
            true
        });
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if self.cut_off {
            *self.inner.running() = false;
        }
    }
}

fn json(totals: &Totals) -> Option<String> {
    let json = serde_json::to_string(totals);
    json.map_err(|error| tracing::error!(%error, "totals could not be written"))
        .ok()
}
