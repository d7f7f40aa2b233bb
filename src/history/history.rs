//! The history itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{answers, book::Book, curves::Curves, pair::totals, span::Span};
use crate::{
    census::{Census, Window, timeline::Timeline},
    clock::Clock,
    keeper::Tick,
    metrics::Metrics,
};

/// The curves of the last 30 days. The [module](super) has the rules and an example.
pub struct History {
    pub(super) census: Arc<Census>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) timeline: Timeline,
    pub(super) window: Window,
    pub(super) book: Mutex<Book>,
}

impl History {
    /// The most pairs of endpoint and outcome that are told apart. What comes beyond them is counted under `other`.
    pub const MAX_PAIRS: usize = answers::MAX_PAIRS;

    /// The curves of a span as the last tick left them. Where nobody has ticked since, there is nothing: `None`.
    #[must_use]
    pub fn curves(&self, span: Span) -> Curves {
        let book = self.book();
        let time = self.timeline.moment(&*self.clock).time;
        book.curves(span, time, self.window.label())
    }

    pub(super) fn sample(&self) {
        let now = self.timeline.moment(&*self.clock);
        let due = self.book().due(&self.timeline, now);
        let Some(now) = due else {
            return;
        };
        let (reports, totals) = (self.census.ready_made(), totals(&self.metrics.snapshot()));
        let window = Window::READY_MADE
            .iter()
            .position(|ready| *ready == self.window)
            .expect("a history opens with a ready-made window only");
        let mut book = self.book();
        book.sample_callers(&now, reports, window);
        book.sample_answers(&now, totals);
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        // Whoever panicked left, at worst, a sample half taken.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tick for History {
    fn tick(&self) {
        self.sample();
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
