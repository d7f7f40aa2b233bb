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
    /// When, by the monotonic clock of this process; `None` before the first reading. Until then it stands still.
    at: Option<u64>,
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
        let shown = self.now();
        let mut read = self.read();
        let at = Some(millis(self.local.monotonic()));
        *read = Reading {
            at,
            time: time.max(shown.time),
            wall,
        };
    }

    fn read(&self) -> MutexGuard<'_, Reading> {
        // Safe after a panic: it is replaced whole.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Reading {
        let read = *self.read();
        let now = millis(self.local.monotonic());
        let passed = read.at.map_or(0, |at| now.saturating_sub(at));
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
