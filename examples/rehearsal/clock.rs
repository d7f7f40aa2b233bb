//! The clock of the rollout: it runs fast while time passes, and is held while clients and operator act.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use legacy_http_compat::{
    time::{Clock, SystemClock},
    worker::Tick,
};
use tokio::sync::watch;

/// Real time multiplied by a factor, advanced by the ticks of its worker.
///
/// It is the first task of the worker, and advances at most by [`FastClock::MOST`] of real time per tick: a stalled machine
/// stops rollout time, and does not turn a moment into hours without observation. While the clock is held, all requests
/// to the rollout happen at one moment, and all periodic work is done up to that moment.
#[derive(Debug)]
pub(crate) struct FastClock {
    start_unix_ms: u64,
    factor: u32,
    elapsed_ms: AtomicU64,
    /// The last tick; `None` while the clock is held.
    ticked: Mutex<Option<Instant>>,
    /// The number of completed rounds of the worker.
    rounds: watch::Sender<u64>,
}

/// The last task of the worker, which completes a round.
pub(crate) struct RoundEnd(pub(crate) Arc<FastClock>);

impl FastClock {
    /// The most real time that one tick adds.
    const MOST: Duration = Duration::from_millis(100);

    /// A clock that is held at the current time.
    pub(crate) fn new(factor: u32) -> Self {
        Self {
            start_unix_ms: SystemClock::new().unix_ms(),
            factor,
            elapsed_ms: AtomicU64::new(0),
            ticked: Mutex::new(None),
            rounds: watch::Sender::default(),
        }
    }

    /// The most rollout time that one tick adds.
    pub(crate) fn leap(&self) -> Duration {
        Self::MOST * self.factor
    }

    /// Starts the clock.
    pub(crate) fn run(&self) {
        *self.ticked() = Some(Instant::now());
    }

    /// Holds the clock, and waits until all periodic work is done up to this moment.
    pub(crate) async fn hold(&self) {
        *self.ticked() = None;
        let mut rounds = self.rounds.subscribe();
        rounds.changed().await.expect("the clock has the other end");
    }

    fn advance(&self, real: Duration) {
        let ahead = real.min(Self::MOST) * self.factor;
        let ahead = u64::try_from(ahead.as_millis()).expect("a leap is short");
        // Relaxed here and below: a reading says nothing about other memory.
        self.elapsed_ms.fetch_add(ahead, Ordering::Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms.load(Ordering::Relaxed)
    }

    fn ticked(&self) -> MutexGuard<'_, Option<Instant>> {
        self.ticked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for FastClock {
    fn unix_ms(&self) -> u64 {
        self.start_unix_ms + self.elapsed_ms()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms())
    }
}

impl Tick for FastClock {
    fn tick(&self) {
        let mut ticked = self.ticked();
        if let Some(last) = *ticked {
            let now = Instant::now();
            self.advance(now - last);
            *ticked = Some(now);
        }
    }
}

impl Tick for RoundEnd {
    fn tick(&self) {
        self.0.rounds.send_modify(|rounds| *rounds += 1);
    }
}
