//! Durations as text: `72h`, `14d`, `5m`.

use std::time::Duration;

use super::clock::millis;

const DAY_MS: u64 = 86_400_000;

const UNITS: [(u64, &str); 5] = [
    (DAY_MS, "d"),
    (3_600_000, "h"),
    (60_000, "m"),
    (1_000, "s"),
    (1, "ms"),
];

/// The duration, to the millisecond, in the largest unit that is exact. One day is `24h`.
pub(crate) fn write(duration: Duration) -> String {
    match millis(duration) {
        0 => "0s".to_owned(),
        DAY_MS => "24h".to_owned(),
        ms => {
            let exact = |(unit, _): &&(u64, &str)| ms.is_multiple_of(*unit);
            let (unit, name) = UNITS.iter().find(exact).unwrap_or(&(1, "ms"));
            format!("{}{name}", ms / unit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_the_largest_exact_unit() {
        for (ms, text) in [
            (0, "0s"),
            (1, "1ms"),
            (90_000, "90s"),
            (300_000, "5m"),
            (3_600_000, "1h"),
            (DAY_MS, "24h"),
            (3 * DAY_MS / 2, "36h"),
            (14 * DAY_MS, "14d"),
        ] {
            assert_eq!(write(Duration::from_millis(ms)), text);
        }
    }
}
