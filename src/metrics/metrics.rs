//! The counters of answers.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    binding::Binding,
    family::Family,
    series::{EXCESS, MAX_SERIES, Series, SeriesId, SeriesRegistry},
    snapshot::Snapshot,
    source::{Sample, Source},
};
use crate::{
    observation::{Observation, Observe, SkipReason},
    per_contract::PerContract,
};

/// Counts all answers on the contract. The [module](super) has an example and the names of what it tells.
///
/// One `Metrics` serves any number of layers and contracts: where endpoint, outcome, client kind and shape have the same
/// names, it is the same series. Series are never taken back, so that they stay readable after a contract was replaced.
///
/// To count an answer takes no lock, no allocation and no look at a name; only the first answer of a contract (and, in one
/// whose series outnumber the places left, the first of each series) finds its place under a lock.
pub struct Metrics {
    /// The truth: one number for each series, by place.
    cells: Box<[AtomicU64]>,
    per_contract: PerContract<Binding>,
    register: Mutex<SeriesRegistry>,
}

impl Metrics {
    /// The most series that are told apart. What comes beyond them is counted in series whose `endpoint`, `outcome` and
    /// `client_kind` are `other`; shape and reason stay what they are.
    pub const MAX_SERIES: usize = MAX_SERIES;

    /// Counters that start at zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cells: (0..MAX_SERIES).map(|_| AtomicU64::new(0)).collect(),
            per_contract: PerContract::default(),
            register: Mutex::new(SeriesRegistry::new()),
        }
    }

    /// All counters as they are now. They are read one after the other: an answer that comes meanwhile may be in one
    /// and not yet in another.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        self.each(|series, count| snapshot.add(series, count));
        snapshot
    }

    /// Each series to show, with its count. Those of the excess only where there is any.
    fn each(&self, mut take: impl FnMut(&Series, u64)) {
        let all = self.register().series();
        for (place, (series, cell)) in all.iter().zip(&self.cells).enumerate() {
            // Relaxed: each number stands for itself.
            let count = cell.load(Ordering::Relaxed);
            if place >= EXCESS || count > 0 {
                take(series, count);
            }
        }
    }

    #[inline]
    fn count(&self, binding: &Binding, observation: &Observation<'_>) {
        let place = match binding.response(observation).get() {
            Some(place) => place,
            None => self.place_response(binding, observation),
        };
        self.add_one(place);
        if let Some(reason) = observation.skip_reason() {
            self.count_skip(binding, observation, reason);
        }
    }

    #[inline]
    fn add_one(&self, place: SeriesId) {
        // Relaxed: that none is lost needs no more than the atomic itself.
        self.cells[usize::from(place)].fetch_add(1, Ordering::Relaxed);
    }

    // What is rare stands apart, so that the way of every answer stays short.

    #[cold]
    #[inline(never)]
    fn count_skip(&self, binding: &Binding, observation: &Observation<'_>, reason: SkipReason) {
        let slot = binding.skipped(observation, reason);
        let place = slot.get().unwrap_or_else(|| {
            let series = Series::skipped(observation, reason);
            slot.place(&mut self.register(), series)
        });
        self.add_one(place);
    }

    #[cold]
    #[inline(never)]
    fn place_response(&self, binding: &Binding, observation: &Observation<'_>) -> SeriesId {
        let series = Series::response(observation);
        let slot = binding.response(observation);
        slot.place(&mut self.register(), series)
    }

    fn register(&self) -> MutexGuard<'_, SeriesRegistry> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observe for Metrics {
    fn observe(&self, observation: &Observation<'_>) {
        let prepare = || {
            Binding::new(
                observation.contract(),
                observation.kinds(),
                &mut self.register(),
            )
        };
        let count = |binding: &Binding| self.count(binding, observation);
        self.per_contract.with(observation, prepare, count);
    }
}

/// Tells [`Family::RESPONSES`] and [`Family::SKIPPED`].
impl Source for Metrics {
    fn families(&self) -> &'static [Family] {
        &[Family::RESPONSES, Family::SKIPPED]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        self.each(|series, count| match series {
            Series::Responses {
                endpoint,
                outcome,
                client_kind,
                shape,
            } if *family == Family::RESPONSES => {
                let labels = [endpoint, outcome, client_kind, shape.as_str()];
                sample(&labels, count.into());
            }
            Series::Skipped { endpoint, reason } if *family == Family::SKIPPED => {
                sample(&[endpoint, reason.as_str()], count.into());
            }
            _ => {}
        });
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("series", &(self.register().series().len() - EXCESS))
            .field("per_contract", &self.per_contract)
            .finish_non_exhaustive()
    }
}
