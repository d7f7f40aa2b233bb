//! What the census does at its limits: capacity, retention, gaps.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::{
    caller::{
        Caller, ClientVersion, Fingerprint, FingerprintKey, Generation, Kind, Kinds, SignalDetector,
    },
    census::{
        CallerEvent, CallerState, Census, CensusBuilder, Dependence, EndpointSlot, GapCause,
        ListQuery, Select, SortBy, Window,
    },
    time::{Clock, ManualClock, Timestamp},
    worker::Tick,
};
use proptest::prelude::*;

const NOON: u64 = 1_800_000_000_000;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn detector() -> SignalDetector {
    SignalDetector::builder(["AGENT", "MCP"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap()
}

fn agent() -> Kind {
    Kinds::new(["AGENT", "MCP"]).unwrap().find("AGENT").unwrap()
}

fn set_up(with: impl FnOnce(CensusBuilder) -> CensusBuilder) -> (Arc<ManualClock>, Census) {
    let clock = Arc::new(ManualClock::new(NOON));
    // Small, because a census without optimisation takes its time to look through many empty buckets.
    let builder = Census::builder(&detector())
        .capacity(1_000)
        .clock(clock.clone());
    let census = with(builder).open().unwrap();
    // Fed for its whole life.
    std::mem::forget(census.feeder());
    (clock, census)
}

fn caller(fingerprint: u128) -> Caller {
    Caller::new(agent(), Generation::Legacy).with_fingerprint(Fingerprint::from_u128(fingerprint))
}

fn see(census: &Census, caller: Caller, dependence: Dependence) {
    census.record(&CallerEvent {
        caller,
        endpoint: EndpointSlot::OTHER,
        dependence,
        failed: false,
    });
}

/// Lets time pass with a heartbeat every `step`.
fn keep(clock: &ManualClock, census: &Census, time: Duration, step: Duration) {
    for _ in 0..time.as_secs() / step.as_secs() {
        clock.advance(step);
        census.tick();
    }
}

fn near(estimate: u64, truth: u32, error: f64) -> bool {
    let estimate = f64::from(u32::try_from(estimate).unwrap());
    (estimate - f64::from(truth)).abs() <= f64::from(truth) * error
}

#[test]
fn known_callers_keep_their_places_against_a_flood_of_new_ones() {
    let (clock, census) = set_up(|builder| builder.capacity(100));
    (0..100).for_each(|known| see(&census, caller(known), Dependence::Served));
    for new in 1_000..21_000 {
        see(&census, caller(new), Dependence::Stranded);
    }
    clock.advance(Duration::from_secs(1));
    (0..100).for_each(|known| see(&census, caller(known), Dependence::Served));
    let report = census.report(Window::HOUR);
    let estimate = report.estimate.unwrap();
    assert_eq!(census.known(), 100);
    assert!(
        near(estimate.callers, 20_000, estimate.relative_error),
        "{estimate:?}"
    );
    assert_eq!(report.all.dependent, 100 + estimate.dependent);
    assert!(near(report.all.stranded, 20_000, estimate.relative_error));
    assert_eq!(report.all.responses.dependent, 20_200);
    assert_eq!(census.list(&ListQuery::new(Window::HOUR)).total, 100);
    let row = census
        .caller(Fingerprint::from_u128(99), Window::HOUR)
        .remove(0);
    assert_eq!((row.responses, row.last_seen.unix_ms()), (2, NOON + 1_000));
}

#[test]
fn a_window_wholly_after_an_overflow_is_clean_again() {
    let (clock, census) = set_up(|builder| builder.capacity(1).heartbeat_limit(HOUR));
    see(&census, caller(1), Dependence::Served);
    see(&census, caller(2), Dependence::Served);
    keep(&clock, &census, HOUR, HOUR);
    assert!(
        census.report(Window::HOUR).overflowed(),
        "its edge is part of it"
    );
    clock.advance(Duration::from_secs(1));
    let report = census.report(Window::HOUR);
    assert!(!report.overflowed());
    assert_eq!((report.all.known, report.all.dependent), (1, 0));
    assert_eq!(report.last_overflow, Some(Timestamp::from_unix_ms(NOON)));
    let day = census.report(Window::DAY);
    assert_eq!((day.all.dependent, day.estimate.unwrap().dependent), (2, 1));
}

#[test]
fn a_caller_without_a_place_that_does_not_depend_is_known_and_no_more() {
    let (_, census) = set_up(|builder| builder.capacity(0));
    see(&census, caller(1), Dependence::None);
    let upgraded = Caller::new(agent(), Generation::Target);
    let upgraded = upgraded.with_fingerprint(Fingerprint::from_u128(2));
    see(&census, upgraded, Dependence::Stranded);
    let report = census.report(Window::DAY);
    assert_eq!(
        (
            report.all.known,
            report.all.never_dependent,
            report.all.dependent
        ),
        (2, 2, 0)
    );
}

#[test]
fn callers_unseen_for_the_retention_are_forgotten_and_dependents_among_them_stay_counted() {
    let (clock, census) = set_up(|builder| {
        builder
            .retention(100 * DAY)
            .heartbeat_limit(HOUR)
            .capacity(3)
    });
    see(&census, caller(1), Dependence::Served);
    see(&census, caller(2), Dependence::None);
    keep(&clock, &census, 99 * DAY, HOUR);
    see(&census, caller(3), Dependence::Served);
    see(&census, caller(4), Dependence::Served);
    assert_eq!(census.known(), 3);
    keep(&clock, &census, 2 * DAY, HOUR);
    let report = census.report(Window::DAY);
    assert_eq!((report.all.known, report.all.inactive), (1, 1));
    assert_eq!(
        (report.all.forgotten, report.all.forgotten_dependents),
        (2, 1)
    );
    assert_eq!(report.kind("AGENT").unwrap().forgotten, 2);
    see(&census, caller(5), Dependence::Served);
    assert_eq!(census.known(), 2, "there is room again");
}

#[test]
fn a_clock_that_is_set_far_ahead_makes_nobody_forgotten() {
    let (clock, census) = set_up(|builder| builder.heartbeat_limit(HOUR));
    see(&census, caller(1), Dependence::Served);
    clock.set_unix_ms(NOON + 200 * 86_400_000);
    keep(&clock, &census, 2 * DAY, HOUR);
    let report = census.report(Window::MONTH);
    assert_eq!(
        (report.all.known, report.all.inactive, report.all.forgotten),
        (1, 1, 0)
    );
    let gap = report.coverage.gaps[0];
    assert_eq!(gap.cause, GapCause::ClockJump);
    keep(&clock, &census, 89 * DAY, HOUR);
    assert_eq!(census.report(Window::MONTH).all.forgotten_dependents, 1);
}

#[test]
fn a_clock_that_jumps_back_neither_hides_nor_renews_a_dependence() {
    let (clock, census) = set_up(|builder| builder);
    see(&census, caller(1), Dependence::Served);
    keep(&clock, &census, HOUR / 2, Duration::from_secs(10));
    clock.set_unix_ms(NOON - 86_400_000);
    census.tick();
    see(&census, caller(2), Dependence::Served);
    let report = census.report(Window::HOUR);
    assert_eq!(
        (report.all.dependent, report.all.responses.dependent),
        (2, 2)
    );
    assert!(
        report
            .coverage
            .gaps
            .iter()
            .any(|gap| gap.cause == GapCause::ClockJump)
    );
    keep(
        &clock,
        &census,
        HOUR / 2 + Duration::from_secs(10),
        Duration::from_secs(10),
    );
    assert_eq!(census.report(Window::HOUR).all.dependent, 1);
    let row = census
        .caller(Fingerprint::from_u128(2), Window::HOUR)
        .remove(0);
    assert_eq!(
        row.last_seen.unix_ms(),
        NOON - 86_400_000,
        "shown as the clock now tells it"
    );
}

#[test]
fn a_stalled_process_shows_as_a_gap_of_that_length() {
    let (clock, census) = set_up(|builder| builder);
    keep(&clock, &census, HOUR, Duration::from_secs(10));
    clock.advance(HOUR / 2);
    let report = census.report(Window::HOUR);
    assert!((report.coverage.ratio - 0.5).abs() < 1e-9);
    let gap = report.coverage.gaps[0];
    assert_eq!(
        (gap.cause, gap.to.unix_ms()),
        (GapCause::Stalled, clock.unix_ms())
    );
    assert_eq!(gap.to.unix_ms() - gap.from.unix_ms(), 1_800_000);
}

#[test]
fn a_new_census_has_watched_nothing_yet() {
    let (_, census) = set_up(|builder| builder);
    let report = census.report(Window::FIVE_MINUTES);
    assert_eq!(report.coverage.watched_ms, 0);
    let gap = report.coverage.gaps[0];
    assert_eq!(
        (gap.cause, gap.from.unix_ms()),
        (GapCause::Beginning, NOON - 300_000)
    );
}

#[test]
fn ready_made_reports_are_at_most_five_seconds_old() {
    let (clock, census) = set_up(|builder| builder);
    let labels: Vec<_> = census
        .cached_reports()
        .iter()
        .map(|report| report.window.clone())
        .collect();
    assert_eq!(labels, ["5m", "1h", "24h", "7d", "30d"]);
    census.tick();
    see(&census, caller(1), Dependence::Served);
    assert_eq!(census.cached_reports()[0].all.dependent, 0);
    keep(
        &clock,
        &census,
        Duration::from_secs(5),
        Duration::from_secs(1),
    );
    assert_eq!(census.cached_reports()[0].all.dependent, 1);
}

#[test]
fn a_row_tells_all_that_is_known_of_a_caller() {
    let (clock, census) = set_up(|builder| builder);
    let poll = census.endpoint("device_poll");
    let version = ClientVersion::parse("1.4.2-rc.1").unwrap();
    census.record(&CallerEvent {
        caller: caller(7).with_version(version),
        endpoint: poll,
        dependence: Dependence::Stranded,
        failed: false,
    });
    clock.advance(Duration::from_secs(5));
    let page = census.list(&ListQuery::new(Window::DAY).select(Select::Stranded));
    let json = serde_json::to_value(&page).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "total": 1,
            "offset": 0,
            "rows": [{
                "fingerprint": "psd_00000000000000000000000000000007",
                "kind": "AGENT",
                "version": "1.4.2-rc.1",
                "generation": "legacy",
                "state": "dependent",
                "stranded": true,
                "regressed": false,
                "identified": true,
                "shared_identity": false,
                "first_seen": Timestamp::from_unix_ms(NOON),
                "last_seen": Timestamp::from_unix_ms(NOON),
                "last_legacy": Timestamp::from_unix_ms(NOON),
                "due": null,
                "last_dependent": Timestamp::from_unix_ms(NOON),
                "last_stranded": Timestamp::from_unix_ms(NOON),
                "last_target": null,
                "responses": 1,
                "dependent_responses": 1,
                "stranded_responses": 1,
                "endpoints": ["device_poll"],
            }],
        })
    );
}

