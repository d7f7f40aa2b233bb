//! The history.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    codec::HEADER,
    responses::{MAX_OUTCOMES, totals},
    state::HistoryState,
    time_series::{HistoryRange, TimeSeries},
};
use crate::{
    census::{Census, SnapshotStatus, Window},
    metrics::Metrics,
    observation::SkipReason,
    rollout::{Evaluation, Rollout},
    storage::{
        frame::{DecodeError, FrameWriter},
        saver::Saver,
    },
    time::{
        Clock, Timestamp,
        timeline::{Moment, Timeline},
    },
    worker::Tick,
};

/// Time series of the last 30 days. The [module](super) has the rules and an example.
pub struct History {
    pub(super) census: Arc<Census>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) rollout: Option<Arc<Rollout>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) timeline: Timeline,
    pub(super) window: Window,
    pub(super) save_every: u64,
    pub(super) saver: Option<Saver>,
    pub(super) lost: Option<DecodeError>,
    pub(super) state: Mutex<HistoryState>,
}

impl History {
    /// The most pairs of endpoint and outcome with series of their own. Beyond it, responses are counted under `other`.
    pub const MAX_OUTCOMES: usize = MAX_OUTCOMES;

    /// The time series of a range, as of the last tick; `None` since then.
    #[must_use]
    pub fn time_series(&self, range: HistoryRange) -> TimeSeries {
        let state = self.state();
        let time = self.timeline.moment(&*self.clock).time;
        state.time_series(range, time, self.window.label())
    }

    /// How long ago the first bucket was recorded, at the coarsest resolution.
    pub(crate) fn recorded_for(&self) -> Duration {
        let time = self.timeline.moment(&*self.clock).time;
        self.state().recorded_for(time)
    }

    /// When the callers in the last bucket were counted; `None` before a census was sampled.
    pub(crate) fn callers_at(&self) -> Option<Timestamp> {
        self.state().callers_at()
    }

    /// Why responses to dependent callers were not rewritten since the flag last changed, or since the process started.
    pub(crate) fn skips(&self) -> Vec<(SkipReason, u64)> {
        let counted = self.metrics.snapshot();
        self.state().skips.since(&counted)
    }

    /// Why the history started empty, if its file could not be decoded when it was opened. The file was renamed
    /// (`.corrupt` appended).
    #[must_use]
    pub const fn lost(&self) -> Option<DecodeError> {
        self.lost
    }

    /// How the writing of the file goes; `None` if there is no file.
    #[must_use]
    pub fn file_status(&self) -> Option<SnapshotStatus> {
        self.saver.as_ref().map(Saver::status)
    }

    /// Writes the file now, as of the last tick, and waits for the disk. Does nothing without a file.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the file is then unchanged. [`History::file_status`] shows the error as well.
    pub fn save(&self) -> io::Result<()> {
        let Some(saver) = &self.saver else {
            return Ok(());
        };
        saver.save(&*self.clock, |writer| self.write(writer))
    }

    /// The history as bytes, for [`HistoryBuilder::open_bytes`](super::HistoryBuilder::open_bytes).
    ///
    /// # Errors
    ///
    /// None in practice: the bytes are written to memory.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut writer = FrameWriter::new(Vec::new());
        self.write(&mut writer)?;
        Ok(writer.finish()?.1)
    }

    fn write<W: Write>(&self, writer: &mut FrameWriter<W>) -> io::Result<()> {
        // Copied, because the state must not stay locked while the disk writes.
        let saved = self.state().saved(self.window);
        writer.header(HEADER)?;
        writer.value(&saved)
    }

    /// Samples census and metrics.
    fn sample(&self, now: &Moment) {
        // Neither is queried with the state locked.
        let reports = self.census().cached_reports();
        let counted = self.metrics.snapshot();
        let flag = self.rollout.as_ref().map(|rollout| rollout.status().flag);
        let standard = Window::STANDARD.iter();
        let window = standard.take_while(|known| **known != self.window).count();
        let evaluation = self.evaluation(now);
        let mut state = self.state();
        state.sample_callers(now, reports, window, evaluation.as_deref());
        state.sample_responses(now, totals(&counted));
        if let Some(flag) = flag {
            state.skips.sample(flag, &counted);
        }
    }

    /// That of all instances, where the rollout decides by it.
    fn census(&self) -> Arc<Census> {
        let view = self
            .rollout
            .as_ref()
            .and_then(|rollout| rollout.census_view());
        let shared = view.filter(|view| view.is_shared());
        shared.map_or_else(|| Arc::clone(&self.census), |view| view.census())
    }

    /// By the evaluation that the rollout shares, renewed for every bucket of the finest series at least once.
    fn evaluation(&self, now: &Moment) -> Option<Arc<Evaluation>> {
        let rollout = self.rollout.as_ref()?;
        if let Some(recent) = self.state().recent_evaluation(now) {
            return Some(recent);
        }
        let evaluation = rollout.evaluation();
        self.state().keep_evaluation(now, Arc::clone(&evaluation));
        Some(evaluation)
    }

    fn advance(&self) -> Moment {
        let now = self.timeline.moment(&*self.clock);
        self.state().advance(&self.timeline, now)
    }

    fn state(&self) -> MutexGuard<'_, HistoryState> {
        // After a panic, at most one sample is incomplete.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tick for History {
    /// When due, takes a sample (each second) and writes the file.
    fn tick(&self) {
        let now = self.advance();
        let due = self.state().take_sample_due();
        if due {
            self.sample(&now);
        }
        if self.saver.is_some() && self.state().take_save_due(self.save_every) {
            // Logged, and shown by the status; the next due time tries again.
            let _ = self.save();
        }
    }

    /// A last sample, and a last write of the file.
    fn shutdown(&self) {
        let now = self.advance();
        self.sample(&now);
        let _ = self.save();
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
