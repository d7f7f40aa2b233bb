//! What fills the placeholders of a legacy body.

use std::sync::Arc;

use http::{HeaderValue, Request};
use legacy_http_compat::{
    Contract, LegacyHttpCompatLayer,
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    observation::{Shape, SkipReason},
};
use serde_json::{Value, json};

use super::{
    PENDING, device_flow,
    exchange::{json as target, respond},
    observed::Notes,
    on, order, orders, poll,
    scripted::{Scripted, read},
};

fn shaped(template: &Value) -> (LegacyHttpCompatLayer, Notes) {
    let (layer, _, notes) = on(orders(&json!([
        {"name": "FOUND", "status": 200, "legacy": {"status": 404, "body": {"json": template}}},
    ])));
    (layer, notes)
}

fn asked(headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = order();
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(*name, value);
    }
    request
}

/// The body, as text, that the response to such a request gets.
async fn filled(template: Value, headers: &[(&'static str, &str)], body: &'static str) -> String {
    let (layer, _) = shaped(&template);
    let response = respond(&layer, asked(headers), target(200, Scripted::one(body))).await;
    assert_eq!(response.status(), 404);
    String::from_utf8(read(response.into_body()).await).unwrap()
}

fn uuid_version(text: &str) -> usize {
    uuid::Uuid::parse_str(text).unwrap().get_version_num()
}

#[tokio::test]
async fn several_header_holes_each_take_their_own_header() {
    let template = json!({
        "a": {"$header": "x-a", "omit_if_absent": true},
        "b": {"$header": ["x-b", "x-a"], "omit_if_absent": true},
        "c": {"$header": "x-c", "default": "none"},
    });
    let headers = [("x-a", "1"), ("x-b", "2"), ("x-c", "3")];
    assert_eq!(
        filled(template.clone(), &headers, "{}").await,
        r#"{"a":"1","b":"2","c":"3"}"#
    );
    assert_eq!(
        filled(template.clone(), &headers[..1], "{}").await,
        r#"{"a":"1","b":"1","c":"none"}"#
    );
    assert_eq!(
        filled(template.clone(), &headers[1..2], "{}").await,
        r#"{"b":"2","c":"none"}"#
    );
    assert_eq!(filled(template, &[], "{}").await, r#"{"c":"none"}"#);
}

#[tokio::test]
async fn numbers_keep_their_spelling() {
    let template = r#"{"a":1.10,"b":1E2,"c":123456789012345678901234567890,"d":-0.0,"e":"#;
    let text = format!(
        r#"{{"endpoints":[{{"name":"order","method":"GET","path":"/orders/{{id}}","outcomes":[{{"name":"FOUND",
        "status":200,"legacy":{{"status":404,"body":{{"json":{template}{{"$field":"/e"}}}}}}}}}}]}}]}}"#
    );
    let (layer, _, _) = on(Contract::from_json(&text).unwrap());
    let response = respond(&layer, order(), target(200, Scripted::one(r#"{"e":0.50}"#))).await;
    let body = String::from_utf8(read(response.into_body()).await).unwrap();
    assert_eq!(body, format!("{template}0.50}}"));
}

#[tokio::test]
async fn a_header_that_is_no_short_visible_ascii_counts_as_absent() {
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);
    for (value, taken) in [
        (longest.as_str(), true),
        (&too_long, false),
        ("", false),
        ("a b", false),
        ("a\tb", false),
        ("é", false),
    ] {
        let template = json!({"v": {"$header": ["x-a", "x-b"], "default": null}});
        let expected = if taken { value } else { "second" };
        let body = filled(template, &[("x-a", value), ("x-b", "second")], "{}").await;
        assert_eq!(body, json!({"v": expected}).to_string());
    }
}

#[tokio::test]
async fn text_of_a_header_is_escaped() {
    let template = json!({"v": {"$header": "x-a"}});
    let value = r#"","admin":true,"x":"\"#;
    let body = filled(template, &[("x-a", value)], "{}").await;
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        json!({"v": value})
    );
}

