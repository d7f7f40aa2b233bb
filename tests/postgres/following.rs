//! How soon an event reaches the other instances.

use std::time::{Duration, Instant};

use legacy_http_compat::{postgres::PostgresStore, rollout::journal::Journal};

use crate::{
    cluster::Cluster,
    database::{Database, event, eventually, flag, length, percentiles, reaches},
    pooler::Pooler,
    proxy::Proxy,
};

/// Appends at one instance, and measures until it is at another, whose store is at a port.
fn propagate(what: &str, database: &Database, other: &PostgresStore) {
    let writer = database.journal();
    let reader = other.journal(&flag("flag")).unwrap();
    let times = (0..length("STORE_EVENTS", 5)).map(|number| {
        // At no fixed place between two polls.
        std::thread::sleep(Duration::from_millis(37 * (number as u64 % 13)));
        let begun = Instant::now();
        let head = writer
            .append(writer.head().unwrap(), event(number))
            .unwrap()
            .head();
        reaches(&reader, head);
        begun.elapsed()
    });
    let times: Vec<_> = times.collect();
    println!("{what}: {} events, {}", times.len(), percentiles(times));
    assert_eq!(reader.head().unwrap(), writer.head().unwrap());
}

#[test]
fn an_event_is_announced_to_the_other_instances() {
    let database = Cluster::shared().database();
    let other = database.store();
    eventually("it hears", || other.health().hears);
    propagate("with a listener", &database, &other);
}

#[test]
fn with_a_deaf_listener_the_poll_finds_it() {
    // In transaction mode a pooler gives the connection that listens to others.
    let database = Cluster::shared().database();
    let pooler = Pooler::before(&database);
    let other = database.at(pooler.port).store();
    propagate("with a listener behind pgbouncer", &database, &other);
    assert!(!other.health().hears);
}

#[test]
fn with_a_half_open_listener_the_poll_finds_it() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    proxy.hang_listeners(true);
    let other = database.at(proxy.port).store();
    propagate("with a half-open listener", &database, &other);
    assert!(!other.health().hears);
}

#[test]
fn through_a_slow_network_it_arrives_all_the_same() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    proxy.delay(Duration::from_millis(200));
    let other = database.at(proxy.port).store();
    eventually("it hears", || other.health().hears);
    propagate("with 200 ms each way", &database, &other);
}
