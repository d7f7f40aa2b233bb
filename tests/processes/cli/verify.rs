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

/// Takes the recorded head away, as for a copy of the journal alone.
fn forget_head(journal: &OnDisk) {
    fs::remove_file(journal.path().with_extension("head")).unwrap();
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
    ran.ends(0).says("25 events, intact and in sequence");
    assert_eq!(ran.err, "");
    let response = verify_json(&journal.path()).ends(0).json();
    assert_eq!(
        (&response["valid"], &response["expected"]),
        (&json!(true), &response["head"])
    );
    assert_eq!(response["torn"], json!(null));
    let head = response["head"].as_str().unwrap();
    assert!(head.starts_with("25:") && head.len() == 67, "{head}");
    ran.says(head).says("event 25 is the acknowledged one");
}

#[test]
fn each_break_is_named_with_its_line() {
    type Damage<'d> = &'d dyn Fn(&mut Vec<String>);
    let other = OnDisk::of(vec![
        events::opened(Phase::Observe),
        events::check("other", true),
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
fn a_torn_last_line_is_reported_and_breaks_nothing() {
    let journal = OnDisk::story();
    let mut lines = journal.lines();
    let half = lines[24].len() / 2;
    lines[24].truncate(half);
    journal.put(&lines);
    let before = fs::read(journal.path()).unwrap();
    // The event was acknowledged.
    verify(&journal.path()).ends(1).complains("event 25 (25:");
    forget_head(&journal);
    verify(&journal.path()).ends(0).says("line 25 is torn");
    let response = verify_json(&journal.path()).ends(0).json();
    assert_eq!(response["torn"], json!({ "line": 25, "bytes": half }));
    assert!(response["head"].as_str().unwrap().starts_with("24:"));
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
            for _ in 1..300 {
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
fn an_empty_journal_holds_nothing() {
    let journal = OnDisk::of(Vec::new());
    verify(&journal.path()).ends(1).complains("no events");
    for command in ["status", "report"] {
        let ran = run([command.as_ref(), journal.path().as_os_str()]);
        ran.ends(1).complains("holds no rollout");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_journal_that_was_cut_is_found_by_its_recorded_or_expected_head() {
    let journal = OnDisk::story();
    let head = verify_json(&journal.path()).ends(0).json()["head"].clone();
    let head = head.as_str().unwrap().to_owned();
    let expecting = |head: &str| {
        let path = journal.path();
        run([
            "verify".as_ref(),
            "--expect".as_ref(),
            head.as_ref(),
            path.as_os_str(),
        ])
    };
    expecting(&head)
        .ends(0)
        .says("event 25 is the expected one");
    let other = format!("25:{}", "0".repeat(64));
    expecting(&other).ends(1).complains(&other);
    expecting("20").ends(2);

    let lines = journal.lines();
    journal.put(&lines[..10]);
    for command in [verify(&journal.path()), verify_json(&journal.path())] {
        command.ends(1).complains("event 25 ");
    }
    let status = run(["status".as_ref(), journal.path().as_os_str()]);
    status.ends(0).says("ALARM: event 25 was acknowledged");
    forget_head(&journal);
    verify(&journal.path())
        .ends(0)
        .says("whether events are lost at its end is not known");
    expecting(&head).ends(1).complains(&head);
}

#[test]
fn what_is_no_journal_is_not_verified() {
    let journal = OnDisk::story();
    forget_head(&journal);
    for text in ["", "{}", "<html>"] {
        journal.put(&[text.to_owned()]);
        verify(&journal.path()).ends(1).complains("no events");
    }
    for text in ["{}\n", "<html>\n"] {
        journal.put(&[text.to_owned()]);
        verify(&journal.path()).ends(1);
    }
}

#[cfg(unix)]
#[test]
fn special_files_are_not_read() {
    let directory = TempDir::new();
    let fifo = directory.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    for path in [
        fifo.as_path(),
        Path::new("/dev/null"),
        Path::new("/dev/zero"),
    ] {
        for command in ["verify", "status", "report"] {
            let ran = run([command.as_ref(), path.as_os_str()]);
            ran.ends(2).complains("not a regular file");
        }
    }
}
