//! The rehearsal as a process: it runs as planned, reports it as text and JSON, and detects a deviation.

#[expect(unused_imports, reason = "included for the tests that it has")]
#[path = "../../../examples/rehearsal/plan/mod.rs"]
mod plan;
#[expect(
    dead_code,
    unused_imports,
    reason = "included for the tests that it has"
)]
#[path = "../../../examples/rehearsal/show/mod.rs"]
mod show;

use std::{
    env,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// Faster than for people.
const PACE: [&str; 2] = ["--pace", "900"];

#[test]
fn the_whole_plan_is_seen_as_planned() {
    let played = play(&["--json"]);
    let timeline = text(&played.stderr);
    assert_eq!(played.status.code(), Some(0), "{timeline}");
    let table = table(&played);
    assert_eq!(table["ok"], true, "{table:#}");
    let rows = table["rows"].as_array().expect("a list");
    for row in rows {
        assert!(row["ok"] == true && row["observed"].is_string(), "{row}");
    }
    for line in [
        "Prerequisites",
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
        "Rollback",
        "Retirement",
        "What must",
    ] {
        let is_of_line = |row: &Value| {
            row["line"]
                .as_str()
                .is_some_and(|text| text.starts_with(line))
        };
        assert!(rows.iter().any(is_of_line), "{line}");
    }
    it_can_be_read_in_a_narrow_terminal_without_colour(&timeline);
}

#[test]
fn what_is_not_as_planned_ends_it_with_1_and_is_named() {
    let played = play(&["--json", "--break", "compat"]);
    assert_eq!(played.status.code(), Some(1));
    let table = table(&played);
    assert_eq!(table["ok"], false);
    let row = |what| rows(&table).find(|row| row["what"] == what).expect(what);
    let seen = |what| (row(what)["ok"].clone(), row(what)["observed"].clone());
    assert_eq!(
        seen("the gate `instrumentation`"),
        (true.into(), "passes".into())
    );
    assert_eq!(
        seen("after enabling"),
        (false.into(), "observe, flag off".into())
    );
    assert_eq!(seen("after retirement"), (false.into(), Value::Null));
    assert!(text(&played.stderr).contains("[DIFFERS]"));
}

fn it_can_be_read_in_a_narrow_terminal_without_colour(timeline: &str) {
    assert!(!timeline.contains('\u{1b}'), "no escape sequences");
    for line in timeline.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for shown in [
        "dashboard",
        "FAIL  no_dependent_responses",
        "█",
        "UI_RUST ···· 0",
        "as expected.",
    ] {
        assert!(timeline.contains(shown), "{shown} not in {timeline}");
    }
}

fn play(args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(PACE).args(args).stdin(Stdio::null());
    command.output().expect("the example starts")
}

/// The one line that is for a machine.
fn table(played: &Output) -> Value {
    serde_json::from_str(&text(&played.stdout)).expect("one JSON document")
}

fn rows(table: &Value) -> impl Iterator<Item = &Value> {
    table["rows"].as_array().into_iter().flatten()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Cargo names no example to tests, but puts them beside: `deps/test` and `examples/rehearsal`.
fn binary() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(2).expect("a test lies in `deps`");
    let binary = target.join("examples").join("rehearsal");
    assert!(
        binary.exists(),
        "build the example first: cargo build --example rehearsal --features admin,hyper,prometheus"
    );
    binary
}
