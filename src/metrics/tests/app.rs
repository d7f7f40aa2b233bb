//! An application behind the layer, whose handler responds as the test requests.

use std::{
    convert::Infallible,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    caller::{Caller, Detect, Generation, Kind, Kinds},
    contract::{Contract, Endpoint, LegacyShape, LiveContract, Outcome},
    flag::FlagReader,
    metrics::Metrics,
    middleware::LegacyHttpCompatLayer,
    observation::Shape,
};

/// A target response with a legacy shape.
pub(crate) const PENDING: &str = r#"{"status":"PENDING"}"#;
/// A target response without a legacy shape.
pub(crate) const APPROVED: &str = r#"{"status":"APPROVED"}"#;

/// Every caller is a legacy caller of the kind that its header `x-kind` names.
pub(crate) struct ByHeader(pub(crate) Kinds);

impl Detect for ByHeader {
    fn detect(&self, head: &Parts) -> Caller {
        let name = head.headers.get("x-kind").map(HeaderValue::as_bytes);
        let kind = name.and_then(|name| self.0.find(str::from_utf8(name).ok()?));
        Caller::new(kind.unwrap_or(Kind::OTHER), Generation::Legacy)
    }

    fn kinds(&self) -> &Kinds {
        &self.0
    }
}

/// A contract with these endpoints, each of which knows `PENDING` and `APPROVED`.
pub(crate) fn contract<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Contract {
    let builder = names
        .into_iter()
        .fold(Contract::builder(), |builder, name| {
            let name = name.as_ref();
            let legacy = LegacyShape::new(403).json(serde_json::json!({"code": "PENDING"}));
            let pending = Outcome::new("PENDING", 200)
                .field("/status", "PENDING")
                .legacy(legacy);
            let approved = Outcome::new("APPROVED", 200).field("/status", "APPROVED");
            let endpoint = Endpoint::post(name, format!("/{name}"));
            builder.endpoint(endpoint.outcome(pending).outcome(approved))
        });
    builder.build().unwrap()
}

pub(crate) fn layer(
    contract: impl Into<LiveContract>,
    flag: FlagReader,
    kinds: &[&str],
    metrics: &Arc<Metrics>,
) -> LegacyHttpCompatLayer {
    LegacyHttpCompatLayer::new(contract, flag)
        .detector(Arc::new(ByHeader(
            Kinds::new(kinds.iter().copied()).unwrap(),
        )))
        .observer(metrics.clone())
}

/// One request of a caller of this kind to this endpoint, with a target response of 200 and this body; returns the status.
pub(crate) fn ask(
    layer: &LegacyHttpCompatLayer,
    endpoint: &str,
    kind: &str,
    body: &'static str,
) -> StatusCode {
    let handler = service_fn(move |_: Request<()>| async move {
        let response = Response::builder().header(CONTENT_TYPE, "application/json");
        let response = response.body(Full::new(Bytes::from_static(body.as_bytes())));
        Ok::<_, Infallible>(response.unwrap())
    });
    let request = Request::post(format!("/{endpoint}")).header("x-kind", kind);
    let response = layer.layer(handler).oneshot(request.body(()).unwrap());
    match pin!(response).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response.unwrap().status(),
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// The count of a series, if it exists.
pub(crate) fn count(
    metrics: &Metrics,
    endpoint: &str,
    outcome: &str,
    client_kind: &str,
    shape: Shape,
) -> Option<u64> {
    let series = metrics.snapshot().responses.into_iter().filter(|series| {
        *series.endpoint == *endpoint
            && *series.outcome == *outcome
            && *series.client_kind == *client_kind
            && series.shape == shape
    });
    let counts: Vec<u64> = series.map(|series| series.count).collect();
    assert!(counts.len() <= 1, "equal names are one series");
    counts.first().copied()
}
