//! What the fields of a request decide.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer, middleware::CaptureRequestFieldsLayer,
    observation::SkipReason,
};
use serde_json::{Value, json};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::harness::{Reads, Recorder, Seen, contract, forbidden, request, send, send_as};
use super::scripted::{Pieces, Scripted, Step};

fn seen(outcome: &str, skipped: Option<SkipReason>) -> Seen {
    Seen {
        outcome: outcome.to_owned(),
        skipped,
    }
}

fn unread() -> Seen {
    seen("undetermined", Some(SkipReason::RequestFieldsNotCaptured))
}

fn json_body(value: &Value) -> Full<Bytes> {
    Full::from(value.to_string())
}

#[tokio::test]
async fn a_request_field_tells_outcomes_of_one_status_apart() {
    let with = |who: Value| json_body(&json!({"who": who}));
    for kind in [json!("A"), json!(1), json!(1.0)] {
        let (status, _, counted) = send(with(json!({"kind": kind})), Reads::All).await;
        assert_eq!(
            (status.as_u16(), counted),
            (422, seen("FORBIDDEN_A", None)),
            "{kind}"
        );
    }
    for who in [
        json!({"kind": "B"}),
        json!({}),
        json!("A"),
        json!({"kind": ["A"]}),
    ] {
        let (status, _, counted) = send(with(who.clone()), Reads::All).await;
        assert_eq!(
            (status.as_u16(), counted),
            (403, seen("FORBIDDEN", None)),
            "{who}"
        );
    }
}

