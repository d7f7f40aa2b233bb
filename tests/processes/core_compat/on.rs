//! The switch is on.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    device_client::Step,
    server::{CoreServer, EXPIRES_IN, INTERVAL},
};

#[tokio::test]
async fn an_old_client_waits_is_approved_and_mints_a_token() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    for _ in 0..3 {
        assert_eq!(client.step().await, Step::KeepPolling(INTERVAL));
    }
    client.decide("approve").await;
    let approved = client.step().await;
    let minted = client.token(&approved).await;
    assert_eq!(minted.status, 200, "{}", minted.text);
    let me = core.http.me(minted.text_at("/access_token")).await;
    assert_eq!(me.status, 200);
    assert_eq!(client.finish().await, Step::stop("INVALID_DEVICE_CODE"));
}

#[tokio::test]
async fn pending_is_a_401_in_the_error_model_that_names_the_interval() {
    let two_seconds = Duration::from_secs(2);
    let core = CoreServer::start_with(true, |settings| settings.interval = two_seconds).await;
    let (response, step) = core.old_client().await.poll().await;
    response.assert_error(401, "AUTHORIZATION_PENDING");
    assert_eq!(response.json["details"], json!({ "interval": 2 }));
    assert_eq!(step, Step::KeepPolling(two_seconds));
    assert!(response.header(http::header::WWW_AUTHENTICATE).is_some());
}

#[tokio::test]
async fn an_old_client_that_is_denied_stops() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    client.step().await;
    client.decide("deny").await;
    let (response, step) = client.poll().await;
    response.assert_error(403, "ACCESS_DENIED");
    assert_eq!(step, Step::stop("ACCESS_DENIED"));
}

#[tokio::test]
async fn an_old_client_that_nobody_responses_stops_when_its_code_expires() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    assert_eq!(client.finish().await, Step::stop("EXPIRED_DEVICE_CODE"));
    core.clock.advance(INTERVAL);
    let (response, _) = client.poll().await;
    response.assert_error(400, "EXPIRED_DEVICE_CODE");
}

#[tokio::test]
async fn an_old_client_that_polls_too_fast_slows_down_and_goes_on() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    client.poll().await;
    let (response, step) = client.poll().await;
    response.assert_error(429, "SLOW_DOWN");
    assert_eq!(step, Step::KeepPolling(INTERVAL));
    core.clock.advance(INTERVAL);
    client
        .poll()
        .await
        .0
        .assert_error(401, "AUTHORIZATION_PENDING");
}

#[tokio::test]
async fn an_old_client_with_a_code_that_is_not_known_stops() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    core.http.cancel(&client.device_code).await;
    assert_eq!(client.finish().await, Step::stop("INVALID_DEVICE_CODE"));
}

#[tokio::test]
async fn a_legacy_response_is_framed_exactly_and_keeps_the_other_headers() {
    let core = CoreServer::start(true).await;
    let (response, _) = core.old_client().await.poll().await;
    let length = response.text.len().to_string();
    assert_eq!(
        response.header(http::header::CONTENT_LENGTH),
        Some(length.as_str())
    );
    assert_eq!(
        response.header(http::header::CACHE_CONTROL),
        Some("no-store")
    );
    assert!(response.header(http::header::DATE).is_some());
}

#[tokio::test]
async fn a_legacy_response_carries_the_correlation_id_of_its_request() {
    let core = CoreServer::start(true).await;
    let client = core.old_client().await;
    for header in ["x-correlation-id", "x-request-id"] {
        let response = core
            .http
            .poll_as(&client.device_code, header, "mine-\"1\"")
            .await;
        response.assert_error(401, "AUTHORIZATION_PENDING");
        assert_eq!(response.text_at("/correlation_id"), "mine-\"1\"");
        core.clock.advance(INTERVAL);
    }
    let (one, other) = (
        core.old_client().await.poll().await.0,
        core.old_client().await.poll().await.0,
    );
    assert_ne!(
        one.text_at("/correlation_id"),
        other.text_at("/correlation_id")
    );
}

#[tokio::test]
async fn a_new_client_gets_the_target_responses_beside_the_old_ones() {
    let core = CoreServer::start(true).await;
    let mut approved = core.new_client().await;
    assert_eq!(approved.step().await, Step::KeepPolling(INTERVAL));
    approved.decide("approve").await;
    let credentials = approved.step().await;
    assert_eq!(approved.token(&credentials).await.status, 200);

    let mut denied = core.new_client().await;
    denied.decide("deny").await;
    assert_eq!(denied.step().await, Step::stop("DENIED"));

    let mut expired = core.new_client().await;
    core.clock.advance(EXPIRES_IN);
    assert_eq!(expired.step().await, Step::stop("EXPIRED"));
}

#[tokio::test]
async fn a_client_that_opts_in_gets_the_target_response_whatever_its_version() {
    let core = CoreServer::start(true).await;
    let client = core.old_client().await;
    let device = &client.device_code;
    let opted_in = core.http.poll_as(device, "x-status-driven", "1").await;
    assert_eq!(opted_in.text_at("/status"), "PENDING");
}

#[tokio::test]
async fn an_old_ui_rust_is_refused_a_token_as_it_always_was() {
    let core = CoreServer::start(true).await;
    let response = core.http.token("anyone", "UI_RUST", "anything").await;
    response.assert_error(422, "VALIDATION_FAILED");
    let other = core.http.token("anyone", "MCP", "anything").await;
    other.assert_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_new_ui_rust_is_refused_a_token_with_a_403() {
    let core = CoreServer::start(true).await;
    let upgraded = core.http.clone().with_user_agent("core-ui-rust/2.1.0");
    let response = upgraded.token("anyone", "UI_RUST", "anything").await;
    response.assert_error(403, "FORBIDDEN_ACTOR");
}
