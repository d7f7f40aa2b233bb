//! Time, as the application sees it.

use std::time::Duration;

/// A monotonic clock: the machine's in `main`, in tests one that they move by hand.
pub(crate) trait Clock: Send + Sync {
    /// Time since a start of the clock's own choosing.
    fn now(&self) -> Duration;
}
