//! Two Cores with one store, as operators see them.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    database::{Database, eventually},
    process::{Core, NO_GATES},
};

const FLAG: &str = "features.auth.device_flow.compat_legacy_http";
const TOKEN: &str = "an-operator-token-of-32-characters";
const KEY: [(&str, &str); 1] = [("CORE_FINGERPRINT_KEY", "000102030405060708090a0b0c0d0e0f")];

fn core(database: &Database, name: &str) -> Core {
    let url = database.url();
    let arguments = [
        "--store",
        &url,
        "--instance",
        name,
        "--operator-token",
        TOKEN,
    ];
    Core::start_with(&[&arguments[..], &NO_GATES].concat(), &KEY)
}

fn order(core: &Core, method: Method, path: &str, body: &Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let request = core.http().request(method, &format!("/rollout/api/{path}"));
    let request = request.bearer_auth(TOKEN).json(body);
    runtime.unwrap().block_on(async {
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    })
}

fn status(core: &Core, of: &str) -> Value {
    order(core, Method::GET, "status", &Value::Null)[of].clone()
}

#[test]
fn a_cutover_at_one_is_applied_by_both_and_so_is_its_rollback() {
    let database = Cluster::shared().empty_database();
    let (a, b) = (core(&database, "core-a"), core(&database, "core-b"));
    let cutover = json!({"to": "cutover", "reason": "as planned"});
    let done = order(&a, Method::POST, "transitions", &cutover).to_string();
    assert!(done.contains("applied by 2 of 2"), "{done}");
    assert_eq!(status(&b, "flag"), "off");

    let rollback = json!({"incident": "INC-1", "reason": "it breaks"});
    let done = order(&b, Method::POST, "rollbacks", &rollback).to_string();
    assert!(done.contains("applied by 2 of 2"), "{done}");
    assert_eq!(status(&a, "flag"), "on");
}

#[test]
fn a_rollback_without_the_store_takes_effect_and_is_recorded_later() {
    let cluster = Cluster::start(&[], &[]);
    let database = cluster.empty_database();
    let a = core(&database, "core-a");
    order(
        &a,
        Method::POST,
        "transitions",
        &json!({"to": "cutover", "reason": "as planned"}),
    );
    cluster.command("freeze");
    let begun = Instant::now();
    order(
        &a,
        Method::POST,
        "rollbacks",
        &json!({"incident": "INC-1", "reason": "it breaks"}),
    );
    // The response comes while the server is frozen.
    println!(
        "a rollback with a server that is frozen: {:?}",
        begun.elapsed()
    );
    assert_eq!(status(&a, "flag"), "on");
    assert_eq!(status(&a, "rollback_unrecorded"), true);
    cluster.command("thaw");
    eventually("the rollback is recorded", || {
        let lines = String::from_utf8(database.lines_of(FLAG)).unwrap();
        lines.contains("rollback_taken")
    });
    eventually("the instance knows", || {
        status(&a, "rollback_unrecorded") == false
    });
}
