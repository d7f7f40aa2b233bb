//! The file: what a restart brings back, and what becomes of a bad one. What holds of the census' file too stands in
//! `kept_files`.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::Duration,
};

use legacy_http_compat::{
    admin::history::{History, HistoryBuilder, HistoryRange},
    census::Window,
    time::ManualClock,
    worker::Tick,
};

use super::{
    stage::{NOW, OLD, Setting, Stage, caller, contract, of_kind, of_pair, sum, tail},
    temp_dir::TempDir,
};
use crate::kept_files::ways_to_be_bad;

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
pub(crate) static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.seconds(25);
    stage.poll("AGENT", 2, OLD);
    stage.pass(40_000);
    stage.history.to_bytes().unwrap()
});

pub(crate) fn builder(clock: &Arc<ManualClock>) -> HistoryBuilder {
    let stage = Stage::new();
    History::builder(stage.census.clone(), stage.metrics.clone()).clock(clock.clone())
}

#[test]
fn a_restart_restores_the_time_series_with_a_gap_for_the_downtime() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.seconds(20);
    stage.history.shutdown();
    let before = stage.time_series(HistoryRange::Month);
    drop(stage);
    place.clock.advance(Duration::from_secs(30));
    let stage = place.process();
    stage.tick();
    assert_eq!(stage.history.lost(), None);
    let series = stage.time_series(HistoryRange::Hour);
    let expected = [Some(1), Some(1), Some(1), None, None, Some(0)];
    assert_eq!(tail(&of_kind(&series, "AGENT").dependent, 6), expected);
    let pending = of_pair(&series, "poll0", "PENDING");
    let expected = [Some(1), Some(0), Some(0), None, None, Some(0)];
    assert_eq!(tail(&pending.legacy, 6), expected);
    assert_eq!(series.from.unix_ms() + 359 * 10_000, NOW + 50_000);
    stage.poll("AGENT", 1, OLD);
    stage.pass(1_000);
    let after = stage.time_series(HistoryRange::Month);
    assert_eq!(after.from, before.from);
    let pending = of_pair(&after, "poll0", "PENDING");
    assert_eq!(
        tail(&pending.legacy, 1),
        [Some(2)],
        "counters start at zero, time series do not"
    );
}

#[test]
fn bytes_restore_every_series() {
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
    for span in HistoryRange::ALL.iter().copied() {
        let (mut before, after) = (stage.time_series(span), again.time_series(span));
        // What was never counted comes back with the first response.
        let has_responses = |values: &[Option<u64>]| sum(values) > 0;
        before
            .responses
            .retain(|series| has_responses(&series.target) || has_responses(&series.legacy));
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
    stage.history.shutdown();
    drop(stage);
    let setting = Setting {
        kinds: &["CLI", "MCP"],
        ..Setting::default()
    };
    let stage = Stage::at(place.clock.clone(), setting, |builder| {
        builder.file(place.path())
    });
    let last = |kind| stage.dependent(HistoryRange::Day, kind, 1);
    assert_eq!((last("MCP"), last("CLI")), (vec![Some(1)], vec![Some(0)]));
    assert_eq!(last("other"), [Some(2)]);
}

#[test]
fn a_file_of_another_window_keeps_its_responses_only() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    stage.history.shutdown();
    drop(stage);
    let stage = Stage::at(place.clock.clone(), Setting::default(), |builder| {
        builder.file(place.path()).window(Window::HOUR)
    });
    assert_eq!(stage.dependent(HistoryRange::Day, "AGENT", 1), [None]);
    let series = stage.time_series(HistoryRange::Day);
    assert_eq!(sum(&of_pair(&series, "poll0", "PENDING").legacy), 1);
}

#[test]
fn a_file_that_cannot_be_decoded_is_quarantined_and_the_history_starts_empty() {
    for (bad, expected) in ways_to_be_bad(&BYTES) {
        let place = Place::new();
        fs::write(place.path(), &bad).unwrap();
        let stage = place.process();
        assert_eq!(stage.history.lost(), Some(expected));
        assert_eq!(fs::read(place.beside(".corrupt")).unwrap(), bad);
        stage.tick();
        assert_eq!(
            stage.dependent(HistoryRange::Hour, "AGENT", 2),
            [None, Some(0)]
        );
        stage.history.save().unwrap();
        drop(stage);
        assert_eq!(place.process().history.lost(), None);
    }
}

#[test]
fn a_clock_that_went_back_while_the_process_was_down_loses_nothing() {
    let place = Place::new();
    let stage = place.process();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    stage.history.shutdown();
    drop(stage);
    place.clock.set_unix_ms(NOW - 3_600_000);
    let stage = place.process();
    stage.pass(10_000);
    let series = stage.time_series(HistoryRange::Hour);
    assert_eq!(sum(&of_pair(&series, "poll0", "PENDING").legacy), 1);
    assert_eq!(
        series.from.unix_ms() + 359 * 10_000,
        NOW - 3_600_000 + 10_000
    );
}

#[test]
fn a_quick_restart_under_a_slewed_clock_leaves_no_gap() {
    let place = Place::new();
    let stage = place.process();
    stage.tick();
    place.clock.set_unix_ms(NOW - 1_500);
    stage.tick();
    stage.history.shutdown();
    drop(stage);
    let stage = place.process();
    stage.pass(10_000);
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "AGENT", 3),
        [None, Some(0), Some(0)]
    );
}

/// Whatever was opened can be worked with.
pub(crate) fn exercise(clock: &Arc<ManualClock>, history: &History) {
    history.tick();
    clock.advance(Duration::from_secs(4_000));
    history.tick();
    for span in HistoryRange::ALL.iter().copied() {
        let series = history.time_series(span);
        assert!(
            series
                .callers
                .iter()
                .all(|series| series.dependent.len() == span.len())
        );
        assert!(
            series
                .responses
                .iter()
                .all(|series| series.legacy.len() == span.len())
        );
        assert!(series.responses.len() <= History::MAX_OUTCOMES);
    }
    let bytes = history.to_bytes().unwrap();
    assert!(builder(clock).open_bytes(&bytes).is_ok());
}