#[tokio::test]
async fn a_field_keeps_its_type_and_its_text() {
    // In the order of the alphabet, which a map of `serde_json` may or may not keep to.
    let template =
        json!({"deep": {"$field": "/o/0/k", "omit_if_absent": true}, "v": {"$field": "/v"}});
    for value in [
        "null",
        "true",
        "1.50",
        "1e2",
        r#""a\u00e9""#,
        "[1, 2]",
        r#"{"a" : {}}"#,
    ] {
        let body: &'static str = format!(r#"{{"o":[{{"k":7}}],"v":{value}}}"#).leak();
        let expected = format!(r#"{{"deep":7,"v":{value}}}"#);
        assert_eq!(filled(template.clone(), &[], body).await, expected);
    }
}

#[tokio::test]
async fn a_missing_field_that_must_be_there_keeps_the_response_as_it_came() {
    let (layer, notes) = shaped(&json!({"v": {"$field": "/v"}}));
    let response = respond(&layer, order(), target(200, Scripted::one(r#"{"w":1}"#))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(read(response.into_body()).await, br#"{"w":1}"#);
    let seen = notes.only();
    assert!(seen.stranded);
    assert_eq!(
        notes.take(),
        (
            "FOUND".to_owned(),
            Shape::Target,
            Some(SkipReason::MissingValue)
        )
    );
}

#[tokio::test]
async fn a_missing_header_that_must_be_there_keeps_the_response_as_it_came() {
    let (layer, notes) = shaped(&json!({"v": {"$header": "x-a"}}));
    let response = respond(&layer, order(), target(200, Scripted::one("any"))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(read(response.into_body()).await, b"any");
    assert_eq!(notes.take().2, Some(SkipReason::MissingValue));
}

#[tokio::test]
async fn a_body_that_the_template_cannot_read_keeps_the_response_as_it_came() {
    let (layer, notes) = shaped(&json!({"v": {"$field": "/v", "default": 1}}));
    let layer = layer.body_limit(64);
    let large = format!("{{\"pad\":\"{}\"}}", "x".repeat(64));
    for (body, encoding, reason) in [
        ("not JSON", "identity", SkipReason::NotJson),
        (large.as_str(), "identity", SkipReason::BodyTooLarge),
        ("{}", "gzip", SkipReason::BodyEncoded),
    ] {
        let mut response = target(200, Scripted::frames([body]));
        response
            .headers_mut()
            .insert("content-encoding", encoding.parse().unwrap());
        let response = respond(&layer, order(), response).await;
        assert_eq!(response.status(), 200, "{reason:?}");
        assert_eq!(read(response.into_body()).await, body.as_bytes());
        let expected = ("FOUND".to_owned(), Shape::Target, Some(reason));
        assert_eq!(
            notes.take(),
            expected,
            "the outcome is told by the status alone"
        );
    }
}

#[tokio::test]
async fn an_object_left_without_members_is_left_out_only_when_marked_so() {
    let member = json!({"x": {"$field": "/x", "omit_if_absent": true}});
    let template = json!({"a": member, "b": {"$object": member, "omit_when_empty": true}});
    assert_eq!(filled(template.clone(), &[], "{}").await, r#"{"a":{}}"#);
    assert_eq!(
        filled(template, &[], r#"{"x":1}"#).await,
        r#"{"a":{"x":1},"b":{"x":1}}"#
    );
}

#[tokio::test]
async fn a_header_is_the_same_with_a_detector_that_passes_over_all() {
    let template = json!({"a": {"$header": ["x-trace", "x-other"], "default": "none"}});
    // One that the detector reads, too, and one that is like it.
    for identity in ["x-id", "x-trace", "a-trace"] {
        for (headers, expected) in [
            (&[][..], "none"),
            (&[("x-trace", "1")], "1"),
            (&[("x-other", "2")], "2"),
            (&[("x-other", "2"), ("x-trace", "1")], "1"),
            (&[("x-trace", "not visible"), ("x-other", "2")], "2"),
            (&[("x-trace", "1"), ("x-trace", "3")], "1"),
            (
                &[("a-trace", "4"), ("x-id", "5"), ("x-trace", "1\"")],
                "1\"",
            ),
        ] {
            let detector = SignalDetector::builder(["A"])
                .kind_header("x-kind")
                .identity(IdentitySignal::header(identity))
                .build(&FingerprintKey::new([7; 16]))
                .unwrap();
            let (layer, _) = shaped(&template);
            let layer = layer.detector(Arc::new(detector));
            let response = target(200, Scripted::one("{}"));
            let response = respond(&layer, asked(headers), response).await;
            let body: Value = serde_json::from_slice(&read(response.into_body()).await).unwrap();
            assert_eq!(body, json!({"a": expected}), "{identity} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_uuid_is_fresh_for_each_response() {
    let template = json!([{"$uuid": "v4"}, {"$uuid": "v4"}]);
    let mut uuids: Vec<String> =
        serde_json::from_str(&filled(template.clone(), &[], "{}").await).unwrap();
    uuids.extend(serde_json::from_str::<Vec<String>>(&filled(template, &[], "{}").await).unwrap());
    assert!(
        uuids.iter().all(|uuid| uuid_version(uuid) == 4),
        "{uuids:?}"
    );
    uuids.sort_unstable();
    uuids.dedup();
    assert_eq!(uuids.len(), 4);
}

#[tokio::test]
async fn an_old_client_of_the_device_flow_gets_the_body_it_always_got() {
    let (layer, _, _) = device_flow();
    let mut asked = poll();
    asked
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("r-1"));
    let response = respond(&layer, asked, target(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    let body = String::from_utf8(read(response.into_body()).await).unwrap();
    assert_eq!(
        body,
        r#"{"code":"AUTHORIZATION_PENDING","message":"The user has not decided yet.","details":{"interval":5},"retryable":true,"correlation_id":"r-1"}"#
    );

    let response = respond(
        &layer,
        poll(),
        target(200, Scripted::one(r#"{"status":"PENDING"}"#)),
    )
    .await;
    let body: Value = serde_json::from_slice(&read(response.into_body()).await).unwrap();
    assert_eq!(body.get("details"), None);
    assert_eq!(uuid_version(body["correlation_id"].as_str().unwrap()), 4);
}

#[tokio::test]
async fn a_default_that_is_an_empty_object_is_left_out_when_marked_so() {
    let template = json!({"v": {"$field": "/v", "default": {
        "$object": {"x": {"$header": "x-a", "omit_if_absent": true}}, "omit_when_empty": true,
    }}});
    assert_eq!(filled(template.clone(), &[], "{}").await, "{}");
    assert_eq!(
        filled(template.clone(), &[("x-a", "1")], "{}").await,
        r#"{"v":{"x":"1"}}"#
    );
    assert_eq!(
        filled(template, &[("x-a", "1")], r#"{"v":2}"#).await,
        r#"{"v":2}"#
    );
}

#[test]
fn a_fault_within_what_may_be_left_out_is_reported_once() {
    let error = Contract::from_json(
        r#"{"endpoints": [{"name": "order", "method": "GET", "path": "/", "outcomes": [
            {"name": "FOUND", "status": 200, "legacy": {"status": 404, "body": {"json": {
                "o": {"$object": {"v": {"$field": "v", "omit_if_absent": true}}, "omit_when_empty": true}
            }}}}
        ]}]}"#,
    )
    .unwrap_err();
    assert_eq!(error.faults().len(), 1, "{error}");
}
