//! Clocks.
//!
//! A [`Clock`] has two readings: the wall clock, which may jump, and a monotonic one, which only measures elapsed time.
//! Comparing the two reveals a jump.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Wall time and elapsed time.
///
/// ```
/// use legacy_http_compat::time::{Clock, SystemClock};
///
/// let clock: &dyn Clock = &SystemClock::new();
/// assert!(clock.unix_ms() > 1_700_000_000_000);
/// assert!(clock.monotonic() <= clock.monotonic());
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// Milliseconds since the Unix epoch (UTC). May jump either way.
    fn unix_ms(&self) -> u64;

    /// The time elapsed since a fixed moment in the life of this clock. Never goes back.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the operating system.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Instant,
}

/// A clock that moves only by its methods, for tests.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::time::{Clock, ManualClock};
///
/// let clock = ManualClock::new(1_000);
/// clock.advance(Duration::from_millis(500));
/// assert_eq!(clock.unix_ms(), 1_500);
/// clock.set_unix_ms(200);
/// assert_eq!(clock.monotonic(), Duration::from_millis(500), "only the wall clock jumped");
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    unix_ms: AtomicU64,
    monotonic_ms: AtomicU64,
}

impl SystemClock {
    /// The operating system's clocks; the monotonic reading starts at zero here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        // A clock set before 1970 reads as 1970: a jump like any other.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, millis)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

impl ManualClock {
    /// A clock with this wall reading, in milliseconds since the Unix epoch, and a monotonic reading of zero.
    #[must_use]
    pub const fn new(unix_ms: u64) -> Self {
        Self {
            unix_ms: AtomicU64::new(unix_ms),
            monotonic_ms: AtomicU64::new(0),
        }
    }

    /// Advances both readings, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        // Relaxed here and below: a reading orders no other memory.
        self.unix_ms.fetch_add(millis(by), Ordering::Relaxed);
        self.monotonic_ms.fetch_add(millis(by), Ordering::Relaxed);
    }

    /// Sets the wall clock, forward or back.
    pub fn set_unix_ms(&self, unix_ms: u64) {
        self.unix_ms.store(unix_ms, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn unix_ms(&self) -> u64 {
        self.unix_ms.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic_ms.load(Ordering::Relaxed))
    }
}

/// Whole milliseconds, without the 128-bit arithmetic of [`Duration::as_millis`].
pub(crate) fn millis(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1_000)
        .saturating_add(u64::from(duration.subsec_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_its_methods() {
        let clock = ManualClock::new(7);
        assert_eq!((clock.unix_ms(), clock.monotonic()), (7, Duration::ZERO));
        clock.advance(Duration::from_secs(2));
        clock.advance(Duration::from_secs(1));
        clock.set_unix_ms(5);
        assert_eq!(
            (clock.unix_ms(), clock.monotonic()),
            (5, Duration::from_secs(3))
        );
    }

    #[test]
    fn milliseconds_of_an_endless_duration_saturate() {
        assert_eq!(millis(Duration::MAX), u64::MAX);
        assert_eq!(millis(Duration::from_micros(1_500)), 1);
    }
}
