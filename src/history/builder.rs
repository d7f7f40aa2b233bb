//! Setting a history up, and opening its file.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    book::{Book, TOLERANCE},
    callers::Callers,
    format::{LATEST, MAX_FILE},
    history::History,
    open_error::OpenHistoryError,
    pair::totals,
    responses::Answers,
    saved::Saved,
};
use crate::{
    census::{
        Census, Window,
        timeline::{ORIGIN, Timeline, resume},
    },
    metrics::Metrics,
    storage::{file::SnapshotFile, saver::Saver, unreadable::Unreadable},
    time::{Clock, SystemClock, millis},
};

/// How a history is to be.
#[derive(Clone, Debug)]
#[must_use]
pub struct HistoryBuilder {
    census: Arc<Census>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    window: Window,
    file: Option<PathBuf>,
    save_every: Duration,
}

impl History {
    /// A history of this census and these metrics.
    pub fn builder(census: Arc<Census>, metrics: Arc<Metrics>) -> HistoryBuilder {
        HistoryBuilder {
            census,
            metrics,
            clock: Arc::new(SystemClock::new()),
            window: Window::DAY,
            file: None,
            save_every: Duration::from_secs(60),
        }
    }
}

impl HistoryBuilder {
    /// Where time comes from; the operating system by default. The census must have the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The window of the census whose dependent callers are kept: one of [`Window::STANDARD`], [`Window::DAY`] by default.
    /// A file of another window keeps its answers only.
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Where the history is kept over restarts. Its directory must exist; files of the same name with `.tmp`, `.lock` and
    /// `.lost` appended come to stand beside it. Without one the history lives in memory alone.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// How often the file is written; every minute by default. What came after the last time is lost in a crash.
    pub fn save_every(mut self, interval: Duration) -> Self {
        self.save_every = interval;
        self
    }

    /// Opens the history, with what its file knows if there is one. What the metrics have counted by now is in no bucket:
    /// nobody knows when it came.
    ///
    /// A file that is no intact history is renamed (`.lost` appended, replacing what was there under that name), a `WARN` is
    /// logged, and the history begins anew; [`History::lost`] says so. A missing curve must not keep a process from serving.
    ///
    /// # Errors
    ///
    /// When another process has the file open; when the operating system cannot read it or its directory; when the window
    /// is not ready-made.
    pub fn open(self) -> Result<History, OpenHistoryError> {
        let Some(path) = self.file.clone() else {
            return self.opened(None);
        };
        let file =
            SnapshotFile::take(&path).map_err(|error| OpenHistoryError::taking(&path, error))?;
        let found = read(&file).map_err(|error| OpenHistoryError::io(&path, error))?;
        let (saved, lost) = match &found {
            Ok(None) => (None, None),
            Ok(Some(bytes)) => match Saved::read(bytes) {
                Ok(saved) => (Some(saved), None),
                Err(unreadable) => (None, Some(unreadable)),
            },
            Err(unreadable) => (None, Some(*unreadable)),
        };
        let mut history = self.opened(saved)?;
        if let Some(unreadable) = lost {
            set_aside(&file, &path, unreadable);
        }
        history.lost = lost;
        history.saver = Some(Saver::new("history", file));
        Ok(history)
    }

    /// A history with what [`History::to_bytes`] gave, for those that are kept elsewhere than in a file.
    ///
    /// # Errors
    ///
    /// When the bytes are no intact history, or the window is not ready-made.
    pub fn open_bytes(self, bytes: &[u8]) -> Result<History, OpenHistoryError> {
        let saved = Saved::read(bytes)?;
        self.opened(Some(saved))
    }

    fn opened(self, saved: Option<Saved<'_>>) -> Result<History, OpenHistoryError> {
        if !Window::STANDARD.contains(&self.window) {
            return Err(OpenHistoryError::window(self.window));
        }
        let wall = self.clock.unix_ms();
        let start = Self::start(wall, saved.as_ref());
        let timeline = Timeline::starting_at(start, &*self.clock);
        let now = timeline.moment(&*self.clock);
        let save_every = millis(self.save_every);
        let (callers, responses) = self.filled(saved);
        let book = Book::new(now, (start, wall), callers, responses).saved_every(save_every);
        Ok(History {
            census: self.census,
            metrics: self.metrics,
            clock: self.clock,
            timeline,
            window: self.window,
            save_every,
            saver: None,
            lost: None,
            book: Mutex::new(book),
        })
    }

    /// The history's time now. It goes on from what was saved, by as much as the process was down.
    fn start(wall: u64, saved: Option<&Saved<'_>>) -> u64 {
        let Some(saved) = saved else {
            // Buckets begin where the wall clock's do, and a whole span has room before the first.
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

    fn filled(&self, saved: Option<Saved<'_>>) -> (Callers, Answers) {
        let mut callers = Callers::new(self.census.kind_names());
        let mut responses = Answers::new(totals(&self.metrics.snapshot()));
        if let Some(saved) = saved {
            if saved.window == self.window.as_millis() {
                callers.restore(&saved.callers);
            } else {
                let window = self.window.label();
                tracing::warn!(
                    window,
                    "the history was kept for another window: its curves of callers begin anew"
                );
            }
            responses.restore(saved.responses);
        }
        (callers, responses)
    }
}

/// The content of the file; `None` if there is no file.
fn read(file: &SnapshotFile) -> io::Result<Result<Option<Vec<u8>>, Unreadable>> {
    match file.read(MAX_FILE) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(Err(Unreadable::Foreign)),
        read => read.map(Ok),
    }
}

fn set_aside(file: &SnapshotFile, path: &Path, unreadable: Unreadable) {
    let aside = file.set_aside();
    let aside = aside.as_ref().map(|path| path.display().to_string());
    let path = path.display();
    tracing::warn!(%path, %unreadable, ?aside, "the history begins anew, without what its file held");
}
