//! Setting a history up.

use std::sync::{Arc, Mutex};

use super::{
    answers::Answers,
    book::Book,
    callers::Callers,
    history::History,
    open_error::{OpenHistoryError, OpenHistoryErrorKind},
    pair::totals,
};
use crate::{
    census::{
        Census, Window,
        timeline::{ORIGIN, Timeline},
    },
    clock::{Clock, SystemClock},
    metrics::Metrics,
};

/// How a history is to be.
#[derive(Clone, Debug)]
#[must_use]
pub struct HistoryBuilder {
    census: Arc<Census>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    window: Window,
}

impl History {
    /// A history of this census and these metrics.
    pub fn builder(census: Arc<Census>, metrics: Arc<Metrics>) -> HistoryBuilder {
        HistoryBuilder {
            census,
            metrics,
            clock: Arc::new(SystemClock::new()),
            window: Window::DAY,
        }
    }
}

/// The end of the year 9999: no clock is later, and no time overflows.
const LATEST: u64 = 253_402_300_799_999;

impl HistoryBuilder {
    /// Where time comes from; the operating system by default. The census must have the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The window of the census whose dependent callers are kept: one of [`Window::READY_MADE`], [`Window::DAY`] by default.
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Opens the history.
    ///
    /// # Errors
    ///
    /// When the window is not ready-made.
    pub fn open(self) -> Result<History, OpenHistoryError> {
        if !Window::READY_MADE.contains(&self.window) {
            let kind = OpenHistoryErrorKind::NotReadyMade(self.window);
            return Err(OpenHistoryError::new(kind));
        }
        // Buckets are cut where the wall clock would cut them, and there is room before the first for a whole span.
        let start = self.clock.unix_ms().min(LATEST) + ORIGIN;
        let timeline = Timeline::starting_at(start, &*self.clock);
        let now = timeline.moment(&*self.clock);
        let callers = Callers::new(self.census.kind_names());
        let answers = Answers::new(totals(&self.metrics.snapshot()));
        Ok(History {
            census: self.census,
            metrics: self.metrics,
            clock: self.clock,
            timeline,
            window: self.window,
            book: Mutex::new(Book::new(now, callers, answers)),
        })
    }
}
