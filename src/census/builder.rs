//! Building a census, and opening its snapshot.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    caller::{Detect, KeyCheck, Kinds},
    storage::{atomic_file::AtomicFile, saver::Saver},
    time::{
        Clock, SystemClock, millis,
        timeline::{ORIGIN, resume},
    },
};

#[cfg(feature = "cli")]
use crate::time::{ManualClock, Timestamp};

use super::{
    census::{Census, Settings},
    open_error::{OpenCensusError, OpenCensusErrorKind},
    rules::RulesInForce,
    snapshot::{self, MAX_FILE},
    watch::GapCause,
};

/// Builder for [`Census`].
///
/// ```
/// use legacy_http_compat::{
///     caller::{FingerprintKey, SignalDetector},
///     census::{Census, Window},
/// };
///
/// # let directory = std::env::temp_dir().join(format!("census-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let key = FingerprintKey::new([7; 16]);
/// let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind").build(&key)?;
/// let census = Census::builder(&detector)
///     .capacity(100_000)
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
    rules: RulesInForce,
    clock: Arc<dyn Clock>,
    settings: Settings,
    flag: Option<Box<str>>,
    snapshot: Option<PathBuf>,
}

impl Census {
    /// A census in memory with default settings, for the callers of this detector.
    #[must_use]
    pub fn new(detector: &(impl Detect + ?Sized)) -> Self {
        Self::builder(detector).fresh(None)
    }

    /// Builds a census for the callers of this detector: it has the detector's kinds, the digests of
    /// [its rules](Detect::rules_digest), and the [key check](Detect::key_check) of its fingerprints.
    pub fn builder(detector: &(impl Detect + ?Sized)) -> CensusBuilder {
        CensusBuilder {
            kinds: detector.kinds().clone(),
            rules: RulesInForce::of(detector),
            clock: Arc::new(SystemClock::new()),
            settings: Settings {
                key_check: detector.key_check(),
                ..DEFAULT_SETTINGS
            },
            flag: None,
            snapshot: None,
        }
    }
}

/// As long as an inactive caller can be due: 90 days.
const SHORTEST_RETENTION: u64 = 90 * 86_400_000;

pub(super) const DEFAULT_SETTINGS: Settings = Settings {
    capacity: 65_536,
    retention: SHORTEST_RETENTION,
    heartbeat_limit: 10_000,
    snapshot_every: 10_000,
    key_check: None,
    merged: false,
};

impl CensusBuilder {
    /// The name of the flag whose callers it counts, for the metrics. A rollout that uses the census sets it as well.
    pub fn flag(mut self, name: impl Into<Box<str>>) -> Self {
        self.flag = Some(name.into());
        self
    }

    /// How many callers are known individually; 65,536 by default. A caller takes about 105 bytes, of which 8 to 16 are
    /// allocated at the start. A table that is nearly full drops target callers: first those that never depended, then
    /// migrated ones, those that were seen longest ago first. New callers beyond the capacity are estimated.
    pub fn capacity(mut self, callers: usize) -> Self {
        self.settings.capacity = callers;
        self
    }

