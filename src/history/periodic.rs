//! The periodic work of a history.

use super::{history::History, pair::totals};
use crate::{
    census::{Window, timeline::Moment},
    worker::Tick,
};

impl History {
    /// Takes in what census and metrics say.
    fn sample(&self, now: &Moment) {
        // Neither is asked with the book locked.
        let (reports, totals) = (
            self.census.cached_reports(),
            totals(&self.metrics.snapshot()),
        );
        let ready = Window::STANDARD.iter();
        let window = ready.take_while(|ready| **ready != self.window).count();
        let mut book = self.book();
        book.sample_callers(now, reports, window);
        book.sample_responses(now, totals);
    }

    fn advance(&self) -> Moment {
        let now = self.timeline.moment(&*self.clock);
        self.book().advance(&self.timeline, now)
    }
}

impl Tick for History {
    /// When due, takes a sample (each second) and writes the file.
    fn tick(&self) {
        let now = self.advance();
        let due = self.book().take_sample_due(&now);
        if due {
            self.sample(&now);
        }
        if self.saver.is_some() && self.book().take_save_due(self.save_every) {
            // Logged and kept in the status already; it is tried again when it is due again.
            let _ = self.save();
        }
    }

    /// A last sample, and the file for the last time.
    fn finish(&self) {
        let now = self.advance();
        self.sample(&now);
        let _ = self.save();
    }
}