#[test]
fn a_kind_of_another_set_is_other() {
    let (_, census) = set_up(|builder| builder);
    let large = Kinds::new(["A", "B", "C", "D"]).unwrap();
    let stranger = Caller::new(large.find("D").unwrap(), Generation::Legacy);
    see(
        &census,
        stranger.with_fingerprint(Fingerprint::from_u128(1)),
        Dependence::Served,
    );
    assert_eq!(
        census.report(Window::DAY).kind("other").unwrap().dependent,
        1
    );
}

#[test]
fn every_caller_is_looked_at_without_a_page() {
    let (_, census) = set_up(|builder| builder);
    (0..500).for_each(|new| see(&census, caller(new), Dependence::Served));
    (500..600).for_each(|new| see(&census, caller(new), Dependence::None));
    let mut sum = 0;
    census.each_caller(Window::DAY, Select::Unresolved, |row| {
        assert_eq!(row.state, CallerState::Dependent);
        sum += row.fingerprint.as_u128();
    });
    assert_eq!(sum, (0..500).sum());
}

#[test]
fn whoever_makes_up_versions_takes_room_for_an_hour_at_most() {
    let (clock, census) = set_up(|builder| builder.heartbeat_limit(DAY));
    let name = |fingerprint, version: &str| {
        let version = ClientVersion::parse(version).unwrap();
        see(
            &census,
            caller(fingerprint).with_version(version),
            Dependence::Served,
        );
    };
    let version = |fingerprint| {
        let row = census.caller(Fingerprint::from_u128(fingerprint), Window::DAY);
        row[0].version.clone()
    };
    census.tick();
    name(1, "1.0.0");
    (0..5_000).for_each(|n| name(7, &format!("1.1.{n}")));
    assert_eq!(version(7), None, "no room");
    clock.advance(HOUR);
    census.tick();
    name(7, "2.0.0");
    assert_eq!(version(7).as_deref(), Some("2.0.0"));
    assert_eq!(
        version(1).as_deref(),
        Some("1.0.0"),
        "a version in use stays"
    );
    see(&census, caller(7), Dependence::Served);
    assert_eq!(version(7), None, "the last answer's request named none");
}

