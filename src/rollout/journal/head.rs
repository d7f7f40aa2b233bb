//! The head of a journal, and waiting for it to move.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A head with a lock of its own, so that reading it never waits for a disk.
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

    /// Waits until the head is beyond a number or the timeout is over, and returns it.
    pub(super) fn wait(&self, after: u64, timeout: Duration) -> u64 {
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), timeout, |number| *number <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        // Safe after a panic: a number is always whole.
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
