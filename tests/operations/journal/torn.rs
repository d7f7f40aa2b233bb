//! A last line that was not written to its end.

use std::{fs, io::Write as _, path::Path, sync::Arc};

use legacy_http_compat::time::Timestamp;
use legacy_http_compat::{
    rollout::{
        Phase, Projection,
        event::{EventPayload, Recovered},
        journal::{FileJournal, Journal, JournalReader, TornLine},
        names::ActorKind,
    },
    time::ManualClock,
};

use super::{events, files, temp_dir::TempDir};

/// A journal whose last event changes the phase.
fn rolled_back() -> Vec<EventPayload> {
    vec![
        events::opened(Phase::Compat),
        events::cutover(Vec::new(), &[]),
        events::rollback(2, "INC-1"),
    ]
}

/// Adds what a killed process may leave.
fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn replay(journal: &FileJournal) -> Projection {
    let mut fold = Projection::new();
    fold.catch_up(journal, |_| ()).unwrap();
    fold
}

fn phase(journal: &FileJournal) -> Phase {
    replay(journal).state().unwrap().phase
}

/// A kill falls into a write too rarely to wait for it, so what it would leave is laid down: each part of the last line.
#[test]
fn a_line_torn_at_any_byte_is_cut_off_and_that_is_journaled() {
    for (facts, phases) in [
        (events::story(), [Phase::Retired, Phase::Retired]),
        (rolled_back(), [Phase::Cutover, Phase::Compat]),
    ] {
        let lines = files::lines_of(facts.clone());
        let (last, before) = lines.split_last().unwrap();
        let (line, good) = (lines.len() as u64, before.concat());
        let directory = TempDir::new();
        let acknowledged = facts[..facts.len() - 1].iter().cloned();
        files::write_facts(&directory.path().join("whole"), acknowledged);
        for torn in 0..=last.len() {
            let path = directory.path().join(format!("torn-{torn}"));
            // All but the last event were acknowledged.
            for suffix in ["", ".head"] {
                let name = |stem: &str| directory.path().join(format!("{stem}{suffix}"));
                fs::copy(name("whole"), name(&format!("torn-{torn}"))).unwrap();
            }
            append(&path, &last[..torn]);
            let clock = Arc::new(ManualClock::new(4_711));
            let journal = FileJournal::builder(&path).clock(clock).open().unwrap();
            let whole = torn == last.len();
            assert_eq!(phase(&journal), phases[usize::from(whole)], "{torn} bytes");
            if torn == 0 || whole {
                let events = line - u64::from(torn == 0);
                assert_eq!(journal.verify().unwrap().head.seq, events);
                continue;
            }

            let event = journal.read(line - 1, 9).unwrap().remove(0);
            let bytes = torn as u64;
            assert_eq!(
                event.payload,
                EventPayload::Recovered(Recovered { line, bytes })
            );
            assert_eq!((event.seq, event.actor.kind), (line, ActorKind::System));
            assert_eq!(event.at, Timestamp::from_unix_ms(4_711));
            let now = fs::read(&path).unwrap();
            assert!(now.starts_with(&good), "what stood still stands");
            let cut = fs::read(directory.path().join(format!("torn-{torn}.cut"))).unwrap();
            assert_eq!(cut, [&last[..torn], b"\n"].concat(), "it is kept aside");
            assert_eq!(journal.verify().unwrap().head.seq, line);
            let next = journal.append(
                journal.head().unwrap(),
                events::draft(events::check("openapi", true)),
            );
            assert_eq!(next.unwrap().seq, line + 1);
        }
    }
}

#[test]
fn a_lost_page_in_the_last_line_is_a_torn_write() {
    let lines = files::lines();
    let (last, before) = lines.split_last().unwrap();
    let mut torn = last.clone();
    let half = torn.len() / 2;
    torn[..half].fill(0);
    let verified = files::verify(&[before.concat(), torn.clone()].concat()).unwrap();
    assert_eq!(verified.head.seq, before.len() as u64);
    let expected = TornLine {
        line: lines.len() as u64,
        bytes: torn.len() as u64,
    };
    assert_eq!(verified.torn, Some(expected));
}

#[test]
fn a_first_line_that_was_torn_leaves_a_journal_that_can_be_opened() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    drop(FileJournal::open(&path).unwrap());
    append(&path, &files::lines()[0][..40]);
    let journal = FileJournal::open(&path).unwrap();
    let opened = events::draft(events::story().remove(0));
    journal.append(journal.head().unwrap(), opened).unwrap();
    let fold = replay(&journal);
    assert_eq!(fold.recoveries().len(), 1);
    assert!(fold.state().is_some());
}

#[test]
fn one_who_only_reads_leaves_a_torn_line_as_it_is() {
    let (_directory, path) = files::story();
    let bytes = fs::read(&path).unwrap();
    let torn = &bytes[..bytes.len() - 1];
    fs::write(&path, torn).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    assert!(reader.verify().unwrap().torn.is_some());
    assert_eq!(fs::read(&path).unwrap(), torn);
}
