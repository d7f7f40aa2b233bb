//! The file of a history, inside a [frame](crate::storage::frame).
//!
//! A ring is stored as runs of recorded buckets and, for each column, runs of equal values in these buckets; missing values
//! at the end are zero. Equal neighbours take no space.

use std::iter::repeat_n;

use serde::{Deserialize, Serialize};

use super::{series_ring::SeriesRing, time_series::HistoryRange};
use crate::{
    storage::frame::{DecodeError, FileHeader, Malformed},
    time::timeline::ORIGIN,
};

pub(super) const HEADER: FileHeader = FileHeader {
    magic: *b"LHCHIST\n",
    format: 2,
};

/// A larger file is not read: the largest possible history is smaller.
pub(super) const MAX_FILE: u64 = 64 << 20;

/// The latest time, in milliseconds: no clock is later, and no arithmetic overflows.
pub(super) const LATEST: u64 = 1 << 53;

/// A history as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedHistory {
    pub(super) time: u64,
    /// The wall time that is shown for `time`.
    pub(super) wall: u64,
    pub(super) window_ms: u64,
    pub(super) callers: SavedCallers,
    pub(super) responses: SavedResponses,
}

/// Two columns for each kind.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedCallers {
    pub(super) kinds: Vec<String>,
    pub(super) rings: SavedRings,
}

/// Two columns for each endpoint and outcome.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedResponses {
    pub(super) outcomes: Vec<(String, String)>,
    pub(super) rings: SavedRings,
}

/// The rings of all ranges.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedRings([SavedRing; 3]);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedRing {
    recorded: Vec<Run<u64>>,
    columns: Vec<Vec<Run<u32>>>,
}

/// The first of `count` consecutive numbers, or a value repeated `count` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run<T> {
    of: T,
    count: u32,
}

impl SavedHistory {
    /// Reads a history from untrusted bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = HEADER.open(bytes)?;
        let saved = reader.value().and_then(|saved: Self| {
            reader.end()?;
            saved.is_consistent().then_some(saved).ok_or(Malformed)
        });
        saved.map_err(|Malformed| DecodeError::Corrupt)
    }

    fn is_consistent(&self) -> bool {
        let (callers, responses) = (&self.callers, &self.responses);
        (ORIGIN..=LATEST).contains(&self.time)
            && callers.rings.fit(self.time, 2 * callers.kinds.len())
            && responses.is_consistent()
            && responses.rings.fit(self.time, 2 * responses.outcomes.len())
    }
}

impl SavedRings {
    pub(super) fn new(rings: &[SeriesRing; 3], time: u64) -> Self {
        Self(rings.each_ref().map(|ring| SavedRing::new(ring, time)))
    }

    /// Merges these rings into others; `column` maps their columns, and drops those without a counterpart.
    pub(super) fn merge_into(
        &self,
        rings: &mut [SeriesRing; 3],
        column: impl Fn(usize) -> Option<usize>,
    ) {
        for (saved, ring) in self.0.iter().zip(rings) {
            saved.merge_into(ring, &column);
        }
    }

    /// Whether a column has only zeros.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.0.iter().all(|ring| ring.is_empty(column))
    }

    fn fit(&self, time: u64, columns: usize) -> bool {
        let mut rings = self.0.iter().zip(HistoryRange::ALL);
        rings.all(|(ring, range)| ring.fits(*range, time, columns))
    }
}

impl SavedRing {
    fn new(ring: &SeriesRing, time: u64) -> Self {
        let recorded = ring.recorded(time);
        Self {
            recorded: runs(recorded.iter().copied(), |run, number| {
                run.of + u64::from(run.count) == number
            }),
            columns: ring.columns(&recorded).map(value_runs).collect(),
        }
    }

    /// Values of the same column add up.
    fn merge_into(&self, ring: &mut SeriesRing, column: impl Fn(usize) -> Option<usize>) {
        let numbers = self.recorded.iter();
        let numbers = numbers.flat_map(|run| (run.of..).take(run.count as usize));
        let slots: Vec<_> = numbers.map(|number| ring.record_bucket(number)).collect();
        for (runs, column) in self.columns.iter().zip((0..).map(column)) {
            let Some(column) = column else { continue };
            let values = runs.iter();
            let values = values.flat_map(|run| repeat_n(run.of, run.count as usize));
            for (slot, value) in slots.iter().zip(values) {
                ring.add(*slot, column, value.into());
            }
        }
    }

