//! What bounds the census in the store, and what a later version wrote.

use std::{sync::Arc, thread, time::Duration};

use legacy_http_compat::{
    caller::{Fingerprint, FingerprintKey, SignalDetector},
    census::{CallerState, Census, View as _, Window, fleet::FleetCensus},
    time::ManualClock,
    worker::Tick as _,
};

use crate::{
    census::{Instance, census},
    cluster::Cluster,
    database::{Database, LONG},
};

fn count(database: &Database, what: &str) -> i64 {
    database.query(&format!("select count(*) from legacy_http_compat.{what}"))[0].get(0)
}

/// Lets so many watched days pass since all that was counted so far.
fn pass_days(database: &Database, days: i64) {
    let (ticks, ms) = (days * 86_400 * 16, days * 86_400_000);
    database.execute(&format!(
        "update legacy_http_compat.census_caller set first_seen = first_seen - {ticks}, last_legacy = last_legacy - {ticks}, \
            last_dependent = last_dependent - {ticks}; \
        update legacy_http_compat.census_interval set since = since - {ms}; \
        update legacy_http_compat.census_member set joined = joined - {ms}"
    ));
}

/// An instance that looks at once for what is to be forgotten.
fn sweeper(database: &Database, name: &str) -> FleetCensus {
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    let clock = Arc::new(ManualClock::new(1_772_366_400_000));
    let local = Census::builder(&detector).clock(Arc::clone(&clock) as _);
    let local = Arc::new(local.open().unwrap());
    let fleet = FleetCensus::new(local, Arc::new(census(database)), name).patience(LONG);
    fleet.join().unwrap();
    clock.advance(Duration::from_secs(3_600));
    fleet
}

#[test]
fn callers_past_the_retention_are_forgotten_in_the_store_and_counted_as_such() {
    let database = Cluster::shared().database();
    let a = Instance::new(census(&database), "a");
    for caller in 1..=3 {
        a.legacy(caller);
    }
    a.fleet.tick();
    thread::sleep(Duration::from_millis(1_200));
    a.fleet.tick();
    pass_days(&database, 89);
    sweeper(&database, "b").tick();
    assert_eq!(count(&database, "census_caller"), 3, "a day is left");
    pass_days(&database, 2);
    // One is seen again.
    a.legacy(3);
    a.fleet.tick();
    database.execute("update legacy_http_compat.census set swept = 0");
    let c = sweeper(&database, "c");
    c.tick();
    assert_eq!(count(&database, "census_caller"), 1);
    c.refresh(1, LONG).unwrap();
    let report = c.census().report(Window::MONTH);
    assert_eq!((report.all.known, report.all.forgotten), (1, 2));
    let d = Instance::new(census(&database), "d");
    let report = d.census().report(Window::MONTH);
    assert_eq!(
        (report.all.known, report.all.forgotten),
        (1, 2),
        "also by one that reads all anew"
    );
}

#[test]
fn target_callers_make_way_in_a_full_store_and_dependents_stay() {
    let database = Cluster::shared().database();
    let a = Instance::new(census(&database).capacity(10), "a");
    a.legacy(1);
    for caller in 2..=10 {
        a.target(caller);
    }
    a.fleet.tick();
    assert_eq!(count(&database, "census_caller"), 10);
    for _ in 0..20 {
        for caller in 11..=15 {
            a.legacy(caller);
        }
        a.fleet.tick();
    }
    assert_eq!(count(&database, "census_caller"), 10);
    let b = Instance::new(census(&database).capacity(10), "b");
    let census = b.census();
    for caller in [1, 11, 12, 13, 14, 15] {
        let rows = census.caller(Fingerprint::from_u128(caller), Window::DAY);
        assert_eq!(rows.len(), 1, "{caller}");
        assert_eq!(rows[0].state, CallerState::Dependent);
    }
    assert_eq!(census.report(Window::DAY).all.dropped, 5);
}

#[test]
fn what_a_later_version_handed_over_is_read_by_its_rows_and_an_estimate_by_it_is_refused() {
    let database = Cluster::shared().database();
    let (a, b) = (
        Instance::new(census(&database), "a"),
        Instance::new(census(&database), "b"),
    );
    a.legacy(1);
    a.fleet.tick();
    // Format 2, of which this version knows the rows.
    database.execute("update legacy_http_compat.census_change set data = set_byte(data, 8, 2)");
    a.legacy(2);
    a.fleet.tick();
    assert_eq!(b.census().report(Window::DAY).all.dependent, 2);

    database.execute(
        "insert into legacy_http_compat.census_overflow (census, name, started, width, number, kind, data) \
            select census, name, started, 60, 1, 0, '\\x00' from legacy_http_compat.census_member where name = 'a'",
    );
    let c = Instance::new(census(&database), "c");
    let refused = c.fleet.refresh(1, LONG).unwrap_err();
    let why = std::iter::successors(Some(&refused as &dyn std::error::Error), |error| {
        error.source()
    });
    let why: Vec<String> = why.map(ToString::to_string).collect();
    assert!(
        why.iter()
            .any(|why| why.contains("a later version of this crate wrote an estimate")),
        "{why:?}"
    );
    c.legacy(3);
    c.fleet.tick();
    assert!(
        c.fleet.exchange().unwrap().error.is_some(),
        "gates are unknown"
    );
    database.execute("delete from legacy_http_compat.census_overflow");
    assert_eq!(
        c.census().report(Window::DAY).all.dependent,
        3,
        "nothing is lost"
    );
    assert_eq!(b.census().report(Window::DAY).all.dependent, 3);
}
