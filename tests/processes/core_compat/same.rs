//! What is the same with the switch on and off, byte for byte.

use std::collections::BTreeMap;

use http::HeaderName;
use legacy_http_compat::time::{Clock, Timestamp};

use crate::support::{
    response::Answer,
    server::{CoreServer, INTERVAL},
};

#[tokio::test]
async fn an_invalid_code_and_a_slow_down_are_the_same() {
    let mut responses = Vec::new();
    for compat in [true, false] {
        let core = CoreServer::start(compat).await;
        let mut client = core.old_client().await;
        client.poll().await;
        let tagged = |code: String| {
            let http = core.http.clone();
            async move { http.poll_as(&code, "x-correlation-id", "tag").await }
        };
        let slow = tagged(client.device_code.clone()).await;
        slow.assert_error(429, "SLOW_DOWN");
        assert_eq!(slow.retry_after(), Some(INTERVAL));
        let invalid = tagged("nothing".to_owned()).await;
        invalid.assert_error(400, "INVALID_DEVICE_CODE");
        responses.push([visible(&slow), visible(&invalid)]);
    }
    assert_eq!(responses[0], responses[1]);
}

#[tokio::test]
async fn an_approval_has_the_same_shape_and_its_secret_is_shown_once() {
    for compat in [true, false] {
        let core = CoreServer::start(compat).await;
        let mut client = core.old_client().await;
        client.decide("approve").await;
        let decided_at = core.clock.unix_ms();
        core.clock.advance(INTERVAL);
        let (response, _) = client.poll().await;
        assert_eq!(response.status, 200);
        let mut fields: Vec<_> = response.json.as_object().unwrap().keys().cloned().collect();
        fields.sort_unstable();
        let expected = [
            "approved_at",
            "approved_by_user_id",
            "client_id",
            "client_kind",
            "secret_key",
            "status",
        ];
        assert_eq!(fields, expected);
        let approved_at: Timestamp = response.text_at("/approved_at").parse().unwrap();
        assert_eq!(approved_at.unix_ms(), decided_at);
        assert_eq!(response.text_at("/approved_by_user_id"), "usr_1");
        assert_eq!(response.text_at("/status"), "APPROVED");
        assert_eq!(
            response.header(http::header::CACHE_CONTROL),
            Some("no-store")
        );
        client
            .poll()
            .await
            .0
            .assert_error(400, "INVALID_DEVICE_CODE");
    }
}

#[tokio::test]
async fn start_and_cancel_are_the_same() {
    for compat in [true, false] {
        let core = CoreServer::start(compat).await;
        let client = core.old_client().await;
        let canceled = core.http.cancel(&client.device_code).await;
        assert_eq!(
            (canceled.status, canceled.text.as_str()),
            (200, r#"{"canceled":true}"#)
        );
        core.http
            .start("UI_RUST")
            .await
            .assert_error(422, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn what_is_outside_the_contract_is_the_same() {
    for compat in [true, false] {
        let core = CoreServer::start(compat).await;
        assert_eq!(core.http.get("/healthz").await.text, r#"{"status":"ok"}"#);
        core.http
            .get("/nothing")
            .await
            .assert_error(404, "NOT_FOUND");
        let poll = core.http.get("/api/v1/auth/clients/device/poll").await;
        poll.assert_error(405, "VALIDATION_FAILED");
    }
}

/// Status, headers and body; of the headers, not the time.
fn visible(response: &Answer) -> (u16, BTreeMap<String, String>, String) {
    let headers = response
        .headers
        .iter()
        .filter(|(name, _)| *name != http::header::DATE);
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().expect("ASCII");
        (name.to_string(), value.to_owned())
    });
    (response.status, headers.collect(), response.text.clone())
}

#[tokio::test]
async fn every_response_has_a_correlation_id_and_a_body_that_has_one_says_the_same() {
    for compat in [true, false] {
        let core = CoreServer::start(compat).await;
        let mut client = core.old_client().await;
        let (pending, _) = client.poll().await;
        let desktop = core.http.token("x", "UI_RUST", "y").await;
        let unusable = core
            .http
            .poll_as(&client.device_code, "x-correlation-id", "a b");
        for response in [
            pending,
            desktop,
            unusable.await,
            core.http.start("MCP").await,
        ] {
            let id = response.header(HeaderName::from_static("x-correlation-id"));
            let id = id.expect("every response has the header");
            assert!(id.len() == 36, "{id}");
            let said = response.json.get("correlation_id");
            assert!(said.is_none_or(|said| said == id), "{}", response.text);
        }
        let named = core.http.poll_as("none", "x-request-id", "tag").await;
        assert_eq!(named.text_at("/correlation_id"), "tag");
        named.assert_error(400, "INVALID_DEVICE_CODE");
    }
}
