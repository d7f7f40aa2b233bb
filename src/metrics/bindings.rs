//! The bindings at hand.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use arc_swap::{ArcSwap, Guard};

use super::binding::Binding;
use crate::{contract::plan::PlanId, observation::Observation};

/// The bindings at hand, for many readers and one writer at a time.
///
/// Why not all in the `ArcSwap`: its guard costs as much again as all the rest of counting one answer, and few processes
/// see more contracts than the early places take.
#[derive(Default)]
pub(super) struct Bindings {
    /// Kept for good. Consecutive contracts have rows of their own, so that after a reload there is no more to look
    /// through than before it.
    early: [Row; Self::ROWS],
    /// Those that found their row full, newest first; the oldest make room.
    later: ArcSwap<Vec<Arc<Binding>>>,
}

/// Filled in order.
type Row = [OnceLock<Arc<Binding>>; 4];

impl Bindings {
    const ROWS: usize = 16;
    const LATER: usize = 64;

    /// The binding of this answer, if it has an early place.
    #[inline]
    pub(super) fn early(&self, observation: &Observation<'_>) -> Option<&Arc<Binding>> {
        let row = self.row(observation.plan().id).iter();
        let mut taken = row.map_while(OnceLock::get);
        taken.find(|binding| binding.is_for(observation))
    }

    /// Those without an early place.
    pub(super) fn later(&self) -> Guard<Arc<Vec<Arc<Binding>>>> {
        self.later.load()
    }

    /// Puts a new one at hand. Two that do it at once could lose one of theirs, so the caller holds a lock.
    pub(super) fn add(&self, plan: PlanId, binding: &Arc<Binding>) {
        let put = |place: &OnceLock<_>| place.set(Arc::clone(binding)).is_ok();
        if !self.row(plan).iter().any(put) {
            let later = self.later.load();
            let kept = later.iter().take(Self::LATER - 1);
            let all = [binding].into_iter().chain(kept).cloned().collect();
            self.later.store(Arc::new(all));
        }
    }

    #[inline]
    fn row(&self, plan: PlanId) -> &Row {
        &self.early[usize::try_from(plan.number()).unwrap_or_default() % Self::ROWS]
    }
}

impl fmt::Debug for Bindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let early = self.early.as_flattened().iter();
        let early = early.filter_map(OnceLock::get).count();
        write!(f, "{}", early + self.later.load().len())
    }
}
