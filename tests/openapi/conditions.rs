//! Which responses an outcome takes: conditions of each kind, lists and classes of statuses.

use legacy_http_compat::{
    Contract,
    openapi::{ProofReport, Verdict, prove},
};
use serde_json::{Value, json};

use crate::support::document;

/// One operation with these responses; a legacy response is `{"old": true}`.
fn api(responses: &Value) -> Value {
    let request = json!({"type": "object", "properties": {"kind": {"enum": ["A", "B"]}}, "additionalProperties": false});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Items", "version": "1"},
        "paths": {"/items/{id}": {"post": {
            "requestBody": {"content": {"application/json": {"schema": request}}},
            "responses": responses,
        }}},
    })
}

fn body(schema: &Value) -> Value {
    json!({"description": "an item", "content": {"application/json": {"schema": schema}},
        "headers": {"X-Kind": {"required": true, "schema": {"enum": ["A", "B"]}}}})
}

fn old_body() -> Value {
    body(&json!({"type": "object", "required": ["old"], "properties": {"old": {"const": true}}}))
}

/// An outcome for each of these conditions, all with a legacy shape.
fn contract(conditions: &[Value]) -> Contract {
    let outcomes: Vec<Value> = conditions
        .iter()
        .enumerate()
        .map(|(index, conditions)| {
            let mut outcome = conditions.clone();
            outcome["name"] = format!("O{index}").into();
            if outcome.get("status").is_none() {
                outcome["status"] = 200.into();
            }
            outcome["legacy"] = json!({"status": 200, "body": {"json": {"old": true}}});
            outcome
        })
        .collect();
    let contract = json!({"endpoints": [{"name": "items", "method": "POST", "path": "/items/{id}", "outcomes": outcomes}]});
    Contract::from_json(&contract.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

fn prove_outcomes(new: &Value, conditions: &[Value]) -> ProofReport {
    let old = document(&api(&json!({"200": old_body()})).to_string());
    let new = document(&api(new).to_string());
    prove(&old, &new, &[contract(conditions)])
}

/// NEW has an object with an optional text `state` and a number `count`.
fn new_body() -> Value {
    json!({"200": body(&json!({"type": "object", "required": ["count"], "properties": {
        "state": {"enum": ["OPEN", "OPENING", "DONE", null]}, "count": {"type": "integer"},
    }}))})
}

#[test]
fn conditions_on_a_field_that_take_all_values_prove_and_others_leave_some() {
    let state = |matcher: Value| json!({"fields": {"/state": matcher}});
    let (absent, present) = (json!({"absent": true}), json!({"present": true}));
    let open = json!({"pattern": "OPEN*"});
    let proved = [
        vec![state(present.clone()), state(absent.clone())],
        vec![
            state(open.clone()),
            state(json!("DONE")),
            state(json!([null, absent])),
        ],
        vec![state(json!([open, "DONE", null])), state(absent.clone())],
        vec![json!({"fields": {"/count": present}})],
        vec![json!({"fields": {"/state/deeper": absent}})],
    ];
    for conditions in proved {
        let report = prove_outcomes(&new_body(), &conditions);
        assert_eq!(report.verdict, Verdict::Proved, "{conditions:?}: {report}");
    }
    let refuted = [
        vec![state(present)],
        vec![state(absent)],
        vec![
            state(json!({"pattern": "OPEN?*"})),
            state(json!(["DONE", null])),
            state(json!({"absent": true})),
        ],
    ];
    for conditions in refuted {
        let report = prove_outcomes(&new_body(), &conditions);
        assert_eq!(report.verdict, Verdict::Refuted, "{conditions:?}: {report}");
    }
}

#[test]
fn a_pattern_on_texts_that_are_not_listed_leaves_all_of_them() {
    let new = json!({"200": body(&json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}))});
    let name = |matcher: Value| json!({"fields": {"/name": matcher}});
    let report = prove_outcomes(&new, &[name(json!({"pattern": "*"}))]);
    assert_ne!(report.verdict, Verdict::Proved, "{report}");
    let report = prove_outcomes(
        &new,
        &[
            name(json!({"pattern": "a*"})),
            name(json!({"present": true})),
        ],
    );
    assert_eq!(report.verdict, Verdict::Proved, "{report}");
}