#[tokio::test]
async fn a_hole_takes_a_field_of_the_request_as_it_stands() {
    let (_, body, _) = send(
        Scripted::frames([r#"{"who": {"kind": "A", "n": 1.50}}"#]),
        Reads::All,
    )
    .await;
    assert_eq!(body, r#"{"who":{"kind": "A", "n": 1.50},"code":"OLD"}"#);
    let noted = json_body(&json!({"note": [1, null], "who": {"kind": 1}}));
    let (_, body, _) = send(noted, Reads::All).await;
    assert_eq!(body, r#"{"who":{"kind":1},"note":[1,null],"code":"OLD"}"#);
}

#[tokio::test]
async fn a_field_that_comes_in_many_frames_or_chunks_is_noted() {
    let (status, ..) = send(
        Scripted::frames([r#"{"who": {"ki"#, "", r#"nd":"#, r#""A"}}"#]),
        Reads::All,
    )
    .await;
    assert_eq!(status, 422);
    let pieces = Pieces::of(br#"{"who": {"kind": "A"}}"#, 7);
    assert_eq!(
        send(Scripted::playing([Step::Data(pieces)]), Reads::All)
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn a_field_that_the_handler_did_not_read_leaves_the_outcome_undetermined() {
    let body = || Scripted::frames([r#"{"a": 1, "#, r#""who": {"kind": "B"}}"#]);
    for reads in [Reads::Nothing, Reads::OneFrame] {
        let (status, _, counted) = send(body(), reads).await;
        assert_eq!((status.as_u16(), counted), (403, unread()));
    }
    assert_eq!(send(body(), Reads::All).await.2, seen("FORBIDDEN", None));
}

#[tokio::test]
async fn a_field_that_was_read_counts_although_the_rest_was_not() {
    let body = Scripted::frames([r#"{"who": {"kind": "B"}, "#, r#""more": 1}"#]);
    assert_eq!(send(body, Reads::OneFrame).await.2, seen("FORBIDDEN", None));
}

#[tokio::test]
async fn a_number_that_may_go_on_is_not_taken_for_whole() {
    let body = Scripted::frames([r#"{"who": {"kind": 1"#, r"7}}"]);
    assert_eq!(send(body, Reads::OneFrame).await.2, unread());
}

#[tokio::test]
async fn a_field_behind_the_limit_is_unknown_and_one_before_it_is_not() {
    let limited = CaptureRequestFieldsLayer::new().limit(50);
    let filler = "x".repeat(50);
    let behind = format!(r#"{{"aa": "{filler}", "who": {{"kind": "B"}}}}"#);
    let before = format!(r#"{{"who": {{"kind": "B"}}, "zz": "{filler}"}}"#);
    for (body, counted) in [(behind, unread()), (before, seen("FORBIDDEN", None))] {
        let whole = send_as(
            request(Full::<Bytes>::from(body.clone())),
            Reads::All,
            limited,
        )
        .await;
        assert_eq!(whole.2, counted);
        let (one, other) = body.split_at(45);
        let framed = Scripted::frames([one, other]);
        assert_eq!(
            send_as(request(framed), Reads::All, limited).await.2,
            counted
        );
        let enough = CaptureRequestFieldsLayer::new().limit(body.len());
        let whole = send_as(request(Full::<Bytes>::from(body)), Reads::All, enough).await;
        assert_eq!(whole.2, seen("FORBIDDEN", None));
    }
}

#[tokio::test]
async fn a_body_that_is_no_readable_json_leaves_the_outcome_undetermined() {
    let text = json!({"who": {"kind": "A"}});
    let plain = Request::post("/token").header("content-type", "text/plain");
    let gzip = Request::post("/token")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    for builder in [plain, gzip, Request::post("/token")] {
        let request = builder.body(json_body(&text)).unwrap();
        assert_eq!(
            send_as(request, Reads::All, CaptureRequestFieldsLayer::new())
                .await
                .2,
            unread()
        );
    }
    assert_eq!(
        send(Scripted::frames(["{nonsense"]), Reads::All).await.2,
        unread()
    );
}

#[tokio::test]
async fn without_the_capture_layer_the_outcome_is_undetermined() {
    let recorder = Recorder::default();
    let flag = CompatFlag::new("f", true);
    let service = ServiceBuilder::new()
        .layer(
            LegacyHttpCompatLayer::new(contract(), flag.reader())
                .observer(Arc::new(recorder.clone())),
        )
        .service(service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(forbidden())
        }));
    let body = json_body(&json!({"who": {"kind": "A"}}));
    let response = service.oneshot(request(body)).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), recorder.only()),
        (403, unread())
    );
}

#[tokio::test]
async fn an_outcome_that_asks_for_no_request_field_does_not_need_one() {
    let recorder = Recorder::default();
    let flag = CompatFlag::new("f", true);
    let service = ServiceBuilder::new()
        .layer(
            LegacyHttpCompatLayer::new(contract(), flag.reader())
                .observer(Arc::new(recorder.clone())),
        )
        .service(service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
        }));
    service.oneshot(request(Full::default())).await.unwrap();
    assert_eq!(recorder.only(), seen("FINE", None));
}

/// Counts on its own what becomes of the responses.
fn layer() -> (LegacyHttpCompatLayer, Recorder) {
    let (flag, recorder) = (CompatFlag::new("f", true), Recorder::default());
    let layer = LegacyHttpCompatLayer::new(contract(), flag.reader());
    (layer.observer(Arc::new(recorder.clone())), recorder)
}

/// A handler that reads the whole request.
async fn read_and_forbid<B>(request: Request<B>) -> Result<http::Response<Full<Bytes>>, Infallible>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let mut body = request.into_body();
    while let Some(Ok(_)) = http_body_util::BodyExt::frame(&mut body).await {}
    Ok(forbidden())
}

#[tokio::test]
async fn two_layers_over_one_endpoint_both_get_the_request_fields() {
    let body = || json_body(&json!({"who": {"kind": "B"}}));
    let capture = CaptureRequestFieldsLayer::new;
    let ((outer, by_outer), (inner, by_inner)) = (layer(), layer());
    let service = ServiceBuilder::new()
        .layer(outer)
        .layer(inner)
        .layer(capture())
        .service(service_fn(read_and_forbid));
    service.oneshot(request(body())).await.unwrap();
    assert_eq!(by_outer.only(), seen("FORBIDDEN", None));
    assert_eq!(by_inner.only(), seen("FORBIDDEN", None));
    // Each with a capture layer of its own.
    let ((outer, by_outer), (inner, by_inner)) = (layer(), layer());
    let service = ServiceBuilder::new()
        .layer(outer)
        .layer(capture())
        .layer(inner)
        .layer(capture())
        .service(service_fn(read_and_forbid));
    service.oneshot(request(body())).await.unwrap();
    assert_eq!(by_outer.only(), seen("FORBIDDEN", None));
    assert_eq!(by_inner.only(), seen("FORBIDDEN", None));
}

#[tokio::test]
async fn conditions_on_request_fields_are_false_of_a_request_that_is_no_json() {
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "kind=A"),
        ("text/html", r#"{"who": {"kind": "A"}}"#),
        ("text/plain", "kind=A"),
        ("application/json", ""),
    ] {
        let request = Request::post("/token").header("content-type", content_type);
        let request = request.body(Full::<Bytes>::from(body)).unwrap();
        let sent = send_as(request, Reads::All, CaptureRequestFieldsLayer::new()).await;
        assert_eq!(sent.2, seen("FORBIDDEN", None), "{content_type}");
    }
}

#[tokio::test]
async fn a_repeated_request_field_leaves_the_outcome_undetermined() {
    let body = r#"{"who": {"kind": "B"}, "who": {"kind": "A"}}"#;
    let sent = send(Full::<Bytes>::from(body), Reads::All).await;
    assert_eq!(sent.2, unread());
}

#[tokio::test]
async fn a_body_as_long_as_the_limit_is_read_whole() {
    let default = CaptureRequestFieldsLayer::new();
    for (capture, limit) in [(default.limit(50), 50), (default, 16 * 1024)] {
        for (length, counted) in [(limit, seen("FORBIDDEN", None)), (limit + 1, unread())] {
            let body = format!(r#"{{"note":"{}"}}"#, "x".repeat(length - 11));
            let whole = request(Full::<Bytes>::from(body));
            let counts = send_as(whole, Reads::All, capture).await.2;
            assert_eq!(counts, counted, "{length} of {limit}");
        }
    }
}
