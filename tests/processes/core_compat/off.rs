//! The switch is off.

use serde_json::json;

use crate::support::{
    device_client::Step,
    server::{CoreServer, INTERVAL},
};

#[tokio::test]
async fn a_new_client_waits_is_approved_and_mints_a_token() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    for _ in 0..3 {
        assert_eq!(client.step().await, Step::KeepPolling(INTERVAL));
    }
    client.decide("approve").await;
    let approved = client.step().await;
    let minted = client.token(&approved).await;
    assert_eq!(minted.status, 200, "{}", minted.text);
    assert_eq!(client.finish().await, Step::stop("INVALID_DEVICE_CODE"));
}

#[tokio::test]
async fn a_new_client_reads_denied_and_expired() {
    let core = CoreServer::start(false).await;
    let mut denied = core.new_client().await;
    denied.decide("deny").await;
    assert_eq!(denied.finish().await, Step::stop("DENIED"));
    let mut expired = core.new_client().await;
    assert_eq!(expired.finish().await, Step::stop("EXPIRED"));
}

#[tokio::test]
async fn the_responses_are_the_handlers_own() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    let (pending, _) = client.poll().await;
    assert_eq!(
        pending.text,
        json!({ "status": "PENDING", "interval": 5 }).to_string()
    );
    client.poll().await.0.assert_error(429, "SLOW_DOWN");
}

#[tokio::test]
async fn an_old_client_is_stranded() {
    let core = CoreServer::start(false).await;
    let mut pending = core.old_client().await;
    let mut denied = core.old_client().await;
    denied.decide("deny").await;
    for client in [&mut pending, &mut denied] {
        let (response, step) = client.poll().await;
        assert_eq!(response.status, 200);
        assert!(matches!(step, Step::Broken(_)), "{step:?}");
    }
}

#[tokio::test]
async fn an_old_client_whose_first_poll_finds_the_approval_does_not_notice() {
    let core = CoreServer::start(false).await;
    let mut client = core.old_client().await;
    client.decide("approve").await;
    let approved = client.step().await;
    assert_eq!(client.token(&approved).await.status, 200);
}

#[tokio::test]
async fn ui_rust_is_refused_a_token_with_a_403() {
    let core = CoreServer::start(false).await;
    let response = core.http.token("anyone", "UI_RUST", "anything").await;
    response.assert_error(403, "FORBIDDEN_ACTOR");
}
