//! Appending: one winner, one line, nothing changed.

use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
};

use legacy_http_compat::{
    postgres::{PostgresStore, StoreErrorKind},
    rollout::{
        event::Head,
        journal::{AppendAttempt, AppendError, FileJournal, Journal, JournalReader},
    },
};

use crate::{
    cluster::Cluster,
    database::{LONG, all, event, eventually, fill, flag, length, reaches},
    temp_dir::TempDir,
};

#[test]
fn of_two_operators_who_race_exactly_one_wins_each_time() {
    let races = length("STORE_RACES", 60);
    let database = Cluster::shared().database();
    let journals = [Arc::new(database.journal()), Arc::new(database.journal())];
    let barrier = Arc::new(Barrier::new(2));
    let operators = journals.clone().map(|journal| {
        let barrier = Arc::clone(&barrier);
        thread::spawn(move || {
            let mut won = 0;
            for race in 0..races {
                let expected = journal
                    .wait(race as u64 - u64::from(race > 0), LONG)
                    .unwrap();
                let expected = if race == 0 { Head::NONE } else { expected };
                barrier.wait();
                match journal.append(expected, event(race)) {
                    Ok(event) => {
                        assert_eq!(event.seq, race as u64 + 1);
                        won += 1;
                    }
                    Err(AppendError::Conflict(conflict)) => {
                        assert_eq!(conflict.head.seq, race as u64 + 1);
                    }
                    Err(error) => panic!("{error}"),
                }
                reaches(
                    &*journal,
                    Head {
                        seq: race as u64 + 1,
                        ..Head::NONE
                    },
                );
            }
            won
        })
    });
    let won = operators.map(|operator| operator.join().unwrap());
    println!("{races} races: {} and {} won", won[0], won[1]);
    assert_eq!(won[0] + won[1], races);
    assert_eq!(all(&*journals[0]), all(&*journals[1]));
    JournalReader::new(&database.lines()[..]).verify().unwrap();
}

#[test]
fn an_export_is_the_file_journal_byte_for_byte() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    let file = FileJournal::open(&path).unwrap();
    let database = Cluster::shared().database();
    let journal = database.journal();
    assert_eq!(fill(&journal, 20), fill(&file, 20));
    assert_eq!(database.lines(), fs::read(&path).unwrap());
}

#[test]
fn journals_of_several_flags_share_a_database() {
    let store = Cluster::shared().database().store();
    let [a, b] = ["a", "b"].map(|name| store.journal(&flag(name)).unwrap());
    let head = fill(&a, 3);
    assert_eq!(b.head().unwrap(), Head::NONE);
    assert_eq!(fill(&b, 3), head, "the same events");
    assert_eq!(all(&a), all(&b));
}

#[test]
fn an_attempt_that_is_tried_again_is_appended_once() {
    let database = Cluster::shared().database();
    let journal = database.journal();
    let attempt = AppendAttempt::default();
    let first = journal
        .append_attempt(Head::NONE, event(0), attempt)
        .unwrap();
    let again = database.journal();
    let moved = fill(&again, 2);
    assert_eq!(
        again.append_attempt(moved, event(0), attempt).unwrap(),
        first
    );
    assert_eq!(
        again.append_attempt(Head::NONE, event(0), attempt).unwrap(),
        first
    );
    assert_eq!(again.head().unwrap(), moved);
}

#[test]
fn a_conflict_lists_the_events_since() {
    let database = Cluster::shared().database();
    let (a, b) = (database.journal(), database.journal());
    fill(&a, 3);
    let AppendError::Conflict(conflict) = b.append(Head::NONE, event(9)).unwrap_err() else {
        panic!("not a conflict");
    };
    assert_eq!(conflict.head, a.head().unwrap());
    assert_eq!(conflict.events_since, all(&a));
}

#[test]
fn a_head_of_another_history_is_a_conflict() {
    let database = Cluster::shared().database();
    let journal = database.journal();
    let head = fill(&journal, 2);
    let other = Head {
        seq: head.seq,
        hash: all(&journal)[0].hash,
    };
    let refused = journal.append(other, event(9)).unwrap_err();
    assert!(matches!(refused, AppendError::Conflict(_)), "{refused}");
    assert_eq!(journal.head().unwrap(), head);
}

#[test]
fn the_role_of_a_service_may_append_and_read_and_nothing_else() {
    let database = Cluster::shared().empty_database();
    let role = format!("core_{}", database.name);
    database.execute(&format!("create role {role} login"));
    database
        .builder()
        .runtime_role(&role)
        .migrate_now()
        .unwrap();
    let store = PostgresStore::builder(&database.url_as(&role)).unwrap();
    let journal = store.open().unwrap().journal(&flag("flag")).unwrap();
    let head = fill(&journal, 2);
    for statement in [
        "update legacy_http_compat.journal set flag = 'other'",
        "delete from legacy_http_compat.journal",
        "truncate legacy_http_compat.journal",
        "drop table legacy_http_compat.journal",
        "alter table legacy_http_compat.journal add column x int",
        "insert into legacy_http_compat.migration values (99, 99, '')",
    ] {
        let refused = database.try_execute(&role, statement).unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{statement}");
    }
    assert_eq!(journal.verify(LONG).unwrap(), head);

    let other = PostgresStore::builder(&database.url_as(&role)).unwrap();
    let again = other.migrate_now().unwrap_err();
    assert_eq!(*again.kind(), StoreErrorKind::Refused, "{again}");
}

#[test]
fn what_one_instance_appends_another_reads() {
    let database = Cluster::shared().database();
    let (a, b) = (database.journal(), database.journal());
    let head = fill(&a, 300);
    eventually("the other instance has all events", || {
        b.head().unwrap() == head
    });
    assert_eq!(all(&a), all(&b));
    assert_eq!(b.verify(LONG).unwrap(), head);
}
