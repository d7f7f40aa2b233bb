//! What a database must be like to be opened.

use std::{sync::Barrier, thread, time::Duration};

use legacy_http_compat::{
    postgres::{PostgresStore, StoreErrorKind},
    rollout::{
        event::Head,
        journal::{AppendError, Journal},
    },
};

use crate::{
    cluster::Cluster,
    database::{event, eventually, fill, flag},
};

#[test]
fn twenty_instances_migrate_an_empty_database_at_once() {
    let database = Cluster::shared().empty_database();
    let barrier = Barrier::new(20);
    let applied: Vec<i32> = thread::scope(|scope| {
        let migrating = [(); 20].map(|()| {
            scope.spawn(|| {
                barrier.wait();
                let migrated = database.builder().migrate_now().unwrap();
                fill(
                    &database
                        .builder()
                        .migrate()
                        .open()
                        .unwrap()
                        .journal(&flag("empty"))
                        .unwrap(),
                    0,
                );
                migrated.applied
            })
        });
        migrating
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(
        applied.iter().filter(|applied| **applied > 0).count(),
        1,
        "{applied:?}"
    );
    fill(&database.journal(), 1);
}

#[test]
fn a_database_that_is_not_migrated_names_the_command() {
    let database = Cluster::shared().empty_database();
    let refused = database.builder().open().unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("legacy-http-compat store migrate"), "{text}");
    assert!(matches!(
        refused.kind(),
        StoreErrorKind::NotMigrated { found: 0, .. }
    ));
    database.builder().migrate().open().unwrap();
}

#[test]
fn a_database_of_a_later_version_says_what_it_needs() {
    let database = Cluster::shared().database();
    database.execute("insert into legacy_http_compat.migration values (98, 1, '0.8.0')");
    database.builder().open().unwrap();
    database.execute("insert into legacy_http_compat.migration values (99, 99, '0.9.0')");
    for refused in [
        database.builder().open().unwrap_err(),
        database.builder().migrate_now().unwrap_err(),
    ] {
        let text = refused.to_string();
        assert!(text.contains("version 0.9.0"), "{text}");
        assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
    }
}

#[test]
fn a_database_that_acknowledges_before_it_syncs_is_refused() {
    let database = Cluster::shared().database();
    let name = &database.name;
    database.execute(&format!(
        "alter database {name} set synchronous_commit = off"
    ));
    let refused = database.builder().open().unwrap_err();
    assert_eq!(*refused.kind(), StoreErrorKind::SynchronousCommitOff);
    assert!(refused.to_string().contains("synchronous_commit = on"));
    database.execute(&format!(
        "alter database {name} set synchronous_commit = on"
    ));
    database.builder().open().unwrap();
}

#[test]
fn a_server_that_is_not_there_is_named_by_the_journal() {
    let mut database = Cluster::shared().database();
    database.port = 1;
    let builder = database.builder();
    let store = builder.open_patience(Duration::from_millis(500)).open();
    assert_away(&store.unwrap(), "cannot be reached");
}

#[test]
fn a_wrong_connection_string_is_refused() {
    assert!(PostgresStore::builder("postgres://host:no-port/").is_err());
}

#[test]
fn a_connection_that_must_be_encrypted_is_not_made_to_a_server_that_cannot() {
    let url = Cluster::shared().database().url() + "?sslmode=require";
    let builder = PostgresStore::builder(&url).unwrap();
    assert_away(&builder.open().unwrap(), "TLS");
}

#[test]
fn a_standby_is_read_only_until_it_is_promoted() {
    let primary = Cluster::start(&[], &[]);
    let database = primary.database();
    let head = fill(&database.journal(), 3);
    let port = primary.port.to_string();
    let standby = Cluster::start(&[], &[("STANDBY_OF", &port)]);
    let at_standby = database.at(standby.port);
    let store = at_standby
        .builder()
        .open_patience(Duration::from_millis(500));
    let store = store.open().unwrap();
    assert_away(&store, "read-only");

    primary.command("stop");
    at_standby.execute("select pg_promote()");
    eventually("the store finds the promoted server", || {
        store.health().away.is_none()
    });
    let journal = store.journal(&flag("flag")).unwrap();
    assert_eq!(journal.head().unwrap(), head);
    fill(&journal, 1);
}

/// That a journal takes no event, and why.
fn assert_away(store: &PostgresStore, why: &str) {
    let journal = store.journal(&flag("flag")).unwrap();
    let refused = journal.append(Head::NONE, event(0)).unwrap_err();
    assert!(matches!(refused, AppendError::NotWritten(_)), "{refused}");
    assert!(refused.to_string().contains(why), "{refused}");
}
