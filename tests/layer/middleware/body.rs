//! How far a body is looked at, and what is handed on when it is not rewritten.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use http::{HeaderMap, HeaderValue};
use legacy_http_compat::{
    Contract, LegacyHttpCompatLayer,
    contract::Endpoint,
    observation::{Shape, SkipReason},
};

use super::{
    APPROVED, PENDING, device_flow,
    exchange::{json, respond},
    observed::{Notes, lines},
    on, order, orders, poll,
    scripted::{Polls, Scripted, Seen, Sight, Size, Step, read, record},
};

fn limited(limit: usize) -> (LegacyHttpCompatLayer, Notes) {
    let (layer, _, notes) = device_flow();
    (layer.body_limit(limit), notes)
}

async fn seen(layer: &LegacyHttpCompatLayer, body: Scripted) -> Vec<Sight> {
    record(respond(layer, poll(), json(200, body)).await.into_body()).await
}

fn padded(length: usize) -> String {
    format!(r#"{{"status":"PENDING","pad":"{}"}}"#, "x".repeat(length))
}

fn skipped(reason: SkipReason) -> (String, Shape, Option<SkipReason>) {
    ("undetermined".to_owned(), Shape::Target, Some(reason))
}

/// The outcome is known; what its shape needs of the body is not.
fn incomplete(reason: SkipReason) -> (String, Shape, Option<SkipReason>) {
    ("PENDING".to_owned(), Shape::Target, Some(reason))
}

/// Gives the response with this body, which must pass as it is, and says how often it was polled by then.
async fn polls_before_leaving(layer: &LegacyHttpCompatLayer, body: Scripted) -> usize {
    let polls: Polls = body.polls();
    let response = respond(layer, poll(), json(200, body)).await;
    assert_eq!(response.status(), 200);
    polls.count()
}

#[tokio::test]
async fn a_body_whose_size_is_over_the_limit_is_refused_without_polling_it() {
    let (layer, notes) = limited(64);
    let body = Scripted::one(padded(64));
    assert_eq!(polls_before_leaving(&layer, body).await, 0);
    assert_eq!(notes.take(), skipped(SkipReason::BodyTooLarge));

    let body = Scripted::one(PENDING).size(Size::Fixed {
        lower: 65,
        upper: None,
    });
    assert_eq!(polls_before_leaving(&layer, body).await, 0);
    assert_eq!(notes.take(), skipped(SkipReason::BodyTooLarge));
}

#[tokio::test]
async fn a_body_that_turns_out_to_be_over_the_limit_passes_through_whole() {
    let (layer, notes) = limited(64);
    let text = padded(200);
    let frames: Vec<&str> = [&text[..30], "", &text[30..70], &text[70..90], &text[90..]].into();
    let sights = seen(&layer, Scripted::frames(frames.iter().copied())).await;
    assert_eq!(sights, record(Scripted::frames(frames)).await);
    assert_eq!(notes.take(), incomplete(SkipReason::BodyTooLarge));
}

#[tokio::test]
async fn reading_stops_with_the_frame_that_goes_over_the_limit() {
    let (layer, notes) = limited(64);
    let text = padded(200);
    let body = Scripted::frames([&text[..60], &text[60..70], &text[70..90], &text[90..]]);
    assert_eq!(polls_before_leaving(&layer, body).await, 2);
    assert_eq!(notes.take(), incomplete(SkipReason::BodyTooLarge));
}

#[tokio::test]
async fn a_body_of_endless_empty_frames_is_not_read_for_ever() {
    let (layer, notes) = limited(64);
    let frames = || Scripted::frames(vec![""; 1_000]);
    assert!(polls_before_leaving(&layer, frames()).await <= 128);
    assert_eq!(notes.take(), skipped(SkipReason::BodyTooLarge));
    assert_eq!(seen(&layer, frames()).await, record(frames()).await);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_rewritten() {
    for body in [
        Scripted::one(PENDING),
        Scripted::frames([&PENDING[..3], &PENDING[3..]]),
    ] {
        let (layer, notes) = limited(PENDING.len());
        assert_eq!(respond(&layer, poll(), json(200, body)).await.status(), 401);
        assert_eq!(notes.only().shape, Shape::Legacy);
    }
}

#[tokio::test]
async fn the_limit_is_sixteen_kibibytes_unless_said_otherwise() {
    let (layer, _, notes) = device_flow();
    let around = padded(0).len();
    for (length, shape) in [(16 * 1024, Shape::Legacy), (16 * 1024 + 1, Shape::Target)] {
        let body = Scripted::one(padded(length - around));
        drop(respond(&layer, poll(), json(200, body)).await);
        assert_eq!(notes.take().1, shape, "{length} bytes");
    }
}

#[tokio::test]
async fn a_body_of_many_frames_is_rewritten_as_one_text() {
    let (layer, _, notes) = device_flow();
    let bytes = PENDING.as_bytes().chunks(1);
    let frames = bytes.flat_map(|byte| [Step::Pending, Step::Data(byte.to_vec().into())]);
    let body = Scripted::new(frames)
        .size(Size::Unknown)
        .never_announces_end();
    let response = respond(&layer, poll(), json(200, body)).await;
    assert_eq!(response.status(), 401);
    let length = lines(&response, "content-length")[0]
        .parse::<usize>()
        .unwrap();
    assert_eq!(read(response.into_body()).await.len(), length);
    assert_eq!(notes.only().shape, Shape::Legacy);
}

#[tokio::test]
async fn a_body_that_was_looked_at_and_is_not_rewritten_keeps_its_frames_and_trailers() {
    let (layer, _, notes) = device_flow();
    let trailers =
        HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("1"))]);
    let body = || {
        let (start, rest) = APPROVED.split_at(20);
        Scripted::new([
            Step::Data(start.into()),
            Step::Pending,
            Step::Data("".into()),
            Step::Data(rest.into()),
            Step::Trailers(trailers.clone()),
        ])
        .size(Size::AtLeastHalf)
    };
    assert_eq!(seen(&layer, body()).await, record(body()).await);
    assert_eq!(notes.take(), ("APPROVED".to_owned(), Shape::Target, None));
}

