//! The dependent callers over time.

use super::{
    codec::{SavedCallers, SavedRings},
    series_ring::SeriesRing,
    time_series::{CallerSeries, HistoryRange},
};
use crate::census::Report;

/// The callers of each kind, in two columns: dependent and stranded.
#[derive(Debug)]
pub(super) struct CallerHistory {
    kinds: Vec<String>,
    rings: [SeriesRing; 3],
}

impl CallerHistory {
    pub(super) fn new(kinds: Vec<String>) -> Self {
        Self {
            kinds,
            rings: HistoryRange::ALL.map(SeriesRing::new),
        }
    }

    /// Records what the census reports now.
    pub(super) fn sample(&mut self, time: u64, report: &Report) {
        for ring in &mut self.rings {
            let slot = ring.record(time);
            for (kind, counts) in report.kinds.iter().map(|kind| kind.counts).enumerate() {
                ring.raise(slot, dependent(kind), counts.dependent);
                ring.raise(slot, stranded(kind), counts.stranded);
            }
        }
    }

    /// Merges what was saved. A kind that the census no longer has is `other`, as in the census.
    pub(super) fn restore(&mut self, saved: &SavedCallers) {
        let kind = |name| self.kinds.iter().position(|kind| kind == name);
        let kinds = saved.kinds.iter().map(|name| kind(name).unwrap_or(0));
        let kinds: Vec<_> = kinds.collect();
        let column = |column| Some(2 * kinds[column / 2] + column % 2);
        saved.rings.merge_into(&mut self.rings, column);
    }

    pub(super) fn saved(&self, time: u64) -> SavedCallers {
        SavedCallers {
            kinds: self.kinds.clone(),
            rings: SavedRings::new(&self.rings, time),
        }
    }

    pub(super) fn series(&self, range: HistoryRange, time: u64) -> Vec<CallerSeries> {
        let ring = &self.rings[range as usize];
        let series = |(kind, name): (usize, &String)| CallerSeries {
            kind: name.clone(),
            dependent: ring.values(time, dependent(kind)),
            stranded: ring.values(time, stranded(kind)),
        };
        self.kinds.iter().enumerate().map(series).collect()
    }
}

const fn dependent(kind: usize) -> usize {
    2 * kind
}

const fn stranded(kind: usize) -> usize {
    2 * kind + 1
}
