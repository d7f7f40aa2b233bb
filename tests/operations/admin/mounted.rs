//! Under any prefix and under none; methods that a route does not have.

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt as _;

use super::service::{MARA, TestService};

#[tokio::test]
async fn the_service_works_under_any_prefix_and_under_none() {
    for (prefix, home) in [
        ("", "/"),
        ("/rollout", "/rollout"),
        ("/ops/deep/rollout", "/ops/deep/rollout"),
    ] {
        let service = TestService::open_with(|setup| setup.prefix = prefix).await;
        service.viewer().get("/api/status").await.ok();
        service
            .operator()
            .post(
                "/api/incidents",
                &json!({"incident": "INC-1", "reason": "x"}),
            )
            .await
            .ok();
        let response = service
            .stranger
            .post_form("/sign-in", &format!("token={MARA}"))
            .await;
        assert_eq!(response.header("location"), Some(home));
        let cookie = response.header("set-cookie").unwrap();
        assert!(cookie.contains(&format!("; Path={home};")), "{cookie}");
        assert_eq!(
            service.viewer().get("/nowhere").await.problem(),
            "not-found"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_changes_the_path_needs_the_public_path() {
    let service = TestService::open_with(|setup| setup.public_path = Some("/ops/rollout/")).await;
    let response = service
        .stranger
        .post_form(
            "/sign-in",
            &format!("token={MARA}&next=/ops/rollout/journal"),
        )
        .await;
    assert_eq!(response.header("location"), Some("/ops/rollout/journal"));
    assert!(
        response
            .header("set-cookie")
            .unwrap()
            .contains("; Path=/ops/rollout;")
    );
}

#[tokio::test]
async fn a_path_to_another_host_is_no_public_path() {
    let service = TestService::open().await;
    let tokens = legacy_http_compat::admin::Tokens::builder()
        .viewer("wall", legacy_http_compat::admin::TokenDigest::of("x"))
        .build()
        .unwrap();
    for path in [
        "rollout",
        "//evil.example",
        "/a b",
        "/a\"b",
        "https://evil.example",
    ] {
        let builder =
            legacy_http_compat::admin::Admin::builder(service.rollout.clone(), tokens.clone());
        let error = builder.public_path(path).unwrap_err();
        assert_eq!(error.path(), path);
    }
}

#[tokio::test]
async fn beside_other_routes_only_its_own_are_touched() {
    let service = TestService::open().await;
    let app = Router::new()
        .route("/health", axum::routing::get(|| async { "ok" }))
        .nest("/a/{tenant}/rollout", service.admin.router())
        .nest_service("/{tenant}/rollout", service.admin.router());
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    let health = ask("/health").await;
    assert_eq!(
        (
            health.status(),
            health.headers().get("content-security-policy")
        ),
        (StatusCode::OK, None)
    );
    assert_eq!(
        ask("/a/rollout/api/status").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        ask("/a/rollout/openapi.json").await.status(),
        StatusCode::OK
    );
    assert_eq!(
        ask("/a/b/rollout/openapi.json").await.status(),
        StatusCode::OK
    );
    assert_eq!(ask("/a/other").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unsupported_method_is_refused_with_the_supported_ones() {
    let service = TestService::open().await;
    for (method, path, allowed) in [
        ("POST", "/api/status", "GET,HEAD"),
        ("DELETE", "/api/policy", "POST"),
        ("GET", "/api/policy", "POST"),
        ("PUT", "/api/transitions", "POST"),
        ("PATCH", "/openapi.json", "GET,HEAD"),
        ("OPTIONS", "/api/status", "GET,HEAD"),
    ] {
        let client = service.operator();
        let response = client
            .send(method, path, client.request(method, path))
            .await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (405, "method-not-allowed"),
            "{method} {path}"
        );
        assert_eq!(response.header("allow"), Some(allowed), "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let service = TestService::open().await;
    let client = service.viewer();
    for path in ["/api/status", "/api/journal", "/openapi.json"] {
        let response = client
            .send("HEAD", path, client.request("HEAD", path))
            .await;
        assert_eq!(
            (response.status, response.text.as_str()),
            (200, ""),
            "{path}"
        );
    }
    let stream = client
        .send("HEAD", "/api/events", client.request("HEAD", "/api/events"))
        .await;
    assert_eq!(
        (stream.status, stream.header("content-type")),
        (200, Some("text/event-stream"))
    );
    let client = &service.stranger;
    let response = client
        .send("HEAD", "/api/status", client.request("HEAD", "/api/status"))
        .await;
    assert_eq!((response.status, response.text.as_str()), (401, ""));
}

#[tokio::test]
async fn every_request_gets_a_documented_response() {
    let service = TestService::open().await;
    for path in [
        "/api",
        "/api/",
        "/api//status",
        "/api/status/",
        "/api/%00",
        "/a%ff",
        "/api/transitions",
        "/openapi.json/x",
        "/;",
        "/api/status;x=1",
    ] {
        let response = service.viewer().get(path).await;
        assert!(
            [404, 405].contains(&response.status),
            "{path}: {response:?}"
        );
        response.problem();
    }
    for odd in ["\u{feff}", "\u{e9}", "Bearer", "Bearer  ", "Bearer a b c"] {
        let response = service
            .stranger
            .with("authorization", odd)
            .get("/api/status")
            .await;
        assert_eq!(response.status, 401, "{odd}");
    }
}
