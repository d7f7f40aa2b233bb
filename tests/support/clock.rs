//! A clock that only the test moves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::core_app::clock::Clock;

/// Clones show the same time.
#[derive(Clone, Default)]
pub(crate) struct ManualClock {
    millis: Arc<AtomicU64>,
}

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).expect("a test moves by less than an age");
        // Relaxed: the sockets between the test and the server order everything that matters.
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }
}
