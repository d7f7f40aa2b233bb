//! Crashes of the server while instances write.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use legacy_http_compat::rollout::{
    event::Head,
    journal::{AppendAttempt, AppendError, Journal, JournalReader},
};

use crate::{
    cluster::Cluster,
    database::{Database, event, eventually, fill, length},
};

/// What was acknowledged, by the number that tells the events apart.
type Acknowledged = Arc<Mutex<BTreeMap<usize, Head>>>;

#[test]
fn no_acknowledged_event_is_lost_or_doubled_by_crashes_of_the_server() {
    let crashes = length("STORE_CRASHES", 2);
    let cluster = Cluster::start(&[], &[]);
    let database = cluster.database();
    let acknowledged = Acknowledged::default();
    let stop = Arc::new(AtomicBool::new(false));
    let writers = [0, 1, 2, 3].map(|writer| {
        let (database, acknowledged) = (database.clone(), Arc::clone(&acknowledged));
        let stop = Arc::clone(&stop);
        thread::spawn(move || write(writer, &database, &acknowledged, &stop))
    });
    for crash in 0..crashes {
        let before = acknowledged.lock().unwrap().len();
        eventually("the writers go on", || {
            acknowledged.lock().unwrap().len() > before + 50
        });
        cluster.command(if crash % 2 == 0 { "crash" } else { "kill" });
        cluster.command("start");
    }
    let before = acknowledged.lock().unwrap().len();
    eventually("the writers go on", || {
        acknowledged.lock().unwrap().len() > before + 50
    });
    stop.store(true, Ordering::SeqCst);
    let undecided: usize = writers.map(|writer| writer.join().unwrap()).iter().sum();

    let lines = database.lines();
    let written: Vec<_> = JournalReader::new(&lines[..]).map(Result::unwrap).collect();
    let acknowledged = acknowledged.lock().unwrap();
    for (number, head) in &*acknowledged {
        let incident = format!("\"INC-{number}\"");
        let found: Vec<_> = written
            .iter()
            .filter(|event| serde_json::to_string(event).unwrap().contains(&incident))
            .collect();
        assert_eq!(found.len(), 1, "{incident}");
        assert_eq!(found[0].head(), *head, "{incident}");
    }
    println!(
        "{crashes} crashes, 4 writers: {} acknowledged, {undecided} undecided at first, 0 lost, 0 doubled; {} in the journal",
        acknowledged.len(),
        written.len(),
    );
    assert_eq!(
        written.len(),
        acknowledged.len(),
        "every attempt was tried until it was decided"
    );
    fill(&database.journal(), 1);
}

/// Writes until it is to stop. Returns how many attempts had no known end at first.
fn write(
    writer: usize,
    database: &Database,
    acknowledged: &Acknowledged,
    stop: &AtomicBool,
) -> usize {
    let journal = database.journal();
    let mut undecided = 0;
    for number in (writer..).step_by(4) {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let mut known = true;
        let attempt = AppendAttempt::new(Duration::from_millis(500));
        let head = loop {
            let head = journal.head().unwrap();
            match journal.append_attempt(head, event(number), attempt) {
                Ok(event) => break event.head(),
                Err(AppendError::Conflict(_)) => {}
                Err(error) => {
                    known &= error.is_certain();
                    thread::sleep(Duration::from_millis(10));
                }
            }
        };
        undecided += usize::from(!known);
        acknowledged.lock().unwrap().insert(number, head);
    }
    undecided
}
