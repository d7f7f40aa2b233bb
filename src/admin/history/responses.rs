//! The responses over time.

use std::{collections::HashMap, sync::Arc};

use super::{
    codec::{SavedResponses, SavedRings},
    series_ring::SeriesRing,
    time_series::{HistoryRange, ResponseSeries},
};
use crate::metrics::MetricsSnapshot;

/// The responses of each endpoint and outcome, in two columns: target and legacy.
#[derive(Debug)]
pub(super) struct ResponseHistory {
    /// By index; the first is the overflow.
    outcomes: Vec<EndpointOutcome>,
    indexes: HashMap<EndpointOutcome, usize>,
    /// The counts at the last sample.
    counted: HashMap<EndpointOutcome, ShapeCounts>,
    rings: [SeriesRing; 3],
}

/// An outcome of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct EndpointOutcome {
    endpoint: Arc<str>,
    outcome: Arc<str>,
}

/// The number of target and legacy responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ShapeCounts {
    target: u64,
    legacy: u64,
}

/// The counts of all outcomes.
pub(super) type Totals = Vec<(EndpointOutcome, ShapeCounts)>;

/// The most outcomes, including the overflow.
pub(super) const MAX_OUTCOMES: usize = 256;

/// The index of the overflow.
const OVERFLOW: usize = 0;

impl ResponseHistory {
    /// What was counted before `base` is shown nowhere, because its time is unknown.
    pub(super) fn new(base: Totals) -> Self {
        Self {
            outcomes: vec![EndpointOutcome::overflow()],
            indexes: HashMap::from([(EndpointOutcome::overflow(), OVERFLOW)]),
            counted: base.into_iter().collect(),
            rings: SeriesRing::all(),
        }
    }

    /// Records what the metrics count now.
    pub(super) fn sample(&mut self, time: u64, totals: Totals) {
        self.add_new(&totals);
        let slots = self.rings.each_mut().map(|ring| ring.record(time));
        for (outcome, total) in totals {
            let index = self.indexes.get(&outcome).copied().unwrap_or(OVERFLOW);
            let earlier = self.counted.insert(outcome, total).unwrap_or_default();
            let new = total.since(earlier);
            for (ring, slot) in self.rings.iter_mut().zip(slots) {
                ring.add(slot, target(index), new.target);
                ring.add(slot, legacy(index), new.legacy);
            }
        }
    }

    /// Adds new outcomes: all of them if they fit, so that their zeros are shown; otherwise those with responses.
    fn add_new(&mut self, totals: &[(EndpointOutcome, ShapeCounts)]) {
        let new = totals
            .iter()
            .filter(|(outcome, _)| !self.indexes.contains_key(outcome));
        let new: Vec<_> = new.cloned().collect();
        let free = MAX_OUTCOMES - self.outcomes.len();
        let all = new.len() <= free;
        let added = new
            .into_iter()
            .filter(|(_, total)| all || *total != ShapeCounts::default());
        for (outcome, _) in added.take(free) {
            self.add(outcome);
        }
    }

    /// The index of an outcome; new ones are appended.
    fn add(&mut self, outcome: EndpointOutcome) -> usize {
        let next = self.outcomes.len();
        let index = *self.indexes.entry(outcome.clone()).or_insert(next);
        if index == next {
            self.outcomes.push(outcome);
        }
        index
    }

    /// Merges what was saved. Outcomes without responses for 30 days are dropped.
    pub(super) fn restore(&mut self, saved: &SavedResponses) {
        let rings = &saved.rings;
        let indexes = saved.outcomes.iter().enumerate().map(|(index, outcome)| {
            let unused = rings.is_empty(target(index)) && rings.is_empty(legacy(index));
            (!unused).then(|| self.add(EndpointOutcome::new(&outcome.0, &outcome.1)))
        });
        let indexes: Vec<_> = indexes.collect();
        rings.merge_into(&mut self.rings, |column| {
            indexes[column / 2].map(|index| 2 * index + column % 2)
        });
    }

    pub(super) fn saved(&self, time: u64) -> SavedResponses {
        let outcomes = self.outcomes.iter();
        SavedResponses {
            outcomes: outcomes
                .map(|known| (known.endpoint.to_string(), known.outcome.to_string()))
                .collect(),
            rings: SavedRings::new(&self.rings, time),
        }
    }

    pub(super) fn series(&self, range: HistoryRange, time: u64) -> Vec<ResponseSeries> {
        let ring = &self.rings[range as usize];
        let series = |(index, known): (usize, &EndpointOutcome)| ResponseSeries {
            endpoint: (*known.endpoint).to_owned(),
            outcome: (*known.outcome).to_owned(),
            target: ring.values(time, target(index)),
            legacy: ring.values(time, legacy(index)),
        };
        let mut all: Vec<_> = self.outcomes.iter().enumerate().map(series).collect();
        all.rotate_left(1);
        all.pop_if(|overflow| is_zero(overflow));
        all
    }
}

impl SavedResponses {
    /// Whether the first of at most [`MAX_OUTCOMES`] is the overflow.
    pub(super) fn is_consistent(&self) -> bool {
        let first = self.outcomes.first();
        let first = first.map(|(endpoint, outcome)| EndpointOutcome::new(endpoint, outcome));
        self.outcomes.len() <= MAX_OUTCOMES && first == Some(EndpointOutcome::overflow())
    }
}

impl EndpointOutcome {
    fn new(endpoint: &str, outcome: &str) -> Self {
        Self {
            endpoint: endpoint.into(),
            outcome: outcome.into(),
        }
    }

    /// Stands for all outcomes without an index. Metrics count their own overflow under the same names, which no endpoint
    /// can have.
    fn overflow() -> Self {
        Self::new("other", "other")
    }
}

impl ShapeCounts {
    /// The difference to an earlier count. Counters do not go back while a process lives.
    fn since(self, earlier: Self) -> Self {
        Self {
            target: self.target.saturating_sub(earlier.target),
            legacy: self.legacy.saturating_sub(earlier.legacy),
        }
    }
}

/// The counts of all outcomes over all kinds of callers, in the order of the snapshot.
pub(super) fn totals(snapshot: &MetricsSnapshot) -> Totals {
    let mut totals: Totals = Vec::new();
    let mut indexes = HashMap::new();
    for series in &snapshot.responses {
        let outcome = EndpointOutcome {
            endpoint: Arc::clone(&series.endpoint),
            outcome: Arc::clone(&series.outcome),
        };
        let index = *indexes.entry(outcome.clone()).or_insert_with(|| {
            totals.push((outcome, ShapeCounts::default()));
            totals.len() - 1
        });
        let total = &mut totals[index].1;
        if series.shape.is_legacy() {
            total.legacy += series.count;
        } else {
            total.target += series.count;
        }
    }
    totals
}

const fn target(index: usize) -> usize {
    2 * index
}

const fn legacy(index: usize) -> usize {
    2 * index + 1
}

fn is_zero(series: &ResponseSeries) -> bool {
    let mut values = series.target.iter().chain(&series.legacy).flatten();
    values.all(|value| *value == 0)
}
