//! Lengths of time as a policy writes them: `72h`, `14d`, `1h 30m`.

use std::time::Duration;

use crate::time::millis;

const UNITS: [(u64, &str); 5] = [
    (86_400_000, "d"),
    (3_600_000, "h"),
    (60_000, "m"),
    (1_000, "s"),
    (1, "ms"),
];

pub(crate) fn read(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

/// The length in the largest unit in which it is a whole number of at least two, or else in the largest.
pub(crate) fn write(length: Duration) -> String {
    let ms = millis(length);
    let whole = UNITS.iter().filter(|(unit, _)| ms.is_multiple_of(*unit));
    let found = whole
        .clone()
        .find(|(unit, _)| ms / unit > 1)
        .or_else(|| whole.clone().find(|(unit, _)| ms >= *unit));
    found.map_or_else(
        || "0s".to_owned(),
        |(unit, name)| format!("{}{name}", ms / unit),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_is_written_as_people_write_it() {
        for text in ["24h", "14d", "72h", "30m", "90s", "0s", "1ms", "30d"] {
            let length = read(text).unwrap();
            let again = read(&write(length)).unwrap();
            assert_eq!(again, length, "{text}");
        }
        assert_eq!(write(Duration::from_secs(86_400)), "24h");
        assert_eq!(write(Duration::from_secs(14 * 86_400)), "14d");
    }

    proptest! {
        #[test]
        fn every_length_in_milliseconds_reads_back(ms in 0..=10_000_000_000_u64) {
            let length = Duration::from_millis(ms);
            prop_assert_eq!(read(&write(length)), Some(length));
        }
    }
}
