//! Drafts of contracts, and the commands.

use std::fs;

use legacy_http_compat::{
    Contract, cli,
    openapi::{draft, prove},
    testing::assert_conforms,
};
use serde_json::{Value, json};

use crate::{
    support::{NEW, OLD, document},
    temp_dir::TempDir,
};

fn drafted() -> Value {
    serde_json::from_str(&draft(&document(OLD), &document(NEW))).unwrap()
}

#[test]
fn a_draft_tells_the_states_apart_and_finds_their_old_statuses_and_codes() {
    let draft = drafted();
    let endpoints = draft["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 1, "only the poll differs");
    let outcomes = endpoints[0]["outcomes"].as_array().unwrap();
    let found: Vec<_> = outcomes[..4]
        .iter()
        .map(|outcome| {
            let legacy = &outcome["legacy"];
            let code = &legacy["body"]["json"]["code"];
            (&outcome["fields"]["/status"], &legacy["status"], code)
        })
        .collect();
    let (null, [a, b, c, d]) = (
        json!(null),
        ["PENDING", "APPROVED", "DENIED", "EXPIRED"].map(Value::from),
    );
    let codes = [
        "AUTHORIZATION_PENDING",
        "ACCESS_DENIED",
        "EXPIRED_DEVICE_CODE",
    ]
    .map(Value::from);
    let statuses = [401, 403, 400].map(Value::from);
    assert_eq!(
        found,
        [
            (&a, &statuses[0], &codes[0]),
            (&b, &null, &null),
            (&c, &statuses[1], &codes[1]),
            (&d, &statuses[2], &codes[2]),
        ]
    );
}

#[test]
fn check_refuses_a_draft_until_its_guesses_are_settled_and_then_it_is_proved() {
    let mut draft = drafted();
    let error = serde_json::from_value::<Contract>(draft.clone()).unwrap_err();
    for mark in ["TODO", "$todo"] {
        assert!(error.to_string().contains(mark), "{error}");
    }
    for outcome in draft["endpoints"][0]["outcomes"].as_array_mut().unwrap() {
        if let Some(legacy) = outcome.get_mut("legacy") {
            legacy.as_object_mut().unwrap().remove("TODO");
            legacy["body"]["json"]["message"] = "as it was".into();
            legacy["body"]["json"]["correlation_id"] = json!({"$uuid": "v4"});
        }
    }
    let dropped = draft["dropped"][0].as_object_mut().unwrap();
    dropped.remove("TODO");
    dropped.insert("reason".to_owned(), "no credentials are needed".into());
    let contract: Contract = serde_json::from_value(draft).unwrap();
    assert_conforms(&contract, &document(OLD), &document(NEW));
}

#[test]
fn the_assertion_panics_with_the_report() {
    let panic = std::panic::catch_unwind(|| {
        assert_conforms(&Contract::device_flow(), &document(OLD), &document(NEW));
    });
    let message = panic.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("response_dropped:POST"), "{message}");
}

/// What a command prints, and how it exits.
fn run(arguments: &[&str]) -> (String, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = ["legacy-http-compat", "contract"].iter().chain(arguments);
    let exit = cli::run(arguments, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (format!("{exit:?}"), text(out), text(err))
}

fn exits_with(exit: &str, code: u8) -> bool {
    exit == format!("{:?}", std::process::ExitCode::from(code))
}

#[test]
fn the_command_exits_with_0_1_or_2_and_prints_the_report_of_the_check() {
    let folder = TempDir::new();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (old, new) = (file("old.yaml", OLD), file("new.json", NEW));
    let contract = serde_json::to_string(&Contract::device_flow()).unwrap();
    let contract = file("contract.json", &contract);
    let prove_with = |more: &[&str]| {
        let arguments = ["prove", "--old", &old, "--new", &new, &contract];
        run(&[&arguments[..], more].concat())
    };
    let (exit, out, _) = prove_with(&["--json"]);
    assert!(exits_with(&exit, 1));
    let printed: Value = serde_json::from_str(&out).unwrap();
    let digest = legacy_http_compat::rollout::names::ContractDigest::of(&Contract::device_flow());
    assert_eq!(
        printed["check"],
        json!({
            "check": "openapi",
            "green": false,
            "reason": "refuted: 4 operations, 4 legacy shapes proved, 1 open finding",
            "contract_digest": digest.to_string(),
        })
    );
    assert_eq!(printed["findings"][0]["kind"], "response_dropped");

    let id = "response_dropped:POST /api/v1/auth/clients/device/start 401";
    let known = json!([{"id": id, "reason": "no credentials are needed"}]);
    let known = file("known.json", &known.to_string());
    let (exit, out, _) = prove_with(&["--accept", &known]);
    assert!(exits_with(&exit, 0), "{out}");
    assert!(out.starts_with("proved: 4 operations"), "{out}");

    let (exit, _, err) = run(&["prove", "--old", &old, "--new", "no such file"]);
    assert!(exits_with(&exit, 2));
    assert!(err.contains("cannot read no such file"), "{err}");

    let silent = "openapi: 3.1.0\npaths: {/a: {get: {responses: {200: {description: '', content: {application/json: {}}}}}}}\n";
    let strict = silent.replace("{}", "{schema: {type: string}}");
    let (silent, strict) = (file("silent.yaml", silent), file("strict.yaml", &strict));
    let (exit, out, _) = run(&["prove", "--old", &strict, "--new", &silent]);
    assert!(exits_with(&exit, 2), "{out}");
    assert!(out.starts_with("cannot tell"), "{out}");

    let (exit, out, _) = run(&["draft", "--old", &old, "--new", &new]);
    assert!(exits_with(&exit, 0));
    assert_eq!(out, draft(&document(OLD), &document(NEW)));
}

#[test]
fn several_contracts_are_proved_together() {
    let whole = serde_json::to_value(Contract::device_flow()).unwrap();
    let part = |range: std::ops::Range<usize>| {
        let mut part = whole.clone();
        part["endpoints"] = whole["endpoints"].as_array().unwrap()[range]
            .to_vec()
            .into();
        serde_json::from_value::<Contract>(part).unwrap()
    };
    let together = prove(&document(OLD), &document(NEW), &[part(0..2), part(2..4)]);
    let whole = prove(&document(OLD), &document(NEW), &[Contract::device_flow()]);
    assert_eq!(together, whole);
}
