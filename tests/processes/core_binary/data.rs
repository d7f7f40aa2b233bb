//! The data directory: the key of the fingerprints and the snapshot of the census.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::support::{
    operator::Operator,
    process::{self, Core},
    temp_dir::TempDir,
};

const OPERATOR: [&str; 2] = ["--operator-token", "known-known-known-known-known-known"];

#[tokio::test]
async fn who_was_seen_before_a_restart_is_known_after_it() {
    let data = TempDir::new();
    let before = start(data.path(), &[]);
    let started = before.http().start("AGENT").await;
    before.http().poll(started.text_at("/device_code")).await;
    assert!(before.terminate().status.success());

    let after = start(data.path(), &[]);
    let operator = operator(&after);
    let report = operator.report("1h").await;
    assert_eq!(report["all"]["dependent"], 1);
    assert_eq!(report["coverage"]["gaps"][1]["cause"], "restart");
    let callers = operator.page("callers?window=1h&state=dependent").await;
    assert_eq!(callers["total"], 1);
    let curves = operator.page("timeseries?range=1h").await;
    assert!(polls(&curves) > 0, "the curves go on: {curves}");
}

#[tokio::test]
async fn the_key_is_made_once_for_its_owner_alone_and_never_shown() {
    let data = TempDir::new();
    let core = start(data.path(), &["--compat", "off"]);
    let path = data.path().join("fingerprint.key");
    let key = fs::read_to_string(&path).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!((key.trim_end().len(), mode & 0o777), (32, 0o600));
    let ended = core.terminate();
    assert!(!ended.log.contains(key.trim_end()));
    assert!(
        !ended.more_output.contains("data directory"),
        "one that was given is not printed"
    );

    start(data.path(), &[]).terminate();
    assert_eq!(fs::read_to_string(&path).unwrap(), key);
    assert_eq!(
        names(data.path()),
        [
            "census.snapshot",
            "census.snapshot.lock",
            "fingerprint.key",
            "history.snapshot",
            "history.snapshot.lock",
            "journal.jsonl",
            "journal.jsonl.head",
            "journal.jsonl.reserve"
        ]
    );
}

#[tokio::test]
async fn another_key_stops_the_start_until_the_loss_is_accepted() {
    let data = TempDir::new();
    start(data.path(), &[]).terminate();
    let foreign = [("CORE_FINGERPRINT_KEY", "000102030405060708090a0b0c0d0e0f")];
    let directory = data.path().to_str().unwrap();

    let refused = process::refused_with(&["--data", directory], &foreign);
    assert!(!refused.status.success());
    assert!(
        refused.log.contains("another fingerprint key"),
        "{}",
        refused.log
    );
    assert!(
        refused.log.contains("--accept-census-loss"),
        "{}",
        refused.log
    );

    let args = [
        "--data",
        directory,
        OPERATOR[0],
        OPERATOR[1],
        "--accept-census-loss",
    ];
    let core = Core::start_with(&args, &foreign);
    let report = operator(&core).report("24h").await;
    assert_eq!(report["losses"][0]["reason"], "foreign_key");
}

#[test]
fn a_snapshot_that_cannot_be_read_or_is_in_use_stops_the_start() {
    let data = TempDir::new();
    let directory = data.path().to_str().unwrap();
    let snapshot = data.path().join("census.snapshot");
    fs::write(&snapshot, "nothing of the kind").unwrap();
    let refused = process::refused(&["--data", directory]);
    assert!(refused.log.contains("is not a snapshot"), "{}", refused.log);
    assert_eq!(
        (refused.status.success(), refused.output.as_str()),
        (false, "")
    );

    fs::remove_file(&snapshot).unwrap();
    let _first = start(data.path(), &[]);
    let second = process::refused(&["--data", directory, "--accept-census-loss"]);
    assert!(
        second.log.contains("in use by another process"),
        "{}",
        second.log
    );
}

#[test]
fn a_key_that_is_none_is_refused_without_showing_it() {
    for wrong in ["", "not-a-key", "0001020304050607-8090a0b0c0d0e0f"] {
        let refused = process::refused_with(&[], &[("CORE_FINGERPRINT_KEY", wrong)]);
        assert!(
            refused.log.contains("CORE_FINGERPRINT_KEY"),
            "{}",
            refused.log
        );
        assert!(wrong.is_empty() || !refused.log.contains(wrong));
    }
}

fn operator(core: &Core) -> Operator {
    Operator::new(core.http(), OPERATOR[1])
}

/// How many polls are in the curves.
fn polls(curves: &Value) -> u64 {
    let curves = curves["responses"].as_array().into_iter().flatten();
    let polls = curves.filter(|curve| curve["endpoint"] == "device_poll");
    let values = polls.flat_map(|curve| curve["legacy"].as_array().into_iter().flatten());
    values.filter_map(Value::as_u64).sum()
}

fn start(data: &Path, more: &[&str]) -> Core {
    let data = data.to_str().expect("UTF-8");
    Core::start(&[&["--data", data], &OPERATOR[..], more].concat())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
