//! What a history shows: time series over a range.

use std::time::Duration;

use serde::Serialize;

use crate::{time::Timestamp, words::words};

words! {
    /// How far time series reach back, and at which resolution.
    ///
    /// ```
    /// use legacy_http_compat::admin::history::HistoryRange;
    ///
    /// let range = HistoryRange::find("24h").expect("one of 1h, 24h and 30d");
    /// assert_eq!((range, range.step_ms(), range.len()), (HistoryRange::Day, 60_000, 1_440));
    /// assert_eq!(HistoryRange::find("1y"), None);
    /// ```
    #[expect(
        clippy::exhaustive_enums,
        reason = "a selection must be able to offer all of them"
    )]
    pub enum HistoryRange {
        /// 1 hour in 360 buckets of 10 seconds.
        Hour = "1h",
        /// 24 hours in 1,440 buckets of a minute.
        Day = "24h",
        /// 30 days in 2,880 buckets of a quarter of an hour.
        Month = "30d",
    }
}

/// The time series of one range.
///
/// All vectors have [`TimeSeries::len`] entries, oldest first. Bucket `i` starts at `from` plus `i * step_ms`; the last one
/// is still running. An entry of `None` means that nothing was recorded, which is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TimeSeries {
    /// [`HistoryRange::as_str`].
    pub range: &'static str,
    /// When the first bucket starts.
    pub from: Timestamp,
    /// The length of a bucket in milliseconds.
    pub step_ms: u64,
    /// The number of buckets.
    pub len: usize,
    /// The label of the census window: each bucket shows the callers that depended within this window before it.
    pub window: String,
    /// The callers, in the order of the census's kinds, `other` first.
    pub callers: Vec<CallerSeries>,
    /// The responses, in the order of their first occurrence; those beyond
    /// [`History::MAX_OUTCOMES`](super::History::MAX_OUTCOMES) last, if there are any.
    pub responses: Vec<ResponseSeries>,
}

/// How many callers of one kind depended: the maximum in each bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallerSeries {
    /// The name of the kind.
    pub kind: String,
    /// Those that depended on a legacy shape.
    pub dependent: Vec<Option<u64>>,
    /// Of these the stranded ones.
    pub stranded: Vec<Option<u64>>,
}

/// How many responses of an endpoint had an outcome, in each bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ResponseSeries {
    /// The name of the endpoint, or `other` for the overflow.
    pub endpoint: String,
    /// The name of the outcome, `other` or `undetermined`.
    pub outcome: String,
    /// Target responses.
    pub target: Vec<Option<u64>>,
    /// Legacy responses.
    pub legacy: Vec<Option<u64>>,
}

impl TimeSeries {
    /// Without the time before the first recorded bucket, but at least thirty buckets: what a chart shows.
    pub(crate) fn since_recorded(mut self) -> Self {
        let recorded = |kind: &CallerSeries| kind.dependent.iter().position(Option::is_some);
        let first = self.callers.iter().filter_map(recorded).min();
        let cut = first.unwrap_or(0).min(self.len.saturating_sub(30));
        for kind in &mut self.callers {
            kind.dependent.drain(..cut);
            kind.stranded.drain(..cut);
        }
        for series in &mut self.responses {
            series.target.drain(..cut);
            series.legacy.drain(..cut);
        }
        self.from = self
            .from
            .plus(Duration::from_millis(self.step_ms * cut as u64));
        self.len -= cut;
        self
    }
}

impl HistoryRange {
    /// How far it reaches back.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_millis(self.step_ms() * self.len() as u64)
    }

    /// The length of a bucket in milliseconds.
    #[must_use]
    pub const fn step_ms(self) -> u64 {
        match self {
            Self::Hour => 10_000,
            Self::Day => 60_000,
            Self::Month => 900_000,
        }
    }

    /// The number of buckets.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no range is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Hour => 360,
            Self::Day => 1_440,
            Self::Month => 2_880,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_as_long_as_its_name_says_and_found_by_it() {
        let hours = [1, 24, 30 * 24];
        for (range, hours) in HistoryRange::ALL.iter().zip(hours) {
            assert_eq!(range.step_ms() * range.len() as u64, hours * 3_600_000);
            assert_eq!(HistoryRange::find(range.as_str()), Some(*range));
        }
    }
}
