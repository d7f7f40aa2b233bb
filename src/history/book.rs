//! What a history keeps, all of it touched only by ticks and by whoever looks at curves.

use std::sync::Arc;

use super::{
    callers::Callers,
    curves::Curves,
    format::FORM,
    pair::{Pair, Served},
    responses::Answers,
    span::Span,
};
use crate::{
    census::{
        Report, Window,
        timeline::{Moment, Timeline},
    },
    storage::codec::Put,
};

/// What a history keeps.
#[derive(Debug)]
pub(super) struct Book {
    /// The last sample.
    last: Moment,
    /// The moment by which times are shown: the newest at which the wall clock had jumped. Between jumps all buckets keep the
    /// times they are shown with.
    shown_by: Moment,
    sample_due: u64,
    save_due: u64,
    /// The reports that were sampled last, and since when there have been no newer ones.
    reports: (Arc<[Report]>, u64),
    callers: Callers,
    responses: Answers,
}

/// How often a sample is taken, in milliseconds.
const SAMPLE_EVERY: u64 = 1_000;

/// The census makes new reports every few seconds. When they are older than this, in milliseconds, nobody keeps it.
const STALE: u64 = 30_000;

/// As long as shown times are right within this, in milliseconds, they stay as they are.
pub(super) const TOLERANCE: u64 = 2_000;

impl Book {
    /// A book whose time `shown.0` is shown as the wall time `shown.1`. A sample is due at once.
    pub(super) fn new(
        now: Moment,
        shown: (u64, u64),
        callers: Callers,
        responses: Answers,
    ) -> Self {
        let mut shown_by = now;
        (shown_by.time, shown_by.wall) = shown;
        Self {
            last: now,
            shown_by,
            sample_due: now.time,
            save_due: now.time,
            reports: (Arc::new([]), now.time),
            callers,
            responses,
        }
    }

    /// The book with its first save due after the interval.
    pub(super) fn saved_every(mut self, interval: u64) -> Self {
        self.save_due = self.save_due.saturating_add(interval);
        self
    }

    /// Moves the time past any jump of the clock.
    pub(super) fn advance(&mut self, timeline: &Timeline, now: Moment) -> Moment {
        let step = self.last.step_to(&now, u64::MAX);
        timeline.forward(step.forward);
        let now = now.forwarded(step.forward);
        self.last = now;
        if now.unix_ms(self.shown_by.time).abs_diff(self.shown_by.wall) > TOLERANCE {
            self.shown_by = now;
        }
        now
    }

    /// Whether a sample is due. It is due again an interval later.
    pub(super) fn take_sample_due(&mut self, now: &Moment) -> bool {
        pass(&mut self.sample_due, now.time, SAMPLE_EVERY)
    }

    /// Whether the file is due, if it is written every so many milliseconds.
    pub(super) fn take_save_due(&mut self, every: u64) -> bool {
        pass(&mut self.save_due, self.last.time, every)
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
    pub(super) fn sample_responses(&mut self, now: &Moment, totals: Vec<(Pair, Served)>) {
        self.responses.sample(now.time, totals);
    }

    /// All that is kept, but the footer.
    pub(super) fn to_bytes(&self, window: Window) -> Vec<u8> {
        let time = self.last.time;
        let mut out = Vec::new();
        FORM.put(&mut out);
        out.u64(time);
        // Not what the wall clock reads: between jumps that may differ a little, and buckets would move at every restart.
        out.u64(self.shown_by.unix_ms(time));
        out.u64(window.as_millis());
        self.callers.put(&mut out, time);
        self.responses.put(&mut out, time);
        out
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
            responses: self.responses.curves(span, time),
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
