//! Time, as the application sees it.

use std::time::{Duration, Instant};

/// A monotonic clock; tests bring one that they move by hand.
pub(crate) trait Clock: Send + Sync {
    /// Time since a start of the clock's own choosing.
    fn now(&self) -> Duration;
}

/// The clock of the machine.
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
