//! What a history keeps, all of it touched only by ticks and by whoever looks at curves.

use std::sync::Arc;

use super::{
    answers::Answers,
    callers::Callers,
    curves::Curves,
    pair::{Pair, Served},
    span::Span,
};
use crate::census::{
    Report,
    timeline::{Moment, Timeline},
};

/// What a history keeps.
#[derive(Debug)]
pub(super) struct Book {
    /// The last sample.
    last: Moment,
    /// The moment by which times are shown: the newest at which the wall clock had jumped. Between jumps all buckets keep the
    /// times they are shown with.
    shown_by: Moment,
    /// When the next sample is due.
    due: u64,
    /// The reports that were sampled last, and since when there have been no newer ones.
    reports: (Arc<[Report]>, u64),
    pub(super) callers: Callers,
    pub(super) answers: Answers,
}

/// How often a sample is taken, in milliseconds.
const SAMPLE_EVERY: u64 = 1_000;

/// The census makes new reports every few seconds. When they are older than this, in milliseconds, nobody keeps it.
const STALE: u64 = 30_000;

/// As long as shown times are right within this, in milliseconds, they stay as they are.
const TOLERANCE: u64 = 2_000;

impl Book {
    pub(super) fn new(now: Moment, callers: Callers, answers: Answers) -> Self {
        Self {
            last: now,
            shown_by: now,
            due: now.time,
            reports: (Arc::new([]), now.time),
            callers,
            answers,
        }
    }

    /// Moves the time past any jump of the clock; the moment if a sample is due.
    pub(super) fn due(&mut self, timeline: &Timeline, now: Moment) -> Option<Moment> {
        let step = self.last.step_to(&now, u64::MAX);
        timeline.forward(step.forward);
        let now = now.forwarded(step.forward);
        self.last = now;
        if now.unix_ms(self.shown_by.time).abs_diff(self.shown_by.wall) > TOLERANCE {
            self.shown_by = now;
        }
        let due = now.time >= self.due;
        if due {
            self.due = now.time.saturating_add(SAMPLE_EVERY);
        }
        due.then_some(now)
    }

    /// Takes in what the census says, unless it has long said nothing new.
    pub(super) fn sample_callers(&mut self, now: &Moment, reports: Arc<[Report]>, window: usize) {
        if !Arc::ptr_eq(&self.reports.0, &reports) {
            self.reports = (reports, now.time);
        }
        let (reports, since) = &self.reports;
        if now.time.saturating_sub(*since) <= STALE
            && let Some(report) = reports.get(window)
        {
            self.callers.sample(now.time, report);
        }
    }

    /// Takes in what the metrics count.
    pub(super) fn sample_answers(&mut self, now: &Moment, totals: Vec<(Pair, Served)>) {
        self.answers.sample(now.time, totals);
    }

    pub(super) fn curves(&self, span: Span, time: u64, window: String) -> Curves {
        // A tick may have put the time forward meanwhile.
        let time = time.max(self.last.time);
        let (step_ms, len) = (span.step_ms(), span.len());
        let running = time - time % step_ms;
        let first = running - step_ms * (len as u64 - 1);
        Curves {
            span: span.as_str(),
            from_unix_ms: self.shown_by.unix_ms(first),
            step_ms,
            len,
            window,
            callers: self.callers.curves(span, time),
            answers: self.answers.curves(span, time),
        }
    }
}
