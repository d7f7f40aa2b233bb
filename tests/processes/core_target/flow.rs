//! Start, poll, cancel.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    device_client::Step,
    server::{CoreServer, EXPIRES_IN, INTERVAL},
};

#[tokio::test]
async fn a_start_gives_two_codes_and_says_where_to_approve() {
    let core = CoreServer::start(false).await;
    let started = core.http.start("AGENT").await;
    assert_eq!(started.status, 200);
    let user_code = started.text_at("/user_code");
    let (left, right) = user_code.split_once('-').unwrap();
    for half in [left, right] {
        assert_eq!(half.len(), 4, "{user_code}");
        assert!(
            half.bytes()
                .all(|letter| b"BCDFGHJKLMNPQRSTVWXZ".contains(&letter))
        );
    }
    let uri = started.text_at("/verification_uri");
    assert!(uri.ends_with("/device"), "{uri}");
    let complete = started.text_at("/verification_uri_complete");
    assert_eq!(complete, format!("{uri}?user_code={user_code}"));
    assert_eq!(started.json["expires_in"], 900);
    assert_eq!(started.json["interval"], 5);
    assert_eq!(started.json.as_object().unwrap().len(), 6);
    assert_eq!(
        started.header(http::header::CACHE_CONTROL),
        Some("no-store")
    );
}

#[tokio::test]
async fn every_start_gives_new_codes() {
    let core = CoreServer::start(false).await;
    let (one, other) = (core.http.start("MCP").await, core.http.start("MCP").await);
    for code in ["/device_code", "/user_code"] {
        assert_ne!(one.text_at(code), other.text_at(code));
    }
}

#[tokio::test]
async fn an_undecided_code_is_pending() {
    let core = CoreServer::start(false).await;
    let (response, step) = core.new_client().await.poll().await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json, json!({ "status": "PENDING", "interval": 5 }));
    assert_eq!(step, Step::KeepPolling(INTERVAL));
}

#[tokio::test]
async fn an_approved_code_shows_its_secret_once() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.step().await;
    client.decide("approve").await;

    let (response, step) = client.poll().await;
    assert!(matches!(step, Step::Approved(_)), "{step:?}");
    assert_eq!(response.json["client_kind"], "AGENT");
    assert_eq!(response.json.as_object().unwrap().len(), 6);
    assert_eq!(
        response.header(http::header::CACHE_CONTROL),
        Some("no-store")
    );

    let again = core.http.poll(&client.device_code).await;
    again.assert_error(400, "INVALID_DEVICE_CODE");
    assert_eq!(client.finish().await, Step::stop("INVALID_DEVICE_CODE"));
}

#[tokio::test]
async fn a_denied_code_stays_denied() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.decide("deny").await;
    for _ in 0..2 {
        let (response, step) = client.poll().await;
        assert_eq!((response.status, step), (200, Step::stop("DENIED")));
        assert_eq!(response.json, json!({ "status": "DENIED" }));
        core.clock.advance(EXPIRES_IN);
    }
}

#[tokio::test]
async fn a_code_that_nobody_decides_expires() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    assert_eq!(client.finish().await, Step::stop("EXPIRED"));
    core.clock.advance(INTERVAL);
    let (response, _) = client.poll().await;
    assert_eq!(response.json, json!({ "status": "EXPIRED" }));
}

#[tokio::test]
async fn an_approval_that_nobody_collects_expires_too() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.decide("approve").await;
    core.clock.advance(EXPIRES_IN);
    assert_eq!(client.step().await, Step::stop("EXPIRED"));
}

#[tokio::test]
async fn a_code_long_after_its_time_is_unknown() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    core.clock
        .advance(EXPIRES_IN + Duration::from_secs(24 * 60 * 60));
    core.http.start("MCP").await;
    assert_eq!(client.step().await, Step::stop("INVALID_DEVICE_CODE"));
}

#[tokio::test]
async fn an_unknown_code_is_invalid() {
    let core = CoreServer::start(false).await;
    for code in ["", "dvc_00", "\u{1F511}"] {
        let invalid = "INVALID_DEVICE_CODE";
        core.http.poll(code).await.assert_error(400, invalid);
        core.http.cancel(code).await.assert_error(400, invalid);
    }
}

#[tokio::test]
async fn a_cancelled_code_is_invalid_from_then_on() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    let canceled = core.http.cancel(&client.device_code).await;
    assert_eq!(
        (canceled.status, canceled.json),
        (200, json!({ "canceled": true }))
    );

    assert_eq!(client.step().await, Step::stop("INVALID_DEVICE_CODE"));
    let again = core.http.cancel(&client.device_code).await;
    again.assert_error(400, "INVALID_DEVICE_CODE");
    let decided = core.http.decide(&client.user_code, "approve").await;
    assert_eq!(decided.status, 409, "nobody can approve it any more");
}

#[tokio::test]
async fn an_expired_code_cannot_be_cancelled() {
    let core = CoreServer::start(false).await;
    let client = core.new_client().await;
    core.clock.advance(EXPIRES_IN);
    let response = core.http.cancel(&client.device_code).await;
    response.assert_error(400, "EXPIRED_DEVICE_CODE");
}

#[tokio::test]
async fn ui_rust_gets_no_device_code() {
    let core = CoreServer::start(false).await;
    let response = core.http.start("UI_RUST").await;
    response.assert_error(422, "VALIDATION_FAILED");
}

#[tokio::test]
async fn the_old_client_breaks_on_the_target_responses() {
    let core = CoreServer::start(false).await;
    let step = core.old_client().await.step().await;
    assert!(matches!(step, Step::Broken(_)), "{step:?}");
}
