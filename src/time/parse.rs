//! Timestamps and durations from text.
//!
//! `humantime` parses both and has no dependencies; `jiff` and `time` bring calendars and time zones, and `httpdate` has
//! no milliseconds.

use std::{
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{clock::millis, timestamp::Timestamp};

/// A text that is not an RFC 3339 time in UTC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an RFC 3339 time in UTC such as 2026-03-01T12:00:00Z")]
pub struct InvalidTimestamp {
    /// At most its first 40 characters.
    text: String,
}

/// A duration such as `72h`, `14d` or `1h 30m`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Parses RFC 3339 with the offset `Z`, truncated to milliseconds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unix_ms = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(millis);
        humantime::parse_rfc3339(text)
            .ok()
            .and_then(unix_ms)
            .filter(|unix_ms| *unix_ms <= Self::MAX.unix_ms())
            .map(Self::from_unix_ms)
            .ok_or_else(|| InvalidTimestamp {
                text: text.chars().take(40).collect(),
            })
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::duration_text;

    #[test]
    fn a_text_that_is_not_a_utc_time_is_named_in_the_error() {
        for text in [
            "",
            "now",
            "2026-03-01",
            "2026-03-01T12:00:00+01:00",
            "1969-12-31T23:59:59Z",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{text:?} is not")));
        }
    }

    proptest! {
        #[test]
        fn every_timestamp_is_formatted_as_humantime_does_and_parses_back(unix_ms in 0..=Timestamp::MAX.unix_ms()) {
            let timestamp = Timestamp::from_unix_ms(unix_ms);
            let time = UNIX_EPOCH + Duration::from_millis(unix_ms);
            let text = timestamp.to_string();
            prop_assert_eq!(&text, &humantime::format_rfc3339_millis(time).to_string());
            prop_assert_eq!(text.parse(), Ok(timestamp));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9TZ:.+-]{0,30}") {
            let _ = text.parse::<Timestamp>();
        }

        #[test]
        fn every_duration_in_milliseconds_parses_back(ms in 0..=10_000_000_000_u64) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&duration_text::write(duration)), Some(duration));
        }
    }
}
