//! How often a legacy response is rehearsed while the flag is off.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::contract::compile::CompiledShape;

/// Which of the dependent responses are rehearsed: the first of each shape, then one in so many of it; 0 for none.
#[derive(Clone, Copy)]
pub(super) struct RehearsalRate(u32);

impl RehearsalRate {
    pub(super) const fn one_in(responses: u32) -> Self {
        Self(responses)
    }

    /// Whether the next response of the shape is rehearsed. Each shape counts by itself, so that a frequent one does not keep a
    /// rare one from being rehearsed.
    #[inline]
    pub(super) fn is_due(self, shape: &CompiledShape) -> bool {
        // Relaxed, and no read-modify-write: responses that count at once only put the next rehearsal off.
        // Never 0, so that it does not count beyond it.
        let left = shape
            .until_rehearsal
            .load(Ordering::Relaxed)
            .wrapping_sub(1);
        if left == 0 {
            return self.start_again(&shape.until_rehearsal);
        }
        shape.until_rehearsal.store(left, Ordering::Relaxed);
        false
    }

    // The rare case is outlined, so that the common path stays short.
    #[cold]
    #[inline(never)]
    fn start_again(self, until_rehearsal: &AtomicU32) -> bool {
        let is_off = self.0 == 0;
        let next = if is_off { u32::MAX } else { self.0 };
        until_rehearsal.store(next, Ordering::Relaxed);
        !is_off
    }
}

impl fmt::Debug for RehearsalRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one in {}", self.0)
    }
}
