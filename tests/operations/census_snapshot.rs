//! The snapshot: what it brings back, and what becomes of a bad one. What holds of the history's file too stands in
//! `kept_files`.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use legacy_http_compat::{
    caller::{
        Caller, ClientVersion, Detect, Fingerprint, FingerprintKey, Generation, Kinds,
        SignalDetector,
    },
    census::{
        CallerEvent, Census, CensusBuilder, Dependence, GapCause, ListQuery, OpenCensusErrorKind,
        Window,
    },
    time::ManualClock,
    worker::Tick,
};
use proptest::prelude::*;

use crate::{
    kept_files::{seal, ways_to_be_bad},
    temp_dir::TempDir,
};

const NOON: u64 = 1_800_000_000_000;
const KEY: [u8; 16] = [7; 16];

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
        self.directory.path().join("census.snapshot")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.directory
            .path()
            .join(format!("census.snapshot{suffix}"))
    }

    fn builder(&self) -> CensusBuilder {
        self.with_key(KEY)
    }

    fn with_key(&self, key: [u8; 16]) -> CensusBuilder {
        let census = Census::builder(&detector(["AGENT", "MCP"], key));
        census.clock(self.clock.clone()).snapshot(self.path())
    }

    /// A snapshot of a census that knows something, changed by `change`.
    fn with_snapshot(change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let place = Self::new();
        let mut bytes = busy(&place.clock, 3).to_bytes().unwrap();
        change(&mut bytes);
        fs::write(place.path(), bytes).unwrap();
        place
    }

    fn refused(&self, key: [u8; 16]) -> OpenCensusErrorKind {
        let before = fs::read(self.path()).unwrap();
        let error = self.with_key(key).open().unwrap_err();
        assert!(error.to_string().contains("census.snapshot"), "{error}");
        assert_eq!(fs::read(self.path()).unwrap(), before, "nothing is changed");
        error.kind()
    }
}

pub(crate) fn builder(clock: &Arc<ManualClock>) -> CensusBuilder {
    builder_of(["AGENT", "MCP"], clock)
}

fn builder_of<const N: usize>(kinds: [&str; N], clock: &Arc<ManualClock>) -> CensusBuilder {
    Census::builder(&detector(kinds, KEY)).clock(clock.clone())
}

fn detector<const N: usize>(kinds: [&str; N], key: [u8; 16]) -> SignalDetector {
    let key = FingerprintKey::new(key);
    SignalDetector::builder(kinds)
        .kind_header("x-client-kind")
        .build(&key)
        .unwrap()
}

pub(crate) fn see(census: &Census, fingerprint: u128, dependence: Dependence) {
    let agent = Kinds::new(["AGENT"]).unwrap().find("AGENT").unwrap();
    census.record(&CallerEvent {
        caller: Caller::new(agent, Generation::Legacy)
            .with_fingerprint(Fingerprint::from_u128(fingerprint))
            .with_version(ClientVersion::parse("1.2.3").unwrap()),
        endpoint: census.endpoint("device_poll"),
        dependence,
        failed: false,
    });
}

/// A census in which everything is used that a snapshot holds.
pub(crate) fn busy(clock: &Arc<ManualClock>, capacity: usize) -> Census {
    let census = builder(clock).capacity(capacity).open().unwrap();
    // Fed for its whole life.
    std::mem::forget(census.feeder());
    census.tick();
    see(&census, 1, Dependence::Stranded);
    see(&census, 2, Dependence::None);
    clock.advance(Duration::from_secs(2));
    census.tick();
    (3..900).for_each(|n| see(&census, n, Dependence::Served));
    clock.advance(Duration::from_secs(30));
    census
}