    /// How long a caller that is not seen is remembered; 90 days by default, and at least that. Gaps in the coverage do not
    /// count.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.settings.retention = millis(retention).max(SHORTEST_RETENTION);
        self
    }

    /// The longest time between heartbeats that is not a gap; 10 seconds by default.
    pub fn heartbeat_limit(mut self, limit: Duration) -> Self {
        self.settings.heartbeat_limit = millis(limit);
        self
    }

    /// The path of the snapshot file. Its directory must exist; files with `.tmp`, `.lock` and `.corrupt` appended to the
    /// name may appear beside it. Without one the census lives in memory only.
    pub fn snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// How often the snapshot is written; every 10 seconds by default. A crash loses what came after the last one, and
    /// leaves a gap.
    pub fn snapshot_every(mut self, interval: Duration) -> Self {
        self.settings.snapshot_every = millis(interval);
        self
    }

    /// The clock; the operating system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the census, with the content of its snapshot if there is one.
    ///
    /// # Errors
    ///
    /// When the snapshot cannot be read, or another process has it open, or the detector has no
    /// [key check](Detect::key_check). Without a snapshot path it cannot fail.
    pub fn open(self) -> Result<Census, OpenCensusError> {
        self.open_or(|_, error| Err(error))
    }

    /// Opens the census even if its snapshot cannot be read, and then starts without it. The loss is recorded: all
    /// later reports list it, and earlier coverage is lost. The unreadable file is renamed (`.corrupt` appended),
    /// replacing any file of that name.
    ///
    /// # Errors
    ///
    /// When another process has the snapshot open, or its directory cannot be read, or the detector has no
    /// [key check](Detect::key_check).
    pub fn open_with_loss(self) -> Result<Census, OpenCensusError> {
        let fresh = self.clone();
        self.open_or(|file, error| {
            quarantine(file, &error);
            Ok(fresh.fresh(Some(error.kind())))
        })
    }

    /// Opens a census from what [`Census::to_bytes`] returned, for snapshots that are stored elsewhere than in a file.
    ///
    /// # Errors
    ///
    /// When the bytes are not an intact snapshot of the same fingerprint key.
    pub fn open_bytes(self, bytes: &[u8]) -> Result<Census, OpenCensusError> {
        self.restored(Some(bytes), self.key_check()?)
    }

    fn open_or(
        self,
        unreadable: impl FnOnce(&AtomicFile, OpenCensusError) -> Result<Census, OpenCensusError>,
    ) -> Result<Census, OpenCensusError> {
        let Some(path) = &self.snapshot else {
            return Ok(self.fresh(None));
        };
        let key_check = self.key_check().map_err(|error| error.at(path))?;
        let file = AtomicFile::open(path).map_err(|error| OpenCensusError::opening(error, path))?;
        let read = file.read(MAX_FILE).map_err(OpenCensusError::io);
        let mut census = match read.and_then(|bytes| self.restored(bytes.as_deref(), key_check)) {
            Ok(census) => census,
            Err(error) => unreadable(&file, error.at(path))?,
        };
        census.saver = Some(Saver::new("census", file));
        Ok(census)
    }

    fn key_check(&self) -> Result<KeyCheck, OpenCensusError> {
        let missing = || OpenCensusError::new(OpenCensusErrorKind::NoKeyCheck);
        self.settings.key_check.ok_or_else(missing)
    }

    fn fresh(&self, loss: Option<OpenCensusErrorKind>) -> Census {
        let census = self.starting_at(ORIGIN);
        census.begin(GapCause::Beginning, loss);
        census
    }

    fn restored(
        &self,
        bytes: Option<&[u8]>,
        key_check: KeyCheck,
    ) -> Result<Census, OpenCensusError> {
        let Some(bytes) = bytes else {
            return Ok(self.fresh(None));
        };
        let saved = snapshot::read(bytes, Some(key_check)).map_err(OpenCensusError::new)?;
        let resumed = resume(saved.state.time, saved.state.wall, self.clock.unix_ms());
        let census = self.starting_at(resumed.time);
        saved
            .restore(&census, resumed.unknown_downtime)
            .map_err(|_| OpenCensusError::new(OpenCensusErrorKind::Corrupt))?;
        census.begin(GapCause::Restart, None);
        Ok(census)
    }

    fn starting_at(&self, time: u64) -> Census {
        let census = Census::starting_at(
            time,
            (self.kinds.clone(), self.rules.clone()),
            Arc::clone(&self.clock),
            self.settings,
        );
        if let Some(flag) = &self.flag {
            census.name_flag(flag);
        }
        census
    }
}

/// For the command-line tool.
#[cfg(feature = "cli")]
impl Census {
    /// A census as it was when this snapshot of it was written, and that moment. It is only to be read.
    pub(crate) fn of_snapshot(bytes: &[u8]) -> Result<(Self, Timestamp), OpenCensusErrorKind> {
        let saved = snapshot::read(bytes, None)?;
        let corrupt = OpenCensusErrorKind::Corrupt;
        let kinds = Kinds::new(saved.kinds().skip(1)).map_err(|_| corrupt)?;
        let (time, wall) = (saved.state.time, saved.state.wall);
        let settings = Settings {
            capacity: saved.len().map_err(|_| corrupt)?,
            ..DEFAULT_SETTINGS
        };
        let clock = Arc::new(ManualClock::new(wall));
        let census = Self::starting_at(time, (kinds, saved.rules()), clock, settings);
        saved.restore(&census, false).map_err(|_| corrupt)?;
        Ok((census, Timestamp::from_unix_ms(wall)))
    }
}

fn quarantine(file: &AtomicFile, error: &OpenCensusError) {
    let quarantined = file.quarantine();
    let quarantined = quarantined.as_ref().map(|path| path.display().to_string());
    tracing::warn!(%error, ?quarantined, "the census starts without its snapshot");
}
