//! Building a history, and opening its file.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    codec::{LATEST, MAX_FILE, SavedHistory},
    history::History,
    responses::{ResponseHistory, totals},
    state::{CallerHistory, HistoryState, TOLERANCE},
};
use crate::{
    census::{Census, Window},
    metrics::Metrics,
    rollout::Rollout,
    storage::{
        atomic_file::{AtomicFile, AtomicFileError},
        frame::DecodeError,
        saver::Saver,
    },
    time::{
        Clock, SystemClock, millis,
        timeline::{ORIGIN, Timeline, resume},
    },
};

/// Builder for [`History`].
#[derive(Clone, Debug)]
#[must_use]
pub struct HistoryBuilder {
    census: Arc<Census>,
    metrics: Arc<Metrics>,
    rollout: Option<Arc<Rollout>>,
    clock: Arc<dyn Clock>,
    window: Window,
    file: Option<PathBuf>,
    save_every: Duration,
}

/// A history could not be opened. Nothing was changed on disk.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenHistoryError(#[from] Cause);

/// Why a history cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenHistoryErrorKind {
    /// The window is not one of [`Window::STANDARD`].
    NotStandardWindow,
    /// Another process has the file open.
    InUse,
    /// The file or its directory cannot be read.
    Io,
    /// The bytes cannot be decoded. Of a file this is no error: it is renamed.
    Decode(DecodeError),
}

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("a history cannot have the window {0}: it must be one of Window::STANDARD")]
    Window(Window),
    #[error("the history {} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("the history {} cannot be read", .0.display())]
    Io(PathBuf, #[source] io::Error),
    #[error("the history cannot be decoded: {0}")]
    Decode(DecodeError),
}

impl History {
    /// A history of this census and these metrics.
    pub fn builder(census: Arc<Census>, metrics: Arc<Metrics>) -> HistoryBuilder {
        HistoryBuilder {
            census,
            metrics,
            rollout: None,
            clock: Arc::new(SystemClock::new()),
            window: Window::DAY,
            file: None,
            save_every: Duration::from_secs(60),
        }
    }
}

impl HistoryBuilder {
    /// The clock; the operating system's by default. Use that of the census.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The rollout whose stranded callers are recorded: those since the flag last changed, waived ones aside. Without one
    /// they are those of the window. Where several instances share its census, the callers are those of all instances; the
    /// responses are those of this process.
    pub fn rollout(mut self, rollout: Arc<Rollout>) -> Self {
        self.rollout = Some(rollout);
        self
    }

    /// The census window whose dependent callers are recorded: one of [`Window::STANDARD`], [`Window::DAY`] by default.
    /// From a file of another window only the responses are restored.
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// The path of the file that survives restarts. Its directory must exist; files with `.tmp`, `.lock` and `.corrupt`
    /// appended to the name may appear beside it. Without one the history lives in memory only.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// How often the file is written; every minute by default. A crash loses what came after the last time.
    pub fn save_every(mut self, interval: Duration) -> Self {
        self.save_every = interval;
        self
    }

    /// Opens the history, with the content of its file if there is one. What the metrics counted before is in no bucket,
    /// because its time is unknown.
    ///
    /// A file that cannot be decoded is renamed (`.corrupt` appended, replacing any file of that name), a warning is
    /// logged, and the history starts empty; [`History::lost`] returns the reason. Missing time series must not keep a
    /// process from serving.
    ///
    /// # Errors
    ///
    /// When another process has the file open; when the operating system cannot read it or its directory; when the window
    /// is not a standard one.
    pub fn open(self) -> Result<History, OpenHistoryError> {
        let Some(path) = self.file.clone() else {
            return self.opened(None);
        };
        let file = AtomicFile::open(&path).map_err(|error| match error {
            AtomicFileError::InUse => Cause::InUse(path.clone()),
            AtomicFileError::Directory(directory, source) => Cause::Io(directory, source),
        })?;
        let read = match file.read(MAX_FILE) {
            Ok(bytes) => bytes.map(|bytes| SavedHistory::read(&bytes)).transpose(),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(DecodeError::Foreign),
            Err(error) => return Err(Cause::Io(path, error).into()),
        };
        let (saved, lost) = match read {
            Ok(saved) => (saved, None),
            Err(error) => (None, Some(error)),
        };
        let mut history = self.opened(saved)?;
        if let Some(error) = lost {
            quarantine(&file, error);
        }
        history.lost = lost;
        history.saver = Some(Saver::new("history", file));
        Ok(history)
    }

