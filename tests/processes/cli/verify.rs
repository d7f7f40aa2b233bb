//! `verify`.

use std::{fs, path::Path, thread};

use legacy_http_compat::rollout::{
    Phase,
    journal::{FileJournal, Journal},
};
use serde_json::json;

use super::{
    events,
    journals::OnDisk,
    run::{Ran, run},
    temp_dir::TempDir,
};

fn verify(journal: &Path) -> Ran {
    run(["verify".as_ref(), journal])
}

fn verify_json(journal: &Path) -> Ran {
    run(["verify".as_ref(), "--json".as_ref(), journal])
}

/// The same in both forms: exit 1, and the line.
#[track_caller]
fn broken_at(journal: &Path, line: u64, message: &str) {
    let ran = verify(journal);
    ran.ends(1).complains(&format!("line {line} "));
    ran.complains(message);
    assert_eq!(ran.out, "");
    let ran = verify_json(journal);
    ran.ends(1).complains(message);
    let response = ran.json();
    assert_eq!(
        (&response["valid"], &response["line"]),
        (&json!(false), &json!(line))
    );
    assert!(response["message"].as_str().unwrap().contains(message));
}

#[test]
fn a_sound_journal_is_said_to_be_one() {
    let journal = OnDisk::story();
    let ran = verify(&journal.path());
    ran.ends(0).says("20 events, intact and in sequence");
    assert_eq!(ran.err, "");
    let response = verify_json(&journal.path()).ends(0).json();
    assert_eq!(
        (&response["valid"], &response["events"]),
        (&json!(true), &json!(20))
    );
    assert_eq!(response["torn"], json!(null));
    let digest = response["sha256"].as_str().unwrap();
    assert_eq!(digest.len(), 64);
    ran.says(digest);
}

#[test]
fn each_break_is_named_with_its_line() {
    type Damage<'d> = &'d dyn Fn(&mut Vec<String>);
    let other = OnDisk::of(vec![
        events::opened(Phase::Observe),
        events::started(legacy_http_compat::FlagState::Off),
    ]);
    let other = other.lines();
    let breaks: [(Damage<'_>, u64, &str); 5] = [
        (
            &|lines| lines[6] = lines[6].replace("team probes", "team proves"),
            7,
            "was changed",
        ),
        (&|lines| lines[8].truncate(40), 9, "was changed"),
        (&|lines| drop(lines.remove(4)), 5, "holds event 6"),
        (&|lines| lines.swap(10, 12), 11, "holds event 13"),
        (
            &|lines| *lines = [&lines[..1], &other[1..]].concat(),
            2,
            "does not follow the line before it",
        ),
    ];
    for (damage, line, message) in breaks {
        let journal = OnDisk::story();
        let mut lines = journal.lines();
        damage(&mut lines);
        journal.put(&lines);
        broken_at(&journal.path(), line, message);
    }
}

#[test]
fn an_event_that_cannot_follow_is_named_though_the_chain_holds() {
    let journal = OnDisk::of(vec![
        events::opened(Phase::Compat),
        events::check("openapi", true),
        events::changed(Phase::Cutover, Phase::Retired),
        events::check("openapi", true),
    ]);
    broken_at(
        &journal.path(),
        3,
        "the rollout is in compat, not in cutover",
    );
}

#[test]
fn a_torn_last_line_is_told_of_and_breaks_nothing() {
    let journal = OnDisk::story();
    let mut lines = journal.lines();
    let half = lines[19].len() / 2;
    lines[19].truncate(half);
    journal.put(&lines);
    let before = fs::read(journal.path()).unwrap();
    verify(&journal.path()).ends(0).says("line 20 is torn");
    let response = verify_json(&journal.path()).ends(0).json();
    assert_eq!(response["torn"], json!({ "line": 20, "bytes": half }));
    assert_eq!(response["events"], 19);
    assert_eq!(fs::read(journal.path()).unwrap(), before, "it is only read");
}

#[test]
fn a_journal_is_read_while_a_process_holds_its_lock() {
    let journal = OnDisk::story();
    let writer = FileJournal::open(journal.path()).unwrap();
    for command in ["verify", "status", "report"] {
        run([command.as_ref(), journal.path().as_os_str()]).ends(0);
    }
    drop(writer);
}

#[test]
fn a_journal_is_sound_at_every_moment_while_a_process_writes_it() {
    let journal = OnDisk::of(vec![events::opened(Phase::Compat)]);
    let writer = FileJournal::open(journal.path()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for head in 1..300 {
                let draft = events::draft(events::check("openapi", true));
                writer.append(writer.head().unwrap(), draft).unwrap();
            }
        });
        for _ in 0..20 {
            verify(&journal.path()).ends(0);
        }
    });
    verify(&journal.path()).ends(0).says("300 events");
}

#[test]
fn a_journal_that_cannot_be_read_is_no_verdict() {
    let directory = TempDir::new();
    let missing = directory.path().join("missing");
    for path in [missing.as_path(), directory.path()] {
        for command in ["verify", "status", "report"] {
            for json in [None, Some("--json")] {
                let args = [command].into_iter().chain(json);
                let ran = run(args.map(AsRef::as_ref).chain([path.as_os_str()]));
                ran.ends(2).complains("cannot read");
                assert_eq!(ran.out, "");
            }
        }
    }
    assert!(!missing.exists(), "reading makes no file");
}

#[test]
fn an_empty_journal_is_sound_and_holds_no_rollout() {
    let journal = OnDisk::of(Vec::new());
    verify(&journal.path()).ends(0).says("0 events");
    for command in ["status", "report"] {
        let ran = run([command.as_ref(), journal.path().as_os_str()]);
        ran.ends(1).complains("holds no rollout");
        assert_eq!(ran.out, "");
    }
}
