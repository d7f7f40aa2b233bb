//! The buckets of one range, each with a value for every column.

use super::time_series::HistoryRange;
use crate::time::ring::{Ring, Slot};

/// The last buckets of one range.
#[derive(Debug)]
pub(super) struct SeriesRing {
    ring: Ring,
    /// The values of each column by slot; empty for a column that only had zeros.
    columns: Vec<Box<[u32]>>,
}

impl SeriesRing {
    /// An empty ring for each range.
    pub(super) fn all() -> [Self; 3] {
        [HistoryRange::Hour, HistoryRange::Day, HistoryRange::Month].map(Self::new)
    }

    pub(super) fn new(range: HistoryRange) -> Self {
        Self {
            ring: Ring::new(range.step_ms(), range.len()),
            columns: Vec::new(),
        }
    }

    /// Marks the bucket of this time as recorded.
    pub(super) fn record(&mut self, time: u64) -> Slot {
        self.record_bucket(time / self.ring.width())
    }

    /// Marks the bucket with this number as recorded.
    pub(super) fn record_bucket(&mut self, number: u64) -> Slot {
        let slot = self.ring.slot(number);
        if slot.is_new {
            for column in &mut self.columns {
                if let Some(value) = column.get_mut(slot.index) {
                    *value = 0;
                }
            }
        }
        slot
    }

    /// Raises a value to at least this one. Saturates at 32 bits.
    pub(super) fn raise(&mut self, slot: Slot, column: usize, value: u64) {
        self.change(slot, column, value, Ord::max);
    }

    /// Adds to a value. Saturates at 32 bits.
    pub(super) fn add(&mut self, slot: Slot, column: usize, value: u64) {
        self.change(slot, column, value, u32::saturating_add);
    }

    /// The values of a column up to this time, oldest first; `None` for buckets that were not recorded.
    pub(super) fn values(&self, time: u64, column: usize) -> Vec<Option<u64>> {
        let column: &[u32] = self.columns.get(column).map_or(&[], |column| column);
        let value = |number| {
            let index = self.ring.find(number)?;
            Some(column.get(index).copied().unwrap_or_default().into())
        };
        self.ring.window(time).map(value).collect()
    }

    /// The buckets recorded up to this time, oldest first.
    pub(super) fn recorded(&self, time: u64) -> Vec<u64> {
        let recorded = |number: &u64| self.ring.find(*number).is_some();
        self.ring.window(time).filter(recorded).collect()
    }

    /// The values of each column in these buckets; none for a column that only had zeros.
    pub(super) fn columns(&self, buckets: &[u64]) -> impl Iterator<Item = Vec<u32>> {
        let slots: Vec<usize> = buckets
            .iter()
            .filter_map(|bucket| self.ring.find(*bucket))
            .collect();
        self.columns.iter().map(move |column| {
            let values = slots.iter().filter_map(|slot| column.get(*slot));
            values.copied().collect()
        })
    }

    fn change(&mut self, slot: Slot, column: usize, value: u64, how: fn(u32, u32) -> u32) {
        if value == 0 {
            return;
        }
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, Box::default);
        }
        let values = &mut self.columns[column];
        if values.is_empty() {
            *values = vec![0; self.ring.len()].into();
        }
        let old = &mut values[slot.index];
        *old = how(*old, u32::try_from(value).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ring: &SeriesRing, time: u64) -> Vec<Option<u64>> {
        let values = ring.values(time, 0);
        assert_eq!(values.len(), 360);
        values[355..].to_vec()
    }

    #[test]
    fn a_bucket_that_was_not_recorded_is_none_and_one_without_responses_is_zero() {
        let mut ring = SeriesRing::new(HistoryRange::Hour);
        let slot = ring.record(40_000_000);
        ring.add(slot, 0, 3);
        ring.add(slot, 0, 4);
        ring.record(40_020_000);
        let expected = [None, None, Some(7), None, Some(0)];
        assert_eq!(shown(&ring, 40_029_999), expected);
        assert_eq!(ring.values(40_029_999, 9).last(), Some(&Some(0)));
    }

    #[test]
    fn a_bucket_is_dropped_after_the_range() {
        let mut ring = SeriesRing::new(HistoryRange::Hour);
        let slot = ring.record(40_000_000);
        ring.raise(slot, 0, 5);
        assert_eq!(ring.values(43_590_000, 0)[0], Some(5));
        assert!(ring.values(43_600_000, 0).iter().all(Option::is_none));
        ring.record(43_600_000);
        assert_eq!(shown(&ring, 43_600_000)[4], Some(0));
    }

    #[test]
    fn a_value_saturates_at_32_bits() {
        let mut ring = SeriesRing::new(HistoryRange::Hour);
        let slot = ring.record(40_000_000);
        ring.raise(slot, 0, u64::MAX);
        ring.add(slot, 0, 1);
        assert_eq!(shown(&ring, 40_000_000)[4], Some(u32::MAX.into()));
    }
}
