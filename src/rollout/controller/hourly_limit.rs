//! A limit on refused attempts in the journal.

use std::time::Duration;

/// Limits how many refused attempts are journaled, so that refusals cannot fill the disk.
#[derive(Debug, Default)]
pub(super) struct HourlyLimit {
    since: Duration,
    used: u32,
}

impl HourlyLimit {
    /// How many in each period.
    pub(super) const MAX: u32 = 32;

    const PERIOD: Duration = Duration::from_secs(3_600);

    /// Uses one if one is left, at this reading of the monotonic clock.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= Self::PERIOD {
            (self.since, self.used) = (now, 0);
        }
        let left = self.used < Self::MAX;
        self.used += u32::from(left);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_has_its_own_limit() {
        let mut limit = HourlyLimit::default();
        let start = Duration::from_secs(10);
        let taken = (0..100).filter(|_| limit.take(start)).count();
        assert_eq!(taken, HourlyLimit::MAX as usize);
        assert!(!limit.take(Duration::from_secs(3_590)));
        assert!(limit.take(HourlyLimit::PERIOD + start));
    }
}
