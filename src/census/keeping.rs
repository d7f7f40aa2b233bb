//! What the census keeps besides the callers, all of it touched only by heartbeats and reports.

use crate::time::Clock;

use super::{
    coverage::{Coverage, Gap, GapCause},
    open_error::OpenErrorKind,
    record::Record,
    report::{CoverageReport, SnapshotLoss},
    tally::History,
    timeline::{Moment, Timeline},
    window::Window,
};

#[derive(Debug)]
pub(super) struct Keeping {
    /// The last heartbeat.
    pub(super) last: Moment,
    pub(super) coverage: Coverage,
    pub(super) history: History,
    /// Per kind.
    pub(super) forgotten: Vec<Forgotten>,
    /// In the census's own time.
    pub(super) losses: Vec<(u64, OpenErrorKind)>,
}

/// How many callers of a kind were forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forgotten {
    pub(super) callers: u64,
    pub(super) dependents: u64,
}

impl Forgotten {
    pub(super) fn count(&mut self, record: &Record) {
        self.callers = self.callers.saturating_add(1);
        let dependents = u64::from(record.still_depends());
        self.dependents = self.dependents.saturating_add(dependents);
    }

    pub(super) fn add(&mut self, more: &Self) {
        self.callers = self.callers.saturating_add(more.callers);
        self.dependents = self.dependents.saturating_add(more.dependents);
    }
}

impl Keeping {
    /// So many losses are remembered; the newest ones.
    pub(super) const MAX_LOSSES: usize = 16;

    pub(super) fn new(now: Moment, kinds: usize) -> Self {
        Self {
            last: now,
            coverage: Coverage::default(),
            history: History::new(kinds),
            forgotten: vec![Forgotten::default(); kinds],
            losses: Vec::new(),
        }
    }

    /// Notes that the census is watching, moves its time past any jump of the clock, and returns the moment.
    pub(super) fn beat(&mut self, timeline: &Timeline, clock: &dyn Clock, longest: u64) -> Moment {
        let now = timeline.moment(clock);
        let step = self.last.step_to(&now, longest);
        timeline.forward(step.forward);
        let now = now.forwarded(step.forward);
        match step.gap {
            Some(cause) => self.begin(now.time, cause),
            None => self.coverage.extend(now.time),
        }
        self.last = now;
        now
    }

    fn begin(&mut self, now: u64, cause: GapCause) {
        self.coverage.begin(now, cause);
        tracing::warn!(cause = cause.as_str(), "the census was not watching");
    }

    pub(super) fn lose(&mut self, reason: OpenErrorKind) {
        if self.losses.len() == Self::MAX_LOSSES {
            self.losses.remove(0);
        }
        self.losses.push((self.last.time, reason));
    }

    pub(super) fn losses(&self, now: &Moment) -> Vec<SnapshotLoss> {
        let loss = |(at, reason): &(u64, OpenErrorKind)| SnapshotLoss {
            at_unix_ms: now.unix_ms(*at),
            reason: *reason,
        };
        self.losses.iter().map(loss).collect()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "30 days in milliseconds are exact in 64-bit floats"
    )]
    pub(super) fn coverage(&self, window: Window, now: &Moment) -> CoverageReport {
        let from = now.time.saturating_sub(window.as_millis());
        let watched_ms = self.coverage.watched_between(from, now.time);
        let gaps = self.coverage.gaps_between(from, now.time);
        let newest = gaps.len().saturating_sub(CoverageReport::MAX_GAPS);
        let shown = gaps[newest..].iter().map(|(from, to, cause)| Gap {
            from_unix_ms: now.unix_ms(*from),
            to_unix_ms: now.unix_ms(*to),
            cause: *cause,
        });
        CoverageReport {
            ratio: watched_ms as f64 / window.as_millis() as f64,
            watched_ms,
            gap_count: gaps.len(),
            gaps: shown.collect(),
        }
    }
}
