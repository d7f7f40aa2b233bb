//! What was counted since the last heartbeat: responses, and callers without a place in the table.
//!
//! Each thread counts on one of several stripes: a single counter would move from core to core with every response, which
//! costs more than everything else the census does.

use std::{
    cell::Cell,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::caller::Kind;

use super::{event::Dependence, response_counts::ResponseCounts};

/// With more threads than this, stripes are shared.
const STRIPES: usize = 16;

/// Counters per kind: one for each dependence, then the same for anonymous callers, so that counting is one addition.
const COUNTERS: usize = 6;

const LINE: usize = 16;

/// How many callers without a place a stripe collects before they are handed over.
const UNCOUNTED: usize = 256;

#[derive(Debug)]
pub(super) struct StripedCounters {
    kinds: usize,
    stripes: Box<[Stripe; STRIPES]>,
}

#[derive(Debug)]
struct Stripe {
    counts: Box<[Line]>,
    uncounted: Mutex<Vec<Uncounted>>,
}

/// An event of a caller without a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uncounted {
    pub(super) at: u32,
    pub(super) fingerprint: u128,
    pub(super) kind: u8,
    pub(super) dependence: Dependence,
}

/// Two cache lines, because a processor may prefetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([AtomicU64; LINE]);

impl StripedCounters {
    pub(super) fn new(kinds: usize) -> Self {
        let lines = (kinds * COUNTERS).div_ceil(LINE);
        let stripe = || Stripe {
            counts: (0..lines).map(|_| Line::default()).collect(),
            uncounted: Mutex::default(),
        };
        Self {
            kinds,
            stripes: Box::new(std::array::from_fn(|_| stripe())),
        }
    }

    /// The number under which a kind is counted; `other` for a kind that the census does not have.
    #[inline]
    pub(super) fn kind(&self, kind: Kind) -> u8 {
        let known = Some(kind.index()).filter(|index| *index < self.kinds);
        known.map_or(0, |index| u8::try_from(index).unwrap_or(0))
    }

    #[inline]
    pub(super) fn count(&self, kind: u8, dependence: Dependence, anonymous: bool) {
        let index = dependence as usize + if anonymous { COUNTERS / 2 } else { 0 };
        let stripe = &self.stripes[stripe_of_this_thread() % STRIPES];
        // Relaxed: the count orders no other memory.
        cell(stripe, kind.into(), index).fetch_add(1, Ordering::Relaxed);
    }

    /// Adds a caller without a place, and returns those of this thread's stripe once it is full.
    pub(super) fn add_uncounted(&self, caller: Uncounted) -> Option<Vec<Uncounted>> {
        let mut uncounted = self.stripes[stripe_of_this_thread() % STRIPES].uncounted();
        uncounted.push(caller);
        (uncounted.len() >= UNCOUNTED).then(|| std::mem::take(&mut *uncounted))
    }

    /// Takes the callers without a place since the last call.
    pub(super) fn take_uncounted(&self) -> Vec<Uncounted> {
        let mut all = Vec::new();
        for stripe in self.stripes.iter() {
            all.append(&mut stripe.uncounted());
        }
        all
    }

    /// Takes the responses counted since the last call.
    pub(super) fn take(&self, mut each: impl FnMut(usize, &ResponseCounts)) {
        for kind in 0..self.kinds {
            for stripe in self.stripes.iter() {
                let take = |index| cell(stripe, kind, index).swap(0, Ordering::Relaxed);
                each(kind, &responses(std::array::from_fn(take)));
            }
        }
    }
}

impl Stripe {
    fn uncounted(&self) -> MutexGuard<'_, Vec<Uncounted>> {
        self.uncounted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[inline]
fn cell(stripe: &Stripe, kind: usize, index: usize) -> &AtomicU64 {
    let index = kind * COUNTERS + index;
    &stripe.counts[index / LINE].0[index % LINE]
}

fn responses(counts: [u64; COUNTERS]) -> ResponseCounts {
    let [none, served, stranded, anonymous @ ..] = counts;
    let dependent_anonymous = anonymous[1] + anonymous[2];
    let dependent = served + stranded + dependent_anonymous;
    ResponseCounts {
        all: none + anonymous[0] + dependent,
        dependent,
        dependent_anonymous,
        stranded: stranded + anonymous[2],
        stranded_anonymous: anonymous[2],
    }
}

#[inline]
fn stripe_of_this_thread() -> usize {
    const NONE: usize = usize::MAX;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static OWN: Cell<usize> = const { Cell::new(NONE) });
    OWN.with(|own| {
        if own.get() == NONE {
            own.set(NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES);
        }
        own.get()
    })
}
