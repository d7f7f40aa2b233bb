//! A journal on a storage that fails.

use std::{
    env, fs, io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;

use super::{
    error::{AppendError, OpenJournalError, OpenJournalErrorKind, ReadErrorKind},
    file::FileJournal,
    journal::Journal,
    reserve::Reserve,
    storage::Storage,
};
use crate::{
    rollout::{
        event::{EventPayload, Head, Incident, NewEvent, RollbackTaken},
        names::{Actor, IncidentId, Reason},
    },
    time::{ManualClock, Timestamp},
};

/// A journal and its head file, and how they fail.
#[derive(Clone, Debug, Default)]
struct Disk {
    journal: File,
    head: File,
}

/// What a file holds and how it fails.
#[derive(Clone, Debug, Default)]
struct File(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    /// How many more bytes fit.
    space: Option<usize>,
    /// Which of the coming syncs fail, the next one first.
    failing_syncs: Vec<bool>,
    fails_to_truncate: bool,
    syncs: usize,
    writes: usize,
    /// A file that takes up all space while it is there.
    full_while: Option<PathBuf>,
}

impl File {
    fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.0.lock().unwrap());
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }
}

impl Disk {
    fn change(&self, change: impl FnOnce(&mut Content)) {
        self.journal.change(change);
    }

    fn bytes(&self) -> Vec<u8> {
        self.journal.bytes()
    }

    fn open(&self) -> Result<FileJournal, OpenJournalError> {
        self.open_accepting(None)
    }

    fn open_accepting(&self, loss: Option<Head>) -> Result<FileJournal, OpenJournalError> {
        self.open_with(loss, None)
    }

    fn open_with(
        &self,
        loss: Option<Head>,
        reserve: Option<Reserve>,
    ) -> Result<FileJournal, OpenJournalError> {
        // What is cut off goes to a real file beside it.
        let name = format!("legacy-http-compat-disk-{}", std::process::id());
        let (path, clock) = (env::temp_dir().join(name), Arc::new(ManualClock::new(0)));
        let mut builder = FileJournal::builder(&path).clock(clock.clone());
        if let Some(head) = loss {
            builder = builder.accept_loss(head);
        }
        let files = [&self.journal, &self.head].map(|file| Box::new(file.clone()));
        let [journal, head] = files;
        let store = builder.start(journal, head);
        let _not_there = fs::remove_file(path.with_extension("cut"));
        let store = store.map_err(|cause| OpenJournalError::new(&path, cause))?;
        Ok(FileJournal::new(&path, store, reserve, clock))
    }
}

impl Storage for File {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read_at(&mut self, place: u64, mut into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes();
        let rest = &bytes[usize::try_from(place).unwrap().min(bytes.len())..];
        io::Write::write(&mut into, rest)
    }

