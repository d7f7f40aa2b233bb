//! The clock of the rollout, which runs fast while all wait, and stands while somebody acts.

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

/// Real time, so many times as fast, in the steps of the keeper that ticks it.
///
/// It is the first work of its keeper, and counts no more of real time at a tick than [`FastClock::MOST`]: on a machine that
/// stalls, rollout time stands still, where a clock that ran on would make hours in which nobody watched out of a moment.
/// While it is held, whatever is asked of the rollout is asked at one moment, with all that is periodic done up to it.
#[derive(Debug)]
pub(crate) struct FastClock {
    start_unix_ms: u64,
    factor: u32,
    elapsed_ms: AtomicU64,
    /// When it was last ticked; `None` while it is held.
    ticked: Mutex<Option<Instant>>,
    /// How many rounds of its keeper have ended.
    rounds: watch::Sender<u64>,
}

/// The last work of the keeper: a round has ended.
pub(crate) struct RoundEnd(pub(crate) Arc<FastClock>);

impl FastClock {
    /// The most of real time that counts at one tick.
    const MOST: Duration = Duration::from_millis(100);

    /// A clock that shows the present time, and stands.
    pub(crate) fn new(factor: u32) -> Self {
        Self {
            start_unix_ms: SystemClock::new().unix_ms(),
            factor,
            elapsed_ms: AtomicU64::new(0),
            ticked: Mutex::new(None),
            rounds: watch::Sender::default(),
        }
    }

    /// The furthest it goes at one tick.
    pub(crate) fn leap(&self) -> Duration {
        Self::MOST * self.factor
    }

    /// Lets time pass from now on.
    pub(crate) fn run(&self) {
        *self.ticked() = Some(Instant::now());
    }

    /// Stops time, and waits until all periodic work is done up to this moment.
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
