//! What the time series show.

use legacy_http_compat::{
    admin::history::{History, HistoryRange, OpenHistoryErrorKind},
    census::Window,
    time::Timestamp,
};
use serde_json::json;

use super::stage::{NEW, NOW, OLD, Setting, Stage, caller, contract, of_kind, of_pair, sum, tail};

#[test]
fn a_bucket_keeps_the_highest_number_of_dependent_callers_of_each_kind() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.poll("AGENT", 2, OLD);
    stage.poll("MCP", 3, OLD);
    stage.seconds(5);
    stage.poll("AGENT", 1, NEW);
    stage.seconds(20);
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "AGENT", 3),
        [Some(2), Some(1), Some(1)]
    );
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "MCP", 3),
        [Some(1), Some(1), Some(1)]
    );
    assert_eq!(
        stage.dependent(HistoryRange::Hour, "other", 3),
        [Some(0), Some(0), Some(0)]
    );
    assert_eq!(
        stage.dependent(HistoryRange::Month, "AGENT", 2),
        [None, Some(2)]
    );
}

#[test]
fn stranded_callers_have_a_series_of_their_own() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.seconds(9);
    stage.flag.set(false);
    stage.poll("AGENT", 1, OLD);
    stage.seconds(10);
    let series = stage.time_series(HistoryRange::Hour);
    let agent = of_kind(&series, "AGENT");
    assert_eq!(tail(&agent.stranded, 2), [Some(0), Some(1)]);
    assert_eq!(tail(&agent.dependent, 2), [Some(1), Some(1)]);
}

#[test]
fn responses_are_distinguished_by_endpoint_outcome_and_shape() {
    let stage = Stage::of(Setting {
        contract: contract(2),
        ..Setting::default()
    });
    stage.tick();
    stage.poll("AGENT", 1, OLD);
    stage.poll("MCP", 2, OLD);
    stage.poll("MCP", 3, NEW);
    stage.ask(1, "APPROVED", caller("AGENT", 1, OLD));
    stage.seconds(10);
    stage.poll("AGENT", 1, OLD);
    stage.seconds(1);
    for span in HistoryRange::ALL.iter().copied() {
        let series = stage.time_series(span);
        let pending = of_pair(&series, "poll0", "PENDING");
        assert_eq!((sum(&pending.legacy), sum(&pending.target)), (3, 1));
        assert_eq!(sum(&of_pair(&series, "poll1", "APPROVED").target), 1);
        assert_eq!(sum(&of_pair(&series, "poll1", "PENDING").target), 0);
    }
    let series = stage.time_series(HistoryRange::Hour);
    let pending = of_pair(&series, "poll0", "PENDING");
    assert_eq!(tail(&pending.legacy, 3), [None, Some(2), Some(1)]);
}

#[test]
fn all_outcomes_of_a_contract_show_zeros_from_its_first_response_on() {
    let stage = Stage::new();
    stage.tick();
    assert!(stage.time_series(HistoryRange::Hour).responses.is_empty());
    stage.poll("AGENT", 1, OLD);
    stage.seconds(1);
    let series = stage.time_series(HistoryRange::Hour);
    let outcomes: Vec<_> = series
        .responses
        .iter()
        .map(|series| &*series.outcome)
        .collect();
    assert_eq!(outcomes, ["PENDING", "APPROVED", "other", "undetermined"]);
}

#[test]
fn pairs_beyond_the_bound_are_counted_together() {
    // Each endpoint has four outcomes, with `other` and `undetermined`: there is no space to show all of them ahead.
    let stage = Stage::of(Setting {
        contract: contract(300),
        ..Setting::default()
    });
    for endpoint in 0..300 {
        stage.ask(endpoint, "APPROVED", caller("AGENT", 1, OLD));
        stage.seconds(1);
    }
    let series = stage.time_series(HistoryRange::Day);
    assert_eq!(series.responses.len(), History::MAX_OUTCOMES);
    let excess = series.responses.last().unwrap();
    assert_eq!((&*excess.endpoint, &*excess.outcome), ("other", "other"));
    assert_eq!(
        sum(&excess.target),
        300 - (History::MAX_OUTCOMES as u64 - 1)
    );
    let all: u64 = series
        .responses
        .iter()
        .map(|series| sum(&series.target))
        .sum();
    assert_eq!(all, 300, "none is lost");
}

#[test]
fn what_was_counted_before_the_history_is_in_no_bucket() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    let later = History::builder(stage.census.clone(), stage.metrics.clone());
    let later = later.clock(stage.clock.clone()).open().unwrap();
    stage.poll("AGENT", 1, OLD);
    legacy_http_compat::worker::Tick::tick(&later);
    let series = later.time_series(HistoryRange::Hour);
    assert_eq!(sum(&of_pair(&series, "poll0", "PENDING").legacy), 1);
}

#[test]
fn a_window_that_is_not_standard_is_refused() {
    let stage = Stage::new();
    let odd = Window::new(std::time::Duration::from_secs(7)).unwrap();
    let builder = History::builder(stage.census.clone(), stage.metrics.clone());
    let error = builder.window(odd).open().unwrap_err();
    assert_eq!(error.kind(), OpenHistoryErrorKind::NotStandardWindow);
    assert!(error.to_string().contains("7s"), "{error}");
}

#[test]
fn the_window_of_the_census_decides_who_depends() {
    let clock = Stage::new().clock;
    let stage = Stage::at(clock, Setting::default(), |builder| {
        builder.window(Window::FIVE_MINUTES)
    });
    stage.poll("AGENT", 1, OLD);
    stage.seconds(400);
    assert_eq!(stage.time_series(HistoryRange::Hour).window, "5m");
    assert_eq!(stage.dependent(HistoryRange::Hour, "AGENT", 1), [Some(0)]);
    assert_eq!(sum(&stage.dependent(HistoryRange::Hour, "AGENT", 41)), 31);
}

#[test]
fn time_series_are_this_json() {
    let stage = Stage::new();
    stage.poll("AGENT", 1, OLD);
    stage.tick();
    let mut series = stage.time_series(HistoryRange::Day);
    // All but the running bucket is left out, to be read by people.
    let shorten = |values: &mut Vec<Option<u64>>| drop(values.drain(..1_438));
    for series in &mut series.callers {
        shorten(&mut series.dependent);
        shorten(&mut series.stranded);
    }
    for series in &mut series.responses {
        shorten(&mut series.target);
        shorten(&mut series.legacy);
    }
    series.callers.retain(|series| series.kind == "AGENT");
    series.responses.truncate(1);
    let expected = json!({
        "range": "24h",
        "from": Timestamp::from_unix_ms(NOW - 1_439 * 60_000),
        "step_ms": 60_000,
        "len": 1_440,
        "window": "24h",
        "callers": [{"kind": "AGENT", "dependent": [null, 1], "stranded": [null, 0]}],
        "responses": [{
            "endpoint": "poll0",
            "outcome": "PENDING",
            "target": [null, 0],
            "legacy": [null, 1],
        }],
    });
    assert_eq!(serde_json::to_value(&series).unwrap(), expected);
}
