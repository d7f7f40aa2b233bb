//! Legacy shapes without a template, and responses that are never rewritten.

use http::{HeaderMap, HeaderValue};
use legacy_http_compat::observation::Shape;
use serde_json::json;

use super::{
    exchange::{json as target, respond},
    observed::lines,
    on, order, orders,
    scripted::{Scripted, Size, Step, record},
};

#[tokio::test]
async fn a_shape_without_a_body_changes_status_and_headers_and_leaves_the_body_as_it_is() {
    let (layer, _, notes) = on(orders(&json!([{"name": "GONE", "status": 410, "legacy": {
        "status": 404, "set_headers": {"x-old": "1"},
    }}])));
    let body = || {
        let trailers =
            HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("1"))]);
        Scripted::new([
            Step::Data("any ".into()),
            Step::Pending,
            Step::Data("bytes".into()),
            Step::Trailers(trailers),
        ])
        .size(Size::Unknown)
    };
    let mut response = target(410, body());
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/plain"));
    response
        .headers_mut()
        .insert("content-encoding", HeaderValue::from_static("x-mine"));
    response
        .headers_mut()
        .insert("etag", HeaderValue::from_static("\"1\""));
    let response = respond(&layer, order(), response).await;
    assert_eq!(response.status(), 404);
    assert_eq!(lines(&response, "x-old"), ["1"]);
    assert_eq!(lines(&response, "content-type"), ["text/plain"]);
    assert_eq!(lines(&response, "content-encoding"), ["x-mine"]);
    assert_eq!(lines(&response, "etag"), [""; 0]);
    assert_eq!(record(response.into_body()).await, record(body()).await);
    assert_eq!(notes.only().shape, Shape::Legacy);
}

#[tokio::test]
async fn an_as_is_shape_that_is_told_by_a_field_hands_the_looked_at_body_on() {
    let (layer, _, notes) = on(orders(&json!([
        {"name": "GONE", "status": 200, "fields": {"/gone": true}, "legacy": {"status": 410}},
    ])));
    let body = || Scripted::frames([r#"{"gone""#, ":tr", "ue}"]);
    let response = respond(&layer, order(), target(200, body())).await;
    assert_eq!(response.status(), 410);
    assert_eq!(record(response.into_body()).await, record(body()).await);
    assert_eq!(notes.only().shape, Shape::Legacy);
}

#[tokio::test]
async fn an_empty_shape_has_no_body_and_says_so() {
    let (layer, _, _) = on(orders(&json!([{"name": "GONE", "status": 200, "legacy": {
        "status": 404, "body": "empty",
    }}])));
    let response = respond(&layer, order(), target(200, Scripted::one("{}"))).await;
    assert_eq!(response.status(), 404);
    assert_eq!(lines(&response, "content-length"), ["0"]);
    assert_eq!(lines(&response, "content-type"), [""; 0]);
    let sights = record(response.into_body()).await;
    assert_eq!(sights.len(), 1, "only the end");
    assert!(sights[0].is_end_stream);
    assert_eq!((sights[0].lower, sights[0].upper), (0, Some(0)));
}

#[tokio::test]
async fn a_shape_of_204_has_neither_body_nor_length() {
    let (layer, _, _) = on(orders(&json!([{"name": "DONE", "status": 200, "legacy": {
        "status": 204, "body": "empty",
    }}])));
    let mut response = target(200, Scripted::one("{}"));
    response
        .headers_mut()
        .insert("content-length", HeaderValue::from_static("2"));
    let response = respond(&layer, order(), response).await;
    assert_eq!(response.status(), 204);
    assert_eq!(lines(&response, "content-length"), [""; 0]);
    assert_eq!(lines(&response, "content-type"), [""; 0]);
    assert!(record(response.into_body()).await[0].is_end_stream);
}

#[tokio::test]
async fn a_status_without_a_body_of_its_own_is_never_rewritten_and_no_skip() {
    let (layer, _, notes) = on(orders(&json!([
        {"name": "FOUND", "status": 200, "legacy": {"status": 404, "body": "empty"}},
    ])));
    for status in [100, 103, 206, 304, 412] {
        let mut response = target(status, Scripted::new([]));
        response
            .headers_mut()
            .insert("etag", HeaderValue::from_static("\"1\""));
        let response = respond(&layer, order(), response).await;
        assert_eq!(response.status(), status);
        assert_eq!(lines(&response, "etag"), ["\"1\""]);
        let expected = ("other".to_owned(), Shape::Target, None);
        assert_eq!(notes.take(), expected, "{status}");
    }
}

#[tokio::test]
async fn a_target_response_without_a_body_gets_one() {
    for status in [204, 205] {
        let (layer, flag, notes) = on(orders(
            &json!([{"name": "DELETED", "status": status, "legacy": {
                "status": 200, "body": {"json": {"deleted": true}},
            }}]),
        ));
        let bodiless = || {
            http::Response::builder()
                .status(status)
                .body(Scripted::new([]))
                .unwrap()
        };
        let response = respond(&layer, order(), bodiless()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(lines(&response, "content-type"), ["application/json"]);
        assert_eq!(lines(&response, "content-length"), ["16"]);
        let sights = record(response.into_body()).await;
        assert_eq!(super::scripted::data(&sights), br#"{"deleted":true}"#);
        assert_eq!(notes.take().1, Shape::Legacy);

        flag.set(false);
        let response = respond(&layer, order(), bodiless()).await;
        assert_eq!(response.status(), status);
        assert_eq!(lines(&response, "content-length"), [""; 0]);
        assert!(notes.only().stranded);
    }
}

#[tokio::test]
async fn an_upgrade_is_never_rewritten_and_no_skip() {
    let (layer, _, notes) = on(orders(&json!([
        {"name": "FOUND", "status": 200, "legacy": {"status": 404, "body": "empty"}},
    ])));
    let mut response = target(101, Scripted::new([]));
    response
        .headers_mut()
        .insert("upgrade", HeaderValue::from_static("websocket"));
    let response = respond(&layer, order(), response).await;
    assert_eq!(response.status(), 101);
    assert_eq!(lines(&response, "upgrade"), ["websocket"]);
    assert_eq!(notes.take(), ("other".to_owned(), Shape::Target, None));
}

#[tokio::test]
async fn a_shape_that_needs_nothing_of_the_body_replaces_any_body() {
    let (layer, _, notes) = on(orders(&json!([
        {"name": "GONE", "status": 410, "legacy": {"status": 404, "body": {"json": {"gone": true}}}},
    ])));
    let body = Scripted::new([Step::Data("<html>".into()), Step::Error("reset")]);
    let polls = body.polls();
    let mut response = target(410, body);
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/html"));
    let response = respond(&layer, order(), response).await;
    let sights = record(response.into_body()).await;
    assert_eq!(super::scripted::data(&sights), br#"{"gone":true}"#);
    assert_eq!(polls.count(), 0);
    assert_eq!(notes.only().shape, Shape::Legacy);
}
