//! What is said of faulty contracts, one for each kind of fault.

use std::{collections::BTreeSet, fmt::Write as _};

use legacy_http_compat::contract::Contract;
use serde_json::{Value, json};

use crate::pin::pin;

/// How many codes of faults there are.
const CODES: usize = 23;

#[test]
fn what_is_said_of_each_fault_of_a_contract_is_pinned() {
    let (mut codes, mut text) = (BTreeSet::new(), String::new());
    for document in documents() {
        let error = Contract::from_json(&document).unwrap_err();
        for fault in error.faults() {
            codes.insert(fault.code().as_str());
            writeln!(text, "{}: {fault}", fault.code().as_str()).unwrap();
        }
    }
    assert_eq!(codes.len(), CODES, "{codes:?}");
    pin("faults/contract.txt", &text);
}

#[test]
fn how_several_faults_are_told_is_pinned() {
    let two = r#"{"endpoint": [], "base_path": "/x/"}"#;
    let error = Contract::from_json(two).unwrap_err();
    pin("faults/contract_several.txt", &error.to_string());
}

fn documents() -> Vec<String> {
    let whole = [
        "{",
        r#"{"endpoints": [], "base": 1}"#,
        r#"{"endpoints": [], "endpoints": []}"#,
        "{}",
        r#"{"endpoints": 7}"#,
        "\u{feff}{}",
        "<html>",
        r#"{"endpoints": [], "deprecation": {"date": -1, "link": "https://example.com/"}}"#,
        r#"{"endpoints": [], "deprecation": {"date": 1}}"#,
        r#"{"endpoints": [], "deprecation": {"date": 1, "link": "/relative"}}"#,
        r#"{"endpoints": [], "deprecation": {"date": 200, "link": "https://example.com/", "sunset": 100}}"#,
    ];
    let whole = whole.into_iter().map(str::to_owned);
    whole.chain(of_endpoints()).chain(of_outcomes()).collect()
}

fn of_endpoints() -> impl Iterator<Item = String> {
    let endpoint = |name: &str, method: &str, path: &str| json!({"name": name, "method": method, "path": path, "outcomes": []});
    let (a, b) = (
        endpoint("a", "GET", "/a/{x}"),
        endpoint("b", "GET", "/a/{y}"),
    );
    let documents = [
        json!([endpoint("with space", "GET", "/")]),
        json!([a, endpoint("a", "GET", "/b")]),
        json!([endpoint("a", "HEAD", "/")]),
        json!([endpoint("a", "post", "/")]),
        json!([endpoint("", "", "/")]),
        json!([endpoint("a", "GET", "items")]),
        json!([endpoint("a", "GET", "/a%zz")]),
        json!([endpoint("a", "GET", "/a/../b")]),
        json!([a, b]),
    ];
    let written = |endpoints| json!({"endpoints": endpoints}).to_string();
    documents.into_iter().map(written)
}

fn of_outcomes() -> impl Iterator<Item = String> {
    let gone =
        |status: u16, legacy: Value| json!([{"name": "GONE", "status": status, "legacy": legacy}]);
    let many: serde_json::Map<_, _> = (0..65).map(|at| (format!("/f{at}"), json!(1))).collect();
    let documents = [
        json!([{"name": "GONE", "status": 99}]),
        gone(
            200,
            json!({"status": 400, "set_headers": {"Content-Length": "1"}}),
        ),
        json!([{"name": "GONE", "status": 200, "fields": {"a": 1}}]),
        json!([{"name": "GONE", "status": 200, "fields": {"/a/-": 1}}]),
        json!([{"name": "GONE", "status": 200, "fields": {"/a": {"b": 1}}}]),
        json!([{"name": "GONE", "status": 200, "fields": {"/a": 1, "/a/b": 2}}]),
        json!([{"name": "GONE", "status": 200, "fields": {"/a": 1}, "headers": {"content-type": "text/html"}}]),
        gone(204, json!({"status": 404})),
        gone(200, json!({"status": 200})),
        gone(200, json!({"status": 426})),
        gone(
            200,
            json!({"status": 401, "set_headers": {"www-authenticate": ""}}),
        ),
        gone(
            200,
            json!({"status": 400, "set_headers": {"X-A": "1", "x-a": "2"}}),
        ),
        gone(
            200,
            json!({"status": 400, "set_headers": {"content-type": "text/html"}, "body": {"json": {}}}),
        ),
        gone(
            200,
            json!({"status": 400, "remove_headers": "content-type", "body": {"json": {}}}),
        ),
        gone(
            200,
            json!({"status": 400, "append_headers": {"content-type": "text/html"}}),
        ),
        gone(
            200,
            json!({"status": 400, "body": {"json": {"a": {"$unknown": 1}}}}),
        ),
        gone(200, json!({"status": 400, "body": {"html": "x"}})),
        gone(
            200,
            json!({"status": 400, "body": {"edit": {"rename": {"/a": "b"}, "remove": ["/a"]}}}),
        ),
        gone(
            200,
            json!({"status": 400, "body": {"edit": {"remove": ["/a/*", "/a/b"]}}}),
        ),
        gone(200, json!({"status": 400, "body": {"fn": "made"}})),
        gone(
            200,
            json!({"status": 400, "body": {"json": {"a": {"$field": "/a", "map": []}}}}),
        ),
        gone(
            200,
            json!({"status": 400, "set_headers": {"location": {"$query": "next"}}}),
        ),
        json!([{"name": "ALL", "status": 200}, {"name": "A", "status": 200, "fields": {"/s": "A"}}]),
        gone(200, json!({"status": 204})),
        gone(200, json!({"status": 401})),
        json!([{"name": "GONE", "status": 200, "fields": many}]),
    ];
    documents.into_iter().map(|outcomes| {
        let endpoint =
            json!({"name": "item", "method": "GET", "path": "/items/{id}", "outcomes": outcomes});
        json!({"endpoints": [endpoint]}).to_string()
    })
}