#[tokio::test]
async fn a_rewritten_response_has_no_trailers() {
    let (layer, _, _) = device_flow();
    let trailers =
        HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("1"))]);
    let body = Scripted::new([Step::Data(PENDING.into()), Step::Trailers(trailers)]);
    let mut response = json(200, body);
    response
        .headers_mut()
        .insert("trailer", HeaderValue::from_static("x-sum"));
    let response = respond(&layer, poll(), response).await;
    assert_eq!(response.status(), 401);
    assert_eq!(lines(&response, "trailer"), [""; 0]);
    let sights = record(response.into_body()).await;
    assert!(matches!(sights[0].seen, Seen::Data(_)));
    assert_eq!(sights[1].seen, Seen::End);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_handed_on_with_its_error_and_counted() {
    let (layer, _, notes) = device_flow();
    let body = || {
        let (start, rest) = PENDING.split_at(20);
        Scripted::new([
            Step::Data(start.into()),
            Step::Error("reset"),
            Step::Data(rest.into()),
        ])
    };
    assert_eq!(seen(&layer, body()).await, record(body()).await);
    assert_eq!(notes.take(), incomplete(SkipReason::BodyError));
}

/// What each poll returns, up to an error.
fn polled<B: http_body::Body + Unpin>(mut body: B) -> Vec<&'static str> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut polled = Vec::new();
    while polled.last() != Some(&"error") {
        polled.push(match Pin::new(&mut body).poll_frame(&mut cx) {
            Poll::Pending => "pending",
            Poll::Ready(Some(Ok(_))) => "data",
            Poll::Ready(Some(Err(_))) => "error",
            Poll::Ready(None) => panic!("an end before the error"),
        });
    }
    polled
}

/// A server writes its buffer when the body is pending, and drops it with the connection at an error.
#[tokio::test]
async fn an_error_behind_data_that_was_kept_waits_for_one_pending_poll() {
    let (layer, _, _) = device_flow();
    let kept = || Step::Data(APPROVED.into());
    let error = || Step::Error("reset");
    for (steps, expected) in [
        (vec![kept(), error()], &["data", "pending", "error"][..]),
        (
            vec![kept(), Step::Data(" ".into()), error()],
            &["data", "data", "pending", "error"],
        ),
        (
            vec![kept(), Step::Pending, error()],
            &["data", "pending", "error"],
        ),
    ] {
        let body = Scripted::new(steps).size(Size::Unknown);
        let response = respond(&layer, poll(), json(200, body)).await;
        assert_eq!(polled(response.into_body()), expected);
    }
}

#[tokio::test]
async fn an_encoded_body_is_left_alone_and_counted() {
    let (layer, _, notes) = device_flow();
    for (coding, reason) in [("gzip", true), ("identity, br", true), ("Identity", false)] {
        let body = Scripted::one(PENDING);
        let polls = body.polls();
        let mut response = json(200, body);
        response
            .headers_mut()
            .insert("content-encoding", HeaderValue::from_static(coding));
        let response = respond(&layer, poll(), response).await;
        if reason {
            assert_eq!(response.status(), 200, "{coding}");
            assert_eq!(lines(&response, "content-encoding"), [coding]);
            assert_eq!(polls.count(), 0);
            assert_eq!(notes.take(), skipped(SkipReason::BodyEncoded));
        } else {
            assert_eq!(response.status(), 401, "{coding}");
            assert_eq!(lines(&response, "content-encoding"), [""; 0]);
            notes.take();
        }
    }
}

