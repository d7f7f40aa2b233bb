//! In a pipeline, where the next one may stop reading.

use std::{io, process::Stdio};

use super::{journals::OnDisk, run::command, withdrawn::Consumer};

#[test]
fn whoever_stops_reading_is_no_panic_and_changes_no_verdict() {
    let journal = OnDisk::story();
    for name in ["verify", "status", "report"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let ended = command()
            .arg(name)
            .arg(journal.path())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(0), "{name}");
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "", "{name}");
    }
}

#[test]
fn a_closed_standard_error_is_no_panic() {
    let consumer = Consumer::of(&[("a", "legacy-http-compat")]);
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = command();
    command
        .args(["check-removed", "--flag", "f"])
        .arg(consumer.path());
    let ended = command
        .stdout(Stdio::piped())
        .stderr(writer)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_response_that_cannot_be_written_is_an_error() {
    let journal = OnDisk::story();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ended = command()
        .arg("report")
        .arg(journal.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let error = String::from_utf8(ended.stderr).unwrap();
    assert!(error.contains("cannot write to standard output"), "{error}");
}

#[test]
fn a_journal_is_verified_from_standard_input() {
    let journal = OnDisk::story();
    let verify = || {
        let input = std::fs::File::open(journal.path()).unwrap();
        let ended = command().args(["verify", "-"]).stdin(input).output();
        let ended = ended.unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stdout).unwrap(),
        )
    };
    let (code, text) = verify();
    assert_eq!(code, Some(0), "{text}");
    // A pipe has no head beside it: nothing is claimed of the end.
    assert!(!text.contains("is the acknowledged one"), "{text}");
    journal.put(&["{}\n".to_owned()]);
    assert_eq!(verify().0, Some(1));
}
