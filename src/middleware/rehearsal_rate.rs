//! How often a legacy response is rehearsed while the flag is off.

use std::{
    cell::Cell,
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::contract::compile::CompiledShape;

/// Which of the dependent responses are rehearsed: the first of each shape, and a share of them all.
#[derive(Clone, Copy)]
pub(super) struct RehearsalRate {
    /// What a response must not exceed to be rehearsed, of all values of a `u32`.
    most: u32,
    one_in: u32,
}

thread_local! {
    /// Where the thread is in the sequence. Of its own, so that threads do not contend for it.
    static POSITION: Cell<u32> = const { Cell::new(0) };
}

/// 2^32 over the golden ratio: its multiples are spread evenly, also those that any period of requests meets.
const STEP: u32 = 0x9E37_79B9;

impl RehearsalRate {
    /// One in so many responses; 0 for none.
    pub(super) const fn one_in(responses: u32) -> Self {
        let most = match responses {
            0 => 0,
            some => u32::MAX / some,
        };
        Self {
            most,
            one_in: responses,
        }
    }

    /// Whether the next response of the shape is rehearsed.
    #[inline]
    pub(super) fn is_due(self, shape: Option<&CompiledShape>) -> bool {
        let Some(shape) = shape else { return false };
        let position = POSITION.get().wrapping_add(STEP);
        POSITION.set(position);
        // Relaxed: a second response that comes too soon is only rehearsed, too.
        (position <= self.most || !shape.was_rehearsed.load(Ordering::Relaxed))
            && self.take(&shape.was_rehearsed)
    }

    // The rare case is outlined, so that the common path stays short.
    #[cold]
    #[inline(never)]
    fn take(self, was_rehearsed: &AtomicBool) -> bool {
        was_rehearsed.store(true, Ordering::Relaxed);
        self.one_in > 0
    }
}

impl fmt::Debug for RehearsalRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one in {}", self.one_in)
    }
}
