//! The local copy: starting while the server is away.

use std::{fs, sync::Arc, time::Duration};

use legacy_http_compat::{
    FlagState,
    postgres::{PostgresJournal, PostgresStoreBuilder, StoreError, StoreErrorKind},
    rollout::{
        OpenRolloutError, Phase, Rollout,
        journal::{Journal, JournalReader, JournalSync},
        policy::Policy,
    },
    worker::Tick as _,
};

use crate::{
    cluster::Cluster,
    database::{Database, all, eventually, fill, flag},
    proxy::Proxy,
    temp_dir::TempDir,
};

fn builder(database: &Database, directory: &TempDir) -> PostgresStoreBuilder {
    let builder = database.builder().mirror_dir(directory.path());
    builder.open_patience(Duration::from_secs(3))
}

fn rollout(journal: Arc<PostgresJournal>) -> Result<Rollout, OpenRolloutError> {
    let builder = Rollout::builder(flag("flag"), Policy::default());
    builder.opening_phase(Phase::Observe).open(journal)
}

#[test]
fn an_instance_that_starts_without_the_server_goes_on_from_its_local_copy() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let database = database.at(proxy.port);
    let directory = TempDir::new();
    let open = || {
        let store = builder(&database, &directory).open().unwrap();
        let journal = store.journal(&flag("flag"))?;
        Ok::<_, StoreError>(Arc::new(journal))
    };
    let journal = open().unwrap();
    let phase = rollout(journal.clone()).unwrap().status().state.phase;
    let head = journal.head().unwrap();
    assert!(head.seq >= 1);
    drop(journal);

    proxy.cut(true);
    let journal = open().unwrap();
    assert_eq!(journal.head().unwrap(), head);
    assert_eq!(journal.sync_state(), JournalSync::Stale { since: None });
    assert_eq!(
        rollout(journal.clone()).unwrap().status().state.phase,
        phase
    );

    proxy.cut(false);
    eventually("it is current", || {
        journal.sync_state() == JournalSync::Current
    });
    fill(&*journal, 1);
}

#[test]
fn without_server_and_copy_a_rollout_serves_with_the_flag_that_the_program_gives() {
    let database = Cluster::shared().database();
    let head = {
        let journal = Arc::new(database.journal());
        rollout(journal.clone()).unwrap();
        journal.head().unwrap()
    };
    let proxy = Proxy::to(database.port);
    proxy.cut(true);
    let database = database.at(proxy.port);
    let store = database.builder().open_patience(Duration::from_millis(300));
    let store = store.open().unwrap();
    let journal = Arc::new(store.journal(&flag("flag")).unwrap());
    assert!(rollout(journal.clone()).is_err());
    let builder = Rollout::builder(flag("flag"), Policy::default());
    let rollout = builder.open_or(journal.clone(), FlagState::On).unwrap();
    assert_eq!(rollout.reader().state(), FlagState::On);
    assert_eq!(rollout.status().sync, JournalSync::Stale { since: None });

    proxy.cut(false);
    eventually("the journal is read", || journal.head().unwrap() == head);
    rollout.tick();
    assert_eq!(rollout.status().state.phase, Phase::Observe);
    assert_eq!(rollout.reader().state(), FlagState::Off);
}

#[test]
fn the_file_of_a_copy_is_a_journal_file_and_a_torn_line_is_cut_off() {
    let database = Cluster::shared().database();
    let directory = TempDir::new();
    let open = || {
        let store = builder(&database, &directory).open().unwrap();
        store.journal(&flag("jobs/compat")).unwrap()
    };
    let journal = open();
    let head = fill(&journal, 5);
    let path = directory.path().join("jobs%2fcompat.journal");
    assert_eq!(
        JournalReader::open(&path).unwrap().verify().unwrap().head,
        head
    );

    let second = builder(&database, &directory).open().unwrap();
    let refused = second.journal(&flag("jobs/compat")).unwrap_err();
    assert_eq!(*refused.kind(), StoreErrorKind::Mirror, "{refused}");
    drop(journal);

    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let journal = open();
    assert_eq!(all(&journal).len(), 5);
    assert_eq!(fs::read(&path).unwrap(), whole);
}
