//! The counters of responses.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    binding::{Binding, Slot},
    family::Family,
    rehearsed::RehearsedOutcome,
    series::{MAX_SERIES, MetricsSnapshot, OVERFLOW, Series, SeriesId, SeriesRegistry},
    source::{Sample, Source},
};
use crate::{
    contract::Contract,
    observation::{Observation, Observe, RehearsalResult},
    per_contract::PerContract,
};

/// Counts all responses on the contract. The [module](super) has an example and the names of its families.
///
/// One `Metrics` serves any number of layers and contracts: equal names of endpoint, outcome, client kind and shape are one
/// series. Series are never removed, so that they stay readable after a contract was replaced.
///
/// Counting a response that was not rehearsed takes no lock, no allocation and no look-up by name; only the first response of a contract (and, where
/// not all of its series fit, the first of each series) looks up the counter under a lock.
pub struct Metrics {
    /// One counter for each series, by id.
    cells: Box<[AtomicU64]>,
    per_contract: PerContract<Binding>,
    registry: Mutex<SeriesRegistry>,
}

impl Metrics {
    /// The most series. Beyond it, responses are counted in series whose `endpoint`, `outcome` and `client_kind` are
    /// `other`; shape and reason stay.
    pub const MAX_SERIES: usize = MAX_SERIES;

    /// Counters that start at zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cells: (0..MAX_SERIES).map(|_| AtomicU64::new(0)).collect(),
            per_contract: PerContract::default(),
            registry: Mutex::new(SeriesRegistry::new()),
        }
    }

    /// All counters as they are now. They are read one after the other: a concurrent response may be in one and not yet in
    /// another.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        let mut snapshot = MetricsSnapshot::default();
        self.each(|series, count| snapshot.add(series, count));
        snapshot
    }

    /// How each outcome of a contract with a legacy shape was rehearsed since this contract came into use. A contract that
    /// replaced an equal one is another.
    #[must_use]
    pub fn rehearsed(&self, contract: &Contract) -> Vec<RehearsedOutcome> {
        let compiled = contract.clone().into_compiled();
        let mut outcomes = RehearsedOutcome::of(&compiled);
        self.per_contract.each_of(compiled.id, |binding| {
            binding.rehearsals().add_to(&mut outcomes);
        });
        outcomes.into_values().collect()
    }

    /// Each series with its count; those of the overflow only if they are not zero.
    fn each(&self, mut take: impl FnMut(&Series, u64)) {
        let all = self.registry().series();
        for (id, (series, cell)) in all.iter().zip(&self.cells).enumerate() {
            // Relaxed: the counters are independent.
            let count = cell.load(Ordering::Relaxed);
            if id >= OVERFLOW || count > 0 {
                take(series, count);
            }
        }
    }

    #[inline]
    fn count(&self, binding: &Binding, observation: &Observation<'_>) {
        let id = match binding.response(observation).get() {
            Some(id) => id,
            None => self.look_up_response(binding, observation),
        };
        self.add_one(id);
        if let Some(reason) = observation.skip_reason() {
            let series = || Series::skipped(observation, reason);
            self.count_reason(binding.skipped(observation, reason), series);
        }
        if let Some(reason) = observation.undetermined_reason() {
            let series = || Series::undetermined(observation, reason);
            self.count_reason(binding.undetermined(observation, reason), series);
        }
        if let Some(result) = observation.rehearsal() {
            self.count_rehearsal(binding, observation, result);
        }
    }

    #[inline]
    fn add_one(&self, id: SeriesId) {
        // Relaxed: the addition alone is enough to lose no count.
        self.cells[usize::from(id)].fetch_add(1, Ordering::Relaxed);
    }

    // The rare cases are outlined, so that the common path stays short.

    #[cold]
    #[inline(never)]
    fn count_reason(&self, slot: &Slot, series: impl FnOnce() -> Series) {
        let id = slot.get();
        let id = id.unwrap_or_else(|| slot.look_up(&mut self.registry(), series()));
        self.add_one(id);
    }

    #[cold]
    #[inline(never)]
    fn count_rehearsal(
        &self,
        binding: &Binding,
        observation: &Observation<'_>,
        result: RehearsalResult,
    ) {
        binding.rehearsals().count(observation, result);
        let id = self.registry().id(Series::rehearsed(observation, result));
        self.add_one(id);
    }

    #[cold]
    #[inline(never)]
    fn look_up_response(&self, binding: &Binding, observation: &Observation<'_>) -> SeriesId {
        let series = Series::response(observation);
        let slot = binding.response(observation);
        slot.look_up(&mut self.registry(), series)
    }

    fn registry(&self) -> MutexGuard<'_, SeriesRegistry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observe for Metrics {
    fn observe(&self, observation: &Observation<'_>) {
        let prepare = || Binding::new(observation, &mut self.registry());
        let count = |binding: &Binding| self.count(binding, observation);
        self.per_contract.with(observation, prepare, count);
    }
}

/// [`Family::RESPONSES`], [`Family::SKIPPED`], [`Family::UNDETERMINED`] and [`Family::REHEARSED`].
impl Source for Metrics {
    fn families(&self) -> &'static [Family] {
        &[
            Family::RESPONSES,
            Family::SKIPPED,
            Family::UNDETERMINED,
            Family::REHEARSED,
        ]
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
            Series::Undetermined { endpoint, reason } if *family == Family::UNDETERMINED => {
                sample(&[endpoint, reason.as_str()], count.into());
            }
            Series::Rehearsed {
                endpoint,
                outcome,
                result,
            } if *family == Family::REHEARSED => {
                sample(&[endpoint, outcome, result.as_str()], count.into());
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
            .field("series", &(self.registry().series().len() - OVERFLOW))
            .field("per_contract", &self.per_contract)
            .finish_non_exhaustive()
    }
}
