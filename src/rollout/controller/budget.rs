//! How many refused attempts are journaled.

use std::time::Duration;

/// How many refused attempts are journaled, so that nobody fills a disk by being refused.
#[derive(Debug, Default)]
pub(super) struct Budget {
    since: Duration,
    spent: u32,
}

impl Budget {
    /// So many in each stretch of time.
    pub(super) const MOST: u32 = 32;

    const STRETCH: Duration = Duration::from_secs(3_600);

    /// Takes one, if there is one left, at this reading of the monotonic clock.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= Self::STRETCH {
            (self.since, self.spent) = (now, 0);
        }
        let left = self.spent < Self::MOST;
        self.spent += u32::from(left);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_so_many_and_the_next_one_again() {
        let mut budget = Budget::default();
        let start = Duration::from_secs(10);
        let taken = (0..100).filter(|_| budget.take(start)).count();
        assert_eq!(taken, Budget::MOST as usize);
        assert!(!budget.take(Duration::from_secs(3_590)));
        assert!(budget.take(Budget::STRETCH + start));
    }
}
