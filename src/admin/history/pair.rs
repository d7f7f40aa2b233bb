//! Endpoint and outcome, and how often each pair was answered.

use std::{collections::HashMap, sync::Arc};

use crate::metrics::Snapshot;

/// An outcome of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) endpoint: Arc<str>,
    pub(super) outcome: Arc<str>,
}

/// How many answers were served as the handler made them, and how many as old clients expect them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) target: u64,
    pub(super) legacy: u64,
}

impl Pair {
    /// What stands for all pairs without a place of their own. Metrics count their own excess under the same names, which
    /// no endpoint can have.
    pub(super) fn excess() -> Self {
        let other: Arc<str> = "other".into();
        Self {
            endpoint: Arc::clone(&other),
            outcome: other,
        }
    }
}

impl Served {
    pub(super) const NONE: Self = Self {
        target: 0,
        legacy: 0,
    };

    /// What came since an earlier count. Counters do not go back while a process lives.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            target: self.target.saturating_sub(earlier.target),
            legacy: self.legacy.saturating_sub(earlier.legacy),
        }
    }
}

/// The counts of all pairs, whoever was answered, in the order of the snapshot.
pub(super) fn totals(snapshot: &Snapshot) -> Vec<(Pair, Served)> {
    let mut totals: Vec<(Pair, Served)> = Vec::new();
    let mut places = HashMap::new();
    for series in &snapshot.responses {
        let pair = Pair {
            endpoint: Arc::clone(&series.endpoint),
            outcome: Arc::clone(&series.outcome),
        };
        let place = *places.entry(pair.clone()).or_insert_with(|| {
            totals.push((pair, Served::NONE));
            totals.len() - 1
        });
        let total = &mut totals[place].1;
        if series.shape.is_legacy() {
            total.legacy += series.count;
        } else {
            total.target += series.count;
        }
    }
    totals
}
