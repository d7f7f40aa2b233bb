//! The table of instances.

use std::{collections::BTreeMap, time::Duration};

use legacy_http_compat::{
    FlagState,
    caller::FingerprintKey,
    postgres::PostgresInstances,
    rollout::{
        event::{Head, Served},
        fleet::{Instance, InstanceReport, Instances, InstancesError, LEASE, Lease},
        journal::JournalSync,
        names::{ContractDigest, InstanceId},
    },
    time::Timestamp,
};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, flag},
    proxy::Proxy,
};

fn report(name: &str, key: u8) -> InstanceReport {
    let started = Timestamp::from_unix_ms(1_000);
    let mut report = InstanceReport::new(InstanceId::new(name).unwrap(), started, FlagState::On);
    report.key_check = Some(FingerprintKey::new([key; 16]).key_check());
    report.version.push_str("core 3.1");
    report
}

fn table(database: &Database) -> PostgresInstances {
    database.store().instances(&flag("flag"))
}

/// Makes an instance silent for longer than its lease.
fn silence(database: &Database, name: &str) {
    age(database, name, "11 s");
}

/// Makes the last report of an instance so much older.
fn age(database: &Database, name: &str, by: &str) {
    database.execute(&format!(
        "update legacy_http_compat.instance set seen = seen - interval '{by}' where name = '{name}'"
    ));
}

#[test]
fn an_instance_is_in_the_table_as_it_reports_itself() {
    let database = Cluster::shared().database();
    let (here, there) = (table(&database), table(&database));
    let mut own = report("core-1", 7);
    own.applied = format!("7:{}", "0a".repeat(32)).parse().unwrap();
    own.flag = FlagState::Retired;
    own.sync = JournalSync::Stale {
        since: Some(Timestamp::from_unix_ms(5)),
    };
    let digest = ContractDigest::new("ab".repeat(32)).unwrap();
    own.served = Some(Served {
        digest,
        detector: BTreeMap::default(),
    });
    let all = here.register(&own, LONG).unwrap();
    let seen = &all[0];
    assert!(seen.is_live() && seen.silent < Instance::LEASE);
    let clock = seen.report.clock.unwrap();
    assert!(
        clock.offset_ms.unsigned_abs() <= clock.uncertainty_ms + 1_000,
        "one machine has one clock: {clock:?}"
    );
    own.clock = Some(clock);
    assert_eq!(seen.report, own);

    own.flag = FlagState::On;
    own.applied = Head::NONE;
    here.report(&own, LONG).unwrap();
    let other = report("core-2", 7);
    let all = there.register(&other, LONG).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].report, own);

    silence(&database, "core-1");
    assert!(!there.list(LONG).unwrap()[0].is_live());
    here.leave(&own.instance, LONG).unwrap();
    assert_eq!(there.list(LONG).unwrap().len(), 1);

    // One that crashed does not wait for itself for ever.
    here.register(&own, LONG).unwrap();
    age(&database, "core-1", "24 h");
    assert_eq!(there.report(&other, LONG).unwrap().len(), 1);
    assert!(
        database
            .store()
            .instances(&flag("other"))
            .list(LONG)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn another_fingerprint_key_is_refused_until_a_new_epoch_begins() {
    let database = Cluster::shared().database();
    let table = table(&database);
    table.register(&report("old-1", 1), LONG).unwrap();
    table.register(&report("old-2", 1), LONG).unwrap();
    let refused = table.register(&report("new-1", 2), LONG).unwrap_err();
    assert!(
        matches!(refused, InstancesError::OtherKey { .. }),
        "{refused}"
    );
    assert_eq!(table.list(LONG).unwrap().len(), 2);

    assert_eq!(table.begin_epoch(LONG).unwrap(), 2);
    assert_eq!(
        table.begin_epoch(LONG).unwrap(),
        2,
        "one that is not used yet"
    );
    // The old ones are drained, and may be started again meanwhile.
    table.report(&report("old-1", 1), LONG).unwrap();
    table.register(&report("old-3", 1), LONG).unwrap();
    table.register(&report("new-1", 2), LONG).unwrap();
    table.register(&report("new-2", 2), LONG).unwrap();
    let refused = table.register(&report("third", 3), LONG).unwrap_err();
    let InstancesError::OtherKey {
        instance,
        found,
        own,
    } = refused
    else {
        panic!("{refused}");
    };
    assert!(instance.as_str().starts_with("new-"));
    assert_eq!(found, FingerprintKey::new([2; 16]).key_check());
    assert_ne!(found, own);
}

#[test]
fn a_key_may_change_when_no_instance_is_live() {
    let database = Cluster::shared().database();
    let table = table(&database);
    table.register(&report("old", 1), LONG).unwrap();
    silence(&database, "old");
    table.register(&report("new", 2), LONG).unwrap();
}

#[test]
fn of_twenty_first_instances_with_two_keys_one_key_wins() {
    let database = Cluster::shared().database();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let joining: Vec<_> = (0..20_u8)
            .map(|number| {
                let table = table(&database);
                scope.spawn(move || {
                    let report = report(&format!("core-{number}"), number % 2);
                    table.register(&report, LONG).is_ok()
                })
            })
            .collect();
        joining
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let [even, odd] = [0, 1].map(|rest| {
        outcomes
            .iter()
            .skip(rest)
            .step_by(2)
            .filter(|joined| **joined)
            .count()
    });
    assert_eq!((even.min(odd), even.max(odd)), (0, 10), "{outcomes:?}");
}

#[test]
fn a_later_start_takes_the_place_of_an_earlier_one() {
    let database = Cluster::shared().database();
    let table = table(&database);
    let first = report("core-1", 1);
    let mut second = first.clone();
    second.started = Timestamp::from_unix_ms(2_000);
    table.register(&first, LONG).unwrap();
    table.register(&second, LONG).unwrap();
    let replaced = table.report(&first, LONG).unwrap_err();
    assert!(
        matches!(replaced, InstancesError::Replaced(_)),
        "{replaced}"
    );
    assert_eq!(table.report(&second, LONG).unwrap().len(), 1);
}

#[test]
fn a_lease_has_one_holder_until_it_ends() {
    let database = Cluster::shared().database();
    let table = table(&database);
    let [a, b] = ["a", "b"].map(|name| InstanceId::new(name).unwrap());
    assert_eq!(table.lease(LEASE, &a, LONG).unwrap(), Lease::Held);
    assert_eq!(
        table.lease(LEASE, &b, LONG).unwrap(),
        Lease::HeldBy(a.clone())
    );
    assert_eq!(table.lease("other", &b, LONG).unwrap(), Lease::Held);
    assert_eq!(table.lease(LEASE, &a, LONG).unwrap(), Lease::Held);
    database.execute(
        "update legacy_http_compat.lease set until = clock_timestamp() where work = 'rollout'",
    );
    assert_eq!(table.lease(LEASE, &b, LONG).unwrap(), Lease::Held);
    assert_eq!(
        table.lease(LEASE, &a, LONG).unwrap(),
        Lease::HeldBy(b.clone())
    );
    table.leave(&b, LONG).unwrap();
    assert_eq!(table.lease(LEASE, &a, LONG).unwrap(), Lease::Held);
}

#[test]
fn a_table_that_cannot_be_reached_says_so_in_time() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let table = table(&database.at(proxy.port));
    table.register(&report("core-1", 1), LONG).unwrap();
    proxy.hang(true);
    let failed = table
        .report(&report("core-1", 1), Duration::from_millis(200))
        .unwrap_err();
    assert!(matches!(failed, InstancesError::Unreachable(_)), "{failed}");
}
