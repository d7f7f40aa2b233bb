//! When periodic work is due.

/// The next time at which something is due, on the timeline of its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due(u64);

impl Due {
    pub(crate) const fn at(time: u64) -> Self {
        Self(time)
    }

    /// Whether it is due now; if so, it is due again an interval later.
    pub(crate) fn take(&mut self, now: u64, interval: u64) -> bool {
        let is_due = now >= self.0;
        if is_due {
            self.0 = now.saturating_add(interval);
        }
        is_due
    }
}
