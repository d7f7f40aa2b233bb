//! What shapes make of all target bodies: edits, arrays made of arrays, maps, texts, dates, forms and functions.

use legacy_http_compat::{
    Contract,
    contract::{Endpoint, LegacyShape, Outcome},
    openapi::{ProofReport, Verdict, prove},
};
use serde_json::{Value, json};

use crate::support::document;

/// One operation, `POST /items/{id}`, with these responses and requests.
fn api(content: &Value, request: &Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Items", "version": "1"},
        "paths": {"/items/{id}": {"post": {
            "requestBody": {"content": {"application/json": {"schema": request}}},
            "responses": {"200": {"description": "an item", "content": content,
                "headers": {"X-Total": {"required": true, "schema": {"type": "integer"}}}}},
        }}},
    })
}

fn json_content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

/// Proves that a shape makes OLD's bodies of NEW's.
fn prove_shape(old: &Value, new: &Value, shape: &Value) -> ProofReport {
    prove_outcome(
        &json_content(old),
        new,
        &json!({"name": "ITEM", "status": 200, "legacy": shape}),
    )
}

fn prove_outcome(old: &Value, new: &Value, outcome: &Value) -> ProofReport {
    let request = object(&json!({"kind": {"enum": ["A", "B"]}}));
    let contract = json!({"endpoints": [{"name": "items", "method": "POST", "path": "/items/{id}", "outcomes": [outcome]}]});
    let contract =
        Contract::from_json(&contract.to_string()).unwrap_or_else(|error| panic!("{error}"));
    let (old, new) = (api(old, &request), api(&json_content(new), &request));
    prove(
        &document(&old.to_string()),
        &document(&new.to_string()),
        &[contract],
    )
}

/// The first pair is proved; each of the others is refuted with an example.
fn check(new: &Value, shape: &Value, old: &Value, too_narrow: &[Value]) {
    let report = prove_shape(old, new, shape);
    assert_eq!(report.verdict, Verdict::Proved, "{shape}: {report}");
    for narrow in too_narrow {
        let report = prove_shape(narrow, new, shape);
        assert_eq!(
            report.verdict,
            Verdict::Refuted,
            "{shape} for {narrow}: {report}"
        );
        let findings = report.findings.iter();
        let mut refuted = findings.filter(|finding| finding.verdict == Verdict::Refuted);
        assert!(refuted.all(|finding| finding.example.is_some()), "{report}");
    }
}

#[test]
fn an_edit_is_proved_with_all_that_it_keeps() {
    let item = |properties| json!({"type": "array", "items": object(&properties)});
    let new = object(
        &json!({"items": item(json!({"name": {"type": "string", "maxLength": 9}, "state": {"enum": ["ON", "OFF"]}})), "next": {"type": "string"}}),
    );
    let old = |title: Value, locked: Value| {
        object(
            &json!({"items": item(json!({"title": title, "locked": locked})), "next": {"type": "string"}}),
        )
    };
    let shape = json!({"status": 200, "body": {"edit": {
        "rename": {"/items/*/name": "title"},
        "set": {"/items/*/locked": {"$item": "/state", "map": [["ON", false], ["OFF", true]]}},
        "remove": ["/items/*/state"],
    }}});
    let boolean = json!({"type": "boolean"});
    check(
        &new,
        &shape,
        &old(json!({"type": "string"}), boolean.clone()),
        &[
            old(json!({"type": "string", "maxLength": 8}), boolean),
            old(json!({"type": "string"}), json!({"const": false})),
            new.clone(),
        ],
    );
}

