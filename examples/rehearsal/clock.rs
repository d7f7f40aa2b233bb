//! The clock of the rollout, which runs fast.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use legacy_http_compat::{
    clock::{Clock, SystemClock},
    keeper::Tick,
};

/// Real time, so many times as fast, in the steps of the keeper that ticks it.
///
/// It is the first work of its keeper, and goes no further at a tick than [`FastClock::LEAP`]: on a machine that stalls,
/// rollout time stands still, where a clock that ran on would make hours in which nobody watched out of a moment. Between
/// two ticks it stands, so that its two readings agree however far apart a thread takes them within a tick.
#[derive(Debug)]
pub(crate) struct FastClock {
    start_unix_ms: u64,
    factor: u32,
    elapsed_ms: AtomicU64,
    ticked: Mutex<Instant>,
}

impl FastClock {
    /// The furthest it goes at one tick.
    pub(crate) const LEAP: Duration = Duration::from_secs(15 * 60);

    /// A clock that starts now.
    pub(crate) fn new(factor: u32) -> Self {
        Self {
            start_unix_ms: SystemClock::new().unix_ms(),
            factor,
            elapsed_ms: AtomicU64::new(0),
            ticked: Mutex::new(Instant::now()),
        }
    }

    fn advance(&self, real: Duration) {
        let ahead = real.saturating_mul(self.factor).min(Self::LEAP);
        let ahead = u64::try_from(ahead.as_millis()).expect("a leap is short");
        // Relaxed here and below: a reading says nothing about other memory.
        self.elapsed_ms.fetch_add(ahead, Ordering::Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms.load(Ordering::Relaxed)
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
        let mut ticked = self.ticked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        self.advance(now - *ticked);
        *ticked = now;
    }
}
