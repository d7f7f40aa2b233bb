//! The file: what a restart brings back, and every way in which it can be bad.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::Duration,
};

use legacy_http_compat::{
    census::Window,
    clock::ManualClock,
    history::{History, HistoryBuilder, OpenHistoryErrorKind, Span, Unreadable},
    keeper::{Keeper, Tick},
};
use proptest::prelude::*;

use super::{
    stage::{NOW, OLD, Setting, Stage, caller, contract, of_kind, of_pair, sum, tail},
    temp_dir::TempDir,
};

struct Place {
    directory: TempDir,
    clock: Arc<ManualClock>,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: TempDir::new(),
            clock: Arc::new(ManualClock::new(NOW)),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("history")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("history{suffix}"))
    }

    /// A process with its history here.
    fn process(&self) -> Stage {
        Stage::with_file(&self.clock, &self.path())
    }
}

/// A history that knows something.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.seconds(25);
    stage.poll("AGENT", 2, OLD);
    stage.pass(40_000);
    stage.history.to_bytes().unwrap()
});

fn builder(clock: &Arc<ManualClock>) -> HistoryBuilder {
    let stage = Stage::new();
    History::builder(stage.census.clone(), stage.metrics.clone()).clock(clock.clone())
}

/// Makes length and checksum right again.
fn seal(bytes: &mut [u8]) {
    let length = bytes.len();
    bytes[length - 12..length - 4].copy_from_slice(&(length as u64).to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..length - 4]);
    bytes[length - 4..].copy_from_slice(&checksum.to_le_bytes());
}

#[test]
fn a_restart_brings_the_curves_back_with_a_gap_for_the_time_between() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.seconds(20);
    stage.history.finish();
    let before = stage.curves(Span::Month);
    drop(stage);
    place.clock.advance(Duration::from_secs(30));
    let stage = place.process();
    stage.tick();
    assert_eq!(stage.history.lost(), None);
    let curves = stage.curves(Span::Hour);
    let expected = [Some(1), Some(1), Some(1), None, None, Some(0)];
    assert_eq!(tail(&of_kind(&curves, "AGENT").dependent, 6), expected);
    let pending = of_pair(&curves, "poll0", "PENDING");
    let expected = [Some(1), Some(0), Some(0), None, None, Some(0)];
    assert_eq!(tail(&pending.legacy, 6), expected);
    assert_eq!(curves.from_unix_ms + 359 * 10_000, NOW + 50_000);
    stage.poll("AGENT", 1, OLD);
    stage.pass(1_000);
    let after = stage.curves(Span::Month);
    assert_eq!(after.from_unix_ms, before.from_unix_ms);
    let pending = of_pair(&after, "poll0", "PENDING");
    assert_eq!(
        tail(&pending.legacy, 1),
        [Some(2)],
        "counters begin at zero, curves do not"
    );
}

#[test]
fn bytes_bring_back_every_curve() {
    let stage = Stage::of(Setting {
        contract: contract(3),
        ..Setting::default()
    });
    for number in 0..40 {
        stage.flag.set(number % 3 == 0);
        stage.ask(
            number % 3,
            ["PENDING", "APPROVED"][number % 2],
            caller("MCP", 7, OLD),
        );
        stage.pass(7_000 * number as u64);
    }
    let bytes = stage.history.to_bytes().unwrap();
    let again = builder(&stage.clock).open_bytes(&bytes).unwrap();
    for span in Span::ALL {
        let (mut before, after) = (stage.curves(span), again.curves(span));
        // What was never answered comes back with the first answer.
        let answered = |values: &[Option<u64>]| sum(values) > 0;
        before
            .answers
            .retain(|curve| answered(&curve.target) || answered(&curve.legacy));
        assert_eq!(before, after);
    }
}

#[test]
fn a_kind_that_the_census_no_longer_knows_is_other() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.poll("MCP", 2, OLD);
    stage.poll("?", 3, OLD);
    stage.tick();
    stage.history.finish();
    drop(stage);
    let setting = Setting {
        kinds: &["CLI", "MCP"],
        ..Setting::default()
    };
    let stage = Stage::at(place.clock.clone(), setting, |builder| {
        builder.file(place.path())
    });
    let last = |kind| stage.dependent(Span::Day, kind, 1);
    assert_eq!((last("MCP"), last("CLI")), (vec![Some(1)], vec![Some(0)]));
    assert_eq!(last("other"), [Some(2)]);
}

#[test]
fn a_file_of_another_window_keeps_its_answers_only() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    stage.history.finish();
    drop(stage);
    let stage = Stage::at(place.clock.clone(), Setting::default(), |builder| {
        builder.file(place.path()).window(Window::HOUR)
    });
    assert_eq!(stage.dependent(Span::Day, "AGENT", 1), [None]);
    let curves = stage.curves(Span::Day);
    assert_eq!(sum(&of_pair(&curves, "poll0", "PENDING").legacy), 1);
}

#[test]
fn an_unreadable_file_is_set_aside_and_the_history_begins_anew_and_says_so() {
    let whole = BYTES.clone();
    let torn = whole[..whole.len() / 2].to_vec();
    let mut changed = whole.clone();
    changed[200] ^= 4;
    let mut newer = whole.clone();
    newer[8] = 9;
    for (bad, expected) in [
        (b"no history at all".to_vec(), Unreadable::Foreign),
        (Vec::new(), Unreadable::Truncated),
        (torn, Unreadable::Truncated),
        (changed, Unreadable::Corrupt),
        (newer, Unreadable::NewerFormat),
    ] {
        let place = Place::new();
        fs::write(place.path(), &bad).unwrap();
        let stage = place.process();
        assert_eq!(stage.history.lost(), Some(expected));
        assert_eq!(fs::read(place.beside(".lost")).unwrap(), bad);
        stage.tick();
        assert_eq!(stage.dependent(Span::Hour, "AGENT", 2), [None, Some(0)]);
        stage.history.save().unwrap();
        drop(stage);
        assert_eq!(place.process().history.lost(), None);
    }
}

