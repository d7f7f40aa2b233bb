//! The periodic work of a census.

use std::sync::Arc;

use crate::worker::Tick;

use super::{
    census::{Census, lock},
    report::Report,
    timeline::{Moment, seconds},
    window::Window,
};

impl Census {
    /// Notes that the census is watching, and takes in what was counted since the last time.
    pub(super) fn heartbeat(&self) -> Moment {
        let mut keeping = self.lock_keeping();
        let limit = self.settings.heartbeat_limit;
        let now = keeping.beat(&self.timeline, &*self.clock, limit);
        let second = seconds(now.time);
        let uncounted = self
            .table
            .drain(|kind, responses| keeping.history.add(second, kind, responses));
        if !uncounted.is_empty() {
            self.lock_overflow().add(&uncounted);
        }
        now
    }

    pub(super) fn refresh(&self) -> Arc<[Report]> {
        let reports: Arc<[Report]> = self.reports(Window::STANDARD).into();
        *lock(&self.ready) = Arc::clone(&reports);
        reports
    }

    /// Forgets the callers that were not seen for the retention, time without watch apart.
    fn sweep(&self, now: &Moment) {
        let mut keeping = self.lock_keeping();
        let since = now.time.saturating_sub(self.settings.retention);
        let unwatched = keeping.coverage.unwatched_since(since);
        let since = seconds(since.saturating_sub(unwatched));
        self.table.retain(|record| {
            let keep = record.last_seen >= since;
            if !keep {
                keeping.forgotten[usize::from(record.kind)].count(record);
            }
            keep
        });
        self.lock_overflow().expire(seconds(now.time));
        let longest = self
            .settings
            .retention
            .saturating_add(Window::MONTH.as_millis());
        keeping.coverage.prune(now.time.saturating_sub(longest));
    }
}

impl Tick for Census {
    /// Beats the heart; when due, makes the ready-made reports, forgets old callers and writes the snapshot.
    fn tick(&self) {
        let now = self.heartbeat();
        let due = lock(&self.due).take(now.time, &self.settings);
        if due.sweep {
            self.sweep(&now);
        }
        if due.reports {
            self.refresh();
        }
        if due.snapshot {
            // Logged and kept in the status already; it is tried again when it is due again.
            let _ = self.save();
        }
    }

    /// A last heartbeat and a last snapshot.
    fn finish(&self) {
        let _ = self.save();
    }
}
