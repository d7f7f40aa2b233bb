//! Making a report.

use super::{
    keeping::Keeping,
    overflow::{Overflow, RELATIVE_ERROR},
    record::{NEVER, Record},
    report::{Counts, KindCounts, OverflowEstimate, Report},
    timeline::{Moment, seconds},
    window::Window,
};

/// A report in the making.
pub(super) struct Draft {
    since: u32,
    report: Report,
}

impl Draft {
    /// A report with all that is known without looking at the callers.
    pub(super) fn new(
        window: Window,
        kinds: &[String],
        now: &Moment,
        (keeping, overflow): (&Keeping, &Overflow),
    ) -> Self {
        let last_overflow = (overflow.last() != NEVER).then_some(overflow.last());
        let mut draft = Self {
            since: start(window, now),
            report: Report {
                window: window.label(),
                window_ms: window.as_millis(),
                at_unix_ms: now.wall,
                all: Counts::default(),
                kinds: kinds.iter().map(|kind| no_counts(kind)).collect(),
                responses_since_unix_ms: now.wall,
                coverage: keeping.coverage(window, now),
                estimate: None,
                last_overflow_unix_ms: last_overflow
                    .map(|second| now.unix_ms(u64::from(second) * 1_000)),
                losses: keeping.losses(now),
            },
        };
        draft.put_responses(now, keeping);
        draft.put_forgotten(keeping);
        draft.put_estimate(now, overflow);
        draft
    }

    /// Counts callers into their kinds.
    pub(super) fn count(&mut self, records: &[Record]) {
        for record in records {
            let kind = &mut self.report.kinds[usize::from(record.kind)];
            kind.counts.count(record, self.since);
        }
    }

    /// Sums the kinds up.
    pub(super) fn finish(mut self) -> Report {
        for kind in &self.report.kinds {
            self.report.all.add(&kind.counts);
        }
        self.report
    }

    fn put_responses(&mut self, now: &Moment, keeping: &Keeping) {
        let level = keeping.history.level(self.since, seconds(now.time));
        let sums = level.sum(self.since);
        for (kind, responses) in self.report.kinds.iter_mut().zip(sums) {
            kind.counts.responses = responses;
        }
        let since = u64::from(level.rounded(self.since)) * 1_000;
        self.report.responses_since_unix_ms = now.unix_ms(since);
    }

    fn put_forgotten(&mut self, keeping: &Keeping) {
        for (kind, forgotten) in self.report.kinds.iter_mut().zip(&keeping.forgotten) {
            kind.counts.forgotten = forgotten.callers;
            kind.counts.forgotten_dependents = forgotten.dependents;
        }
    }

    fn put_estimate(&mut self, now: &Moment, overflow: &Overflow) {
        let Some(estimates) = overflow.estimate(self.since, seconds(now.time)) else {
            return;
        };
        let mut whole = OverflowEstimate {
            callers: 0,
            dependent: 0,
            relative_error: RELATIVE_ERROR,
        };
        for (kind, estimate) in self.report.kinds.iter_mut().zip(estimates) {
            let never_dependent = estimate.seen - estimate.dependent;
            kind.counts.known += estimate.seen;
            kind.counts.never_dependent += never_dependent;
            kind.counts.dependent += estimate.dependent;
            kind.counts.stranded += estimate.stranded;
            whole.callers += estimate.seen;
            whole.dependent += estimate.dependent;
        }
        self.report.estimate = Some(whole);
    }
}

/// The first second of a window that ends now, rounded outward.
pub(super) fn start(window: Window, now: &Moment) -> u32 {
    seconds(now.time.saturating_sub(window.as_millis()))
}

fn no_counts(kind: &str) -> KindCounts {
    KindCounts {
        kind: kind.to_owned(),
        counts: Counts::default(),
    }
}
