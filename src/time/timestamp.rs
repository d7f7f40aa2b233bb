//! Moments in UTC.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use super::clock::{Clock, millis};

/// A moment in UTC, in whole milliseconds from 1970 to the end of the year 9999.
///
/// Displayed and serialized as RFC 3339. Feature `rollout` adds parsing.
///
/// ```
/// use legacy_http_compat::time::Timestamp;
///
/// let moment = Timestamp::from_unix_ms(1_772_366_400_000);
/// assert_eq!(moment.to_string(), "2026-03-01T12:00:00.000Z");
/// assert_eq!(Timestamp::from_unix_ms(moment.unix_ms()), moment);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(0);

    /// 9999-12-31T23:59:59.999Z, the last moment that RFC 3339 can express.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The moment this many milliseconds after the Unix epoch, at most [`Timestamp::MAX`].
    #[must_use]
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        if unix_ms < Self::MAX.0 {
            Self(unix_ms)
        } else {
            Self::MAX
        }
    }

    /// The wall clock's present reading.
    #[must_use]
    pub fn now(clock: &dyn Clock) -> Self {
        Self::from_unix_ms(clock.unix_ms())
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// The time since an earlier moment; zero if `earlier` is later, as after a clock jump.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment this much later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_unix_ms(self.0.saturating_add(millis(duration)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let ms = ms % 1_000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
/// Years begin in March here, so that the leap day is the last.
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = 400 * era + year_of_era + (month <= 2) as u64;
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_beyond_the_year_9999_are_clamped() {
        assert_eq!(Timestamp::from_unix_ms(u64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.plus(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn the_time_since_a_later_moment_is_zero() {
        let late = Timestamp::from_unix_ms(5_000);
        assert_eq!(Timestamp::MIN.since(late), Duration::ZERO);
        assert_eq!(late.since(Timestamp::MIN), Duration::from_secs(5));
    }
}
