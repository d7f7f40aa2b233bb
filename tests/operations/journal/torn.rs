//! A last line that was not written to its end.

use std::{fs, sync::Arc};

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

/// The lines of a journal whose last event changes the phase.
fn rolled_back() -> Vec<Vec<u8>> {
    let facts = [
        events::opened(Phase::Compat),
        events::cutover(Vec::new(), &[]),
        events::rollback("INC-1"),
    ];
    files::lines_of(facts.into())
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
    for (lines, phases) in [
        (files::lines(), [Phase::Retired, Phase::Retired]),
        (rolled_back(), [Phase::Cutover, Phase::Compat]),
    ] {
        let (last, before) = lines.split_last().unwrap();
        let (line, good) = (lines.len() as u64, before.concat());
        let directory = TempDir::new();
        for torn in 0..=last.len() {
            let path = directory.path().join(format!("torn-{torn}"));
            fs::write(&path, [good.as_slice(), &last[..torn]].concat()).unwrap();
            let clock = Arc::new(ManualClock::new(4_711));
            let journal = FileJournal::open_with_clock(&path, clock).unwrap();
            let whole = torn == last.len();
            assert_eq!(phase(&journal), phases[usize::from(whole)], "{torn} bytes");
            if torn == 0 || whole {
                let events = line - u64::from(torn == 0);
                assert_eq!(journal.verify().unwrap().events, events);
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
            assert_eq!(journal.verify().unwrap().events, line);
            let next = journal.append(line, events::draft(events::check("openapi", true)));
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
    assert_eq!(verified.events, before.len() as u64);
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
    fs::write(&path, &files::lines()[0][..40]).unwrap();
    let journal = FileJournal::open(&path).unwrap();
    let opened = events::draft(events::story().remove(0));
    journal.append(1, opened).unwrap();
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
