//! Why responses were not rewritten since the flag last changed.

use crate::{FlagState, metrics::MetricsSnapshot, observation::SkipReason};

/// What the metrics had counted when the flag last changed. Only in memory: a process counts from zero.
#[derive(Debug, Default)]
pub(super) struct SkipHistory {
    flag: Option<FlagState>,
    /// In the order of [`SkipReason::ALL`]; empty until the flag changes.
    before: Vec<u64>,
}

impl SkipHistory {
    /// Counts anew if the flag has changed since the last sample.
    pub(super) fn sample(&mut self, flag: FlagState, now: &MetricsSnapshot) {
        if self.flag.replace(flag).is_some_and(|last| last != flag) {
            self.before = totals(now).collect();
        }
    }

    /// How many responses were skipped since then, for each reason with any.
    pub(super) fn since(&self, now: &MetricsSnapshot) -> Vec<(SkipReason, u64)> {
        let before = self.before.iter().copied().chain(std::iter::repeat(0));
        let since = totals(now).zip(before);
        let since = since.map(|(now, before)| now.saturating_sub(before));
        let reasons = SkipReason::ALL.iter().copied().zip(since);
        reasons.filter(|(_, count)| *count > 0).collect()
    }
}

fn totals(snapshot: &MetricsSnapshot) -> impl Iterator<Item = u64> {
    SkipReason::ALL.iter().map(|reason| {
        let of_reason = snapshot.skipped.iter();
        let of_reason = of_reason.filter(|skipped| skipped.reason == *reason);
        of_reason.map(|skipped| skipped.count).sum()
    })
}
