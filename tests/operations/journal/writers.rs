//! Several who write.

use std::{env, path::Path, process::Command, sync::Arc, thread};

use legacy_http_compat::rollout::{
    event::{EventPayload, Head, Incident},
    journal::{AppendError, FileJournal, Journal, MemoryJournal, OpenJournalErrorKind},
    names::IncidentId,
};

use super::{events, files, temp_dir::TempDir};

const CHILD: &str = "JOURNAL_WRITERS_CHILD";

/// Adds so many events by trying again after each conflict; returns how often another was faster.
fn insist(journal: &dyn Journal, name: usize, count: usize) -> usize {
    let (mut head, mut conflicts) = (Head::NONE, 0);
    for number in 0..count {
        let incident = IncidentId::new(format!("{name}-{number}")).unwrap();
        let payload = EventPayload::IncidentOpened(Incident { incident });
        loop {
            match journal.append(head, events::draft(payload.clone())) {
                Ok(event) => break head = event.head(),
                Err(AppendError::Conflict(conflict)) => {
                    let shown: Vec<u64> = conflict
                        .events_since
                        .iter()
                        .map(|event| event.seq)
                        .collect();
                    assert!(shown.into_iter().eq(head.seq + 1..=conflict.head.seq));
                    head = conflict.head;
                    conflicts += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    conflicts
}

fn race(journal: &Arc<dyn Journal>) {
    let writers: Vec<_> = (0..4)
        .map(|name| {
            let journal = Arc::clone(journal);
            thread::spawn(move || insist(&*journal, name, 20))
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let mut facts: Vec<EventPayload> = journal
        .read(0, usize::MAX)
        .unwrap()
        .iter()
        .map(|event| event.payload.clone())
        .collect();
    assert_eq!(facts.len(), 80);
    facts.dedup();
    assert_eq!(facts.len(), 80, "each event stands once");
}

#[test]
fn of_two_who_act_at_once_one_wins_and_the_other_sees_it() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    let journal: Arc<dyn Journal> = Arc::new(FileJournal::open(&path).unwrap());
    race(&journal);
    drop(journal);
    assert_eq!(
        FileJournal::open(&path).unwrap().verify().unwrap().head.seq,
        80
    );
    race(&(Arc::new(MemoryJournal::new()) as Arc<dyn Journal>));
}

/// Opens the journal and says what came of it. Runs as a process of its own.
fn child(path: &Path) {
    match FileJournal::open(path) {
        Ok(journal) => println!("child: opened at {}", journal.head().unwrap().seq),
        Err(error) => println!("child: {:?}: {error}", error.kind()),
    }
}

fn second_process(path: &Path) -> String {
    let name = "journal::writers::a_second_process_is_told_that_the_journal_has_a_writer";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, path)
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let (_, said) = output.split_once("child: ").unwrap();
    said.lines().next().unwrap().to_owned()
}

#[test]
fn a_second_process_is_told_that_the_journal_has_a_writer() {
    if let Some(path) = env::var_os(CHILD) {
        return child(Path::new(&path));
    }
    let (_directory, path) = files::story();
    let journal = FileJournal::open(&path).unwrap();
    let expected = format!(
        "Locked: journal {}: another process is writing it; a journal has one writer",
        path.display()
    );
    assert_eq!(second_process(&path), expected);
    journal.verify().expect("reading needs no lock");
    drop(journal);
    let count = events::story().len();
    assert_eq!(second_process(&path), format!("opened at {count}"));
}

#[test]
fn a_second_writer_in_the_same_process_is_refused_too() {
    let (_directory, path) = files::story();
    let _first = FileJournal::open(&path).unwrap();
    let second = FileJournal::open(&path).unwrap_err();
    assert_eq!(second.kind(), OpenJournalErrorKind::Locked);
}

#[test]
fn a_directory_that_is_not_there_is_an_error_with_the_path() {
    let directory = TempDir::new();
    let path = directory.path().join("missing").join("journal");
    let error = FileJournal::open(&path).unwrap_err();
    assert_eq!(error.kind(), OpenJournalErrorKind::Storage);
    assert!(error.to_string().contains("missing"), "{error}");
}
