//! The shell commands of README and guide, run as a reader runs them.

#![cfg(unix)]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use legacy_http_compat::{Contract, rollout::names::ContractDigest};
use serde_json::Value;

use crate::support::{
    operator::Operator,
    process::{Core, NO_GATES},
    temp_dir::TempDir,
};

const CONTRACT: &str = include_str!("../../src/guide/contract.md");
const OPENAPI: &str = include_str!("../../src/guide/openapi.md");
const DEPLOYMENT: &str = include_str!("../../src/guide/deployment.md");
const PAGES: [&str; 9] = [
    include_str!("../../README.md"),
    include_str!("../../src/guide/callers.md"),
    CONTRACT,
    DEPLOYMENT,
    include_str!("../../src/guide/fleet.md"),
    include_str!("../../src/guide/migration.md"),
    OPENAPI,
    include_str!("../../src/guide/rollout.md"),
    include_str!("../../src/guide/store.md"),
];
const DEVICE_FLOW: &str = include_str!("../../src/contract/device_flow.json");
const TOKEN: &str = "pipeline-token-0123456789abcdef0123456789abcdef";

/// The folder of a reader, with the documents of the device flow under the names that the guide uses.
fn folder() -> TempDir {
    let folder = TempDir::new();
    for (name, text) in [
        (
            "v1.yaml",
            include_str!("../openapi/documents/device_flow_old.yaml"),
        ),
        (
            "v2.yaml",
            include_str!("../openapi/documents/device_flow_new.json"),
        ),
        (
            "known.json",
            include_str!("../openapi/documents/device_flow_accepted.json"),
        ),
        ("contract.json", DEVICE_FLOW),
        ("orders.json", DEVICE_FLOW),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The blocks of this language on a page.
fn blocks(page: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&*fence).skip(1);
    blocks
        .filter_map(|block| block.split_once("```").map(|(text, _)| text))
        .collect()
}

/// The only shell block of a page that has this in it.
fn block(page: &'static str, with: &str) -> &'static str {
    let mut blocks = blocks(page, "sh")
        .into_iter()
        .filter(|block| block.contains(with));
    let block = blocks
        .next()
        .unwrap_or_else(|| panic!("no block has {with:?}"));
    assert_eq!(blocks.next(), None, "several blocks have {with:?}");
    block
}

/// Runs a script in a folder, as a step of a pipeline: it ends with the first command that fails.
fn bash(folder: &Path, script: &str, environment: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_legacy-http-compat"));
    let mut path = vec![binary.parent().unwrap().to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", env::join_paths(path).unwrap())
        .env("no_proxy", "*")
        .envs(environment.iter().copied())
        .output();
    ran.expect("bash is there")
}

fn printed(ran: &Output) -> String {
    String::from_utf8([&*ran.stdout, &*ran.stderr].concat()).unwrap()
}

#[track_caller]
fn ends(folder: &Path, line: &str, code: i32) -> String {
    let ran = bash(folder, line, &[]);
    assert_eq!(ran.status.code(), Some(code), "{line}: {}", printed(&ran));
    printed(&ran)
}

#[test]
fn the_contract_of_the_guide_is_checked_as_it_says() {
    let folder = folder();
    let check = block(CONTRACT, "contract check");
    assert_eq!(ends(folder.path(), check, 0), "orders.json: no faults\n");
    let [document] = blocks(CONTRACT, "json")[..] else {
        panic!("one document was expected");
    };
    fs::write(folder.path().join("orders.json"), document).unwrap();
    let said = ends(folder.path(), check, 1);
    assert!(CONTRACT.contains("This document has 15:"));
    let faults = said
        .lines()
        .filter(|line| line.starts_with("- orders.json:"));
    assert_eq!(faults.count(), 15, "{said}");
}

#[test]
fn a_draft_is_refused_until_its_guesses_are_settled_and_then_proved_or_refuted() {
    let folder = folder();
    let lines: Vec<&str> = block(OPENAPI, "contract draft").lines().collect();
    let [draft, check, prove] = lines[..] else {
        panic!("three commands were expected");
    };
    assert_eq!(ends(folder.path(), draft, 0), "");
    let faults = ends(folder.path(), check, 1);
    assert!(faults.contains("`TODO`"), "{faults}");
    ends(folder.path(), prove, 2);

    fs::write(folder.path().join("orders.json"), DEVICE_FLOW).unwrap();
    ends(folder.path(), check, 0);
    let refuted = ends(folder.path(), prove, 1);
    let known = fs::read_to_string(folder.path().join("known.json")).unwrap();
    let known: Value = serde_json::from_str(&known).unwrap();
    assert!(
        refuted.contains(known[0]["id"].as_str().unwrap()),
        "{refuted}"
    );
    ends(folder.path(), &format!("{prove} --accept known.json"), 0);
}

/// What is red is reported as well, although the command fails then.
#[tokio::test(flavor = "multi_thread")]
async fn the_proof_is_reported_to_the_gate_as_the_guide_says() {
    let folder = folder();
    let core = Core::start_with(&NO_GATES, &[("CORE_PIPELINE_TOKEN", TOKEN)]);
    let base = core.url() + "/rollout";
    let report = |page| {
        let environment = [("B", &*base), ("TOKEN", TOKEN)];
        let ran = bash(
            folder.path(),
            block(page, "contract prove --old v1.yaml --new v2.yaml --"),
            &environment,
        );
        assert!(ran.status.success(), "{}", printed(&ran));
        let reported: Value = serde_json::from_slice(&ran.stdout).unwrap();
        reported["event"]["payload"]["check_reported"].clone()
    };
    let digest = ContractDigest::of(&Contract::device_flow()).to_string();
    for (page, green) in [(OPENAPI, false), (DEPLOYMENT, true)] {
        let reported = report(page);
        assert_eq!(reported["check"], "openapi", "{reported}");
        assert_eq!(reported["green"], green, "{reported}");
        assert_eq!(reported["contract_digest"], *digest, "{reported}");
    }
    let status = Operator::new(core.http(), TOKEN).status().await;
    assert_eq!(
        status["contract"]["digest"], *digest,
        "it is the contract in use"
    );
}

#[test]
fn each_command_is_one_that_the_binary_takes() {
    let folder = TempDir::new();
    // No address, so that no command waits for a server.
    let store = [("LEGACY_HTTP_COMPAT_STORE", "none")];
    let lines = PAGES
        .into_iter()
        .flat_map(|page| blocks(page, "sh"))
        .flat_map(str::lines);
    let commands = lines
        .map(str::trim)
        .filter(|line| line.starts_with("legacy-http-compat "));
    let mut count = 0;
    for command in commands {
        count += 1;
        let said = printed(&bash(folder.path(), command, &store));
        assert!(!said.contains("Usage:"), "{command}: {said}");
    }
    assert!(count > 15, "{count}");
}
