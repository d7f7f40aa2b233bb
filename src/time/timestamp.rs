//! Moments as the journal writes them.
//!
//! `humantime` reads and writes RFC 3339: it has no dependencies and does no more than is wanted here, where `jiff` and
//! `time` bring calendars and zones. `httpdate`, which the crate has anyway, knows no milliseconds.

use std::{
    error::Error,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::time::{Clock, millis};

/// A moment in UTC, in whole milliseconds from 1970 to the end of the year 9999.
///
/// ```
/// use legacy_http_compat::time::Timestamp;
///
/// let moment: Timestamp = "2026-03-01T12:00:00Z".parse()?;
/// assert_eq!(moment.to_string(), "2026-03-01T12:00:00.000Z");
/// assert_eq!(Timestamp::from_unix_ms(moment.unix_ms()), moment);
/// # Ok::<(), legacy_http_compat::time::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// A text that is no RFC 3339 time in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp {
    text: String,
}

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(0);

    /// 9999-12-31T23:59:59.999Z, the last moment that RFC 3339 can write.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The moment so many milliseconds after the Unix epoch; [`Timestamp::MAX`] for later ones.
    #[must_use]
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        if unix_ms < Self::MAX.0 {
            Self(unix_ms)
        } else {
            Self::MAX
        }
    }

    /// What the wall clock shows now.
    #[must_use]
    pub fn now(clock: &dyn Clock) -> Self {
        Self::from_unix_ms(clock.unix_ms())
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// The time from an earlier moment to this one; zero where that one is later, as after a jump of the clock.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment so much later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_unix_ms(self.0.saturating_add(millis(duration)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_millis(self.0);
        fmt::Display::fmt(&humantime::format_rfc3339_millis(time), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339 with the offset `Z`; what is finer than a millisecond is left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let since_epoch =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(millis).map(Self);
        humantime::parse_rfc3339(text)
            .ok()
            .and_then(since_epoch)
            .filter(|moment| *moment <= Self::MAX)
            .ok_or_else(|| InvalidTimestamp::new(text))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl InvalidTimestamp {
    /// The offending text, the first 40 characters of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn new(text: &str) -> Self {
        Self {
            text: text.chars().take(40).collect(),
        }
    }
}

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no time such as 2026-03-01T12:00:00Z (RFC 3339, in UTC)",
            self.text
        )
    }
}

impl Error for InvalidTimestamp {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_beyond_the_year_9999_are_its_end() {
        assert_eq!(Timestamp::from_unix_ms(u64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.plus(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_earlier_moment_is_no_time_after_a_later_one() {
        let late = Timestamp::from_unix_ms(5_000);
        assert_eq!(Timestamp::MIN.since(late), Duration::ZERO);
        assert_eq!(late.since(Timestamp::MIN), Duration::from_secs(5));
    }

    #[test]
    fn what_is_no_utc_time_is_refused_with_the_text() {
        for text in [
            "",
            "now",
            "2026-03-01",
            "2026-03-01T12:00:00+01:00",
            "1969-12-31T23:59:59Z",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(error.text(), text);
        }
    }

    proptest! {
        #[test]
        fn every_moment_reads_back_as_it_was_written(unix_ms in 0..=Timestamp::MAX.0) {
            let moment = Timestamp::from_unix_ms(unix_ms);
            prop_assert_eq!(moment.to_string().parse::<Timestamp>(), Ok(moment));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}|[0-9TZ:.+-]{0,30}") {
            let _ = text.parse::<Timestamp>();
        }
    }
}
