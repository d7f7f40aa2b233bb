//! How the time of a local census relates to the store's.

use crate::time::timeline::{Moment, ticks, ticks_as_ms};

/// What is known of the difference between both times, over time.
///
/// Each exchange with the store bounds the difference. While the bounds agree they narrow; where they do not, one of the
/// clocks was set in between, and a time from there may be off by as much.
#[derive(Clone, Debug, Default)]
pub(super) struct Anchors(Vec<Anchor>);

/// A time of the local census in which the difference was the same. Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    from: u64,
    to: u64,
    /// The bounds of the store's time less the local one.
    low: i64,
    high: i64,
    /// By how much the local time is ahead of the monotonic clock.
    ahead: u64,
}

impl Anchors {
    /// How many are kept.
    const MOST: usize = 64;

    /// By which bounds may drift apart while both clocks are right, in milliseconds.
    const DRIFT: i64 = 2;

    /// Takes in that the store's time was `store` at some moment between two local ones.
    pub(super) fn add(&mut self, (sent, received): (Moment, Moment), store: u64) {
        let ahead = received.ahead();
        let (mut sent, asked, received) = (sent.time, sent.time, received.time);
        if let Some(last) = self.0.last_mut() {
            // The local time was put forward in between. If by more than passed, it is known of each time whether it was before.
            let forward = ahead.wrapping_sub(last.ahead);
            let passed = sent.saturating_sub(last.to).saturating_sub(forward);
            if forward > passed {
                last.to += passed;
                sent -= passed;
            }
        }
        let (low, high) = (
            difference(store, received) - 1,
            difference(store, asked) + 1,
        );
        if let Some(last) = self.0.last_mut() {
            let (both_low, both_high) = (last.low.max(low), last.high.min(high));
            if both_low <= both_high && last.ahead == ahead {
                (last.low, last.high) = (both_low - Self::DRIFT / 2, both_high + Self::DRIFT / 2);
                (last.low, last.high) = (last.low.max(low), last.high.min(high));
                last.to = received;
                return;
            }
        }
        if self.0.len() == Self::MOST {
            self.0.remove(0);
        }
        self.0.push(Anchor {
            from: sent,
            to: received,
            low,
            high,
            ahead,
        });
    }

    /// The difference and by how much it may be wrong, as known last.
    pub(super) fn last(&self) -> Option<(i64, u64)> {
        let last = self.0.last()?;
        Some((
            i64::midpoint(last.low, last.high),
            last.low.abs_diff(last.high).div_ceil(2),
        ))
    }

    /// The earliest that a local time can be in the store's; `None` before the first exchange.
    pub(super) fn earliest(&self, local: u64) -> Option<u64> {
        let low = self.around(local).iter().map(|anchor| anchor.low).min()?;
        Some(local.saturating_add_signed(low))
    }

    /// The latest.
    pub(super) fn latest(&self, local: u64) -> Option<u64> {
        let high = self.around(local).iter().map(|anchor| anchor.high).max()?;
        Some(local.saturating_add_signed(high))
    }

    /// The same in ticks; never stays never.
    pub(super) fn earliest_tick(&self, local: u32) -> Option<u32> {
        if local == 0 {
            Some(0)
        } else {
            self.earliest(ticks_as_ms(local)).map(ticks)
        }
    }

    /// The same in ticks, the last moment of the tick; never stays never.
    pub(super) fn latest_tick(&self, local: u32) -> Option<u32> {
        if local == 0 {
            Some(0)
        } else {
            self.latest(ticks_as_ms(local) + 62).map(ticks)
        }
    }

    /// That of a time, or both that it lies between.
    fn around(&self, local: u64) -> &[Anchor] {
        let after = self.0.partition_point(|anchor| anchor.to < local);
        let Some(at) = self.0.get(after) else {
            return &self.0[self.0.len().saturating_sub(1)..];
        };
        let first = if local < at.from {
            after.saturating_sub(1)
        } else {
            after
        };
        &self.0[first..=after]
    }
}

fn difference(store: u64, local: u64) -> i64 {
    store.cast_signed().wrapping_sub(local.cast_signed())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::time::{ManualClock, timeline::Timeline};

    fn exchange(anchors: &mut Anchors, (sent, received): (u64, u64), store: u64) {
        let clock = ManualClock::new(0);
        clock.advance(Duration::from_millis(sent));
        let timeline = Timeline::starting_at(sent, &clock);
        let sent = timeline.moment(&clock);
        clock.advance(Duration::from_millis(received - sent.time));
        anchors.add((sent, timeline.moment(&clock)), store);
    }

    #[test]
    fn exchanges_bound_the_difference_and_narrow_it() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.earliest(5), None);
        exchange(&mut anchors, (1_000, 1_100), 11_050);
        assert_eq!(
            (anchors.earliest(1_000), anchors.latest(1_000)),
            (Some(10_949), Some(11_051))
        );
        exchange(&mut anchors, (2_000, 2_010), 12_005);
        assert_eq!(
            (anchors.earliest(2_000), anchors.latest(2_000)),
            (Some(11_994), Some(12_006))
        );
        assert_eq!(anchors.last(), Some((10_000, 6)));
    }

    #[test]
    fn a_time_between_two_differences_may_be_by_either() {
        let mut anchors = Anchors::default();
        exchange(&mut anchors, (1_000, 1_000), 11_000);
        exchange(&mut anchors, (5_000, 5_000), 19_000);
        assert_eq!(
            (anchors.earliest(2_000), anchors.latest(2_000)),
            (Some(11_999), Some(16_001))
        );
        assert_eq!(
            (anchors.earliest(6_000), anchors.latest(6_000)),
            (Some(19_999), Some(20_001))
        );
        assert_eq!(
            (anchors.earliest(500), anchors.latest(500)),
            (Some(10_499), Some(10_501))
        );
        assert_eq!(anchors.earliest_tick(0), Some(0));
    }
}
