//! Time that passes, stands still, jumps, and passes unwatched.

use std::time::Duration;

use legacy_http_compat::{admin::history::HistoryRange, worker::Tick};

use super::stage::{NOW, OLD, Stage, of_kind, of_pair, sum, tail};

const MINUTE: u64 = 60_000;
const DAY: u64 = 1_440 * MINUTE;

#[test]
fn a_bucket_starts_where_the_wall_clocks_does_and_the_last_one_is_running() {
    let stage = Stage::new();
    stage.pass(17_500);
    for (span, running) in [
        (HistoryRange::Hour, NOW + 10_000),
        (HistoryRange::Day, NOW),
        (HistoryRange::Month, NOW),
    ] {
        let series = stage.time_series(span);
        let steps = series.step_ms * (series.len as u64 - 1);
        assert_eq!(series.from.unix_ms() + steps, running);
        assert_eq!(series.range, span.as_str());
    }
}

#[test]
fn the_time_before_the_history_and_time_without_ticks_are_none() {
    let stage = Stage::new();
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "AGENT", 2),
        [None, None]
    );
    stage.tick();
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "AGENT", 2),
        [None, Some(0)]
    );
    stage.clock.advance(Duration::from_secs(30));
    let expected = [Some(0), None, None, None];
    assert_eq!(stage.dependent(HistoryRange::Hour, "AGENT", 4), expected);
}

#[test]
fn responses_counted_during_a_stall_are_in_the_bucket_in_which_it_ends() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    stage.poll("AGENT", 1, OLD);
    stage.pass(40_000);
    let series = stage.time_series(HistoryRange::Hour);
    let pending = of_pair(&series, "poll0", "PENDING");
    let expected = [Some(1), None, None, None, Some(1)];
    assert_eq!(tail(&pending.legacy, 5), expected);
}

#[test]
fn a_wall_clock_set_forward_or_a_machine_that_slept_leaves_a_gap() {
    let stage = Stage::new();
    stage.tick();
    stage.clock.set_unix_ms(NOW + 30_000);
    stage.tick();
    let expected = [Some(0), None, None, Some(0)];
    assert_eq!(stage.dependent(HistoryRange::Hour, "AGENT", 4), expected);
    let series = stage.time_series(HistoryRange::Hour);
    assert_eq!(series.from.unix_ms() + 359 * 10_000, NOW + 30_000);
}

#[test]
fn a_wall_clock_set_back_loses_nothing_and_is_shown_from_then_on() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    stage.clock.set_unix_ms(NOW - 10 * MINUTE);
    stage.pass(10_000);
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "AGENT", 3),
        [None, Some(1), Some(1)]
    );
    let series = stage.time_series(HistoryRange::Hour);
    assert_eq!(
        series.from.unix_ms() + 359 * 10_000,
        NOW - 10 * MINUTE + 10_000
    );
}

#[test]
fn a_wall_clock_that_is_slewed_moves_no_bucket() {
    let stage = Stage::new();
    stage.tick();
    let before = stage.time_series(HistoryRange::Hour).from;
    for ms in [900, 1_900, 40, 1_000] {
        stage.clock.set_unix_ms(NOW + ms);
        stage.tick();
        assert_eq!(stage.time_series(HistoryRange::Hour).from, before);
    }
}

#[test]
fn a_clock_that_is_wildly_wrong_breaks_nothing() {
    for wall in [0, u64::MAX] {
        let stage = Stage::new();
        stage.clock.set_unix_ms(wall);
        stage.tick();
        stage.poll("AGENT", 1, OLD);
        stage.pass(1_000);
        stage.clock.set_unix_ms(u64::MAX - wall);
        stage.pass(1_000);
        stage.poll("AGENT", 1, OLD);
        stage.pass(5_000);
        let series = stage.time_series(HistoryRange::Month);
        assert_eq!(tail(&of_kind(&series, "AGENT").dependent, 1), [Some(1)]);
    }
}

#[test]
fn a_census_that_does_not_tick_is_not_recorded() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    for _ in 0..60 {
        stage.clock.advance(Duration::from_secs(1));
        stage.history.tick();
    }
    let series = stage.time_series(HistoryRange::Hour);
    let expected = [Some(1), Some(1), Some(1), Some(1), None, None, None];
    assert_eq!(tail(&of_kind(&series, "AGENT").dependent, 7), expected);
    let responses = &of_pair(&series, "poll0", "PENDING").legacy;
    assert_eq!(
        tail(responses, 7),
        [
            Some(1),
            Some(0),
            Some(0),
            Some(0),
            Some(0),
            Some(0),
            Some(0)
        ]
    );
    stage.pass(1_000);
    assert_eq!(stage.dependent(HistoryRange::Hour, "AGENT", 1), [Some(1)]);
}

#[test]
fn thirty_days_are_kept_and_no_more() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    // A worker that ticks each quarter of an hour, to be done today.
    let quarters = 30 * 96;
    (1..quarters).for_each(|_| stage.pass(15 * MINUTE));
    let series = stage.time_series(HistoryRange::Month);
    assert_eq!(series.from.unix_ms(), NOW);
    let pending = of_pair(&series, "poll0", "PENDING");
    assert_eq!((pending.legacy[0], sum(&pending.legacy)), (Some(1), 1));
    assert!(pending.legacy.iter().all(Option::is_some));
    let agent = &of_kind(&series, "AGENT").dependent;
    assert_eq!(sum(agent), 97, "a day, and the bucket in which it ended");

    stage.pass(15 * MINUTE);
    let series = stage.time_series(HistoryRange::Month);
    assert_eq!(series.from.unix_ms(), NOW + 15 * MINUTE);
    assert_eq!(sum(&of_pair(&series, "poll0", "PENDING").legacy), 0);
    stage.pass(60 * DAY);
    let series = stage.time_series(HistoryRange::Month);
    let watched = of_kind(&series, "AGENT").dependent.iter().flatten();
    assert_eq!(watched.count(), 1);
}
