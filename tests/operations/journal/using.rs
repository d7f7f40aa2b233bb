//! What holds of every journal.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use legacy_http_compat::rollout::{
    Phase, Projection, ReplayError,
    event::{Event, EventPayload, Head, PolicyChanged},
    journal::{AppendError, FileJournal, Journal, MemoryJournal},
    policy::PolicyDocument,
};

use super::{events, temp_dir::TempDir};

/// Runs a test on each kind of journal.
fn on_each(test: impl Fn(Arc<dyn Journal>)) {
    let directory = TempDir::new();
    let file = FileJournal::open(directory.path().join("journal")).unwrap();
    test(Arc::new(MemoryJournal::new()));
    test(Arc::new(file));
}

fn fill(journal: &dyn Journal) -> Vec<Event> {
    let story = events::story().into_iter();
    story
        .map(|payload| {
            journal
                .append(journal.head().unwrap(), events::draft(payload))
                .unwrap()
        })
        .collect()
}

#[test]
fn what_was_appended_is_read_from_any_position() {
    on_each(|journal| {
        let all = fill(&*journal);
        assert_eq!(journal.head().unwrap().seq, all.len() as u64);
        for after in 0..=all.len() {
            for limit in [0, 1, 3, usize::MAX] {
                let expected: Vec<Event> = all.iter().skip(after).take(limit).cloned().collect();
                assert_eq!(journal.read(after as u64, limit).unwrap(), expected);
            }
        }
        assert!(journal.read(u64::MAX, 9).unwrap().is_empty());
    });
}

#[test]
fn another_head_than_the_expected_one_is_a_conflict_that_shows_what_happened() {
    on_each(|journal| {
        let all = fill(&*journal);
        let head = all.last().unwrap().head();
        // The head of another journal has another hash.
        let forged = |seq| Head { seq, ..Head::NONE };
        for expected in [0, 5, head.seq - 1, head.seq, head.seq + 1, u64::MAX] {
            let draft = events::draft(events::check("openapi", true));
            let appended = journal.append(forged(expected), draft);
            let AppendError::Conflict(conflict) = appended.unwrap_err() else {
                panic!("a conflict")
            };
            assert_eq!((conflict.expected, conflict.head), (expected, head));
            let known = usize::try_from(expected).unwrap().min(all.len());
            assert_eq!(conflict.events_since, &all[known..]);
        }
        assert_eq!(journal.head().unwrap(), head);
    });
}

#[test]
fn a_conflict_is_told_in_one_line() {
    let journal = MemoryJournal::new();
    fill(&journal);
    let draft = events::draft(events::check("openapi", true));
    let expected = Head {
        seq: 15,
        ..Head::NONE
    };
    let error = journal.append(expected, draft).unwrap_err().to_string();
    let expected = "the last event is 25, not 15; since then: post_analysis_filed by human mara (16), recovered by \
                    human mara (17), incident_closed by human mara (18) and 7 more";
    assert_eq!(error, expected);
}

/// Adds every other event, each once the one before it is there.
fn take_turns(journal: &dyn Journal, first: u64) {
    for head in (first..40).step_by(2) {
        if head > 0 {
            assert_eq!(journal.wait(head - 1, Duration::MAX).unwrap().seq, head);
        }
        let draft = events::draft(events::check("openapi", true));
        journal.append(journal.head().unwrap(), draft).unwrap();
    }
}

#[test]
fn whoever_waits_is_woken_by_the_next_event() {
    on_each(|journal| {
        let other = Arc::clone(&journal);
        let other = thread::spawn(move || take_turns(&*other, 1));
        take_turns(&*journal, 0);
        other.join().unwrap();
        assert_eq!(journal.head().unwrap().seq, 40);
    });
}

#[test]
fn nobody_waits_for_what_is_there_nor_longer_than_asked() {
    on_each(|journal| {
        fill(&*journal);
        let head = journal.head().unwrap().seq;
        let start = Instant::now();
        assert_eq!(journal.wait(head - 1, Duration::MAX).unwrap().seq, head);
        assert_eq!(
            journal.wait(head, Duration::from_millis(1)).unwrap().seq,
            head
        );
        assert!(start.elapsed() < Duration::from_secs(30));
    });
}

#[test]
fn a_fold_catches_up_in_any_steps_and_names_the_event_that_cannot_follow() {
    on_each(|journal| {
        let mut steps = Projection::new();
        for payload in events::story() {
            journal
                .append(journal.head().unwrap(), events::draft(payload))
                .unwrap();
            steps.catch_up(&*journal, |_| ()).unwrap();
        }
        let mut at_once = Projection::new();
        let mut seen = Vec::new();
        at_once
            .catch_up(&journal, |event| seen.push(event.seq))
            .unwrap();
        assert_eq!(at_once, steps);
        assert!(seen.into_iter().eq(1..=journal.head().unwrap().seq));

        let impossible = events::draft(events::changed(Phase::Retired, Phase::Compat));
        let seq = journal.append(at_once.head(), impossible).unwrap().seq;
        let error = at_once.catch_up(&*journal, |_| ()).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("event {seq}: ")),
            "{error}"
        );
        assert!(matches!(error, ReplayError::Projection(error) if error.seq() == seq));
        assert_eq!(at_once, steps, "nothing has changed");
    });
}

#[test]
fn a_reading_is_bounded_in_bytes_and_goes_on_where_it_ended() {
    let directory = TempDir::new();
    let journal = FileJournal::open(directory.path().join("journal")).unwrap();
    let large = "x".repeat(31 * 1024);
    let policy = serde_json::json!({ "a": large });
    for _ in 0..200 {
        let policy = PolicyDocument::new(policy.clone()).unwrap();
        let differences = Vec::new();
        let payload = EventPayload::PolicyChanged(PolicyChanged {
            policy,
            differences,
        });
        journal
            .append(journal.head().unwrap(), events::draft(payload))
            .unwrap();
    }
    let first = journal.read(0, usize::MAX).unwrap().len() as u64;
    assert!((1..200).contains(&first), "{first}");
    let second = journal.read(first, usize::MAX).unwrap().len() as u64;
    assert_eq!(first + second, 200);
}