    fn write_at(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        if content
            .full_while
            .as_ref()
            .is_some_and(|path| path.exists())
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = content
            .space
            .map_or(bytes.len(), |space| space.min(bytes.len()));
        content.writes += 1;
        content.space = content.space.map(|space| space - taken);
        let place = usize::try_from(place).unwrap();
        let length = content.bytes.len().max(place + taken);
        content.bytes.resize(length, 0);
        content.bytes[place..place + taken].copy_from_slice(&bytes[..taken]);
        if taken == bytes.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        content.syncs += 1;
        let fails = !content.failing_syncs.is_empty() && content.failing_syncs.remove(0);
        if fails {
            Err(io::Error::other("the disk is gone"))
        } else {
            Ok(())
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        if content.fails_to_truncate {
            return Err(io::Error::other("read-only"));
        }
        content.bytes.truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

fn draft(number: u64) -> NewEvent {
    let incident = IncidentId::new(format!("INC-{number}")).unwrap();
    NewEvent::new(
        Timestamp::MIN,
        Actor::human("mara").unwrap(),
        Reason::new("polls fail").unwrap(),
        EventPayload::IncidentOpened(Incident { incident }),
    )
}

fn append(journal: &FileJournal) -> Result<u64, AppendError> {
    let head = journal.head().unwrap();
    journal.append(head, draft(head.seq)).map(|event| event.seq)
}

/// A disk with a journal of two events.
fn two() -> (Disk, FileJournal) {
    let disk = Disk::default();
    let journal = disk.open().unwrap();
    assert_eq!(append(&journal).unwrap(), 1);
    assert_eq!(append(&journal).unwrap(), 2);
    (disk, journal)
}

#[test]
fn an_event_is_one_write_and_one_sync_and_so_is_its_head() {
    let (disk, journal) = two();
    for file in [&disk.journal, &disk.head] {
        file.change(|file| (file.writes, file.syncs) = (0, 0));
    }
    append(&journal).unwrap();
    for file in [&disk.journal, &disk.head] {
        file.change(|file| assert_eq!((file.writes, file.syncs), (1, 1)));
    }
}

#[test]
fn an_event_whose_head_is_not_recorded_is_undecided_and_stands() {
    for fault in [
        (|head| head.failing_syncs = vec![true]) as fn(&mut Content),
        |head| head.space = Some(7),
    ] {
        let (disk, journal) = two();
        disk.head.change(fault);
        let error = append(&journal).unwrap_err();
        assert!(matches!(error, AppendError::Undecided(_)), "{error}");
        assert!(matches!(append(&journal), Err(AppendError::Closed)));
        disk.head
            .change(|head| (head.space, head.failing_syncs) = (None, vec![]));
        // The next process finds it, and so does this one.
        assert_eq!(disk.open().unwrap().head().unwrap().seq, 3);
        journal.reopen().unwrap();
        assert_eq!(append(&journal).unwrap(), 4);
    }
}

#[test]
fn a_journal_that_lacks_acknowledged_events_is_refused_unless_exactly_that_is_accepted() {
    type Damage = fn(&mut Content);
    for damage in [
        (|disk| disk.bytes.clear()) as Damage,
        |disk| disk.bytes.truncate(disk.bytes.len() / 2),
        // The last line, committed and then damaged.
        |disk| {
            disk.bytes.pop();
        },
        |disk| {
            let length = disk.bytes.len();
            disk.bytes[length - 40..length - 1].fill(0);
        },
    ] {
        let (disk, journal) = two();
        let head = journal.head().unwrap();
        drop(journal);
        disk.change(damage);
        let before = disk.bytes();
        let error = disk.open().unwrap_err();
        assert_eq!(error.kind(), OpenJournalErrorKind::Lost, "{error}");
        assert_eq!(error.recorded(), Some(head));
        assert!(error.to_string().contains(&head.to_string()), "{error}");
        assert_eq!(disk.bytes(), before, "nothing is cut off");
        let other = Head { seq: 1, ..head };
        let error = disk.open_accepting(Some(other)).unwrap_err();
        assert_eq!(error.kind(), OpenJournalErrorKind::Lost);

        let journal = disk.open_accepting(Some(head)).unwrap();
        let events = journal.read(0, 9).unwrap();
        let EventPayload::LossAccepted(loss) = &events.last().unwrap().payload else {
            panic!("{events:?}")
        };
        assert_eq!(loss.recorded, Some(head));
        let found = journal.head().unwrap();
        drop(journal);
        let again = disk.open_accepting(Some(head)).unwrap();
        assert_eq!(again.head().unwrap(), found, "it is accepted once");
    }
}

#[test]
fn another_journal_in_the_place_of_one_is_refused() {
    let (disk, _) = two();
    let (other, journal) = two();
    drop(journal);
    let first = other.bytes();
    let end = first.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    other.change(|other| other.bytes.clear());
    other.head.change(|head| head.bytes.clear());
    let journal = other.open().unwrap();
    journal.append(Head::NONE, draft(7)).unwrap();
    append(&journal).unwrap();
    append(&journal).unwrap();
    assert_ne!(other.bytes()[..end], first[..end]);
    disk.change(|disk| disk.bytes = other.bytes());
    let error = disk.open().unwrap_err();
    assert_eq!(error.kind(), OpenJournalErrorKind::Lost, "{error}");
    assert!(error.to_string().contains("another event"), "{error}");
}

#[test]
fn a_journal_without_its_head_file_is_refused() {
    for damage in [(|head| head.bytes.clear()) as fn(&mut Content), |head| {
        head.bytes.fill(b'x');
    }] {
        let (disk, journal) = two();
        let head = journal.head().unwrap();
        drop(journal);
        disk.head.change(damage);
        let error = disk.open().unwrap_err();
        assert_eq!(error.kind(), OpenJournalErrorKind::HeadLost);
        assert_eq!(error.recorded(), Some(head));
        disk.open_accepting(Some(head)).unwrap();
    }
}

#[test]
fn a_torn_head_leaves_the_one_before_it() {
    for slot in 0..2 {
        let disk = Disk::default();
        let two = disk.open().unwrap();
        append(&two).unwrap();
        append(&two).unwrap();
        drop(two);
        disk.head
            .change(|head| head.bytes[slot * 512..slot * 512 + 9].fill(b'x'));
        assert_eq!(disk.open().unwrap().head().unwrap().seq, 2, "slot {slot}");
    }
}

#[test]
fn a_rollback_is_recorded_on_a_full_disk_in_the_reserved_space() {
    let path = std::env::temp_dir().join(format!("journal-reserve-{}", std::process::id()));
    let (disk, journal) = two();
    drop(journal);
    let journal = disk
        .open_with(None, Some(Reserve::new(path.clone())))
        .unwrap();
    assert!(path.exists());
    disk.change(|disk| disk.full_while = Some(path.clone()));
    assert!(matches!(append(&journal), Err(AppendError::NotWritten(_))));
    assert!(path.exists(), "it is for rollbacks");
    let taken = RollbackTaken {
        cutover: 1,
        instance: None,
        incident: IncidentId::new("INC-9").unwrap(),
        gates: Vec::new(),
    };
    let rollback = NewEvent {
        payload: EventPayload::RollbackTaken(taken),
        ..draft(9)
    };
    let head = journal.head().unwrap();
    let recorded = journal.append(head, rollback).unwrap();
    assert_eq!(recorded.seq, 3);
    disk.change(|disk| disk.full_while = None);
    append(&journal).unwrap();
    assert!(path.exists(), "the space is reserved again");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn on_a_full_disk_the_event_does_not_stand_and_the_file_is_as_it_was() {
    let (disk, journal) = two();
    let before = disk.bytes();
    for space in [0, 1, 100] {
        disk.change(|disk| disk.space = Some(space));
        let error = append(&journal).unwrap_err();
        assert!(matches!(error, AppendError::NotWritten(_)) && error.is_certain());
        assert_eq!(
            (disk.bytes(), journal.head().unwrap().seq),
            (before.clone(), 2)
        );
    }
    disk.change(|disk| disk.space = None);
    assert_eq!(append(&journal).unwrap(), 3, "space again");
    assert_eq!(disk.open().unwrap().head().unwrap().seq, 3);
}

#[test]
fn after_a_failed_sync_the_event_does_not_stand() {
    let (disk, journal) = two();
    let before = disk.bytes();
    disk.change(|disk| disk.failing_syncs = vec![true]);
    let error = append(&journal).unwrap_err();
    assert!(matches!(error, AppendError::NotWritten(_)), "{error}");
    assert_eq!(
        error.to_string(),
        "the event could not be written to the journal: the disk is gone"
    );
    assert_eq!((disk.bytes(), journal.head().unwrap().seq), (before, 2));
    assert_eq!(append(&journal).unwrap(), 3);
}

#[test]
fn what_cannot_be_taken_back_closes_the_journal_until_it_is_reopened() {
    let faults: [fn(&mut Content); 2] = [
        |disk| (disk.failing_syncs, disk.fails_to_truncate) = (vec![true], true),
        |disk| disk.failing_syncs = vec![true, true],
    ];
    for fault in faults {
        let (disk, journal) = two();
        disk.change(fault);
        let error = append(&journal).unwrap_err();
        assert!(matches!(error, AppendError::Undecided(_)) && !error.is_certain());
        assert!(matches!(append(&journal), Err(AppendError::Closed)));
        assert_eq!(journal.read(0, 9).unwrap().len(), 2, "reading goes on");

        disk.change(|disk| disk.failing_syncs = vec![true]);
        journal.reopen().unwrap_err();
        assert!(
            matches!(append(&journal), Err(AppendError::Closed)),
            "still closed"
        );

        disk.change(|disk| (disk.failing_syncs, disk.fails_to_truncate) = (vec![], false));
        journal.reopen().unwrap();
        assert_eq!(append(&journal).unwrap(), 3);
        assert_eq!(disk.open().unwrap().head().unwrap().seq, 3);
    }
}

#[test]
fn an_undecided_event_may_be_found_by_the_next_process() {
    let (disk, journal) = two();
    disk.change(|disk| (disk.failing_syncs, disk.fails_to_truncate) = (vec![true], true));
    append(&journal).unwrap_err();
    drop(journal);
    assert_eq!(disk.open().unwrap().head().unwrap().seq, 3);
}

#[test]
fn what_was_found_at_opening_is_synced_before_anyone_builds_on_it() {
    let (disk, _) = two();
    disk.change(|disk| disk.failing_syncs = vec![true]);
    assert_eq!(
        disk.open().unwrap_err().kind(),
        OpenJournalErrorKind::Storage
    );
    disk.open().unwrap();
}

#[test]
fn a_torn_line_that_cannot_be_recorded_is_said() {
    let (disk, _) = two();
    disk.change(|disk| {
        disk.bytes.extend_from_slice(b"{");
        disk.space = Some(0);
    });
    let error = disk.open().unwrap_err();
    assert_eq!(error.kind(), OpenJournalErrorKind::NotRecorded);
    let expected = ": a torn line was cut off or a loss accepted, which could not be recorded: the event could not be written to \
                    the journal: storage full";
    let text = error
        .to_string()
        .replace("no storage space", "storage full");
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_file_that_someone_else_changed_closes_the_journal() {
    let (disk, journal) = two();
    let other = disk.open().unwrap();
    append(&other).unwrap();
    assert!(matches!(append(&journal), Err(AppendError::Closed)));
    journal.reopen().unwrap();
    assert_eq!(
        journal.head().unwrap().seq,
        3,
        "whole lines that follow are taken in"
    );
    assert_eq!(append(&journal).unwrap(), 4);

    disk.change(|disk| disk.bytes.truncate(200));
    assert!(matches!(append(&journal), Err(AppendError::Closed)));
    let error = journal.reopen().unwrap_err();
    assert_eq!(
        (error.line(), error.kind()),
        (Some(1), ReadErrorKind::Changed)
    );
    assert_eq!(disk.bytes().len(), 200, "nothing is repaired");
}

#[test]
fn a_torn_line_found_when_reopened_is_journaled_too() {
    let (disk, journal) = two();
    disk.change(|disk| disk.bytes.extend_from_slice(b"{\"v\":1"));
    assert!(matches!(append(&journal), Err(AppendError::Closed)));
    journal.reopen().unwrap();
    let last = journal.read(2, 9).unwrap().remove(0);
    assert_eq!(last.payload.name(), "recovered");
}

#[test]
fn a_line_changed_under_an_open_journal_is_not_read_as_an_event() {
    let (disk, journal) = two();
    disk.change(|disk| disk.bytes[150] ^= 1);
    let error = journal.read(0, 9).unwrap_err();
    assert_eq!(
        (error.line(), error.kind()),
        (Some(1), ReadErrorKind::Changed)
    );
    assert_eq!(
        journal.read(1, 9).unwrap().len(),
        1,
        "the line after it is as it was"
    );
    disk.change(|disk| disk.bytes.truncate(10));
    assert!(journal.read(0, 9).is_err());
}

/// What goes wrong with one event.
#[derive(Clone, Debug)]
struct Trouble {
    space: Option<usize>,
    failing_syncs: Vec<bool>,
    fails_to_truncate: bool,
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let space = proptest::option::weighted(0.3, 0_usize..500);
    let syncs = proptest::collection::vec(proptest::bool::weighted(0.3), 0..3);
    (space, syncs, proptest::bool::weighted(0.2)).prop_map(
        |(space, failing_syncs, fails_to_truncate)| Trouble {
            space,
            failing_syncs,
            fails_to_truncate,
        },
    )
}

proptest! {
    #[test]
    fn what_was_said_to_stand_stands_after_any_trouble(
        troubles in proptest::collection::vec(trouble(), 1..12),
        lost in 0_usize..600,
    ) {
        let disk = Disk::default();
        let journal = disk.open().unwrap();
        let (mut stands, mut durable) = (0, 0);
        for trouble in troubles {
            disk.change(|disk| {
                disk.space = trouble.space;
                disk.failing_syncs = trouble.failing_syncs;
                disk.fails_to_truncate = trouble.fails_to_truncate;
            });
            match append(&journal) {
                Ok(seq) => {
                    prop_assert_eq!(seq, stands + 1);
                    (stands, durable) = (seq, disk.bytes().len());
                }
                Err(AppendError::Undecided(_)) => break,
                Err(_) => prop_assert_eq!(disk.bytes().len(), durable),
            }
        }
        // The power goes: of what was not said to stand, any part may be lost.
        disk.change(|disk| {
            let left = disk.bytes.len().saturating_sub(lost).max(durable);
            disk.bytes.truncate(left);
            (disk.space, disk.fails_to_truncate) = (None, false);
            disk.failing_syncs.clear();
        });
        let reopened = disk.open().unwrap();
        prop_assert!((stands..=stands + 1).contains(&reopened.head().unwrap().seq));
        prop_assert_eq!(append(&reopened).unwrap(), reopened.head().unwrap().seq);
    }
}
