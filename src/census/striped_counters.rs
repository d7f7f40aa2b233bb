//! What was counted since the last heartbeat: responses, and callers without a place in the table.
//!
//! Each thread counts on one of several stripes: a single counter would move from core to core with every response, which
//! costs more than everything else the census does.

use std::{
    cell::Cell,
    sync::{PoisonError, atomic::AtomicUsize},
};

use crate::{
    caller::Kind,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{event::Dependence, response_counts::ResponseCounts};

/// With more threads than this, stripes are shared.
const STRIPES: usize = if cfg!(legacy_http_compat_loom) { 1 } else { 16 };

/// How many kinds of dependence there are.
const DEPENDENCES: usize = 4;

/// Counters per kind: one for each dependence, for each [`Place`], so that counting is one addition.
const COUNTERS: usize = 3 * DEPENDENCES;

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

/// Where a response is counted besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the record of its caller.
    Record,
    /// Nowhere: the caller is anonymous.
    Anonymous,
    /// In the estimates: the table is full.
    Unplaced,
}

/// An event of a caller without a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uncounted {
    pub(super) at: u32,
    pub(super) fingerprint: u128,
    pub(super) kind: u8,
    pub(super) dependence: Dependence,
    /// Whether its generation was more than a default.
    pub(super) identified: bool,
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
    pub(super) fn count(&self, kind: u8, dependence: Dependence, place: Place) {
        let index = place as usize * DEPENDENCES + dependence as usize;
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
                let take = |index| take(cell(stripe, kind, index));
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

/// What was counted. Most cells have nothing, and only reading one costs a fraction of a swap.
fn take(cell: &AtomicU64) -> u64 {
    if cell.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    cell.swap(0, Ordering::Relaxed)
}

fn responses(counts: [u64; COUNTERS]) -> ResponseCounts {
    let (places, _) = counts.as_chunks::<DEPENDENCES>();
    let dependent = |place: Place| {
        let [.., served, stranded] = places[place as usize];
        served + stranded
    };
    let anonymous = places[Place::Anonymous as usize];
    let (dependent_anonymous, dependent_unplaced) =
        (dependent(Place::Anonymous), dependent(Place::Unplaced));
    ResponseCounts {
        all: counts.iter().sum(),
        dependent: dependent(Place::Record) + dependent_anonymous + dependent_unplaced,
        dependent_anonymous,
        dependent_unplaced,
        stranded: places.iter().map(|[.., stranded]| stranded).sum(),
        stranded_anonymous: anonymous[Dependence::Stranded as usize],
        latent_anonymous: anonymous[Dependence::Latent as usize],
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