#[test]
fn threads_lose_no_response() {
    let (_, census) = set_up(|builder| builder.capacity(500));
    std::thread::scope(|scope| {
        for thread in 0..4_u128 {
            let census = &census;
            scope.spawn(move || {
                for n in 0..20_000 {
                    see(census, caller(n % 1_000 + thread % 2), Dependence::Served);
                    if n % 1_000 == 0 {
                        let _ = census.report(Window::DAY);
                    }
                }
            });
        }
    });
    let report = census.report(Window::DAY);
    assert_eq!(report.all.responses.dependent, 80_000);
    assert_eq!(census.known(), 500);
    assert!(
        near(report.all.dependent, 1_001, 0.04),
        "{}",
        report.all.dependent
    );
}

proptest! {
    #[test]
    fn pages_put_together_are_the_whole_list_in_order(
        responses in prop::collection::vec(1_u32..5, 0..60),
        limit in 1_usize..20,
        descending: bool,
    ) {
        let (_, census) = set_up(|builder| builder);
        for (fingerprint, responses) in (0..).zip(&responses) {
            (0..*responses).for_each(|_| see(&census, caller(fingerprint), Dependence::Served));
        }
        let query = ListQuery::new(Window::DAY).sort(SortBy::Responses).descending(descending);
        let mut rows = Vec::new();
        loop {
            let page = census.list(&query.page(rows.len(), limit));
            prop_assert_eq!(page.total, responses.len());
            if page.rows.is_empty() {
                break;
            }
            rows.extend(page.rows.into_iter().map(|row| (row.responses, row.fingerprint)));
        }
        prop_assert_eq!(rows.len(), responses.len());
        let in_order = |pair: &[(u32, Fingerprint)]| (pair[0] < pair[1]) != descending;
        prop_assert!(rows.windows(2).all(in_order));
    }

    #[test]
    fn an_overflow_is_counted_within_its_error_and_never_hides_a_known_caller(
        capacity in 0_usize..300,
        callers in 1_u32..3_000,
        rounds in 1_u32..3,
    ) {
        let (clock, census) = set_up(|builder| builder.capacity(capacity));
        for _ in 0..rounds {
            (0..callers).for_each(|n| see(&census, caller(n.into()), Dependence::Served));
            clock.advance(Duration::from_secs(1));
        }
        let report = census.report(Window::DAY);
        let known = callers.min(u32::try_from(capacity).unwrap());
        prop_assert_eq!(census.known(), known as usize);
        // Three standard errors: the estimate may be off by more than two in one of twenty cases.
        prop_assert!(near(report.all.dependent - u64::from(known), callers - known, 0.05));
        prop_assert_eq!(report.overflowed(), callers > known);
        prop_assert_eq!(report.all.responses.dependent, u64::from(callers * rounds));
    }
}

#[test]
fn what_is_shown_is_never_older_than_five_seconds() {
    let (clock, census) = set_up(|census| census);
    // A thread does not wake on the dot, so reports come due between two ticks.
    for _ in 0..30 {
        census.tick();
        clock.advance(Duration::from_millis(999));
        let age = clock.unix_ms() - census.cached_reports()[0].at.unix_ms();
        assert!(age <= 5_000, "{age} ms");
    }
}
