//! When the flag is read, and what the end of it means.

use http::{Request, Response};
use legacy_http_compat::{FlagState, observation::Shape};
use tokio::sync::oneshot;
use tower::Layer as _;
use tower_test::mock;

use super::{
    PENDING, device_flow,
    exchange::{json, respond},
    observed::lines,
    on, order, orders, poll,
    scripted::{Scripted, Step, read},
};

/// Holds the inner response back, switches, releases it.
async fn switched_before_the_response(before: bool, after: bool) -> (u16, Vec<u8>, Shape) {
    let (layer, flag, notes) = device_flow();
    flag.set(before);
    let (mut service, mut handle) =
        mock::spawn_with::<Request<()>, Response<Scripted>, _, _>(move |mock| layer.layer(mock));
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = tokio::spawn(service.call(poll()));
    let (_, respond) = handle.next_request().await.expect("the request came");
    flag.set(after);
    respond.send_response(json(200, Scripted::one(PENDING)));
    let response = response.await.unwrap().unwrap();
    let status = response.status().as_u16();
    (status, read(response.into_body()).await, notes.only().shape)
}

/// Holds the end of the body back while it is looked at, switches, releases it.
async fn switched_before_the_end(before: bool, after: bool) -> (u16, Vec<u8>, Shape) {
    let (layer, flag, notes) = device_flow();
    flag.set(before);
    let (release, held) = oneshot::channel();
    let (start, rest) = PENDING.split_at(10);
    let body = Scripted::new([
        Step::Data(start.into()),
        Step::Held(held),
        Step::Data(rest.into()),
    ]);
    let mut response = Box::pin(respond(&layer, poll(), json(200, body)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(response.as_mut().poll(&mut cx).is_pending());
    flag.set(after);
    release.send(()).unwrap();
    let response = response.await;
    let status = response.status().as_u16();
    (status, read(response.into_body()).await, notes.only().shape)
}

fn assert_target((status, body, shape): (u16, Vec<u8>, Shape)) {
    assert_eq!((status, shape), (200, Shape::Target));
    assert_eq!(body, PENDING.as_bytes());
}

fn assert_legacy((status, body, shape): (u16, Vec<u8>, Shape)) {
    assert_eq!((status, shape), (401, Shape::Legacy));
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["code"], "AUTHORIZATION_PENDING");
}

#[tokio::test]
async fn a_response_released_after_the_flag_went_off_has_the_target_shape() {
    assert_target(switched_before_the_response(true, false).await);
}

#[tokio::test]
async fn a_response_released_after_the_flag_went_on_has_the_legacy_shape() {
    assert_legacy(switched_before_the_response(false, true).await);
}

#[tokio::test]
async fn a_flag_that_goes_off_while_the_body_is_looked_at_leaves_the_target_shape() {
    assert_target(switched_before_the_end(true, false).await);
}

#[tokio::test]
async fn a_flag_that_goes_on_while_the_body_is_looked_at_gives_the_legacy_shape() {
    assert_legacy(switched_before_the_end(false, true).await);
}

#[tokio::test]
async fn a_flag_that_flips_after_the_decision_does_not_change_the_response() {
    let (layer, flag, _) = device_flow();
    let response = respond(&layer, poll(), json(200, Scripted::one(PENDING))).await;
    flag.set(false);
    assert_eq!(response.status(), 401);
    let body: serde_json::Value =
        serde_json::from_slice(&read(response.into_body()).await).unwrap();
    assert_eq!(body["code"], "AUTHORIZATION_PENDING");
}

#[tokio::test]
async fn with_the_flag_off_a_dependent_caller_is_counted_as_stranded() {
    let (layer, flag, notes) = device_flow();
    flag.set(false);
    let response = respond(&layer, poll(), json(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 200);
    let seen = notes.only();
    assert_eq!(
        (seen.outcome.as_str(), seen.shape, seen.skip),
        ("PENDING", Shape::Target, None)
    );
    assert!(seen.stranded);
}

#[tokio::test]
async fn a_retired_layer_is_an_identity() {
    let found = serde_json::json!([{
        "name": "FOUND", "status": 200, "legacy": {"status": 404, "body": {"json": {
            "trace": {"$header": "x-trace", "omit_if_absent": true},
        }}},
    }]);
    let (layer, flag, notes) = on(orders(&found));
    flag.retire();
    let body = Scripted::one(PENDING);
    let polls = body.polls();
    let response = respond(&layer, order(), json(200, body)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(lines(&response, "vary"), [""; 0], "not even Vary");
    assert_eq!(polls.count(), 0, "nobody looked at the body");
    assert_eq!(notes.all(), []);
}

#[tokio::test]
async fn a_retired_flag_never_rewrites_again() {
    let (layer, flag, notes) = device_flow();
    flag.retire();
    assert_eq!(flag.set(true), FlagState::Retired);
    let response = respond(&layer, poll(), json(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(notes.all(), []);
}

#[tokio::test]
async fn a_request_that_came_before_the_retirement_gets_the_target_shape() {
    let (layer, flag, _) = device_flow();
    let (release, held) = oneshot::channel();
    let body = Scripted::new([Step::Held(held), Step::Data(PENDING.into())]);
    let mut response = Box::pin(respond(&layer, poll(), json(200, body)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(response.as_mut().poll(&mut cx).is_pending());
    flag.retire();
    release.send(()).unwrap();
    assert_eq!(response.await.status(), 200);
}
