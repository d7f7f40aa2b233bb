//! Clocks that are set by an hour.

use std::{thread, time::Duration};

use legacy_http_compat::{
    FlagState,
    caller::Fingerprint,
    census::{CallerState, View as _, Window},
    rollout::{
        fleet::{InstanceReport, Instances as _},
        journal::Journal as _,
        names::InstanceId,
    },
    time::Timestamp,
    worker::Tick as _,
};

use crate::{
    census::{Instance, census},
    cluster::Cluster,
    database::{Database, LONG, event, flag},
};

const HOUR: i64 = 3_600_000;

/// A database whose server's clock can be set: functions of this schema come before those of the system.
fn database() -> Database {
    let database = Cluster::shared().database();
    database.execute(
        "create schema fake; create table fake.step (ms bigint); insert into fake.step values (0); \
        create function fake.clock_timestamp() returns timestamptz language sql volatile as \
            $$ select pg_catalog.clock_timestamp() + (select ms from fake.step) * interval '1 ms' $$;",
    );
    let name = &database.name;
    database.execute(&format!(
        "alter database {name} set search_path = fake, pg_catalog"
    ));
    database
}

fn step(database: &Database, ms: i64) {
    database.execute(&format!("update fake.step set ms = ms + {ms}"));
}

#[test]
fn a_clock_of_the_server_that_is_set_refuses_no_event_and_is_shown() {
    for ms in [HOUR, -HOUR] {
        let database = database();
        let store = database.store();
        let (journal, table) = (
            store.journal(&flag("flag")).unwrap(),
            store.instances(&flag("flag")),
        );
        let report = InstanceReport::new(
            InstanceId::new("core-1").unwrap(),
            Timestamp::MIN,
            FlagState::On,
        );
        let offset = || {
            table.report(&report, LONG).unwrap()[0]
                .report
                .clock
                .unwrap()
                .offset_ms
        };
        table.register(&report, LONG).unwrap();
        assert!(offset().abs() < 1_000, "one machine has one clock");
        journal.append(journal.head().unwrap(), event(0)).unwrap();
        step(&database, ms);
        journal.append(journal.head().unwrap(), event(1)).unwrap();
        assert!(
            (offset() + ms).abs() < 1_000,
            "{} after a step of {ms}",
            offset()
        );
    }
}

#[test]
fn a_clock_of_the_server_that_is_set_hides_no_dependence() {
    for ms in [HOUR, -HOUR] {
        let database = database();
        let (a, b) = (
            Instance::new(census(&database), "a"),
            Instance::new(census(&database), "b"),
        );
        let both = || {
            thread::sleep(Duration::from_millis(200));
            a.fleet.tick();
            b.fleet.tick();
            a.fleet.refresh(1, LONG).unwrap();
        };
        let row = || {
            a.fleet
                .census()
                .caller(Fingerprint::from_u128(1), Window::DAY)[0]
                .clone()
        };
        b.legacy(1);
        both();
        a.target(1);
        both();
        assert_eq!(row().state, CallerState::Migrated);
        step(&database, ms);
        both();
        b.legacy(1);
        both();
        assert_eq!(row().state, CallerState::Dependent, "{ms}");
        assert!(row().last_legacy > row().last_target, "{ms}");
    }
}
