//! Findings: one for one cause, with an id that stays, an example or "cannot tell", and accepted with a reason.

use legacy_http_compat::openapi::{
    AcceptedFinding, ApiDocument, FindingKind, ProofReport, Verdict, prove,
};
use serde_json::{Value, json};

use crate::support::{api_of, document, refuted};

/// Operations that all have the same schema in their responses.
fn orders(operations: &[&str], state: &Value) -> ApiDocument {
    let operation = json!({"get": {"responses": {"200": {
        "description": "",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
    }}}});
    let paths: serde_json::Map<String, Value> = operations
        .iter()
        .map(|path| ((*path).to_owned(), operation.clone()))
        .collect();
    document(
        &json!({
            "openapi": "3.1.0",
            "paths": paths,
            "components": {"schemas": {
                "Order": {"type": "object", "required": ["state"], "properties": {"state": {"$ref": "#/components/schemas/State"}}},
                "State": state,
            }},
        })
        .to_string(),
    )
}

fn grown(operations: &[&str]) -> ProofReport {
    let old = orders(operations, &json!({"enum": ["OPEN", "DONE"]}));
    let new = orders(operations, &json!({"enum": ["OPEN", "DONE", "ARCHIVED"]}));
    prove(&old, &new, &[])
}

#[test]
fn an_enumeration_that_grew_is_one_finding_however_many_responses_share_it() {
    let report = grown(&["/orders", "/orders/{id}", "/archive"]);
    let [finding] = report.findings.as_slice() else {
        panic!("{report}");
    };
    assert_eq!(finding.id, "body:value #/components/schemas/State");
    assert_eq!(
        finding.places,
        [
            "GET /archive 200",
            "GET /orders 200",
            "GET /orders/{id} 200"
        ]
    );
    let example = finding.example.as_ref().unwrap();
    let body = example.target.as_ref().unwrap().body.as_ref().unwrap();
    assert_eq!(body["state"], "ARCHIVED");
    assert!(
        example.violation.starts_with("/state: \"ARCHIVED\""),
        "{finding}"
    );
}

#[test]
fn places_beyond_the_twentieth_are_counted() {
    let names: Vec<String> = (0..30).map(|index| format!("/orders/{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = grown(&names);
    assert_eq!(report.findings[0].places.len(), 20);
    assert_eq!(report.findings[0].places_left_out, 10);
}

#[test]
fn an_id_stays_when_other_operations_are_added() {
    let one = grown(&["/orders"]);
    let many = grown(&["/a", "/orders", "/z"]);
    assert_eq!(one.findings[0].id, many.findings[0].id);
}

#[test]
fn a_finding_is_accepted_with_a_reason_and_one_that_is_gone_is_a_finding() {
    let accepted = |id: &str| AcceptedFinding {
        id: id.to_owned(),
        reason: "old clients ignore the state".to_owned(),
    };
    let known = accepted("body:value #/components/schemas/State");
    let report = grown(&["/orders"]).accept(std::slice::from_ref(&known));
    assert_eq!(report.verdict, Verdict::Proved);
    assert_eq!(
        report.findings[0].accepted.as_deref(),
        Some("old clients ignore the state")
    );
    assert!(
        report
            .to_string()
            .contains("accepted: old clients ignore the state")
    );

    let report = grown(&["/orders"]).accept(&[known, accepted("status:GET /orders 418")]);
    assert_eq!(report.verdict, Verdict::Refuted);
    let gone = refuted(&report);
    let gone = gone
        .iter()
        .find(|finding| finding.kind == FindingKind::AcceptedGone);
    assert_eq!(gone.unwrap().id, "accepted_gone:status:GET /orders 418");
}

#[test]
fn the_reason_is_about_the_member_of_the_finding() {
    let members = |names: [&str; 3], required: &[&str]| {
        let properties: serde_json::Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({"type": "string"})))
            .collect();
        api_of(
            "3.1.0",
            &json!({"type": "object", "properties": properties, "required": required}),
        )
    };
    let old = members(["a", "b", "c"], &["a", "b", "c"]);
    let new = members(["a", "b", "c"], &["b"]);
    let report = prove(&old, &new, &[]);
    let refuted = refuted(&report);
    assert_eq!(refuted.len(), 2, "{report}");
    for finding in refuted {
        let member = finding.id.rsplit(' ').next().unwrap();
        let violation = &finding.example.as_ref().unwrap().violation;
        assert_eq!(*violation, format!("\"{member}\" is a required property"));
    }
}