#[test]
fn a_restart_brings_everything_back_and_shows_as_a_gap() {
    let clock = Arc::new(ManualClock::new(NOON));
    let census = busy(&clock, 3);
    let bytes = census.to_bytes().unwrap();
    let (before, rows) = (
        census.report(Window::HOUR),
        census.list(&ListQuery::new(Window::HOUR)),
    );
    clock.advance(Duration::from_secs(600));
    let census = builder(&clock).capacity(3).open_bytes(&bytes).unwrap();
    let _feeder = census.feeder();
    let mut after = census.report(Window::HOUR);
    assert_eq!(after.coverage.watched_ms, before.coverage.watched_ms);
    let gap = after.coverage.gaps.last().unwrap();
    assert_eq!(
        (gap.cause, gap.to.since(gap.from)),
        (GapCause::Restart, Duration::from_secs(600))
    );
    after.coverage = before.coverage.clone();
    after.at = before.at;
    after.responses_since = before.responses_since;
    assert_eq!(after, before);
    assert_eq!(census.list(&ListQuery::new(Window::HOUR)), rows);
}

#[test]
fn kinds_are_recognised_by_name_and_lost_ones_become_other() {
    let clock = Arc::new(ManualClock::new(NOON));
    let bytes = busy(&clock, 1_000).to_bytes().unwrap();
    let reordered = builder_of(["MCP", "NEW", "AGENT"], &clock);
    let census = reordered.open_bytes(&bytes).unwrap();
    let report = census.report(Window::DAY);
    assert_eq!(report.kind("AGENT").unwrap().known, 899);
    let without = builder_of(["MCP"], &clock);
    let report = without.open_bytes(&bytes).unwrap().report(Window::DAY);
    assert_eq!(report.kind("other").unwrap().known, 899);
}

#[test]
fn callers_known_once_keep_their_places_in_a_smaller_census() {
    let clock = Arc::new(ManualClock::new(NOON));
    let bytes = busy(&clock, 1_000).to_bytes().unwrap();
    let census = builder(&clock).capacity(10).open_bytes(&bytes).unwrap();
    assert_eq!(census.known(), 899);
    see(&census, 5, Dependence::Served);
    see(&census, 5_000, Dependence::Served);
    assert_eq!(census.known(), 899);
}

#[test]
fn no_file_is_a_new_census() {
    let place = Place::new();
    let census = place.builder().open().unwrap();
    assert_eq!(census.known(), 0);
    assert_eq!(census.snapshot_status().unwrap().last_success, None);
}

#[test]
fn a_bad_snapshot_is_refused_and_stays_as_it_is() {
    let good = busy(&Arc::new(ManualClock::new(NOON)), 3)
        .to_bytes()
        .unwrap();
    for (bad, _) in ways_to_be_bad(&good) {
        Place::with_snapshot(|bytes| *bytes = bad).refused(KEY);
    }
    let foreign = Place::with_snapshot(|_| ()).refused([8; 16]);
    assert_eq!(foreign, OpenCensusErrorKind::ForeignKey);
}

/// A detector that does not implement `key_check`.
struct Keyless(Kinds);

impl Detect for Keyless {
    fn detect(&self, _: &http::request::Parts) -> Caller {
        Caller::ANONYMOUS_LEGACY
    }

    fn kinds(&self) -> &Kinds {
        &self.0
    }
}

#[test]
fn a_snapshot_without_a_key_check_is_refused_and_the_error_says_what_to_do() {
    let place = Place::with_snapshot(|_| ());
    let builder = || Census::builder(&Keyless(Kinds::default())).clock(place.clock.clone());
    let bytes = fs::read(place.path()).unwrap();
    for refused in [
        builder().snapshot(place.path()).open(),
        builder().snapshot(place.path()).open_with_loss(),
        builder().open_bytes(&bytes),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), OpenCensusErrorKind::NoKeyCheck);
        assert!(error.to_string().contains("Detect::key_check"), "{error}");
    }
    assert_eq!(fs::read(place.path()).unwrap(), bytes, "nothing is changed");
    let census = builder().open().unwrap();
    assert!(
        census.to_bytes().is_err(),
        "in memory it works, without snapshots"
    );
}

