//! What outcomes may say of responses and requests: statuses, and conditions on every part.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    contract::{Contract, Endpoint, LegacyShape, Matcher, Outcome},
    middleware::{CaptureRequestFieldsLayer, CapturedRequestBody},
    observation::{Shape, SkipReason},
};
use serde_json::{Value, json};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::{
    exchange::{json as target, request, respond},
    observed::{Notes, Seen},
    scripted::Scripted,
};

fn contract(method: &str, path: &str, outcomes: &Value) -> Contract {
    let document = json!({
        "base_path": "/v1/{tenant}",
        "endpoints": [{"name": "e", "method": method, "path": path, "outcomes": outcomes}],
    });
    let contract = Contract::from_json(&document.to_string()).unwrap();
    let written = serde_json::to_value(&contract).unwrap();
    assert_eq!(written, document, "a contract is written as it is read");
    contract
}

fn layer(contract: Contract) -> (LegacyHttpCompatLayer, Notes) {
    let notes = Notes::default();
    let layer = LegacyHttpCompatLayer::new(contract, &CompatFlag::on("compat"));
    (layer.observer(Arc::new(notes.clone())), notes)
}

/// The outcome of a response to a request, both of which have this body.
async fn outcome(
    contract: &Contract,
    mut request: Request<Full<Bytes>>,
    response: Response<Scripted>,
) -> (String, Option<SkipReason>) {
    let (layer, notes) = layer(contract.clone());
    let mut response = Some(response);
    request
        .headers_mut()
        .insert("user-agent", "x/1".parse().unwrap());
    let service = ServiceBuilder::new()
        .layer(layer)
        .layer(CaptureRequestFieldsLayer::new())
        .service(service_fn(
            move |request: Request<CapturedRequestBody<Full<Bytes>>>| {
                let response = response.take().unwrap();
                async move {
                    request.into_body().collect().await.unwrap();
                    Ok::<_, Infallible>(response)
                }
            },
        ));
    drop(service.oneshot(request).await.unwrap());
    let Seen {
        outcome,
        undetermined,
        ..
    } = notes.only();
    (outcome, undetermined)
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).unwrap()
}

fn post(content_type: &str, body: &'static str) -> Request<Full<Bytes>> {
    Request::post("/v1/t/x")
        .header("content-type", content_type)
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test]
async fn an_outcome_takes_a_list_of_statuses_or_classes_of_them() {
    let contract = contract(
        "GET",
        "/x",
        &json!([
            {"name": "INVALID", "status": [400, 422], "legacy": {"status": 409}},
            {"name": "REFUSED", "status": "4xx", "legacy": {"status": 200}},
            {"name": "FAILED", "status": ["5xx", 307]},
        ]),
    );
    for (status, expected) in [
        (400, "INVALID"),
        (422, "INVALID"),
        (404, "REFUSED"),
        (499, "REFUSED"),
        (500, "FAILED"),
        (599, "FAILED"),
        (307, "FAILED"),
        (308, "other"),
        (200, "other"),
        // Never rewritten, so that a class with a legacy shape leaves it out.
        (412, "other"),
    ] {
        let (layer, notes) = layer(contract.clone());
        let response = target(status, Scripted::one("{}"));
        let response = respond(&layer, request("GET", "/v1/t/x"), response).await;
        let seen = notes.only();
        assert_eq!(seen.outcome, expected, "{status}");
        let legacy = match expected {
            "INVALID" => 409,
            "REFUSED" => 200,
            _ => status,
        };
        assert_eq!(response.status(), legacy, "{status}");
        assert_eq!(seen.target_status, status);
        assert_eq!(seen.shape == Shape::Legacy, legacy != status);
    }
}

