//! The measured cases: the same responses, with and without the layer.
#![allow(dead_code, reason = "each bench that includes it uses its own part")]

pub(crate) mod by_hand;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body::Body;
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    census::Census,
    metrics::Metrics,
};
use tower::Service;

pub(crate) const POLL: &str = "/api/v1/auth/clients/device/poll";
pub(crate) const OTHER: &str = "/api/v1/auth/clients/device/else";

/// The lengths of the response bodies, in bytes.
pub(crate) const SIZES: [usize; 3] = [40, 1024, 64 * 1024];

/// A plain tower service: the same JSON response to every request.
#[derive(Clone)]
pub(crate) struct Plain(pub(crate) Bytes);

impl<B> Service<Request<B>> for Plain {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::new(self.0.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        ready(Ok(response))
    }
}

/// A layer for the device flow, with a body limit above all [`SIZES`].
pub(crate) fn layer(active: bool) -> LegacyHttpCompatLayer {
    let flag = CompatFlag::new("f", active);
    LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()).body_limit(128 * 1024)
}

/// The layer with a detector, a census and metrics.
pub(crate) fn counting(layer: LegacyHttpCompatLayer) -> LegacyHttpCompatLayer {
    let detector = detector();
    let census = Census::new(&detector);
    layer
        .detector(Arc::new(detector))
        .observer(Arc::new(census))
        .observer(Arc::new(Metrics::new()))
}

/// The detector of the Core example, without its client address.
pub(crate) fn detector() -> SignalDetector {
    SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("x-client-kind")
        .kind_products([("core-agent", "AGENT")])
        .opt_in("x-status-driven", "1")
        .version_header("x-client-version")
        .target_since("AGENT", "2.0.0")
        .identity(IdentitySignal::header("x-client-id"))
        .build(&FingerprintKey::new([7; 16]))
        .expect("the settings above are valid")
}

/// The response to a poll: the fields that the contract reads, then a list of small objects, up to about `size` bytes.
pub(crate) fn response(status: &str, size: usize) -> Bytes {
    let start = format!(r#"{{"status":"{status}","interval":5,"x":["#);
    shared(start, "]}", size)
}

/// The same, with the status after the list.
pub(crate) fn response_status_last(status: &str, size: usize) -> Bytes {
    shared(
        r#"{"interval":5,"x":["#.to_owned(),
        &format!(r#"],"status":"{status}"}}"#),
        size,
    )
}

/// Bytes whose clones do not allocate.
fn shared(mut body: String, end: &str, size: usize) -> Bytes {
    let item = r#"{"id":1234,"name":"one of many","on":true}"#;
    while body.len() + item.len() + end.len() + 1 < size {
        body.push_str(if body.ends_with('[') { "" } else { "," });
        body.push_str(item);
    }
    body.push_str(end);
    body.push_str(&" ".repeat(size.saturating_sub(body.len())));
    let body = Bytes::from(body);
    drop(body.clone());
    body
}

pub(crate) fn request<B: Default>(path: &'static str) -> Request<B> {
    let mut request = Request::new(B::default());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().expect("a path is a URI");
    let id = HeaderValue::from_static("8c0bd1b5-7a33-4ff0-a6c5-7d1d2d3bb1f0");
    request.headers_mut().insert("x-correlation-id", id);
    request
}

/// A request by a client that identifies itself.
pub(crate) fn named_request<B: Default>(path: &'static str) -> Request<B> {
    let mut request = request(path);
    // With sufficient capacity, so that building the request always costs the same.
    *request.headers_mut() = HeaderMap::with_capacity(6);
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-client-kind", "AGENT"),
        ("x-client-version", "1.4.0"),
        ("x-client-id", "agent-0017-berlin"),
    ] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    request
}

/// Sends one request and reads the response body to its end. Returns the status.
///
/// Not inlined, so that the instructions between its call and its return can be counted.
#[inline(never)]
pub(crate) fn exchange<S, R, B>(service: &mut S, request: Request<R>) -> StatusCode
where
    S: Service<Request<R>, Response = Response<B>, Error = Infallible>,
    B: Body + Unpin,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut future = pin!(service.call(request));
    let response = loop {
        if let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) {
            break response;
        }
    };
    let (head, mut body) = response.into_parts();
    let status = black_box(head).status;
    while let Poll::Ready(Some(frame)) = pin!(&mut body).poll_frame(&mut cx) {
        black_box(frame.is_ok());
    }
    status
}
