//! The store's time in this process.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::time::{Clock, millis};

/// The clock of a merged census: its monotonic reading is the store's time, and its wall reading the store's clock.
///
/// Between two readings of the store it goes on as the monotonic clock of this process does. It never goes back.
#[derive(Debug)]
pub(super) struct StoreClock {
    local: Arc<dyn Clock>,
    read: Mutex<Reading>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    /// When, by the monotonic clock of this process.
    at: u64,
    time: u64,
    wall: u64,
}

impl StoreClock {
    pub(super) fn new(local: Arc<dyn Clock>) -> Self {
        let read = Mutex::default();
        Self { local, read }
    }

    /// Takes the time and the clock of the store, as they were read just now.
    pub(super) fn set(&self, time: u64, wall: u64) {
        let at = millis(self.local.monotonic());
        let mut read = self.read();
        let shown = read.time + (at - read.at.min(at));
        *read = Reading {
            at,
            time: time.max(shown),
            wall,
        };
    }

    fn read(&self) -> MutexGuard<'_, Reading> {
        // Safe after a panic: it is replaced whole.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Reading {
        let read = *self.read();
        let passed = millis(self.local.monotonic()).saturating_sub(read.at);
        Reading {
            at: read.at,
            time: read.time + passed,
            wall: read.wall + passed,
        }
    }
}

impl Clock for StoreClock {
    fn unix_ms(&self) -> u64 {
        self.now().wall
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now().time)
    }
}