    fn is_empty(&self, column: usize) -> bool {
        let mut runs = self.columns.get(column).into_iter().flatten();
        runs.all(|run| run.of == 0)
    }

    /// Whether the recorded buckets are in order and within the range at this time, and the columns are not longer.
    fn fits(&self, range: HistoryRange, time: u64, columns: usize) -> bool {
        let current = time / range.step_ms();
        let mut next = (current + 1).saturating_sub(range.len() as u64);
        let in_order = self.recorded.iter().all(|run| {
            let end = run.of.saturating_add(run.count.into());
            let fits = run.count > 0 && run.of >= next && end <= current + 1;
            next = end;
            fits
        });
        let recorded = total(&self.recorded);
        let mut all = self.columns.iter();
        in_order
            && self.columns.len() <= columns
            && all.all(|runs| total(runs) <= recorded && runs.iter().all(|run| run.count > 0))
    }
}

fn value_runs(values: Vec<u32>) -> Vec<Run<u32>> {
    let mut runs = runs(values.into_iter(), |run, value| run.of == value);
    runs.pop_if(|last| last.of == 0);
    runs
}

fn runs<T: Copy>(
    values: impl Iterator<Item = T>,
    continues: impl Fn(&Run<T>, T) -> bool,
) -> Vec<Run<T>> {
    let mut runs: Vec<Run<T>> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some(run) if continues(run, value) => run.count += 1,
            _ => runs.push(Run {
                of: value,
                count: 1,
            }),
        }
    }
    runs
}

fn total<T>(runs: &[Run<T>]) -> u64 {
    runs.iter().map(|run| u64::from(run.count)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 40_000_000;

    fn saved(fill: impl FnOnce(&mut SeriesRing)) -> SavedRing {
        let mut ring = SeriesRing::new(HistoryRange::Hour);
        fill(&mut ring);
        SavedRing::new(&ring, NOW)
    }

    proptest! {
        #[test]
        fn what_was_saved_is_restored(
            values in prop::collection::vec((0..400_u64, 0..3_usize, 0..4_u64), 0..200),
        ) {
            let mut values = values;
            values.sort_unstable_by_key(|(bucket, ..)| std::cmp::Reverse(*bucket));
            let fill = |ring: &mut SeriesRing| for (bucket, column, value) in &values {
                let slot = ring.record(NOW - bucket * 10_000);
                ring.add(slot, *column, *value);
            };
            let saved = saved(fill);
            prop_assert!(saved.fits(HistoryRange::Hour, NOW, 3));
            let mut restored = SeriesRing::new(HistoryRange::Hour);
            saved.merge_into(&mut restored, Some);
            let mut before = SeriesRing::new(HistoryRange::Hour);
            fill(&mut before);
            for column in 0..3 {
                prop_assert_eq!(restored.values(NOW, column), before.values(NOW, column));
            }
        }
    }

    #[test]
    fn a_steady_value_takes_one_run() {
        let steady = saved(|ring| {
            for bucket in 0..360 {
                let slot = ring.record(NOW - 3_590_000 + bucket * 10_000);
                ring.raise(slot, 0, 7);
            }
        });
        assert_eq!(steady.recorded.len(), 1);
        assert_eq!(steady.columns, [[Run { of: 7, count: 360 }]]);
    }

    #[test]
    fn more_columns_than_names_are_inconsistent() {
        let ring = saved(|ring| {
            let slot = ring.record(NOW);
            ring.add(slot, 2, 1);
        });
        assert!(ring.fits(HistoryRange::Hour, NOW, 3));
        assert!(!ring.fits(HistoryRange::Hour, NOW, 2));
    }

    #[test]
    fn buckets_of_the_future_and_longer_columns_are_inconsistent() {
        let run = |of: u64| Run { of, count: 1 };
        let value = Run {
            of: 1_u32,
            count: 1,
        };
        let ring = |recorded, columns| SavedRing { recorded, columns };
        let fits = |ring: SavedRing| ring.fits(HistoryRange::Hour, NOW, 1);
        assert!(fits(ring(vec![run(4_000)], vec![vec![value]])));
        assert!(!fits(ring(vec![run(4_001)], vec![])));
        assert!(!fits(ring(vec![run(4_000), run(3_999)], vec![])));
        assert!(!fits(ring(vec![run(u64::MAX)], vec![])));
        assert!(!fits(ring(vec![], vec![vec![value]])));
    }
}