#[test]
fn without_an_example_it_cannot_tell() {
    let text = |pattern: &str| api_of("3.1.0", &json!({"type": "string", "pattern": pattern}));
    // The same language, written differently.
    let report = prove(&text("^[ab]$"), &text("^(a|b)$"), &[]);
    assert_eq!(report.verdict, Verdict::CannotTell);
    assert_eq!(report.findings[0].example, None);
    // The narrower pattern's own example is outside the other.
    assert_eq!(
        prove(&text("^[0-9]+$"), &text("^[a-z]{3}$"), &[]).verdict,
        Verdict::Refuted
    );
    assert_eq!(
        prove(&text("^a"), &text("^a"), &[]).verdict,
        Verdict::Proved
    );
}

#[test]
fn a_response_without_a_schema_decides_nothing() {
    let silent = document(
        &json!({"openapi": "3.1.0", "paths": {"/items": {"get": {"responses": {"200": {
            "description": "a text", "content": {"application/json": {}},
        }}}}}})
        .to_string(),
    );
    let text = api_of("3.1.0", &json!({"type": "string"}));
    assert_eq!(prove(&text, &silent, &[]).verdict, Verdict::CannotTell);
    assert_eq!(prove(&silent, &text, &[]).verdict, Verdict::Proved);
}

#[test]
fn prose_is_a_hint_and_proves_nothing() {
    let api = |description: &str, responses: &Value| {
        document(
            &json!({"openapi": "3.1.0", "paths": {"/items": {"get": {
                "description": description, "responses": responses,
            }}}})
            .to_string(),
        )
    };
    let ok = json!({"description": ""});
    let old = api(
        "Responds 200, or 404 where there is none.",
        &json!({"200": ok}),
    );
    let new = api("", &json!({"200": ok, "404": ok}));
    let report = prove(&old, &new, &[]);
    let finding = refuted(&report)[0];
    assert_eq!(finding.id, "status:GET /items 404");
    assert!(
        finding
            .hint
            .as_ref()
            .unwrap()
            .starts_with("Responds 200, or 404")
    );
}

#[test]
fn a_header_that_old_requires_must_be_there_with_a_value_that_old_allows() {
    let api = |headers: &Value| {
        document(
            &json!({"openapi": "3.1.0", "paths": {"/items": {"get": {"responses": {"200": {
                "description": "", "headers": headers,
            }}}}}})
            .to_string(),
        )
    };
    let limit = |required: bool, maximum: u64| {
        api(
            &json!({"X-Limit": {"required": required, "schema": {"type": "integer", "maximum": maximum}}}),
        )
    };
    let old = limit(true, 10);
    assert_eq!(prove(&old, &limit(true, 5), &[]).verdict, Verdict::Proved);
    for (new, why) in [
        (limit(false, 5), "is absent"),
        (limit(true, 50), "greater than the maximum of 10"),
    ] {
        let report = prove(&old, &new, &[]);
        let finding = refuted(&report)[0];
        assert_eq!(finding.id, "header:GET /items 200 x-limit");
        let violation = &finding.example.as_ref().unwrap().violation;
        assert!(violation.contains(why), "{violation}");
    }
}

#[test]
fn an_operation_that_is_gone_is_refuted_unless_it_is_listed_as_dropped() {
    use legacy_http_compat::{Contract, contract::DroppedPromise};
    let state = json!({"enum": ["OPEN"]});
    let old = orders(&["/orders", "/export"], &state);
    let new = orders(&["/orders"], &state);
    let report = prove(&old, &new, &[]);
    assert_eq!(refuted(&report)[0].id, "operation_dropped:GET /export");
    assert!(refuted(&report)[0].example.is_some());
    let contract = Contract::builder()
        .dropped(DroppedPromise::operation(
            "GET /export",
            "no client used it",
        ))
        .build()
        .unwrap();
    assert_eq!(prove(&old, &new, &[contract]).verdict, Verdict::Proved);
}

#[test]
fn a_report_is_json_with_the_same_words() {
    let report = serde_json::to_value(grown(&["/orders"])).unwrap();
    assert_eq!(report["verdict"], "refuted");
    assert_eq!(report["findings"][0]["kind"], "body");
    assert_eq!(
        report["findings"][0]["example"]["request"],
        json!({"method": "GET", "path": "/orders"})
    );
}
