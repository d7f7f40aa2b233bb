//! What was counted since the last heartbeat: answers, and callers without a place.
//!
//! They are counted on stripes, each of them some threads' own: a counter that all threads write to would pass from
//! core to core with every answer, and cost more than all else that the census does.

use std::{
    cell::Cell,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::caller::Kind;

use super::{sighting::Dependence, tally::ResponseCounts};

/// Threads share stripes when there are more of them.
const STRIPES: usize = 16;

/// For each kind: one place for each dependence, then the same of anonymous callers, so that counting is one addition.
const PLACES: usize = 6;

const LINE: usize = 16;

/// So many sightings of callers without a place are held back on a stripe before they are handed over.
const UNCOUNTED: usize = 256;

#[derive(Debug)]
pub(super) struct Pending {
    kinds: usize,
    stripes: Box<[Stripe; STRIPES]>,
}

#[derive(Debug)]
struct Stripe {
    counts: Box<[Line]>,
    uncounted: Mutex<Vec<Uncounted>>,
}

/// A sighting of a caller for whom there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uncounted {
    pub(super) at: u32,
    pub(super) fingerprint: u128,
    pub(super) kind: u8,
    pub(super) dependence: Dependence,
}

/// Two cache lines, which a processor may fetch as one.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([AtomicU64; LINE]);

impl Pending {
    pub(super) fn new(kinds: usize) -> Self {
        let lines = (kinds * PLACES).div_ceil(LINE);
        let stripe = || Stripe {
            counts: (0..lines).map(|_| Line::default()).collect(),
            uncounted: Mutex::default(),
        };
        Self {
            kinds,
            stripes: Box::new(std::array::from_fn(|_| stripe())),
        }
    }

    /// The number that a kind is counted under: a kind of a larger set than the census was made for is `other`.
    #[inline]
    pub(super) fn kind(&self, kind: Kind) -> u8 {
        let number = if kind.index() < self.kinds {
            kind.index()
        } else {
            0
        };
        u8::try_from(number).unwrap_or(0)
    }

    #[inline]
    pub(super) fn count(&self, kind: u8, dependence: Dependence, anonymous: bool) {
        let place = dependence as usize + if anonymous { PLACES / 2 } else { 0 };
        let stripe = &self.stripes[stripe_of_this_thread() % STRIPES];
        // Relaxed: nothing else is told by the count.
        cell(stripe, kind.into(), place).fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps a caller without a place, and returns those of this thread's stripe when they have become many.
    pub(super) fn leave(&self, caller: Uncounted) -> Option<Vec<Uncounted>> {
        let mut uncounted = self.stripes[stripe_of_this_thread() % STRIPES].uncounted();
        uncounted.push(caller);
        (uncounted.len() >= UNCOUNTED).then(|| std::mem::take(&mut *uncounted))
    }

    /// Hands over the callers without a place since the last call.
    pub(super) fn take_uncounted(&self) -> Vec<Uncounted> {
        let mut all = Vec::new();
        for stripe in self.stripes.iter() {
            all.append(&mut stripe.uncounted());
        }
        all
    }

    /// Hands over the answers counted since the last call.
    pub(super) fn take(&self, mut each: impl FnMut(usize, &ResponseCounts)) {
        for kind in 0..self.kinds {
            for stripe in self.stripes.iter() {
                let take = |place| cell(stripe, kind, place).swap(0, Ordering::Relaxed);
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
fn cell(stripe: &Stripe, kind: usize, place: usize) -> &AtomicU64 {
    let index = kind * PLACES + place;
    &stripe.counts[index / LINE].0[index % LINE]
}

fn responses(counts: [u64; PLACES]) -> ResponseCounts {
    let [none, served, stranded, anonymous @ ..] = counts;
    let dependent_anonymous = anonymous[1] + anonymous[2];
    let dependent = served + stranded + dependent_anonymous;
    ResponseCounts {
        all: none + anonymous[0] + dependent,
        dependent,
        dependent_anonymous,
        stranded: stranded + anonymous[2],
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
