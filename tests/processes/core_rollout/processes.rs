//! The Core example as a process: what it stands for after a crash, and its policy.

use std::{fs, path::Path};

use legacy_http_compat::migration::Migration;
use legacy_http_compat::rollout::journal::JournalReader;
use serde_json::json;

use super::{
    policy,
    steps::{assert_done, assert_gates, assert_problem, go_to, roll_back},
    support::{
        http_client::HttpClient,
        operator::Operator,
        process::{self, Core, NO_GATES},
        server::OPERATOR_TOKEN,
        temp_dir::TempDir,
    },
};

#[tokio::test]
async fn a_process_that_is_killed_right_after_a_cutover_comes_back_in_cutover() {
    let data = TempDir::new();
    let core = start(data.path(), &[&NO_GATES[..], &["--compat", "on"]].concat());
    assert_eq!(poll(&core.http()).await, 401);
    assert_done(&go_to(&operator(&core), "cutover").await);
    core.kill();

    // The command line does not bring it back: the journal has begun.
    let core = start(data.path(), &["--compat", "on"]);
    assert_eq!(operator(&core).status().await["phase"], "cutover");
    assert_eq!(poll(&core.http()).await, 200);
    let unnamed = go_to(&operator(&core), "compat").await;
    assert_problem(&unnamed, 422, "needs-incident");
    assert_done(&roll_back(&operator(&core), "INC-1").await);
    core.kill();

    let core = start(data.path(), &["--compat", "off"]);
    assert_eq!(poll(&core.http()).await, 401);
    let shown = operator(&core).status().await;
    assert_eq!(shown["incidents"][0]["incident"], "INC-1");
    assert!(core.terminate().status.success());
    let journal = JournalReader::open(data.path().join(Migration::JOURNAL)).unwrap();
    assert_eq!(journal.verify().unwrap().head.to_string(), shown["head"]);
}

#[tokio::test]
async fn the_policy_of_the_command_line_holds_and_is_kept() {
    let data = TempDir::new();
    let file = data.path().join("policy.json");
    fs::write(&file, policy::TEXT).unwrap();
    let given = ["--policy", file.to_str().unwrap()];

    // First that of the plan, and old clients are served.
    let core = start(data.path(), &[]);
    let shown = operator(&core).status().await;
    assert_eq!(shown["phase"], "compat");
    let named = &shown["policy"]["required_checks"];
    let [tickets, checks] = [
        ["core_delivered", "ui_rust_delivered", "agent_mcp_delivered"],
        ["openapi", "auth_device_integration", "client_compat"],
    ];
    assert_eq!(*named, json!([tickets, checks].concat()));
    let failing = go_to(&operator(&core), "cutover").await;
    assert_problem(&failing, 409, "gates-failed");
    core.terminate();
    for (run, more) in [(1, &given[..]), (2, &given[..]), (3, &[])] {
        let core = start(data.path(), more);
        let missing = ["required_checks", "no_dependent_responses", "coverage"];
        assert_gates(&go_to(&operator(&core), "cutover").await, &missing);
        core.terminate();
        let told = fs::read_to_string(data.path().join(Migration::JOURNAL)).unwrap();
        assert_eq!(told.matches("policy_changed").count(), 1, "run {run}");
    }
}

#[tokio::test]
async fn the_policy_says_how_to_begin_where_the_command_line_does_not() {
    for (compat, phase) in [(&[][..], "observe"), (&["--compat", "on"], "compat")] {
        let data = TempDir::new();
        let file = data.path().join("policy.json");
        fs::write(&file, policy::TEXT).unwrap();
        let core = start(
            data.path(),
            &[&["--policy", file.to_str().unwrap()], compat].concat(),
        );
        assert_eq!(operator(&core).status().await["phase"], phase);
    }
}

#[test]
fn a_policy_with_faults_stops_the_start_and_all_of_them_are_said() {
    let data = TempDir::new();
    let file = data.path().join("policy.json");
    fs::write(&file, r#"{"processes": 0, "coverage_ratio": 2}"#).unwrap();
    let refused = process::refused(&["--policy", file.to_str().unwrap()]);
    assert!(!refused.status.success());
    for said in ["processes", "coverage_ratio"] {
        assert!(refused.log.contains(said), "{}", refused.log);
    }
}

#[test]
fn a_journal_that_was_changed_stops_the_start() {
    let data = TempDir::new();
    start(data.path(), &[]).terminate();
    let path = data.path().join(Migration::JOURNAL);
    let told = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        told.replacen("the first start", "the first smart", 1),
    )
    .unwrap();
    let refused = process::refused(&["--data", data.path().to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(refused.log.contains("line 1"), "{}", refused.log);
}

fn start(data: &Path, more: &[&str]) -> Core {
    let data = data.to_str().expect("UTF-8");
    Core::start(&[&["--data", data, "--operator-token", OPERATOR_TOKEN], more].concat())
}

fn operator(core: &Core) -> Operator {
    Operator::new(core.http(), OPERATOR_TOKEN)
}

/// The status that an old client gets at its first poll.
async fn poll(core: &HttpClient) -> u16 {
    let agent = core.clone().with_user_agent("core-agent/1.4.0");
    let started = agent.start("AGENT").await;
    agent.poll(started.text_at("/device_code")).await.status
}
