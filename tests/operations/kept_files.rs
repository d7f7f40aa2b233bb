//! What holds of each file that outlives a process: the census' snapshot, and the history.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use legacy_http_compat::{
    admin::history::{DecodeError, HistoryRange, OpenHistoryError, OpenHistoryErrorKind},
    census::{Census, Dependence, OpenCensusErrorKind, SnapshotStatus, Window},
    time::{ManualClock, Timestamp},
    worker::{BackgroundWorker, Tick},
};
use proptest::prelude::*;

use crate::{
    census_snapshot,
    history::{
        file,
        stage::{OLD, Stage, of_pair, sum},
    },
    temp_dir::TempDir,
};

const NOON: u64 = 1_800_000_000_000;

/// Why a file is not opened.
#[derive(Debug, PartialEq, Eq)]
enum Cause {
    InUse,
    Io,
    ForeignKey,
    Unreadable(DecodeError),
}

/// What a process keeps in a file.
trait Kept: Sized {
    /// How often the file is written, in seconds.
    const EVERY: u64;

    fn open(clock: &Arc<ManualClock>, path: &Path) -> Self;
    fn refused(clock: &Arc<ManualClock>, path: &Path) -> Option<(Cause, Box<dyn Error>)>;
    fn tick(&self);
    /// A caller depends.
    fn watch(&self, number: u128);
    fn dependent(&self) -> u64;
    fn save(&self);
    fn status(&self) -> SnapshotStatus;
    /// Ends as a process does.
    fn end(self);
    /// How many were seen, also before a restart.
    fn seen(&self) -> u64;

    /// A good file.
    fn bytes(size: usize) -> Vec<u8>;
    /// Opens what is in the bytes and works with it.
    fn work_with(bytes: &[u8]) -> Result<(), Cause>;
}

impl Kept for Census {
    const EVERY: u64 = 10;

    fn open(clock: &Arc<ManualClock>, path: &Path) -> Self {
        let builder = census_snapshot::builder(clock).snapshot(path);
        builder.open().unwrap()
    }

    fn refused(clock: &Arc<ManualClock>, path: &Path) -> Option<(Cause, Box<dyn Error>)> {
        let builder = || census_snapshot::builder(clock).snapshot(path);
        let error = builder().open().err()?;
        if error.kind() == OpenCensusErrorKind::InUse {
            let despite_loss = builder().open_with_loss().unwrap_err();
            assert_eq!(despite_loss.kind(), OpenCensusErrorKind::InUse);
        }
        Some((cause_of_census(error.kind()), Box::new(error)))
    }

    fn tick(&self) {
        Tick::tick(self);
    }

    fn watch(&self, number: u128) {
        census_snapshot::see(self, number, Dependence::Served);
    }

    fn dependent(&self) -> u64 {
        self.report(Window::HOUR).all.dependent
    }

    fn save(&self) {
        self.save().unwrap();
    }

    fn status(&self) -> SnapshotStatus {
        self.snapshot_status().unwrap()
    }

    fn end(self) {
        shut_down(Arc::new(self));
    }

    fn seen(&self) -> u64 {
        self.known() as u64
    }

    fn bytes(size: usize) -> Vec<u8> {
        let clock = Arc::new(ManualClock::new(NOON));
        census_snapshot::busy(&clock, size).to_bytes().unwrap()
    }

    fn work_with(bytes: &[u8]) -> Result<(), Cause> {
        let clock = Arc::new(ManualClock::new(NOON));
        let census = census_snapshot::builder(&clock).open_bytes(bytes);
        let census = census.map_err(|error| cause_of_census(error.kind()))?;
        census_snapshot::exercise(&clock, &census);
        Ok(())
    }
}

impl Kept for Stage {
    const EVERY: u64 = 60;

    fn open(clock: &Arc<ManualClock>, path: &Path) -> Self {
        Self::with_file(clock, path)
    }

    fn refused(clock: &Arc<ManualClock>, path: &Path) -> Option<(Cause, Box<dyn Error>)> {
        let error = file::builder(clock).file(path).open().err()?;
        Some((cause_of_history(&error), Box::new(error)))
    }

    fn tick(&self) {
        self.tick();
    }

    fn watch(&self, number: u128) {
        self.poll("AGENT", number, OLD);
    }

    fn dependent(&self) -> u64 {
        self.dependent(HistoryRange::Hour, "AGENT", 1)[0].unwrap()
    }

    fn save(&self) {
        self.history.save().unwrap();
    }

    fn status(&self) -> SnapshotStatus {
        self.history.file_status().unwrap()
    }

    fn end(self) {
        shut_down(Arc::new(self.history));
    }

    fn seen(&self) -> u64 {
        sum(&of_pair(&self.time_series(HistoryRange::Hour), "poll0", "PENDING").legacy)
    }

