//! Setting a census up, and opening its snapshot.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    caller::Kinds,
    storage::{
        codec::{Malformed, Read},
        file::SnapshotFile,
        saver::Saver,
    },
    time::{Clock, SystemClock, millis},
};

use super::{
    census::Census,
    coverage::GapCause,
    decode::Saved,
    format::MAX_FILE,
    open_error::{OpenError, OpenErrorKind},
    settings::Settings,
    timeline::{ORIGIN, resume},
    window::Window,
};

/// How a census is to be.
///
/// ```
/// use legacy_http_compat::{caller::Kinds, census::{Census, Window}};
///
/// # let directory = std::env::temp_dir().join(format!("census-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let census = Census::builder(&Kinds::new(["UI_RUST", "AGENT", "MCP"])?)
///     .capacity(100_000)
///     .key_check(0x51f0_77aa)
///     .snapshot(directory.join("census.snapshot"))
///     .open()?;
/// assert_eq!(census.report(Window::DAY).all.known, 0);
/// # drop(census);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CensusBuilder {
    kinds: Kinds,
    clock: Arc<dyn Clock>,
    settings: Settings,
    snapshot: Option<PathBuf>,
}

impl Census {
    /// A census in memory with the default settings.
    #[must_use]
    pub fn new(kinds: &Kinds) -> Self {
        Self::builder(kinds).fresh(None)
    }

    /// A census to be set up. `kinds` must be those of the detector that tells the callers apart.
    pub fn builder(kinds: &Kinds) -> CensusBuilder {
        CensusBuilder::new(kinds)
    }
}

impl CensusBuilder {
    fn new(kinds: &Kinds) -> Self {
        Self {
            kinds: kinds.clone(),
            clock: Arc::new(SystemClock::new()),
            settings: Settings {
                capacity: 65_536,
                retention: 90 * 86_400_000,
                heartbeat_limit: 10_000,
                snapshot_every: 10_000,
                key_check: 0,
            },
            snapshot: None,
        }
    }

    /// How many callers are known one by one; 65,536 by default. A caller takes about 105 bytes, of which 8 to 16 are taken at the start.
    /// Beyond it, new callers are estimated.
    pub fn capacity(mut self, callers: usize) -> Self {
        self.settings.capacity = callers;
        self
    }

