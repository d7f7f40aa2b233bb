//! The time window of a report.

use std::{fmt, time::Duration};

use crate::time::{duration_text, millis};

/// A window that ends now: at least a millisecond, at most 30 days.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::census::Window;
///
/// let fortnight = Window::new(Duration::from_secs(14 * 86_400))?;
/// assert!(fortnight > Window::WEEK);
/// assert_eq!(Window::DAY.label(), "24h");
/// assert!(Window::new(Duration::from_secs(31 * 86_400)).is_err());
/// # Ok::<(), legacy_http_compat::census::WindowError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    ms: u64,
}

/// The duration is shorter than a millisecond or longer than 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a window is 1 ms to 30 days long, not {refused:?}")]
pub struct WindowError {
    refused: Duration,
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Window {
    /// 5 minutes.
    pub const FIVE_MINUTES: Self = Self { ms: 5 * MINUTE };
    /// 1 hour.
    pub const HOUR: Self = Self { ms: HOUR };
    /// 24 hours.
    pub const DAY: Self = Self { ms: DAY };
    /// 7 days.
    pub const WEEK: Self = Self { ms: 7 * DAY };
    /// 30 days, the longest.
    pub const MONTH: Self = Self { ms: 30 * DAY };

    /// The windows that are always reported, shortest first.
    pub const STANDARD: [Self; 5] = [
        Self::FIVE_MINUTES,
        Self::HOUR,
        Self::DAY,
        Self::WEEK,
        Self::MONTH,
    ];

    /// A window of this length, in whole milliseconds.
    ///
    /// # Errors
    ///
    /// When it is shorter than a millisecond or longer than 30 days.
    pub fn new(length: Duration) -> Result<Self, WindowError> {
        let ms = millis(length);
        if ms == 0 || ms > Self::MONTH.ms {
            return Err(WindowError { refused: length });
        }
        Ok(Self { ms })
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_millis(self.ms)
    }

    /// Its length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.ms
    }

    /// Its length in the largest exact unit; `5m`, `1h`, `24h`, `7d` or `30d` for a [standard](Self::STANDARD) one.
    #[must_use]
    pub fn label(self) -> String {
        duration_text::write(self.length())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_windows_have_the_labels_of_the_metrics() {
        let labels = Window::STANDARD.map(Window::label);
        assert_eq!(labels, ["5m", "1h", "24h", "7d", "30d"]);
    }

    #[test]
    fn a_length_outside_the_bounds_is_named_in_the_error() {
        assert!(Window::new(Duration::ZERO).is_err());
        assert!(Window::new(Duration::MAX).is_err());
        let error = Window::new(Duration::from_micros(9)).unwrap_err();
        assert!(error.to_string().contains("9µs"), "{error}");
    }
}