    /// Opens a history from what [`History::to_bytes`] returned, for those that are stored elsewhere than in a file.
    ///
    /// # Errors
    ///
    /// When the bytes are not an intact history, or the window is not a standard one.
    pub fn open_bytes(self, bytes: &[u8]) -> Result<History, OpenHistoryError> {
        let saved = SavedHistory::read(bytes).map_err(Cause::Decode)?;
        self.opened(Some(saved))
    }

    fn opened(self, saved: Option<SavedHistory>) -> Result<History, OpenHistoryError> {
        if !Window::STANDARD.contains(&self.window) {
            return Err(Cause::Window(self.window).into());
        }
        let wall = self.clock.unix_ms();
        let start = Self::start(wall, saved.as_ref());
        let timeline = Timeline::starting_at(start, &*self.clock);
        let now = timeline.moment(&*self.clock);
        let save_every = millis(self.save_every);
        let filled = self.filled(saved);
        let state = HistoryState::new(now, (start, wall), save_every, filled);
        Ok(History {
            census: self.census,
            metrics: self.metrics,
            rollout: self.rollout,
            clock: self.clock,
            timeline,
            window: self.window,
            save_every,
            saver: None,
            lost: None,
            state: Mutex::new(state),
        })
    }

    /// The present time of the history. It continues what was saved, plus the downtime.
    fn start(wall: u64, saved: Option<&SavedHistory>) -> u64 {
        let Some(saved) = saved else {
            // Buckets start where those of the wall clock do, and the longest range fits before the first.
            return wall.saturating_add(ORIGIN).min(LATEST);
        };
        // Shown times may be ahead of the wall clock by this much.
        let is_ahead = saved.wall.saturating_sub(wall) <= TOLERANCE;
        let saved_wall = if is_ahead {
            saved.wall.min(wall)
        } else {
            saved.wall
        };
        let resumed = resume(saved.time, saved_wall, wall);
        if resumed.unknown_downtime {
            tracing::warn!(
                "the clock went back while the history was down: earlier buckets are shown too early"
            );
        }
        resumed.time.min(LATEST)
    }

    fn filled(&self, saved: Option<SavedHistory>) -> (CallerHistory, ResponseHistory) {
        let kinds = self.census.kinds().names().map(str::to_owned).collect();
        let mut callers = CallerHistory::new(kinds);
        let mut responses = ResponseHistory::new(totals(&self.metrics.snapshot()));
        if let Some(saved) = saved {
            if saved.window_ms == self.window.as_millis() {
                callers.restore(&saved.callers);
            } else {
                let window = self.window.label();
                tracing::warn!(
                    window,
                    "the history was recorded for another window: its time series of callers start empty"
                );
            }
            responses.restore(&saved.responses);
        }
        (callers, responses)
    }
}

impl OpenHistoryError {
    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> OpenHistoryErrorKind {
        match self.0 {
            Cause::Window(_) => OpenHistoryErrorKind::NotStandardWindow,
            Cause::InUse(_) => OpenHistoryErrorKind::InUse,
            Cause::Io(..) => OpenHistoryErrorKind::Io,
            Cause::Decode(error) => OpenHistoryErrorKind::Decode(error),
        }
    }
}

fn quarantine(file: &AtomicFile, error: DecodeError) {
    let quarantined = file.quarantine();
    let quarantined = quarantined.as_ref().map(|path| path.display().to_string());
    let path = file.path().display();
    tracing::warn!(%path, %error, ?quarantined, "the history starts empty: its file cannot be decoded");
}