#[tokio::test]
async fn only_json_by_its_content_type_is_read_as_json() {
    let (layer, _, notes) = device_flow();
    for content_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/problem+json",
    ] {
        let mut response = json(200, Scripted::one(PENDING));
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert("content-type", value);
        let status = respond(&layer, poll(), response).await.status();
        assert_eq!(status, 401, "{content_type}");
    }
    assert_eq!(notes.all().len(), 3);
}

#[tokio::test]
async fn a_body_that_calls_itself_json_and_is_not_is_handed_on_and_counted() {
    let (layer, _, notes) = device_flow();
    for text in [
        "<html>",
        r#"{"status""#,
        r#"{"interval":5,"status":PENDING}"#,
    ] {
        let response = respond(&layer, poll(), json(200, Scripted::one(text))).await;
        assert_eq!(response.status(), 200, "{text}");
        assert_eq!(read(response.into_body()).await, text.as_bytes());
        assert_eq!(notes.take(), skipped(SkipReason::NotJson), "{text}");
    }
}

#[tokio::test]
async fn the_body_is_not_looked_at_where_no_outcome_asks_for_it() {
    let (layer, _, notes) = on(orders(&serde_json::json!([
        {"name": "FOUND", "status": 200},
        {"name": "GONE", "status": 410, "legacy": {"status": 404, "body": {"json": {"gone": true}}}},
        {"name": "ODD", "status": 409, "fields": {"/odd": true}},
    ])));
    for (status, outcome, looked) in [
        (200, "FOUND", 0),
        (410, "GONE", 0),
        (500, "other", 0),
        (409, "ODD", 1),
    ] {
        let body = Scripted::one(r#"{"odd":true}"#);
        let polls = body.polls();
        drop(respond(&layer, order(), json(status, body)).await);
        assert_eq!(notes.take().0, outcome);
        assert_eq!(polls.count(), looked, "{outcome}");
    }
}

#[tokio::test]
async fn the_limit_of_the_endpoint_takes_the_place_of_that_of_the_layer() {
    let contract = |limit: usize| {
        let document = serde_json::json!({"endpoints": [{
            "name": "order", "method": "GET", "path": "/orders/{id}", "body_limit": limit,
            "outcomes": [{"name": "OLD", "status": 200, "fields": {"/status": "PENDING"},
                          "legacy": {"status": 404, "body": {"json": {}}}}],
        }]});
        Contract::from_json(&document.to_string()).unwrap()
    };
    let length = padded(100).len();
    for (limit, status) in [(length, 404), (length - 1, 200)] {
        for of_layer in [1, 1 << 20] {
            let (layer, _, _) = on(contract(limit));
            let layer = layer.body_limit(of_layer);
            let response = json(200, Scripted::one(padded(100)));
            let response = respond(&layer, order(), response).await;
            assert_eq!(response.status(), status, "{limit} {of_layer}");
        }
    }
    let endpoint = Endpoint::get("order", "/orders/{id}").body_limit(7);
    let built = Contract::builder().endpoint(endpoint).build().unwrap();
    let document = serde_json::to_value(&built).unwrap();
    assert_eq!(document["endpoints"][0]["body_limit"], 7);
    assert_eq!(Contract::from_json(&document.to_string()).unwrap(), built);
}

#[tokio::test]
async fn empty_frames_before_the_data_change_nothing() {
    let (layer, _, notes) = device_flow();
    for empty in 0..4 {
        let frames = std::iter::repeat_n("", empty).chain([PENDING]);
        let response = respond(&layer, poll(), json(200, Scripted::frames(frames))).await;
        assert_eq!(response.status(), 401, "{empty} empty frames");
        assert_eq!(notes.take().0, "PENDING");
    }
}

#[tokio::test]
async fn no_more_frames_are_read_than_the_limit_has_bytes_and_one() {
    const LIMIT: usize = 20;
    const GONE: &str = r#"{"s":"G"}"#;
    let (layer, _, notes) = on(orders(&serde_json::json!([{
        "name": "GONE", "status": 200, "fields": {"/s": "G"}, "legacy": {"status": 404, "body": {"json": {}}},
    }])));
    let layer = layer.body_limit(LIMIT);
    for empty in 0..=LIMIT {
        let bytes = (0..GONE.len()).map(|at| &GONE[at..=at]);
        let frames = std::iter::repeat_n("", empty).chain(bytes);
        let response = respond(&layer, order(), json(200, Scripted::frames(frames))).await;
        // The quote that ends the value decides, and the bracket behind it is not read.
        let read = empty + GONE.len() - 1;
        let status = if read <= LIMIT + 1 { 404 } else { 200 };
        assert_eq!(response.status(), status, "{empty} empty frames");
        let skipped = notes.take().2;
        assert_eq!(skipped.is_some(), read > LIMIT + 1, "{skipped:?}");
    }
}