    /// How long a caller that is not seen is remembered; 90 days by default, and no less than the longest window (30
    /// days). Only time in which the census watched counts.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.settings.retention = millis(retention).max(Window::MONTH.as_millis());
        self
    }

    /// How far heartbeats may be apart before the time between is a gap; 10 seconds by default.
    pub fn heartbeat_limit(mut self, limit: Duration) -> Self {
        self.settings.heartbeat_limit = millis(limit);
        self
    }

    /// Where the snapshot is. Its directory must exist; files of the same name with `.tmp`, `.lock` and `.lost`
    /// appended come to stand beside it. Without one the census lives in memory alone.
    pub fn snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// How often a snapshot is written; every 10 seconds by default. What came after the last one is lost in a crash,
    /// and is then a gap.
    pub fn snapshot_every(mut self, interval: Duration) -> Self {
        self.settings.snapshot_every = millis(interval);
        self
    }

    /// A number that is the same for the same fingerprint key and gives nothing of it away. A snapshot made with
    /// another is refused.
    pub fn key_check(mut self, check: u64) -> Self {
        self.settings.key_check = check;
        self
    }

    /// Where time comes from; the operating system by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the census, with what its snapshot knows if there is one.
    ///
    /// # Errors
    ///
    /// When there is a snapshot that cannot be read, or another process has it open. Without a path it cannot fail.
    pub fn open(self) -> Result<Census, OpenError> {
        let Some(path) = &self.snapshot else {
            return Ok(self.fresh(None));
        };
        let file = SnapshotFile::take(path).map_err(|error| OpenError::taking(error, path))?;
        let read = file.read(MAX_FILE).map_err(OpenError::io);
        match read.and_then(|bytes| self.restored(bytes.as_deref())) {
            Ok(census) => Ok(census.saving_to(Saver::new("census", file))),
            Err(error) => Err(error.at(path)),
        }
    }

    /// Opens the census even if its snapshot cannot be read, and then starts without it. The loss is recorded: all
    /// later reports name it, and what was watched before is no coverage. The unreadable file is renamed, `.lost`
    /// appended, and replaces what was there under that name.
    ///
    /// # Errors
    ///
    /// When another process has the snapshot open, or its directory cannot be read.
    pub fn open_with_loss(self) -> Result<Census, OpenError> {
        let Some(path) = &self.snapshot else {
            return Ok(self.fresh(None));
        };
        let file = SnapshotFile::take(path).map_err(|error| OpenError::taking(error, path))?;
        let read = file.read(MAX_FILE).map_err(OpenError::io);
        let census = match read.and_then(|bytes| self.restored(bytes.as_deref())) {
            Ok(census) => census,
            Err(error) => {
                give_up(&file, &error);
                self.fresh(Some(error.kind()))
            }
        };
        Ok(census.saving_to(Saver::new("census", file)))
    }

    /// A census with what [`Census::to_bytes`] gave, for snapshots that are kept elsewhere than in a file.
    ///
    /// # Errors
    ///
    /// When the bytes are no intact snapshot of the same fingerprint key.
    pub fn open_bytes(self, bytes: &[u8]) -> Result<Census, OpenError> {
        self.restored(Some(bytes))
    }

    fn starting_at(&self, time: u64) -> Census {
        Census::starting_at(time, &self.kinds, Arc::clone(&self.clock), self.settings)
    }

    fn fresh(&self, loss: Option<OpenErrorKind>) -> Census {
        let census = self.starting_at(ORIGIN);
        census.begin(GapCause::Beginning, loss);
        census
    }

    fn restored(&self, bytes: Option<&[u8]>) -> Result<Census, OpenError> {
        let Some(bytes) = bytes else {
            return Ok(self.fresh(None));
        };
        let saved = Saved::read(bytes, self.settings.key_check).map_err(OpenError::new)?;
        let resumed = resume(saved.time, saved.wall, self.clock.unix_ms());
        let census = self.starting_at(resumed.time);
        fill(&census, saved, resumed.unknown_downtime)
            .map_err(|Malformed| OpenError::new(OpenErrorKind::Corrupt))?;
        census.begin(GapCause::Restart, None);
        Ok(census)
    }
}

/// Puts what was saved into a census that knows nothing yet.
fn fill(census: &Census, mut saved: Saved<'_>, unknown_downtime: bool) -> Read<()> {
    for (place, name) in saved.endpoints.iter().enumerate() {
        let distinct = census.endpoint(name).index() == place;
        distinct.then_some(()).ok_or(Malformed)?;
    }
    let kinds: Vec<u8> = saved
        .kinds
        .iter()
        .map(|(name, _)| census.kind_number(name))
        .collect();
    let kind = |number: u8| kinds.get(usize::from(number)).copied().unwrap_or(0);
    for bucket in &mut saved.overflow {
        bucket.kind = kind(bucket.kind);
    }
    for entry in &mut saved.history {
        entry.kind = kind(entry.kind);
    }
    saved.callers(|mut record, version| {
        record.kind = kind(record.kind);
        let is_new = census.table.restore(record, version);
        is_new.then_some(()).ok_or(Malformed)
    })?;
    census.fill_keeping(saved, &kinds, unknown_downtime)
}

fn give_up(file: &SnapshotFile, error: &OpenError) {
    let aside = file.set_aside();
    let aside = aside.as_ref().map(|path| path.display().to_string());
    tracing::warn!(%error, ?aside, "the census starts without its snapshot");
}