#[test]
fn a_condition_on_the_request_that_may_fail_leaves_the_response_as_it_is() {
    let some: [Value; 6] = [
        json!({"request_headers": {"x-version": "1"}}),
        json!({"request_headers": {"x-version": {"absent": true}}}),
        json!({"query_parameters": {"page": {"present": true}}}),
        json!({"path_parameters": {"id": {"pattern": "a*"}}}),
        json!({"request_form": {"kind": "A"}}),
        json!({"request_fields": {"/kind": "A"}}),
    ];
    for condition in some {
        let report = prove_outcomes(&new_body(), std::slice::from_ref(&condition));
        assert_ne!(report.verdict, Verdict::Proved, "{condition}: {report}");
        // With an outcome for the rest, all are rewritten, as far as each can be.
        let report = prove_outcomes(&new_body(), &[condition.clone(), json!({})]);
        assert_eq!(report.verdict, Verdict::Proved, "{condition}: {report}");
    }
}

#[test]
fn a_request_that_no_document_has_makes_an_outcome_impossible() {
    let report = prove_outcomes(
        &new_body(),
        &[json!({"request_fields": {"/kind": "C"}}), json!({})],
    );
    let ids: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.id.as_str())
        .collect();
    assert!(ids.contains(&"outcome_impossible:items.O0"), "{report}");
}

#[test]
fn conditions_on_response_headers() {
    let kind = |matcher: Value| json!({"headers": {"x-kind": matcher}});
    for conditions in [
        vec![kind(json!({"present": true}))],
        vec![kind(json!(["A", {"pattern": "B*"}]))],
        vec![json!({"headers": {"content-type": {"present": true}}})],
    ] {
        let report = prove_outcomes(&new_body(), &conditions);
        assert_eq!(report.verdict, Verdict::Proved, "{conditions:?}: {report}");
    }
    for conditions in [
        vec![kind(json!("A"))],
        vec![json!({"headers": {"x-other": {"present": true}}})],
        vec![json!({"headers": {"content-type": {"pattern": "application/json"}}})],
    ] {
        let report = prove_outcomes(&new_body(), &conditions);
        assert_ne!(report.verdict, Verdict::Proved, "{conditions:?}: {report}");
    }
}

#[test]
fn lists_and_classes_of_statuses_take_what_they_say_and_nothing_else() {
    let new = json!({"200": old_body(), "default": new_body()["200"]});
    let take = |status: Value| prove_outcomes(&new, &[json!({"status": status})]);
    // 2xx and 3xx of `default` are left.
    let report = take(json!(["4xx", "5xx", 201]));
    assert_eq!(report.verdict, Verdict::Refuted, "{report}");
    let statuses = |report: &ProofReport| -> Vec<String> {
        let places = report
            .findings
            .iter()
            .flat_map(|finding| finding.places.clone());
        places.collect()
    };
    let left = statuses(&report);
    assert!(
        left.contains(&"POST /items/{id} 202".to_owned()),
        "{left:?}"
    );
    assert!(
        !left
            .iter()
            .any(|place| place.ends_with(" 400") || place.ends_with(" 201")),
        "{left:?}"
    );
    // A class leaves out what is never rewritten.
    assert!(
        left.contains(&"POST /items/{id} 412".to_owned()),
        "{left:?}"
    );
    // One status beside a class is looked at by itself.
    let left = statuses(&take(json!([503, "4xx"])));
    assert!(
        left.contains(&"POST /items/{id} 500".to_owned()),
        "{left:?}"
    );
    assert!(
        !left.contains(&"POST /items/{id} 503".to_owned()),
        "{left:?}"
    );
}

#[test]
fn the_status_in_a_body_is_that_of_each_response() {
    let number = |schema: Value| {
        body(&json!({"type": "object", "required": ["status"], "properties": {"status": schema}}))
    };
    let new = api(&json!({"5XX": new_body()["200"]}));
    let contract = json!({"endpoints": [{"name": "items", "method": "POST", "path": "/items/{id}", "outcomes": [
        {"name": "FAILED", "status": "5xx", "legacy": {"status": 500, "body": {"json": {"status": {"$status": "target"}}}}},
    ]}]});
    let contract = [Contract::from_json(&contract.to_string()).unwrap()];
    let proof = |schema| {
        let old = api(&json!({"500": number(schema)}));
        prove(
            &document(&old.to_string()),
            &document(&new.to_string()),
            &contract,
        )
    };
    let report = proof(json!({"minimum": 500, "maximum": 599}));
    assert_eq!(report.verdict, Verdict::Proved, "{report}");
    let report = proof(json!({"const": 500}));
    assert_eq!(report.verdict, Verdict::Refuted, "{report}");
}
