//! A store works and is dropped anywhere.

use legacy_http_compat::rollout::journal::Journal;
use tokio::{runtime::Builder, task::spawn_blocking};

use crate::{
    cluster::Cluster,
    database::{Database, fill},
};

fn use_and_drop(database: &Database) {
    let journal = database.journal();
    let before = journal.head().unwrap();
    assert_eq!(fill(&journal, 2).seq, before.seq + 2);
    drop(journal);
}

#[test]
fn in_async_code_in_spawn_blocking_and_without_a_runtime() {
    let database = Cluster::shared().database();
    use_and_drop(&database);
    for mut runtime in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = runtime.enable_all().build().unwrap();
        let database = database.clone();
        runtime.block_on(async {
            use_and_drop(&database);
            let again = database.clone();
            tokio::spawn(async move { use_and_drop(&again) })
                .await
                .unwrap();
            spawn_blocking(move || use_and_drop(&database))
                .await
                .unwrap();
        });
    }
}

#[test]
fn a_store_that_is_dropped_closes_its_connections() {
    let database = Cluster::shared().database();
    let journal = database.journal();
    let connected = "select 1 from pg_stat_activity where datname = current_database() and \
        application_name = 'legacy-http-compat'";
    assert!(!database.query(connected).is_empty());
    drop(journal);
    crate::database::eventually("no connection is left", || {
        database.query(connected).is_empty()
    });
}
