//! Responses with the body type that the inner service has.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use legacy_http_compat::middleware::CompatBody;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{APPROVED, PENDING, device_flow, poll};
use crate::scripted::{Scripted, Size, Step};

/// The response to a poll, from a service that responds with this body.
async fn response<B: CompatBody>(body: B) -> Response<B> {
    let (layer, _, _) = device_flow();
    let body = std::sync::Mutex::new(Some(body));
    let service = layer.same_body().layer(service_fn(|_: Request<()>| {
        let response = Response::builder().header("content-type", "application/json");
        let body = body.lock().unwrap().take().expect("one request");
        let response = response.body(body).unwrap();
        async { Ok::<_, Infallible>(response) }
    }));
    service.oneshot(poll()).await.unwrap()
}

async fn text<B: CompatBody>(response: Response<B>) -> Bytes {
    let body = response.into_body().collect().await;
    let body = body.unwrap_or_else(|_| panic!("the body is whole"));
    body.to_bytes()
}

/// Whole bodies of known length are so on both sides.
async fn serves_both<B: CompatBody>(body: impl Fn(&'static str) -> B) {
    let kept = response(body(APPROVED)).await;
    assert_eq!(kept.status(), 200);
    assert_eq!(kept.body().size_hint().exact(), Some(APPROVED.len() as u64));
    assert_eq!(text(kept).await, APPROVED);
    let rewritten = response(body(PENDING)).await;
    assert_eq!(rewritten.status(), 401);
    let length = rewritten.headers()["content-length"].clone();
    let size = rewritten.body().size_hint().exact().unwrap();
    assert_eq!(length, size.to_string().as_str());
    assert_eq!(text(rewritten).await.len() as u64, size);
}

/// A body that does not say how long it is.
fn chunked(steps: impl IntoIterator<Item = Step>) -> Scripted {
    Scripted::playing(steps).size(Size::Unknown)
}

fn data(text: &'static str) -> Step {
    Step::Data(Bytes::from_static(text.as_bytes()))
}

/// What was read ahead of such a body does not give it a length, and nothing of it is lost.
async fn stays_chunked<B: CompatBody>(body: impl Fn(Scripted) -> B) {
    let (start, rest) = APPROVED.split_at(30);
    for steps in [vec![APPROVED], vec![start, rest], vec!["", start, rest]] {
        let kept = response(body(chunked(steps.iter().copied().map(data)))).await;
        assert_eq!(kept.status(), 200, "{steps:?}");
        assert_eq!(kept.body().size_hint().exact(), None, "{steps:?}");
        assert_eq!(text(kept).await, APPROVED, "{steps:?}");
    }
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]);
    let trailers = Step::Trailers(trailers);
    let kept = response(body(Scripted::playing([data(APPROVED), trailers]))).await;
    let collected = kept.into_body().collect().await;
    let collected = collected.unwrap_or_else(|_| panic!("the body is whole"));
    assert_eq!(collected.trailers().unwrap()["x-sum"], "1");
    let rewritten = response(body(chunked([data(PENDING)]))).await;
    assert!(rewritten.body().size_hint().exact().is_some());
    assert_eq!(rewritten.status(), 401);
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_body_of_axum_keeps_its_type_and_its_framing() {
    use axum::body::Body;

    serves_both(Body::from).await;
    stays_chunked(Body::new).await;
}

#[cfg(feature = "http-body-util")]
#[tokio::test]
async fn the_bodies_of_http_body_util_keep_their_type_and_their_framing() {
    use http_body_util::{
        Full,
        combinators::{BoxBody, UnsyncBoxBody},
    };

    serves_both(|text| Full::new(Bytes::from_static(text.as_bytes()))).await;
    serves_both(|text| BoxBody::new(Full::from(text))).await;
    serves_both(|text| UnsyncBoxBody::new(Full::from(text))).await;
    stays_chunked(UnsyncBoxBody::new).await;
}
