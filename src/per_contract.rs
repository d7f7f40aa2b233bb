//! What observers prepare once per contract, so that counting a response needs no look-up by name.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use arc_swap::ArcSwap;

use crate::{caller::Kinds, contract::compile::ContractId, observation::Observation};

/// A value for each pair of compiled contract and kinds that was observed.
///
/// Not all in the `ArcSwap`: its guard costs as much as the rest of counting one response, and few processes see more
/// contracts than the fast slots hold.
pub(crate) struct PerContract<T> {
    /// Never evicted. Consecutive contracts have different rows, so that a reload adds nothing to the search.
    fast: [Row<T>; ROWS],
    /// Entries whose row was full, newest first; the oldest are evicted.
    spill: ArcSwap<Vec<Arc<Entry<T>>>>,
    /// Held while an entry is added.
    adding: Mutex<()>,
}

const ROWS: usize = 16;
const MAX_SPILL: usize = 64;

/// Filled in order.
type Row<T> = [OnceLock<Arc<Entry<T>>>; 4];

struct Entry<T> {
    contract: ContractId,
    kinds: Kinds,
    value: T,
}

impl<T> PerContract<T> {
    /// Applies `apply` to the value for the contract of this observation, prepared now if there is none.
    #[inline]
    pub(crate) fn with(
        &self,
        observation: &Observation<'_>,
        prepare: impl FnOnce() -> T,
        apply: impl FnOnce(&T),
    ) {
        let row = self.row(observation.contract().id).iter();
        let mut entries = row.map_while(OnceLock::get);
        match entries.find(|entry| entry.is_for(observation)) {
            Some(entry) => apply(&entry.value),
            None => self.with_spill(observation, prepare, apply),
        }
    }

    /// Applies `apply` to the value of each pair with this contract.
    pub(crate) fn each_of(&self, contract: ContractId, mut apply: impl FnMut(&T)) {
        let spill = self.spill.load();
        let row = self.row(contract).iter().map_while(OnceLock::get);
        let all = row.chain(spill.iter());
        let of_contract = all.filter(|entry| entry.contract == contract);
        of_contract.for_each(|entry| apply(&entry.value));
    }

    // The rare case is outlined, so that the common path stays short.
    #[cold]
    #[inline(never)]
    fn with_spill(
        &self,
        observation: &Observation<'_>,
        prepare: impl FnOnce() -> T,
        apply: impl FnOnce(&T),
    ) {
        let known = self.find(observation);
        let entry = known.unwrap_or_else(|| self.prepare(observation, prepare));
        apply(&entry.value);
    }

    fn prepare(&self, observation: &Observation<'_>, prepare: impl FnOnce() -> T) -> Arc<Entry<T>> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have added it before the lock was taken.
        self.find(observation).unwrap_or_else(|| {
            let entry = Arc::new(Entry {
                contract: observation.contract().id,
                kinds: observation.kinds().clone(),
                value: prepare(),
            });
            self.add(&entry);
            entry
        })
    }

    fn find(&self, observation: &Observation<'_>) -> Option<Arc<Entry<T>>> {
        let row = self.row(observation.contract().id).iter();
        let spill = self.spill.load();
        let mut all = row.map_while(OnceLock::get).chain(spill.iter());
        all.find(|entry| entry.is_for(observation)).cloned()
    }

    fn add(&self, entry: &Arc<Entry<T>>) {
        let set = |slot: &OnceLock<_>| slot.set(Arc::clone(entry)).is_ok();
        if !self.row(entry.contract).iter().any(set) {
            let spill = self.spill.load();
            let kept = spill.iter().take(MAX_SPILL - 1);
            let all = [entry].into_iter().chain(kept).cloned().collect();
            self.spill.store(Arc::new(all));
        }
    }

    #[inline]
    fn row(&self, contract: ContractId) -> &Row<T> {
        &self.fast[usize::try_from(contract.number()).unwrap_or_default() % ROWS]
    }
}

impl<T> Entry<T> {
    /// Whether it is the entry for this observation.
    #[inline]
    fn is_for(&self, observation: &Observation<'_>) -> bool {
        self.contract == observation.contract().id && self.kinds.is_same_set(observation.kinds())
    }
}

impl<T> Default for PerContract<T> {
    fn default() -> Self {
        Self {
            fast: Default::default(),
            spill: ArcSwap::default(),
            adding: Mutex::default(),
        }
    }
}

impl<T> fmt::Debug for PerContract<T> {
    /// The number of entries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fast = self.fast.as_flattened().iter();
        let fast = fast.filter_map(OnceLock::get).count();
        write!(f, "{}", fast + self.spill.load().len())
    }
}
