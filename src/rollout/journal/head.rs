//! The number of the last event, and those who wait for the next one.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A head of its own lock, so that nobody who asks for it waits for a disk.
#[derive(Debug, Default)]
pub(super) struct Head {
    number: Mutex<u64>,
    moved: Condvar,
}

impl Head {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number: Mutex::new(number),
            moved: Condvar::new(),
        }
    }

    pub(super) fn get(&self) -> u64 {
        *self.lock()
    }

    pub(super) fn set(&self, number: u64) {
        *self.lock() = number;
        self.moved.notify_all();
    }

    /// Waits until the head is beyond a number, at most so long, and returns it.
    pub(super) fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), timeout, |number| *number <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        // A number is whole whatever became of the thread that held the lock.
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
