//! What observers prepare once for each contract, so that an answer costs them no look at a name.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use arc_swap::ArcSwap;

use crate::{caller::Kinds, contract::compile::ContractId, observation::Observation};

/// A value for each compiled contract and set of kinds that answers came from.
///
/// Why not all in the `ArcSwap`: its guard costs as much again as all the rest of counting one answer, and few processes
/// see more contracts than the early places take.
pub(crate) struct PerContract<T> {
    /// Kept for good. Consecutive contracts have rows of their own, so that after a reload there is no more to look
    /// through than before it.
    early: [Row<T>; ROWS],
    /// Those that found their row full, newest first; the oldest make room.
    later: ArcSwap<Vec<Arc<Bound<T>>>>,
    /// Held by the one who adds.
    adding: Mutex<()>,
}

const ROWS: usize = 16;
const LATER: usize = 64;

/// Filled in order.
type Row<T> = [OnceLock<Arc<Bound<T>>>; 4];

struct Bound<T> {
    plan: ContractId,
    kinds: Kinds,
    value: T,
}

impl<T> PerContract<T> {
    /// Does something with what was prepared for the contract of this answer, or is prepared now.
    #[inline]
    pub(crate) fn with(
        &self,
        observation: &Observation<'_>,
        prepare: impl FnOnce() -> T,
        apply: impl FnOnce(&T),
    ) {
        let row = self.row(observation.contract().id).iter();
        let mut early = row.map_while(OnceLock::get);
        match early.find(|bound| bound.is_for(observation)) {
            Some(bound) => apply(&bound.value),
            None => self.with_later(observation, prepare, apply),
        }
    }

    // What is rare stands apart, so that the way of every answer stays short.
    #[cold]
    #[inline(never)]
    fn with_later(
        &self,
        observation: &Observation<'_>,
        prepare: impl FnOnce() -> T,
        apply: impl FnOnce(&T),
    ) {
        let known = self.find(observation);
        let bound = known.unwrap_or_else(|| self.bind(observation, prepare));
        apply(&bound.value);
    }

    fn bind(&self, observation: &Observation<'_>, prepare: impl FnOnce() -> T) -> Arc<Bound<T>> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been here between the look and the lock.
        self.find(observation).unwrap_or_else(|| {
            let (plan, kinds) = (observation.contract().id, observation.kinds().clone());
            let value = prepare();
            let bound = Arc::new(Bound { plan, kinds, value });
            self.add(&bound);
            bound
        })
    }

    fn find(&self, observation: &Observation<'_>) -> Option<Arc<Bound<T>>> {
        let row = self.row(observation.contract().id).iter();
        let later = self.later.load();
        let mut all = row.map_while(OnceLock::get).chain(later.iter());
        all.find(|bound| bound.is_for(observation)).cloned()
    }

    fn add(&self, bound: &Arc<Bound<T>>) {
        let put = |place: &OnceLock<_>| place.set(Arc::clone(bound)).is_ok();
        if !self.row(bound.plan).iter().any(put) {
            let later = self.later.load();
            let kept = later.iter().take(LATER - 1);
            let all = [bound].into_iter().chain(kept).cloned().collect();
            self.later.store(Arc::new(all));
        }
    }

    #[inline]
    fn row(&self, plan: ContractId) -> &Row<T> {
        &self.early[usize::try_from(plan.number()).unwrap_or_default() % ROWS]
    }
}

impl<T> Bound<T> {
    /// Whether it is the one to ask about this answer.
    #[inline]
    fn is_for(&self, observation: &Observation<'_>) -> bool {
        self.plan == observation.contract().id && self.kinds.is_same_set(observation.kinds())
    }
}

impl<T> Default for PerContract<T> {
    fn default() -> Self {
        Self {
            early: Default::default(),
            later: ArcSwap::default(),
            adding: Mutex::default(),
        }
    }
}

impl<T> fmt::Debug for PerContract<T> {
    /// Says how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let early = self.early.as_flattened().iter();
        let early = early.filter_map(OnceLock::get).count();
        write!(f, "{}", early + self.later.load().len())
    }
}
