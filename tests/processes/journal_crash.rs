//! A real process that is killed at any moment, and where the next one stands.
//!
//! The test runs itself again as the child, which moves a flag as a rollout does, journal first and flag second, as fast
//! as it can, and says on its standard output what it has done.

#![cfg(unix)]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use legacy_http_compat::{
    CompatFlag,
    rollout::{
        Phase, Projection,
        event::EventPayload,
        journal::{FileJournal, Journal, OpenJournalErrorKind},
    },
};

use crate::{events, once_free::once_free, support::temp_dir::TempDir};

const CHILD: &str = "JOURNAL_CRASH_CHILD";

fn open(path: &Path) -> FileJournal {
    let opened = || FileJournal::open(path);
    once_free(opened, |error| {
        matches!(error.kind(), OpenJournalErrorKind::Locked)
    })
    .unwrap()
}

fn replay(journal: &FileJournal) -> Projection {
    let mut fold = Projection::new();
    fold.catch_up(journal, |_| ()).unwrap();
    fold
}

fn due(fold: &Projection) -> Option<u64> {
    let mut due = fold.state()?.open_post_analyses();
    due.next().map(|rollback| rollback.done.seq)
}

/// What comes after a phase for one who goes round and round.
fn next(fold: &Projection) -> EventPayload {
    match fold.state().map(|state| (state.phase, state.flag())) {
        None => events::opened(Phase::Observe),
        Some((Phase::Observe, _)) => events::changed(Phase::Observe, Phase::Compat),
        Some((Phase::Compat, _)) => match due(fold) {
            Some(rollback) => events::post_analysis(rollback),
            None => events::cutover(Vec::new(), &[]),
        },
        Some((Phase::Cutover | Phase::Retired, _)) => events::rollback(fold.head().seq, "INC-1"),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn child(path: &Path) -> ! {
    let journal = open(path);
    let mut fold = replay(&journal);
    let active = fold
        .state()
        .is_some_and(|state| state.phase == Phase::Compat);
    let flag = CompatFlag::new("features.jobs.compat", active);
    loop {
        let payload = next(&fold);
        let event = journal.append(fold.head(), events::draft(payload)).unwrap();
        fold.apply(&event).unwrap();
        let phase = fold.state().unwrap().phase;
        say(&format!("stands {} {phase}", event.seq));
        flag.set(phase == Phase::Compat);
        say(&format!("acted {}", event.seq));
    }
}

/// The last event that the child said to stand, with the phase after it, and the last that it acted on.
#[derive(Debug)]
struct Said {
    stands: u64,
    phase: String,
    acted: u64,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let words = [words.next(), words.next(), words.next()];
        match words.map(Option::unwrap_or_default) {
            ["stands", seq, phase] => {
                self.stands = seq.parse().unwrap();
                phase.clone_into(&mut self.phase);
            }
            ["acted", seq, _] => self.acted = seq.parse().unwrap(),
            _ => {}
        }
    }
}

/// Runs the child, after all that was said before, until it has said so many lines and a little longer, kills it, and returns what it has said.
fn run_and_kill(path: &Path, mut said: Said, lines: usize, longer: Duration) -> Said {
    let name =
        "journal_crash::a_killed_process_is_followed_by_one_that_stands_where_the_journal_says";
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_ours = |line: &str| line.starts_with("stands") || line.starts_with("acted");
    let mut heard = 0;
    while heard < lines {
        let line = output.next().expect("the child goes on").unwrap();
        heard += usize::from(is_ours(&line));
        said.hear(&line);
    }
    std::thread::sleep(longer);
    child.kill().unwrap();
    child.wait().unwrap();
    // A last line without its line break was not said.
    output
        .map_while(Result::ok)
        .for_each(|line| said.hear(&line));
    said
}

#[test]
fn a_killed_process_is_followed_by_one_that_stands_where_the_journal_says() {
    if let Some(path) = env::var_os(CHILD) {
        child(&PathBuf::from(path));
    }
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    let mut known = Said {
        stands: 0,
        phase: "none".to_owned(),
        acted: 0,
    };
    for round in 0..40_u32 {
        // Real time, as only a real process can be killed: the moment falls anywhere into the work of the child.
        let (lines, longer) = (round as usize % 5, u64::from(round) * 37);
        let said = run_and_kill(&path, known, lines, Duration::from_micros(longer));

        let journal = open(&path);
        journal.verify().unwrap();
        let fold = replay(&journal);
        let phase = fold.state().map_or("none", |state| state.phase.as_str());
        assert!(
            said.acted <= said.stands,
            "journal first, flag second: {said:?}"
        );
        match fold.head().seq.checked_sub(said.stands) {
            Some(0) => assert_eq!(phase, said.phase),
            Some(1) => {} // the event in hand stands, but that was not said any more
            _ => panic!("{said:?}, but the journal stands at {}", fold.head().seq),
        }
        known = Said {
            stands: fold.head().seq,
            phase: phase.to_owned(),
            acted: fold.head().seq,
        };
    }
    assert!(known.stands > 40, "{known:?}");
}
