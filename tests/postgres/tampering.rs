//! A database that is not as it was written: what was verified stays, and nothing more is read.

use legacy_http_compat::{
    postgres::{PostgresJournal, StoreErrorKind},
    rollout::{
        event::{Event, Head},
        journal::{AppendError, Journal, JournalSync, ReadErrorKind},
    },
};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, all, event, eventually, fill, flag},
    temp_dir::TempDir,
};

const TABLE: &str = "legacy_http_compat.journal";

/// A journal with five events, at two instances; the events of the first.
fn two_instances() -> (Database, [PostgresJournal; 2], Vec<Event>) {
    let database = Cluster::shared().database();
    let journals = [database.journal(), database.journal()];
    let head = fill(&journals[0], 5);
    eventually("the other has them", || journals[1].head().unwrap() == head);
    let events = all(&journals[0]);
    (database, journals, events)
}

/// That an instance noticed, stays as it was, and appends nothing.
fn assert_stays(journal: &PostgresJournal, events: &[Event], kind: ReadErrorKind) {
    let known = events.last().unwrap().head();
    eventually("it is noticed", || journal.read_after(known, 10).is_err());
    assert_eq!(journal.read_after(known, 10).unwrap_err().kind(), kind);
    assert_eq!(all(journal), events);
    assert_eq!(journal.head().unwrap(), known);
    let refused = journal.append(known, event(9));
    if matches!(kind, ReadErrorKind::Forked(_)) {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, AppendError::NotWritten(_)), "{refused}");
    }
}

#[test]
fn a_lost_tail_is_noticed_also_when_other_events_take_its_numbers() {
    let (database, [a, b], events) = two_instances();
    let fork = |found: Head| {
        let known = events[4].head();
        legacy_http_compat::rollout::journal::Fork { known, found }
    };
    database.execute(&format!("delete from {TABLE} where seq > 3"));
    let lost = fork(events[2].head());
    assert_stays(&a, &events, ReadErrorKind::Forked(lost));
    assert_eq!(a.sync_state(), JournalSync::Forked(lost));

    // An instance that knows nothing of them gives their numbers to others.
    let third = database.journal();
    let head = third.head().unwrap();
    assert_eq!(head, events[2].head());
    let other = third.append(head, event(70)).unwrap().head();
    let other = third.append(other, event(71)).unwrap().head();
    for journal in [&a, &b] {
        eventually("the fork is noticed", || {
            journal.sync_state() == JournalSync::Forked(fork(other))
        });
        assert_stays(journal, &events, ReadErrorKind::Forked(fork(other)));
    }
}

#[test]
fn an_edited_line_is_noticed() {
    let (database, [a, _], events) = two_instances();
    let edit = "update legacy_http_compat.journal set line = \
        convert_to(replace(convert_from(line, 'UTF8'), 'mara', 'fara'), 'UTF8') where seq =";
    database.execute(&format!("{edit} 2"));
    let refused = a.verify(LONG).unwrap_err();
    assert_eq!(*refused.kind(), StoreErrorKind::Journal);
    assert!(refused.to_string().contains("line 2 "), "{refused}");
    let refused = database.store().journal(&flag("flag")).unwrap_err();
    assert!(refused.to_string().contains("line 2 "), "{refused}");

    database.execute(&format!("{edit} 5"));
    assert_stays(&a, &events, ReadErrorKind::Changed);
}

#[test]
fn a_replaced_line_is_noticed() {
    let (database, [a, b], events) = two_instances();
    // A line with right hashes, of another history.
    let other = Cluster::shared().database();
    let journal = other.journal();
    for number in [0, 1, 2, 3, 77] {
        journal
            .append(journal.head().unwrap(), event(number))
            .unwrap();
    }
    let found = journal.head().unwrap();
    let rows = other.query("select hash, line from legacy_http_compat.journal where seq = 5");
    let [hash, line] = [0, 1].map(|column| hex::encode(rows[0].get::<_, Vec<u8>>(column)));
    database.execute(&format!(
        "update {TABLE} set hash = '\\x{hash}', line = '\\x{line}' where seq = 5"
    ));
    let fork = legacy_http_compat::rollout::journal::Fork {
        known: events[4].head(),
        found,
    };
    for journal in [&a, &b] {
        assert_stays(journal, &events, ReadErrorKind::Forked(fork));
    }
}

#[test]
fn an_inserted_line_is_noticed() {
    let (database, [a, _], events) = two_instances();
    database.execute(&format!(
        "insert into {TABLE} select flag, 6, hash, gen_random_uuid(), line from {TABLE} where seq = 5"
    ));
    assert_stays(&a, &events, ReadErrorKind::OutOfPlace { found: 5 });
    let refused = a.append(events[4].head(), event(9)).unwrap_err();
    assert!(matches!(refused, AppendError::NotWritten(_)), "{refused}");
    database.execute(&format!("delete from {TABLE} where seq = 6"));
    eventually("it goes on", || a.read_after(events[4].head(), 1).is_ok());
    fill(&a, 1);
}

#[test]
fn a_copy_that_knows_more_than_the_database_is_not_opened() {
    let database = Cluster::shared().database();
    let directory = TempDir::new();
    let open = || {
        let store = database
            .builder()
            .mirror_dir(directory.path())
            .open()
            .unwrap();
        store.journal(&flag("flag"))
    };
    let journal = open().unwrap();
    fill(&journal, 4);
    drop(journal);
    database.execute(&format!("delete from {TABLE} where seq > 2"));
    let refused = open().unwrap_err();
    assert_eq!(*refused.kind(), StoreErrorKind::Journal, "{refused}");
    assert!(refused.to_string().contains("lost events"), "{refused}");
}