    fn bytes(_: usize) -> Vec<u8> {
        file::BYTES.clone()
    }

    fn work_with(bytes: &[u8]) -> Result<(), Cause> {
        let clock = Arc::new(ManualClock::new(NOON));
        let history = file::builder(&clock).open_bytes(bytes);
        let history = history.map_err(|error| cause_of_history(&error))?;
        file::exercise(&clock, &history);
        Ok(())
    }
}

fn cause_of_census(kind: OpenCensusErrorKind) -> Cause {
    match kind {
        OpenCensusErrorKind::InUse => Cause::InUse,
        OpenCensusErrorKind::Io => Cause::Io,
        OpenCensusErrorKind::NotASnapshot => Cause::Unreadable(DecodeError::Foreign),
        OpenCensusErrorKind::NewerFormat => Cause::Unreadable(DecodeError::NewerFormat),
        OpenCensusErrorKind::OlderFormat => Cause::Unreadable(DecodeError::OlderFormat),
        OpenCensusErrorKind::Truncated => Cause::Unreadable(DecodeError::Truncated),
        OpenCensusErrorKind::Corrupt => Cause::Unreadable(DecodeError::Corrupt),
        OpenCensusErrorKind::ForeignKey => Cause::ForeignKey,
        other => panic!("unknown: {other:?}"),
    }
}

fn cause_of_history(error: &OpenHistoryError) -> Cause {
    match error.kind() {
        OpenHistoryErrorKind::InUse => Cause::InUse,
        OpenHistoryErrorKind::Io => Cause::Io,
        OpenHistoryErrorKind::Decode(how) => Cause::Unreadable(how),
        other => panic!("not of the file: {other:?}"),
    }
}

fn shut_down(kept: Arc<dyn Tick>) {
    let worker = BackgroundWorker::start(Duration::from_secs(60), [kept]);
    worker.unwrap().shutdown();
}

/// Makes length and checksum right again.
pub(crate) fn seal(bytes: &mut [u8]) {
    let length = bytes.len();
    bytes[length - 12..length - 4].copy_from_slice(&(length as u64).to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..length - 4]);
    bytes[length - 4..].copy_from_slice(&checksum.to_le_bytes());
}

/// Each way in which a good file can have become a bad one.
pub(crate) fn ways_to_be_bad(good: &[u8]) -> Vec<(Vec<u8>, DecodeError)> {
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.to_vec();
        change(&mut bytes);
        bytes
    };
    let sealed = changed(&|bytes| {
        bytes[8] = 9;
        seal(bytes);
    });
    vec![
        (good[..good.len() / 2].to_vec(), DecodeError::Truncated),
        (Vec::new(), DecodeError::Truncated),
        (changed(&|bytes| bytes[200] ^= 4), DecodeError::Corrupt),
        (b"{\"some\": \"document\"}".to_vec(), DecodeError::Foreign),
        (changed(&|bytes| bytes[8] = 9), DecodeError::NewerFormat),
        (sealed, DecodeError::NewerFormat),
        (changed(&|bytes| bytes[8] = 1), DecodeError::OlderFormat),
    ]
}

struct Place {
    directory: TempDir,
    clock: Arc<ManualClock>,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: TempDir::new(),
            clock: Arc::new(ManualClock::new(NOON)),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("kept")
    }

    fn half_written(&self) -> PathBuf {
        self.directory.path().join("kept.tmp")
    }

    fn open<K: Kept>(&self) -> K {
        K::open(&self.clock, &self.path())
    }

    fn seconds(&self, kept: &impl Kept, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            kept.tick();
        }
    }
}

fn each_way_to_be_bad_has_its_own_cause<K: Kept>() {
    for (bytes, expected) in ways_to_be_bad(&K::bytes(3)) {
        assert_eq!(K::work_with(&bytes), Err(Cause::Unreadable(expected)));
    }
}

fn a_directory_that_is_not_there_or_stands_in_the_way_is_an_error<K: Kept>() {
    let place = Place::new();
    let nowhere = place.directory.path().join("no/such/place");
    let (cause, _) = K::refused(&place.clock, &nowhere).unwrap();
    assert_eq!(cause, Cause::Io);
    fs::create_dir(place.path()).unwrap();
    let (cause, error) = K::refused(&place.clock, &place.path()).unwrap();
    assert_eq!(cause, Cause::Io);
    assert!(error.source().is_some());
}

fn a_second_opener_is_refused_until_the_first_is_gone<K: Kept>() {
    let place = Place::new();
    let kept: K = place.open();
    let (cause, error) = K::refused(&place.clock, &place.path()).unwrap();
    assert_eq!(cause, Cause::InUse);
    let path = place.path().display().to_string();
    assert!(error.to_string().contains(&path), "{error}");
    drop(kept);
    assert!(K::refused(&place.clock, &place.path()).is_none());
}

