//! When periodic work is to be done.

use super::settings::Settings;

/// When periodic work is to be done next, in the census's own time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    reports: u64,
    sweep: u64,
    snapshot: u64,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) reports: bool,
    pub(super) sweep: bool,
    pub(super) snapshot: bool,
}

/// How old the ready-made reports get until they are due, in milliseconds: with a tick each second never above five seconds.
const REPORTS_EVERY: u64 = 4_000;

/// How often callers past the retention are looked for, in milliseconds.
const SWEEP_EVERY: u64 = 3_600_000;

impl Due {
    /// The first snapshot is due after its interval, all else at once.
    pub(super) fn starting_at(now: u64, settings: &Settings) -> Self {
        Self {
            reports: now,
            sweep: now,
            snapshot: now.saturating_add(settings.snapshot_every),
        }
    }

    /// What has come due by now. It is due again an interval later.
    pub(super) fn take(&mut self, now: u64, settings: &Settings) -> Work {
        Work {
            reports: pass(&mut self.reports, now, REPORTS_EVERY),
            sweep: pass(&mut self.sweep, now, SWEEP_EVERY),
            snapshot: pass(&mut self.snapshot, now, settings.snapshot_every),
        }
    }
}

fn pass(due: &mut u64, now: u64, every: u64) -> bool {
    let is_due = now >= *due;
    if is_due {
        *due = now.saturating_add(every);
    }
    is_due
}
