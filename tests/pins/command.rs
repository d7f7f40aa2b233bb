//! What the command says of journals and contracts.

use std::{fs, path::Path};

use legacy_http_compat::time::Timestamp;
use legacy_http_compat::{
    Contract,
    rollout::{
        Phase,
        event::{Attempt, AttemptRefused, EventPayload},
        gate::GateReport,
        names::{Reason, WaiverTarget},
    },
};
use serde_json::{Value, json};

use crate::{
    events,
    journals::OnDisk,
    pin::{pin, pretty},
    run::{Ran, run},
    temp_dir::TempDir,
};

/// Faults of every part.
const FAULTY: &str = r#"{
  "base": "/v1",
  "endpoints": [
    {"name": "job", "method": "HEAD", "path": "jobs", "outcomes": [
      {"name": "A", "status": 99},
      {"name": "B", "status": 200, "legacy": {"status": 401}}
    ]},
    {"name": "job", "method": "GET", "path": "/other"}
  ],
  "callers": {
    "kinds": ["WORKER", "WORKER"],
    "kind_from": [{"products": {"acme": "CONSOLE"}}],
    "target_since": {"WORKER": "three"}
  }
}"#;

/// A rollout that was rolled back long ago, with all that can be open.
fn troubled() -> OnDisk {
    let failing = GateReport::new(
        events::label("no_dependent_responses"),
        false,
        json!({ "responses": 3 }),
    );
    let refused = AttemptRefused {
        attempt: Attempt::Transition {
            from: Phase::Compat,
            to: Phase::Cutover,
        },
        cause: Reason::new("a gate fails").unwrap(),
        gates: vec![failing],
    };
    let passing = GateReport::new(
        events::label("no_dependent_responses"),
        true,
        json!({ "responses": 0 }),
    );
    let coverage = GateReport::new(events::label("coverage"), true, json!({ "ratio": 1 }));
    OnDisk::of(vec![
        events::opened(Phase::Compat),
        events::check("openapi", true),
        events::check("client_compat", false),
        events::waived(WaiverTarget::Anonymous, 4_000_000_000_000),
        events::waived(WaiverTarget::Kind(events::label("MCP")), 1_000),
        events::cutover(vec![passing, coverage], &[]),
        events::rollback(6, "INC-7"),
        EventPayload::AttemptRefused(refused),
    ])
}

/// What a run said, without the directory it was in and the time since.
pub(crate) fn said(ran: &Ran, directory: &Path) -> String {
    let out = match serde_json::from_str::<Value>(&ran.out) {
        Ok(mut json) => {
            undate(&mut json);
            pretty(&json) + "\n"
        }
        Err(_) => ran.out.lines().map(|line| undated(line) + "\n").collect(),
    };
    let text = format!("exit {}\n--- out\n{out}--- err\n{}", ran.code, ran.err);
    text.replace(&directory.display().to_string(), "<directory>")
}

/// A line without what it says of the time that has passed until now.
fn undated(line: &str) -> String {
    let marks = [
        " is in compat for ",
        " is in retired for ",
        "**running** for ",
        "As of: ",
    ];
    let mark = marks.into_iter().find(|mark| line.contains(mark));
    match mark.and_then(|mark| Some((mark, line.split_once(mark)?.0))) {
        Some((mark, before)) => format!("{before}{mark}<time>"),
        None => line.to_owned(),
    }
}

/// JSON without the same.
fn undate(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let runs = members.get("running") == Some(&Value::Bool(true));
            let is_view = members.contains_key("flag_name");
            for (name, member) in members {
                if (is_view && name == "at") || (runs && name == "duration_seconds") {
                    *member = "<time>".into();
                }
                undate(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(undate),
        _ => {}
    }
}

/// The story with every kind of event, with waivers that hold for long.
fn story() -> OnDisk {
    let mut facts = events::story();
    for payload in &mut facts {
        if let EventPayload::DependenceWaived(waived) = payload {
            waived.until = Timestamp::from_unix_ms(4_000_000_000_000);
        }
    }
    OnDisk::of(facts)
}

fn pinned(name: &str, args: &[&str], path: &Path) {
    let directory = path.parent().unwrap();
    let path = path.to_str().unwrap();
    let text = said(&run(args.iter().chain([&path])), directory);
    pin(&format!("command/{name}.txt"), &text);
    let ran = run(args.iter().chain([&"--json", &path]));
    pin(&format!("command/{name}_json.txt"), &said(&ran, directory));
}

#[test]
fn what_is_said_of_a_journal_with_every_kind_of_event_is_pinned() {
    let journal = story();
    for command in ["verify", "status", "report"] {
        pinned(&format!("{command}_story"), &[command], &journal.path());
    }
}

#[test]
fn what_is_said_of_a_rollout_in_trouble_is_pinned() {
    let journal = troubled();
    for command in ["status", "report"] {
        pinned(&format!("{command}_troubled"), &[command], &journal.path());
    }
}

#[test]
fn what_is_said_of_a_broken_journal_is_pinned() {
    let journal = story();
    let lines = journal.lines();
    let put = |name: &str, lines: &[String]| {
        journal.put(lines);
        pinned(&format!("verify_{name}"), &["verify"], &journal.path());
    };
    let mut changed = lines.clone();
    changed[6] = changed[6].replace("team probes", "team proves");
    put("changed", &changed);
    put("missing_line", &[&lines[..4], &lines[5..]].concat());
    let mut torn = lines.clone();
    torn[23].truncate(100);
    put("torn", &torn);
    put("empty", &[]);
    pinned("status_empty", &["status"], &journal.path());
}

#[test]
fn what_is_said_of_an_event_that_cannot_follow_is_pinned() {
    let journal = OnDisk::of(vec![
        events::opened(Phase::Compat),
        events::changed(Phase::Cutover, Phase::Retired),
    ]);
    pinned("verify_unfitting", &["verify"], &journal.path());
}

#[test]
fn what_is_said_of_a_contract_is_pinned() {
    let directory = TempDir::new();
    let path = directory.path().join("contract.json");
    let check = |name: &str, text: &str| {
        fs::write(&path, text).unwrap();
        pinned(&format!("contract_{name}"), &["contract", "check"], &path);
    };
    check(
        "good",
        &serde_json::to_string(&Contract::device_flow()).unwrap(),
    );
    check("faulty", FAULTY);
    check("broken", "{");
    let missing = directory.path().join("missing.json");
    pinned("contract_missing", &["contract", "check"], &missing);
}
