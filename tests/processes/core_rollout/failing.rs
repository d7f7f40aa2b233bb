//! A journal that does not work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use legacy_http_compat::{
    rollout::{
        Phase,
        event::{Event, Head, NewEvent},
        journal::{AppendError, Journal, MemoryJournal, ReadError},
    },
    worker::Tick,
};
use serde_json::json;

use super::{
    steps::{assert_done, assert_problem, go_to, phase, roll_back},
    support::server::{CoreServer, Start},
};

/// Takes no events while its disk is full.
#[derive(Debug, Default)]
struct Disk {
    journal: MemoryJournal,
    is_full: AtomicBool,
}

#[tokio::test]
async fn without_a_journal_there_is_no_cutover_but_there_is_a_rollback() {
    let disk = Arc::new(Disk::default());
    let start = Start {
        journal: Some(disk.clone()),
        ..Start::new(true)
    };
    let core = CoreServer::start_from(start, |_| {}).await;
    let operator = core.operator();
    disk.is_full.store(true, Ordering::Relaxed);
    let refused = go_to(&operator, "cutover").await;
    assert_problem(&refused, 503, "journal-failing");
    assert!(core.is_on());

    disk.is_full.store(false, Ordering::Relaxed);
    assert_done(&go_to(&operator, "cutover").await);
    disk.is_full.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let unrecorded = roll_back(&operator, "INC-1").await;
        let recorded = &unrecorded.json["recorded"];
        assert_eq!((unrecorded.status, recorded), (202, &json!(false)));
        assert!(core.is_on());
    }
    let refused = go_to(&operator, "cutover").await;
    assert_problem(&refused, 503, "rollback-unrecorded");
    assert_eq!(operator.status().await["journal"]["works"], false);

    disk.is_full.store(false, Ordering::Relaxed);
    core.rollout.tick();
    assert_eq!(phase(&core.rollout), Phase::Compat, "now on record");
    assert_problem(&roll_back(&operator, "INC-1").await, 409, "impossible");
}

impl Journal for Disk {
    fn append(&self, expected: Head, draft: NewEvent) -> Result<Event, AppendError> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(AppendError::NotWritten("no space left".into()));
        }
        self.journal.append(expected, draft)
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.journal.read(after, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        self.journal.head()
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        self.journal.wait(after, timeout)
    }
}