/// Outcomes of one list read the same field where their statuses differ.
#[tokio::test]
async fn outcomes_with_common_statuses_read_their_fields_of_all_of_them() {
    let contract = contract(
        "GET",
        "/x",
        &json!([
            {"name": "A", "status": [400, 404], "fields": {"/code": "A"},
             "legacy": {"status": 200, "body": {"json": {"why": {"$field": "/why"}}}}},
            {"name": "B", "status": [404, 409], "fields": {"/kind": "B"},
             "legacy": {"status": 200, "body": {"json": {"id": {"$field": "/id"}}}}},
            {"name": "C", "status": 409, "fields": {"/why": 1}},
        ]),
    );
    let body = r#"{"kind": "B", "code": "A", "id": 7, "why": 1}"#;
    for (status, expected, rendered) in [
        (400, "A", r#"{"why":1}"#),
        (404, "A", r#"{"why":1}"#),
        (409, "B", r#"{"id":7}"#),
    ] {
        let (layer, notes) = layer(contract.clone());
        let response = target(status, Scripted::one(body));
        let response = respond(&layer, request("GET", "/v1/t/x"), response).await;
        assert_eq!(notes.only().outcome, expected);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, rendered);
    }
}

#[tokio::test]
async fn a_field_may_be_absent_present_or_of_a_pattern() {
    let contract = contract(
        "GET",
        "/x",
        &json!([
            {"name": "NO_ERROR", "status": 200, "fields": {"/error": {"absent": true}}},
            {"name": "NULL_OR_7", "status": 200, "fields": {"/error": [null, 7]}},
            {"name": "AUTH", "status": 200, "fields": {"/error": [{"pattern": "auth_?*"}, {"pattern": "*é"}]}},
            {"name": "SOME", "status": 200, "fields": {"/error": {"present": true}}},
        ]),
    );
    for (body, expected) in [
        (r#"{"ok": {"error": 1}}"#, "NO_ERROR"),
        ("[]", "NO_ERROR"),
        (r#"{"error": null}"#, "NULL_OR_7"),
        (r#"{"error": 7.0}"#, "NULL_OR_7"),
        (r#"{"error": "auth_denied"}"#, "AUTH"),
        (r#"{"error": "auth\u005fx"}"#, "AUTH"),
        (r#"{"error": "caf\u00e9"}"#, "AUTH"),
        (r#"{"error": "auth_"}"#, "SOME"),
        (r#"{"error": {"auth_x": 1}}"#, "SOME"),
        (r#"{"error": false}"#, "SOME"),
        // What is not whole may still have the field.
        (r#"{"ok": 1"#, "undetermined"),
        // Neither has a body that is no JSON.
        ("", "other"),
    ] {
        let response = target(200, Scripted::one(body));
        let (seen, _) = outcome(&contract, get("/v1/t/x"), response).await;
        assert_eq!(seen, expected, "{body}");
    }
    let html = Response::builder().header("content-type", "text/html");
    let html = html.body(Scripted::one("{}")).unwrap();
    assert_eq!(outcome(&contract, get("/v1/t/x"), html).await.0, "other");
}

#[tokio::test]
async fn a_value_with_escapes_is_compared_as_what_it_says() {
    let contract = contract(
        "GET",
        "/x",
        &json!([
            {"name": "ESCAPED", "status": 200, "fields": {"/error": ["\\u0061", "\n"]}},
            {"name": "PLAIN", "status": 200, "fields": {"/error": "a"}},
        ]),
    );
    for (body, expected) in [
        (r#"{"error": "\\u0061"}"#, "ESCAPED"),
        (r#"{"error": "\u000a"}"#, "ESCAPED"),
        (r#"{"error": "\u0061"}"#, "PLAIN"),
        (r#"{"error": "\\n"}"#, "other"),
    ] {
        let response = target(200, Scripted::one(body));
        let (seen, _) = outcome(&contract, get("/v1/t/x"), response).await;
        assert_eq!(seen, expected, "{body}");
    }
}

#[tokio::test]
async fn headers_of_response_and_request_may_be_absent_present_or_of_a_pattern() {
    let contract = contract(
        "GET",
        "/x",
        &json!([
            {"name": "PROBLEM", "status": 400, "headers": {"content-type": {"pattern": "application/problem+json*"}}},
            {"name": "LATER", "status": 400, "headers": {"retry-after": {"present": true}}},
            {"name": "BETA", "status": 400, "request_headers": {"X-Beta": ["1", {"pattern": "on*"}]}},
            {"name": "ANONYMOUS", "status": 400, "request_headers": {"authorization": {"absent": true}}},
        ]),
    );
    let sent = |response: &[(&str, &str)], request: &[(&str, &str)]| {
        let mut builder = Response::builder().status(400);
        for (name, value) in response {
            builder = builder.header(*name, *value);
        }
        let mut get = Request::get("/v1/t/x");
        for (name, value) in request {
            get = get.header(*name, *value);
        }
        let response = builder.body(Scripted::one("{}")).unwrap();
        (get.body(Full::default()).unwrap(), response)
    };
    let token = ("authorization", "Bearer t");
    for (response, request, expected) in [
        (
            &[("content-type", "application/problem+json; a=b")][..],
            &[][..],
            "PROBLEM",
        ),
        (&[("retry-after", "")], &[], "LATER"),
        (&[], &[("x-beta", "0"), ("x-beta", "on and off")], "BETA"),
        (&[], &[token, ("x-beta", "off")], "other"),
        (&[("content-type", "application/json")], &[], "ANONYMOUS"),
    ] {
        let (request, response) = sent(response, request);
        assert_eq!(outcome(&contract, request, response).await.0, expected);
    }
}

#[tokio::test]
async fn parameters_of_path_and_query_are_decoded() {
    let contract = contract(
        "GET",
        "/items/{id}/{*rest}",
        &json!([
            {"name": "MINE", "status": 200, "path_parameters": {"tenant": "me & you"}},
            {"name": "DEEP", "status": 200, "path_parameters": {"rest": {"pattern": "*/*"}, "id": ["1", "2"]}},
            {"name": "PAGED", "status": 200, "query_parameters": {"page[size]": {"present": true}}},
            {"name": "NAMED", "status": 200, "query_parameters": {"q": {"pattern": "a b*"}}},
            {"name": "ALL", "status": 200, "query_parameters": {"q": {"absent": true}}},
        ]),
    );
    for (path, expected) in [
        ("/v1/me%20%26%20you/items/1/x", "MINE"),
        ("/v1/t/items/2/x/y?q", "DEEP"),
        ("/v1/t/items/3/x/y?q=1&page%5Bsize%5D", "PAGED"),
        ("/v1/t/items/2/x?q=1&q=a+bc", "NAMED"),
        ("/v1/t/items/2/x?q=a%20b", "NAMED"),
        ("/v1/t/items/2/x?p=q", "ALL"),
        ("/v1/t/items/2/x", "ALL"),
        ("/v1/t/items/2/x?q=", "other"),
    ] {
        let response = target(200, Scripted::one("{}"));
        let (seen, _) = outcome(&contract, get(path), response).await;
        assert_eq!(seen, expected, "{path}");
    }
}

#[tokio::test]
async fn fields_of_forms_are_read_where_the_request_is_one() {
    let contract = contract(
        "POST",
        "/x",
        &json!([
            {"name": "DEVICE", "status": 200, "request_form": {"grant_type": {"pattern": "urn:*:device_code"}}},
            {"name": "BARE", "status": 200, "request_form": {"scope": {"absent": true}}},
            {"name": "NEW", "status": 200, "request_fields": {"/grant": {"pattern": "urn:*"}}},
            {"name": "JSON", "status": 200, "request_fields": {"/scope": {"absent": true}}},
            {"name": "REST", "status": 200},
        ]),
    );
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    for (request, expected) in [
        (
            post(form, "a=1&grant_type=urn%3Aietf:device_code&scope=x"),
            "DEVICE",
        ),
        (post(form, "grant_type=password"), "BARE"),
        (post(form, ""), "BARE"),
        (post(form, "grant_type=password&scope="), "REST"),
        (post("application/json", r#"{"a": 1}"#), "JSON"),
        (post("application/json", r#"{"scope": 1}"#), "REST"),
        (
            post("application/json", r#"{"scope": 1, "grant": "urn:1"}"#),
            "NEW",
        ),
        (
            post("application/json", r#"{"scope": 1, "grant": "x"}"#),
            "REST",
        ),
        (post("text/csv", "grant_type=urn:x:device_code"), "REST"),
    ] {
        let shown = format!("{request:?}");
        let response = target(200, Scripted::one("{}"));
        let seen = outcome(&contract, request, response).await;
        assert_eq!(seen, (expected.to_owned(), None), "{shown}");
    }
}

#[tokio::test]
async fn outcomes_that_take_all_bodies_with_fields_leave_those_without() {
    for (member, part) in [
        ("fields", "/a"),
        ("request_fields", "/a"),
        ("request_form", "a"),
    ] {
        let contract = contract(
            "POST",
            "/x",
            &json!([
                {"name": "WITHOUT", "status": 200, member: {part: {"absent": true}}},
                {"name": "WITH", "status": 200, member: {part: {"present": true}}},
                {"name": "REST", "status": 200},
            ]),
        );
        let html = Response::builder().header("content-type", "text/html");
        let html = html.body(Scripted::one("")).unwrap();
        let seen = outcome(&contract, post("text/csv", "a"), html).await;
        assert_eq!(seen, ("REST".to_owned(), None), "{member}");
    }
}

#[tokio::test]
async fn a_form_that_was_not_read_leaves_the_response_undetermined() {
    let contract = contract(
        "POST",
        "/x",
        &json!([
            {"name": "DEVICE", "status": 200, "request_form": {"grant_type": "d"}, "legacy": {"status": 201}},
            {"name": "REST", "status": 200},
        ]),
    );
    let missing = (
        "undetermined".to_owned(),
        Some(SkipReason::RequestFieldsNotCaptured),
    );
    let form = "application/x-www-form-urlencoded";
    let mut encoded = post(form, "grant_type=d");
    let gzip = "gzip".parse().unwrap();
    encoded.headers_mut().insert("content-encoding", gzip);
    let long = post(
        form,
        format!("grant_type=d&a={}", "x".repeat(20_000)).leak(),
    );
    for request in [encoded, long] {
        let response = target(200, Scripted::one("{}"));
        assert_eq!(outcome(&contract, request, response).await, missing);
    }
    // Of a body that its type says to be no form, nothing has to be read.
    let mut encoded = post("application/json", "{}");
    let gzip = "gzip".parse().unwrap();
    encoded.headers_mut().insert("content-encoding", gzip);
    let response = target(200, Scripted::one("{}"));
    let seen = outcome(&contract, encoded, response).await;
    assert_eq!(seen, ("REST".to_owned(), None));
}

#[tokio::test]
async fn a_rewritten_get_varies_by_the_request_headers_that_decide() {
    let outcomes = json!([{
        "name": "OLD", "status": 200, "request_headers": {"x-beta": {"absent": true}}, "legacy": {"status": 203},
    }]);
    let (layer, _) = layer(contract("GET", "/x", &outcomes));
    for (beta, status) in [(None, 203), (Some("1"), 200)] {
        let mut request = request("GET", "/v1/t/x");
        if let Some(beta) = beta {
            request
                .headers_mut()
                .insert("x-beta", beta.parse().unwrap());
        }
        let response = respond(&layer, request, target(200, Scripted::one("{}"))).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["vary"], "x-beta");
    }
}

#[test]
fn a_contract_with_shared_outcomes_says_the_same_as_one_without() {
    let document = json!({
        "outcomes": [
            {"name": "GONE", "status": 410, "legacy": {"status": 404}},
            {"name": "FAILED", "status": "5xx"},
        ],
        "endpoints": [
            {"name": "a", "method": "GET", "path": "/a", "outcomes": ["FAILED", "GONE"]},
            {"name": "b", "method": "GET", "path": "/b/{id}",
             "outcomes": [{"name": "OWN", "status": 410, "path_parameters": {"id": "1"}}, "GONE"]},
        ],
    });
    let read = Contract::from_json(&document.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
    let gone = Outcome::new("GONE", 410).legacy(LegacyShape::new(404));
    let built = Contract::builder()
        .outcome(gone)
        .outcome(Outcome::new("FAILED", "5xx"))
        .endpoint(
            Endpoint::get("a", "/a")
                .shared_outcome("FAILED")
                .shared_outcome("GONE"),
        )
        .endpoint(
            Endpoint::get("b", "/b/{id}")
                .outcome(Outcome::new("OWN", 410).path_parameter("id", "1"))
                .shared_outcome("GONE"),
        )
        .build()
        .unwrap();
    assert_eq!(built, read);
    let moved = read.with_base_path("/v2").unwrap();
    let outcomes = moved.endpoints()[1].outcomes();
    let names: Vec<&str> = outcomes.iter().map(Outcome::name).collect();
    assert_eq!(names, ["OWN", "GONE"]);
    assert_eq!(outcomes[1].legacy_shape().unwrap().status(), 404);
}

#[test]
fn conditions_are_built_as_they_are_read() {
    let read = contract(
        "POST",
        "/{id}",
        &json!([{
            "name": "X", "status": [200, "3xx"],
            "fields": {"/a": ["A", {"pattern": "B*"}, {"absent": true}]},
            "request_fields": {"/b": {"present": true}},
            "headers": {"etag": {"absent": true}},
            "request_headers": {"x-c": "1"},
            "query_parameters": {"d": {"pattern": "?"}},
            "path_parameters": {"id": ["1", "2"]},
        }]),
    );
    let outcome = Outcome::new(
        "X",
        [
            200.into(),
            legacy_http_compat::contract::Statuses::from("3xx"),
        ],
    )
    .path_parameter("id", Matcher::one_of(["1", "2"]))
    .query_parameter("d", Matcher::pattern("?"))
    .request_header("x-c", "1")
    .header("etag", Matcher::absent())
    .request_field("/b", Matcher::present())
    .field_in(
        "/a",
        [
            Matcher::from("A"),
            Matcher::pattern("B*"),
            Matcher::absent(),
        ],
    );
    let endpoint = Endpoint::post("e", "/{id}").outcome(outcome);
    let built = Contract::builder()
        .base_path("/v1/{tenant}")
        .endpoint(endpoint)
        .build();
    assert_eq!(built.unwrap(), read);
    assert!(StatusCode::from_u16(307).is_ok_and(|status| {
        let outcomes = read.endpoints()[0].outcomes();
        outcomes[0].statuses().contains(status.as_u16())
    }));
}
