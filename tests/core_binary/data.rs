//! The data directory: the key of the fingerprints and the snapshot of the census.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::json;

use crate::support::{
    process::{self, Core},
    temp_dir::TempDir,
};

const ADMIN: [&str; 2] = ["--admin-token", "admin"];

#[tokio::test]
async fn who_was_seen_before_a_restart_is_known_after_it() {
    let data = TempDir::new();
    let before = start(data.path(), &[]);
    let started = before.http().start("AGENT").await;
    before.http().poll(started.text_at("/device_code")).await;
    assert!(before.terminate().status.success());

    let after = start(data.path(), &[]);
    let census = after.http().census("admin", "1h").await;
    assert_eq!(census.json["report"]["all"]["dependent"], 1);
    assert_eq!(census.json["dependent_callers"]["total"], 1);
    assert_eq!(
        census.json["report"]["coverage"]["gaps"][1]["cause"],
        "restart"
    );
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
    assert_eq!(
        ended.more_output, "",
        "a directory that was given is not printed"
    );

    start(data.path(), &[]).terminate();
    assert_eq!(fs::read_to_string(&path).unwrap(), key);
    assert_eq!(
        names(data.path()),
        [
            "census.snapshot",
            "census.snapshot.lock",
            "fingerprint.key",
            "journal.jsonl"
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
        ADMIN[0],
        ADMIN[1],
        "--accept-census-loss",
    ];
    let core = Core::start_with(&args, &foreign);
    let census = core.http().census("admin", "24h").await;
    assert_eq!(census.json["report"]["losses"][0]["reason"], "foreign_key");
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

#[tokio::test]
async fn the_census_is_for_who_has_the_token() {
    let core = Core::start(&ADMIN);
    let http = core.http();
    http.census("", "24h")
        .await
        .assert_error(401, "UNAUTHORIZED");
    for wrong in ["", "24", "h", "31d", "0s", "1w", "-1h", "1%C3%A9"] {
        let answer = http.census("admin", wrong).await;
        answer.assert_error(422, "VALIDATION_FAILED");
    }
    let census = http.census("admin", "90m").await;
    assert_eq!(census.json["report"]["window"], "90m");
    assert_eq!(census.json["snapshot"]["error"], json!(null));
}

fn start(data: &Path, more: &[&str]) -> Core {
    let data = data.to_str().expect("UTF-8");
    Core::start(&[&["--data", data], &ADMIN[..], more].concat())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
