//! The history itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{book::Book, curves::Curves, responses, span::Span};
use crate::{
    census::{Census, Window, timeline::Timeline},
    metrics::Metrics,
    storage::{saver::Saver, unreadable::Unreadable},
    time::Clock,
};

/// The curves of the last 30 days. The [module](super) has the rules and an example.
pub struct History {
    pub(super) census: Arc<Census>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) timeline: Timeline,
    pub(super) window: Window,
    pub(super) save_every: u64,
    pub(super) saver: Option<Saver>,
    pub(super) lost: Option<Unreadable>,
    pub(super) book: Mutex<Book>,
}

impl History {
    /// The most pairs of endpoint and outcome that are told apart. What comes beyond them is counted under `other`.
    pub const MAX_PAIRS: usize = responses::MAX_PAIRS;

    /// The curves of a span as the last tick left them. Where nobody has ticked since, there is nothing: `None`.
    #[must_use]
    pub fn curves(&self, span: Span) -> Curves {
        let book = self.book();
        let time = self.timeline.moment(&*self.clock).time;
        book.curves(span, time, self.window.label())
    }

    /// Why the history began without what its file held, if that could not be read when it was opened. The file was renamed,
    /// `.lost` appended.
    #[must_use]
    pub const fn lost(&self) -> Option<Unreadable> {
        self.lost
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        // Whoever panicked left, at worst, a sample half taken.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