fn the_file_is_written_when_it_is_due_on_demand_and_at_the_end<K: Kept>() {
    let place = Place::new();
    let kept: K = place.open();
    kept.tick();
    place.seconds(&kept, K::EVERY - 1);
    assert!(!place.path().exists(), "not due yet");
    place.seconds(&kept, 1);
    let status = kept.status();
    assert_eq!(
        status.last_success,
        Some(Timestamp::from_unix_ms(NOON + K::EVERY * 1_000))
    );
    assert_eq!(status.bytes, fs::metadata(place.path()).unwrap().len());
    kept.watch(1);
    kept.save();
    kept.watch(2);
    kept.end();
    assert_eq!(place.open::<K>().seen(), 2);
    assert!(!place.half_written().exists());
}

fn a_disk_that_takes_nothing_is_visible_and_work_goes_on<K: Kept>() {
    let place = Place::new();
    let kept: K = place.open();
    kept.watch(1);
    kept.save();
    let good = fs::read(place.path()).unwrap();
    // Nothing can be written in the place of a directory that is not empty, not even by root.
    fs::create_dir_all(place.half_written().join("x")).unwrap();
    for failures in 1..4 {
        kept.watch(1 + u128::from(failures));
        place.seconds(&kept, K::EVERY);
        let status = kept.status();
        assert_eq!(status.failures, failures);
        assert!(status.error.is_some());
        assert_eq!(status.last_success, Some(Timestamp::from_unix_ms(NOON)));
    }
    assert_eq!(kept.dependent(), 4);
    let now = fs::read(place.path()).unwrap();
    assert_eq!(now, good, "the last good one stays");
    fs::remove_dir_all(place.half_written()).unwrap();
    place.seconds(&kept, K::EVERY);
    assert_eq!(kept.status().error, None);
}

fn what_an_earlier_process_left_half_written_is_replaced<K: Kept>() {
    let place = Place::new();
    fs::write(place.path(), K::bytes(3)).unwrap();
    fs::write(place.half_written(), b"half a file").unwrap();
    place.open::<K>().save();
    assert!(K::refused(&place.clock, &place.path()).is_none());
    assert!(!place.half_written().exists());
}

/// Bytes to put at places, and where to cut.
type Damage = (
    Vec<(prop::sample::Index, u8)>,
    Option<prop::sample::Index>,
    bool,
);

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    let changes = prop::collection::vec((place(), any::<u8>()), 1..5);
    (changes, prop::option::weighted(0.2, place()), any::<bool>())
}

fn a_changed_file_is_an_error_or_works<K: Kept>(
    size: usize,
    (changes, cut, sealed): Damage,
) -> Result<(), TestCaseError> {
    let whole = K::bytes(size);
    let mut bytes = whole.clone();
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()).max(12));
    }
    if sealed {
        seal(&mut bytes);
    }
    let worked = K::work_with(&bytes);
    prop_assert!(sealed || bytes == whole || worked.is_err());
    Ok(())
}

fn a_file_cut_anywhere_is_refused<K: Kept>(cut: prop::sample::Index) -> Result<(), TestCaseError> {
    let bytes = K::bytes(3);
    let worked = K::work_with(&bytes[..cut.index(bytes.len())]);
    prop_assert_eq!(worked, Err(Cause::Unreadable(DecodeError::Truncated)));
    Ok(())
}

macro_rules! of {
    ($name:ident: $kept:ty; $($test:ident)*) => {
        mod $name {
            use super::*;

            $(#[test] fn $test() { super::$test::<$kept>(); })*

            proptest! {
                #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

                #[test]
                fn a_changed_file_is_an_error_or_works(size in 0_usize..20, damage in damage()) {
                    super::a_changed_file_is_an_error_or_works::<$kept>(size, damage)?;
                }

                #[test]
                fn a_file_cut_anywhere_is_refused(cut in any::<prop::sample::Index>()) {
                    super::a_file_cut_anywhere_is_refused::<$kept>(cut)?;
                }
            }
        }
    };
}

macro_rules! of_each {
    ($($test:ident)*) => {
        of!(census: Census; $($test)*);
        of!(history: Stage; $($test)*);
    };
}

of_each! {
    each_way_to_be_bad_has_its_own_cause
    a_directory_that_is_not_there_or_stands_in_the_way_is_an_error
    a_second_opener_is_refused_until_the_first_is_gone
    the_file_is_written_when_it_is_due_on_demand_and_at_the_end
    a_disk_that_takes_nothing_is_visible_and_work_goes_on
    what_an_earlier_process_left_half_written_is_replaced
}
