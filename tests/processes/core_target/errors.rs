//! What is wrong with a request is said in the API's error model.

use reqwest::{Method, header};
use serde_json::json;

use crate::support::{http_client::send, server::CoreServer};

const POLL: &str = "/api/v1/auth/clients/device/poll";
const ENDPOINTS: [&str; 4] = ["device/start", "device/poll", "device/cancel", "token"];

#[tokio::test]
async fn malformed_json_is_no_valid_request() {
    let core = CoreServer::start(false).await;
    for endpoint in ENDPOINTS {
        for body in [
            "",
            "{",
            "null",
            "[\"AGENT\"]",
            "{\"device_code\":}",
            "{} {}",
        ] {
            let path = format!("/api/v1/auth/clients/{endpoint}");
            let request = core.http.request(Method::POST, &path).body(body);
            let response = send(request.header(header::CONTENT_TYPE, "application/json")).await;
            response.assert_error(422, "VALIDATION_FAILED");
        }
    }
}

#[tokio::test]
async fn an_unknown_a_missing_and_a_mistyped_field_are_refused() {
    let core = CoreServer::start(false).await;
    for (endpoint, body) in [
        ("device/start", json!({ "client_kind": "AGENT", "more": 1 })),
        ("device/start", json!({ "client_kind": "PHONE" })),
        (
            "device/start",
            json!({ "client_kind": "AGENT", "client_label": "x".repeat(101) }),
        ),
        (
            "device/start",
            json!({ "client_kind": "AGENT", "client_label": "a\u{7}b" }),
        ),
        ("device/poll", json!({ "device_code": "x", "more": 1 })),
        ("device/poll", json!({ "device_code": 5 })),
        ("device/cancel", json!({})),
        ("token", json!({ "client_id": "x", "client_kind": "MCP" })),
        (
            "token",
            json!({ "client_id": "x", "client_kind": "UI_RUST", "secret_key": "y", "z": 0 }),
        ),
    ] {
        let response = core.http.clients(endpoint, &body).await;
        response.assert_error(422, "VALIDATION_FAILED");
        assert!(!response.text_at("/details/problem").is_empty());
    }
}

#[tokio::test]
async fn another_media_type_is_refused() {
    let core = CoreServer::start(false).await;
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ] {
        let request = core
            .http
            .request(Method::POST, POLL)
            .body("{\"device_code\":\"x\"}");
        let response = send(request.header(header::CONTENT_TYPE, media_type)).await;
        response.assert_error(415, "VALIDATION_FAILED");
    }
    let untyped = core.http.request(Method::POST, POLL).body("{}");
    send(untyped).await.assert_error(415, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_media_type_may_have_parameters() {
    let core = CoreServer::start(false).await;
    let request = core
        .http
        .request(Method::POST, POLL)
        .body("{\"device_code\":\"x\"}");
    let media_type = "Application/JSON; charset=utf-8";
    let response = send(request.header(header::CONTENT_TYPE, media_type)).await;
    response.assert_error(400, "INVALID_DEVICE_CODE");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let core = CoreServer::start(false).await;
    for endpoint in ENDPOINTS {
        let body = json!({ "device_code": "x".repeat(512 * 1024) });
        let response = core.http.clients(endpoint, &body).await;
        response.assert_error(413, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    let core = CoreServer::start(false).await;
    for path in [
        "/api/v1/auth/clients",
        "/api/v1/auth/clients/nothing",
        "/api/v2/x",
    ] {
        core.http.get(path).await.assert_error(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_wrong_method_is_refused_and_the_right_one_named() {
    let core = CoreServer::start(false).await;
    for (method, path, allowed) in [
        (Method::GET, POLL, "POST"),
        (Method::DELETE, "/healthz", "GET,HEAD"),
    ] {
        let response = send(core.http.request(method, path)).await;
        response.assert_error(405, "VALIDATION_FAILED");
        assert_eq!(response.header(header::ALLOW), Some(allowed));
    }
}

#[tokio::test]
async fn an_error_carries_the_correlation_id_of_its_request() {
    let core = CoreServer::start(false).await;
    let tagged = |headers: &[(&'static str, &'static str)]| {
        headers.iter().fold(
            core.http.request(Method::GET, "/nothing"),
            |request, (name, value)| request.header(*name, *value),
        )
    };
    let both = tagged(&[("x-request-id", "second"), ("x-correlation-id", "first")]);
    assert_eq!(send(both).await.text_at("/correlation_id"), "first");
    let one = tagged(&[("x-request-id", "second")]);
    assert_eq!(send(one).await.text_at("/correlation_id"), "second");
    let unusable = tagged(&[("x-correlation-id", "a b"), ("x-request-id", "second")]);
    assert_eq!(send(unusable).await.text_at("/correlation_id"), "second");
}

#[tokio::test]
async fn an_error_without_a_correlation_id_gets_a_new_one() {
    let core = CoreServer::start(false).await;
    let (one, other) = (
        core.http.get("/nothing").await,
        core.http.get("/nothing").await,
    );
    let ids = [
        one.text_at("/correlation_id"),
        other.text_at("/correlation_id"),
    ];
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0].len(), 36);
}