#[test]
fn opening_with_loss_records_the_loss_and_keeps_the_evidence() {
    let place = Place::with_snapshot(|bytes| bytes[200] ^= 4);
    let bad = fs::read(place.path()).unwrap();
    let census = place.builder().open_with_loss().unwrap();
    let report = census.report(Window::DAY);
    assert_eq!((report.all.known, report.coverage.watched_ms), (0, 0));
    assert_eq!(report.losses[0].reason, OpenCensusErrorKind::Corrupt);
    assert_eq!(fs::read(place.beside(".corrupt")).unwrap(), bad);
    census.save().unwrap();
    drop(census);
    let again = place.builder().open().unwrap().report(Window::DAY);
    assert_eq!(again.losses, report.losses, "the loss itself is not lost");
}

#[test]
fn opening_a_good_snapshot_with_loss_loses_nothing() {
    let place = Place::with_snapshot(|_| ());
    let report = place
        .builder()
        .open_with_loss()
        .unwrap()
        .report(Window::DAY);
    assert!(report.losses.is_empty());
    assert_eq!(report.all.responses.all, 899);
}

#[test]
fn a_full_disk_is_visible_and_leaves_no_rest() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let place = Place::new();
    let census = place.builder().open().unwrap();
    let full = std::io::BufWriter::new(
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap(),
    );
    let error = census.write_to(full).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn downtime_of_unknown_length_voids_the_coverage_before_it() {
    let clock = Arc::new(ManualClock::new(NOON));
    let bytes = busy(&clock, 3).to_bytes().unwrap();
    clock.set_unix_ms(NOON - 86_400_000);
    let census = builder(&clock).open_bytes(&bytes).unwrap();
    let report = census.report(Window::MONTH);
    assert_eq!(report.coverage.watched_ms, 0);
    assert_eq!(report.all.responses.all, 899, "what was seen still counts");
}

#[test]
fn a_caller_that_is_in_it_twice_makes_a_snapshot_corrupt() {
    let clock = Arc::new(ManualClock::new(NOON));
    let census = builder(&clock).open().unwrap();
    let (first, second) = (u128::MAX / 3, u128::MAX / 5);
    see(&census, first, Dependence::Served);
    see(&census, second, Dependence::Served);
    let mut twice = census.to_bytes().unwrap();
    let second = second.to_le_bytes();
    let at = twice.windows(16).position(|bytes| bytes == second).unwrap();
    twice[at..at + 16].copy_from_slice(&first.to_le_bytes());
    seal(&mut twice);
    let error = builder(&clock).open_bytes(&twice).unwrap_err();
    assert_eq!(error.kind(), OpenCensusErrorKind::Corrupt);
}

/// Whatever was opened can be worked with.
pub(crate) fn exercise(clock: &Arc<ManualClock>, census: &Census) {
    (0..50).for_each(|n| see(census, n, Dependence::Stranded));
    clock.advance(Duration::from_secs(4_000));
    census.tick();
    for window in Window::STANDARD {
        let report = census.report(window);
        let of = &report.all;
        assert_eq!(
            of.known,
            of.never_dependent
                + of.dependent
                + of.latent
                + of.inconclusive
                + of.migrated
                + of.inactive
        );
        assert!((0.0..=1.0).contains(&report.coverage.ratio));
    }
    let _ = census.list(&ListQuery::new(Window::MONTH));
    let bytes = census.to_bytes().unwrap();
    assert!(builder(clock).open_bytes(&bytes).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_error_or_a_census_that_works(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        version in 0_u8..4,
    ) {
        let clock = Arc::new(ManualClock::new(NOON));
        let mut whole = b"LHCCENS\n".to_vec();
        whole.extend([version, 0, 0, 0]);
        whole.extend(FingerprintKey::new(KEY).key_check().as_u64().to_le_bytes());
        whole.append(&mut bytes);
        whole.extend([0; 12]);
        seal(&mut whole);
        if let Ok(census) = builder(&clock).open_bytes(&whole) {
            exercise(&clock, &census);
        }
    }

}