#[test]
fn an_edit_of_single_elements_and_of_members_that_are_added() {
    let new = object(
        &json!({"pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}}),
    );
    let old = |pair: Value| object(&json!({"pair": pair, "kind": {"enum": ["A", "B"]}}));
    let shape = json!({"status": 200, "body": {"edit": {"remove": ["/pair/0"], "set": {"/kind": {"$request_field": "/kind"}}}}});
    check(
        &new,
        &shape,
        &old(json!({"type": "array", "minItems": 1, "maxItems": 2})),
        &[
            old(json!({"type": "array", "items": {"type": "integer"}})),
            old(json!({"type": "array", "minItems": 2})),
        ],
    );
}

#[test]
fn a_renamed_member_that_meets_another_strands() {
    let mut new = object(&json!({"name": {"type": "string"}}));
    new["properties"]["title"] = json!({"type": "string"});
    let old = json!({"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}});
    let shape = json!({"status": 200, "body": {"edit": {"rename": {"/name": "title"}}}});
    let report = prove_shape(&old, &new, &shape);
    let stranded = report
        .findings
        .iter()
        .find(|finding| finding.id.starts_with("stranded:"));
    let stranded = stranded.unwrap_or_else(|| panic!("{report}"));
    assert_eq!(stranded.verdict, Verdict::Refuted, "{report}");
    assert!(
        stranded
            .message
            .ends_with("the member title can be there already"),
        "{stranded}"
    );
}

#[test]
fn an_array_made_of_an_array_is_proved_element_by_element() {
    let error = object(
        &json!({"code": {"enum": ["E1", "E2"]}, "at": {"type": "integer", "minimum": 0, "maximum": 99}}),
    );
    let new =
        object(&json!({"errors": {"type": "array", "items": error, "minItems": 1, "maxItems": 3}}));
    let old = |code: Value, least: u64| json!({"type": "array", "minItems": least, "maxItems": 3, "items": object(&json!({"error": code, "line": {"type": "integer"}}))});
    let shape = json!({"status": 200, "body": {"json": {"$each": "/errors", "json": {"error": {"$item": "/code"}, "line": {"$item": "/at"}}}}});
    check(
        &new,
        &shape,
        &old(json!({"enum": ["E1", "E2"]}), 1),
        &[
            old(json!({"const": "E1"}), 1),
            old(json!({"type": "string"}), 2),
        ],
    );
}

#[test]
fn texts_dates_and_numbers_are_proved_in_their_other_form() {
    let new = object(&json!({
        "id": {"type": "integer", "minimum": 1, "maximum": 9}, "kind": {"enum": ["a", "b"]},
        "at": {"type": "integer", "minimum": 0, "maximum": 1_000}, "open": {"type": "boolean"},
    }));
    let shape = json!({"status": 200, "body": {"json": {
        "text": {"$text": ["order-", {"$field": "/kind"}]},
        "id": {"$field": "/id", "as": "text"},
        "at": {"$field": "/at", "as": "rfc3339"},
        "http": {"$field": "/at", "as": "http_date"},
        "open": {"$field": "/open", "as": "text"},
    }}});
    let old = |name: &str, schema: Value| {
        let mut properties = json!({
            "text": {"enum": ["order-a", "order-b"]}, "id": {"type": "string", "minLength": 1},
            "at": {"type": "string", "format": "date-time"}, "http": {"type": "string", "maxLength": 29},
            "open": {"enum": ["true", "false"]},
        });
        if !name.is_empty() {
            properties[name] = schema;
        }
        object(&properties)
    };
    check(
        &new,
        &shape,
        &old("", Value::Null),
        &[
            old("text", json!({"const": "order-a"})),
            old("id", json!({"type": "string", "pattern": "^[2-9]$"})),
            old("at", json!({"type": "string", "format": "date"})),
            old("http", json!({"type": "string", "maxLength": 28})),
            old("open", json!({"const": "true"})),
        ],
    );
}

#[test]
fn a_value_without_the_form_or_the_place_in_the_map_strands() {
    let new = object(
        &json!({"at": {"type": "string", "format": "date-time"}, "state": {"enum": ["ON", "OFF"]}}),
    );
    let free = json!({"type": "object"});
    for (value, lack) in [
        (
            json!({"$field": "/at", "as": "unix_seconds"}),
            "can be a value without that form",
        ),
        (
            json!({"$field": "/state", "map": [["ON", 1]]}),
            "can be a value that the map does not have",
        ),
    ] {
        let report = prove_shape(
            &free,
            &new,
            &json!({"status": 200, "body": {"json": {"value": value}}}),
        );
        let stranded = report
            .findings
            .iter()
            .find(|finding| finding.id.starts_with("stranded:"));
        let stranded = stranded.unwrap_or_else(|| panic!("{report}"));
        assert!(stranded.message.ends_with(lack), "{stranded}");
        // No example of the set has a date before 1970.
        let expected = if lack.contains("map") {
            Verdict::Refuted
        } else {
            Verdict::CannotTell
        };
        assert_eq!(stranded.verdict, expected, "{report}");
    }
}

#[test]
fn texts_and_forms_are_proved_as_what_a_client_reads() {
    let new = object(
        &json!({"count": {"type": "integer", "minimum": 0, "maximum": 9}, "state": {"enum": ["ON", "OFF"]}}),
    );
    let outcome = |body: Value| json!({"name": "ITEM", "status": 200, "legacy": {"status": 200, "body": body}});
    let text = outcome(json!({"text": {"$text": ["state=", {"$field": "/state"}]}}));
    let old = |schema: Value| json!({"text/plain": {"schema": schema}});
    let proved = prove_outcome(
        &old(json!({"enum": ["state=ON", "state=OFF"]})),
        &new,
        &text,
    );
    assert_eq!(proved.verdict, Verdict::Proved, "{proved}");
    let refuted = prove_outcome(&old(json!({"const": "state=ON"})), &new, &text);
    assert_eq!(refuted.verdict, Verdict::Refuted, "{refuted}");

    let form =
        outcome(json!({"form": {"count": {"$field": "/count"}, "state": {"$field": "/state"}}}));
    let old = |count: Value| json!({"application/x-www-form-urlencoded": {"schema": object(&json!({"count": count, "state": {"type": "string"}}))}});
    let proved = prove_outcome(&old(json!({"type": "integer"})), &new, &form);
    assert_eq!(proved.verdict, Verdict::Proved, "{proved}");
    let refuted = prove_outcome(&old(json!({"type": "integer", "maximum": 8})), &new, &form);
    assert_eq!(refuted.verdict, Verdict::Refuted, "{refuted}");
}

#[test]
fn a_header_written_from_the_body_is_proved() {
    let new = object(&json!({"count": {"type": "integer", "minimum": 0}}));
    let shape =
        json!({"status": 200, "body": "as_is", "set_headers": {"x-total": {"$field": "/count"}}});
    let report = prove_shape(&new, &new, &shape);
    assert_eq!(report.verdict, Verdict::Proved, "{report}");
    let any = object(&json!({"count": {"type": "number"}}));
    let report = prove_shape(&any, &any, &shape);
    assert_ne!(report.verdict, Verdict::Proved, "{report}");
}

#[test]
fn a_request_has_the_members_that_only_requests_have() {
    let target = object(&json!({"count": {"type": "integer"}}));
    let request = object(&json!({"kind": {"enum": ["A", "B"], "writeOnly": true}}));
    let shape = json!({"status": 200, "body": {"json": {"kind": {"$request_field": "/kind", "default": "C"}}}});
    let outcome = json!({"name": "ITEM", "status": 200, "legacy": shape});
    let contract = json!({"endpoints": [{"name": "items", "method": "POST", "path": "/items/{id}", "outcomes": [outcome]}]});
    let contract = [Contract::from_json(&contract.to_string()).unwrap()];
    let verdict = |kinds: Value| {
        let old = api(&json_content(&object(&json!({"kind": kinds}))), &request);
        let new = api(&json_content(&target), &request);
        prove(
            &document(&old.to_string()),
            &document(&new.to_string()),
            &contract,
        )
        .verdict
    };
    assert_eq!(verdict(json!({"enum": ["A", "B", "C"]})), Verdict::Proved);
    assert_ne!(verdict(json!({"enum": ["C"]})), Verdict::Proved);
}

#[test]
fn what_a_function_makes_cannot_be_proved() {
    let new = object(&json!({"state": {"type": "string"}}));
    let shape = LegacyShape::new(200).with_fn("to_old_item", |target: &Value| Some(target.clone()));
    let outcome = Outcome::new("ITEM", 200).legacy(shape);
    let endpoint = Endpoint::new("items", "POST", "/items/{id}").outcome(outcome);
    let contract = Contract::builder().endpoint(endpoint).build().unwrap();
    let api = api(&json_content(&new), &json!({}));
    let api = document(&api.to_string());
    let report = prove(&api, &api, &[contract]);
    assert_eq!(report.verdict, Verdict::CannotTell, "{report}");
    let sentence = "what the function `to_old_item` makes of the body cannot be proved";
    assert!(report.findings[0].message.contains(sentence), "{report}");
}