#[test]
fn a_second_opener_is_refused_until_the_first_is_gone() {
    let place = Place::new();
    let stage = place.process();
    let second = || builder(&place.clock).file(place.path()).open();
    let error = second().unwrap_err();
    assert_eq!(error.kind(), OpenHistoryErrorKind::InUse);
    assert!(error.to_string().contains("history"), "{error}");
    drop(stage);
    assert!(second().is_ok());
}

#[test]
fn a_directory_that_is_not_there_or_stands_in_the_way_is_an_error() {
    let place = Place::new();
    let nowhere = place.directory.path().join("no/such/history");
    let error = builder(&place.clock).file(nowhere).open().unwrap_err();
    assert_eq!(error.kind(), OpenHistoryErrorKind::Io);
    fs::create_dir(place.path()).unwrap();
    let error = builder(&place.clock).file(place.path()).open().unwrap_err();
    assert_eq!(error.kind(), OpenHistoryErrorKind::Io);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn the_file_is_written_each_minute_on_demand_and_at_the_end() {
    let place = Place::new();
    let stage = place.process();
    stage.seconds(59);
    assert!(!place.path().exists(), "not due yet");
    stage.seconds(1);
    let status = stage.history.file_status().unwrap();
    assert_eq!(status.last_success_unix_ms, Some(NOW + 60_000));
    assert_eq!(status.bytes, fs::metadata(place.path()).unwrap().len());
    stage.poll("AGENT", 1, OLD);
    let Stage { history, .. } = stage;
    let keeper = Keeper::start(
        Duration::from_secs(60),
        [Arc::new(history) as Arc<dyn Tick>],
    );
    keeper.unwrap().shutdown();
    let curves = place.process().curves(Span::Hour);
    assert_eq!(sum(&of_pair(&curves, "poll0", "PENDING").legacy), 1);
    assert!(!place.beside(".tmp").exists());
}

#[test]
fn a_disk_that_takes_nothing_is_visible_and_watching_goes_on() {
    let place = Place::new();
    let stage = place.process();
    // Nothing can be written in the place of a directory that is not empty, not even by root.
    fs::create_dir_all(place.beside(".tmp").join("x")).unwrap();
    stage.seconds(121);
    let status = stage.history.file_status().unwrap();
    assert_eq!((status.failures, status.error.is_some()), (2, true));
    assert_eq!(stage.dependent(Span::Hour, "AGENT", 1), [Some(0)]);
    fs::remove_dir_all(place.beside(".tmp")).unwrap();
    stage.seconds(60);
    assert_eq!(stage.history.file_status().unwrap().error, None);
}

#[test]
fn a_clock_that_went_back_while_the_process_was_down_loses_nothing() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    stage.history.finish();
    drop(stage);
    place.clock.set_unix_ms(NOW - 3_600_000);
    let stage = place.process();
    stage.pass(10_000);
    let curves = stage.curves(Span::Hour);
    assert_eq!(sum(&of_pair(&curves, "poll0", "PENDING").legacy), 1);
    assert_eq!(curves.from_unix_ms + 359 * 10_000, NOW - 3_600_000 + 10_000);
}

#[test]
fn a_quick_restart_under_a_slewed_clock_leaves_no_gap() {
    let place = Place::new();
    let stage = place.process();
    stage.tick();
    place.clock.set_unix_ms(NOW - 1_500);
    stage.tick();
    stage.history.finish();
    drop(stage);
    let stage = place.process();
    stage.pass(10_000);
    assert_eq!(
        stage.dependent(Span::Hour, "AGENT", 3),
        [None, Some(0), Some(0)]
    );
}

/// Whatever was opened can be worked with.
fn exercise(clock: &Arc<ManualClock>, history: &History) {
    history.tick();
    clock.advance(Duration::from_secs(4_000));
    history.tick();
    for span in Span::ALL {
        let curves = history.curves(span);
        assert!(
            curves
                .callers
                .iter()
                .all(|curve| curve.dependent.len() == span.len())
        );
        assert!(
            curves
                .answers
                .iter()
                .all(|curve| curve.legacy.len() == span.len())
        );
        assert!(curves.answers.len() <= History::MAX_PAIRS);
    }
    let bytes = history.to_bytes().unwrap();
    assert!(builder(clock).open_bytes(&bytes).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_history_is_an_error_or_a_history_that_works(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        sealed: bool,
    ) {
        let mut bytes = BYTES.clone();
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
        let clock = Arc::new(ManualClock::new(NOW));
        let opened = builder(&clock).open_bytes(&bytes);
        prop_assert!(sealed || bytes == *BYTES || opened.is_err());
        if let Ok(history) = opened {
            exercise(&clock, &history);
        }
    }

    #[test]
    fn a_history_cut_anywhere_is_refused(cut in any::<prop::sample::Index>()) {
        let bytes = &*BYTES;
        let clock = Arc::new(ManualClock::new(NOW));
        let error = builder(&clock).open_bytes(&bytes[..cut.index(bytes.len())]).unwrap_err();
        prop_assert_eq!(error.kind(), OpenHistoryErrorKind::Unreadable(Unreadable::Truncated));
    }
}
