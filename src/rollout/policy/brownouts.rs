//! When a brownout may be announced.

use std::time::Duration;

use serde::Serialize;

use super::settings::{out_of_range, write_duration};
use crate::{
    diagnostics::Diagnostics,
    time::{Timestamp, duration_text},
};

/// When a brownout may be announced.
///
/// ```
/// use legacy_http_compat::rollout::policy::Policy;
///
/// let policy = Policy::from_json(r#"{"brownouts": {"share_of_day": 0.02, "notice": "7d"}}"#)?;
/// assert!(!policy.brownouts.weekends);
/// let none = Policy::from_json(r#"{"brownouts": {"share_of_day": 0}}"#)?;
/// assert_eq!(none.brownouts.longest_of_day().as_secs(), 0, "no brownout may be announced");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BrownoutLimits {
    /// The largest share of a day (UTC) that all brownouts may take: 0, for none, to 0.5. By default 0.05, 72 minutes.
    pub share_of_day: f64,
    /// The shortest time between announcement and start: 1 minute to 30 days. By default 24 hours.
    #[serde(serialize_with = "write_duration")]
    pub notice: Duration,
    /// Whether a brownout may be on a Saturday or Sunday (UTC). By default not.
    pub weekends: bool,
}

/// Why a policy does not allow a brownout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BrownoutFault {
    /// It starts too soon; this is the earliest start.
    #[error("it starts too soon: with the notice of the policy not before {0}")]
    Notice(Timestamp),
    /// It is on a Saturday or Sunday; this is the Monday after.
    #[error("it is at a weekend (UTC), which the policy does not allow: not before {0}")]
    Weekend(Timestamp),
    /// All brownouts of a day take too much of it.
    #[error(
        "all brownouts of the day of {day} would take {} of it, and the policy allows {}",
        duration_text::write(*taken),
        duration_text::write(*most)
    )]
    ShareOfDay {
        /// The beginning of the day.
        day: Timestamp,
        /// What they would take.
        taken: Duration,
        /// What they may take.
        most: Duration,
    },
    /// As many are announced as may be at a time.
    #[error("{MAX_PENDING} brownouts are announced, and no more may be at a time")]
    TooMany,
}

const DAY: Duration = Duration::from_secs(86_400);
const DAY_MS: u64 = 86_400_000;

/// The shortest notice: a start of now is none.
const SHORTEST_NOTICE: Duration = Duration::from_secs(60);

const LONGEST_NOTICE: Duration = Duration::from_secs(30 * 86_400);

/// The largest share: above that the flag is off rather than on.
const LARGEST_SHARE: f64 = 0.5;

/// How many brownouts may be announced at a time.
const MAX_PENDING: usize = 64;

impl BrownoutLimits {
    /// The most time of a day (UTC) that all brownouts may take.
    #[must_use]
    pub fn longest_of_day(&self) -> Duration {
        DAY.mul_f64(self.share_of_day.clamp(0.0, 1.0))
    }

    /// The earliest time from which a brownout of this length may start, by notice and weekends.
    #[must_use]
    pub fn earliest_start(&self, now: Timestamp, length: Duration) -> Timestamp {
        let start = now.plus(self.notice);
        match weekend(start, start.plus(length)) {
            Some(monday) if !self.weekends => monday,
            _ => start,
        }
    }

    /// Why a brownout may not be announced now: `others` is what all others take, and so many of them are `pending`.
    pub(in crate::rollout) fn fault(
        &self,
        (start, until): (Timestamp, Timestamp),
        (others, pending): (&[(Timestamp, Timestamp)], usize),
        now: Timestamp,
    ) -> Option<BrownoutFault> {
        let earliest = now.plus(self.notice);
        if start < earliest {
            return Some(BrownoutFault::Notice(earliest));
        }
        let weekend = weekend(start, until).filter(|_| !self.weekends);
        if let Some(monday) = weekend {
            return Some(BrownoutFault::Weekend(monday));
        }
        if pending >= MAX_PENDING {
            return Some(BrownoutFault::TooMany);
        }
        let (most, window) = (self.longest_of_day(), (start, until));
        let days = [start, until].map(|at| at.unix_ms() / DAY_MS);
        days.into_iter().find_map(|day| {
            let all = others.iter().chain([&window]);
            let taken = all.map(|(from, to)| within(day, *from, *to)).sum();
            let day = Timestamp::from_unix_ms(day * DAY_MS);
            (taken > most).then_some(BrownoutFault::ShareOfDay { day, taken, most })
        })
    }

    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        if !(0.0..=LARGEST_SHARE).contains(&self.share_of_day) {
            let expected = "a share from 0, for none, to 0.5";
            out_of_range(diagnostics, "/share_of_day", &self.share_of_day, expected);
        }
        if !(SHORTEST_NOTICE..=LONGEST_NOTICE).contains(&self.notice) {
            let notice = duration_text::write(self.notice);
            out_of_range(diagnostics, "/notice", &notice, "1m to 30d");
        }
    }
}

impl Default for BrownoutLimits {
    fn default() -> Self {
        Self {
            share_of_day: 0.05,
            notice: DAY,
            weekends: false,
        }
    }
}

/// How much of a time falls into a day.
fn within(day: u64, from: Timestamp, to: Timestamp) -> Duration {
    let (start, end) = (day * DAY_MS, (day + 1) * DAY_MS);
    let (from, to) = (from.unix_ms().max(start), to.unix_ms().min(end));
    Duration::from_millis(to.saturating_sub(from))
}

/// The Monday after, if any of a time is on a Saturday or Sunday (UTC).
fn weekend(from: Timestamp, to: Timestamp) -> Option<Timestamp> {
    let last = Timestamp::from_unix_ms(to.unix_ms().saturating_sub(1));
    let days = [from, last].map(|at| at.unix_ms() / DAY_MS);
    // 1970-01-01 was a Thursday; 0 is Monday.
    let weekend = days.into_iter().find(|day| (day + 3) % 7 >= 5)?;
    let monday = weekend + 7 - (weekend + 3) % 7;
    Some(Timestamp::from_unix_ms(monday * DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_weekend_is_saturday_and_sunday_in_utc() {
        let monday = Some(at("2026-03-09T00:00:00Z"));
        for (from, to, expected) in [
            ("2026-03-06T23:00:00Z", "2026-03-07T00:00:00Z", None),
            ("2026-03-06T23:30:00Z", "2026-03-07T00:00:01Z", monday),
            ("2026-03-08T23:59:59Z", "2026-03-09T00:30:00Z", monday),
            ("2026-03-09T00:00:00Z", "2026-03-09T01:00:00Z", None),
        ] {
            assert_eq!(weekend(at(from), at(to)), expected, "{from}");
        }
    }

    #[test]
    fn the_earliest_start_is_after_the_notice_and_not_at_a_weekend() {
        let limits = BrownoutLimits::default();
        let hour = Duration::from_secs(3_600);
        let friday = at("2026-03-06T10:00:00Z");
        assert_eq!(
            limits.earliest_start(friday, hour),
            at("2026-03-09T00:00:00Z")
        );
        let any_day = BrownoutLimits {
            weekends: true,
            ..limits
        };
        assert_eq!(
            any_day.earliest_start(friday, hour),
            at("2026-03-07T10:00:00Z")
        );
    }
}
