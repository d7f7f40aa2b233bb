//! How many allocations the layer adds to an answered request, beyond those of the service inside it.
//!
//! The counter counts a reallocation as an allocation, and only those of the thread that measures.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    observation::{Observation, Observe},
};
use tower::{Layer, Service};

const POLL: &str = "/api/v1/auth/clients/device/poll";
const SIZES: [usize; 3] = [40, 1024, 64 * 1024];

/// A plain service: the same response to every request, with newly built headers and body.
#[derive(Clone)]
struct ResponseCounts {
    status: StatusCode,
    headers: &'static [(&'static str, &'static str)],
    body: Bytes,
}

impl Service<Request<()>> for ResponseCounts {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            let (name, value) = (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            response.headers_mut().insert(name, value);
        }
        ready(Ok(response))
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// As many headers as a `HeaderMap` holds before it has to grow.
const FULL: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-a", "a"),
    ("x-b", "b"),
    ("x-c", "c"),
    ("x-d", "d"),
    ("x-e", "e"),
];

impl ResponseCounts {
    fn ok(body: String) -> Self {
        Self {
            status: StatusCode::OK,
            headers: JSON,
            body: shared(body),
        }
    }

    /// The response to a poll that is `size` bytes long.
    fn poll(status: &str, size: usize) -> Self {
        let padding = size - format!(r#"{{"status":"{status}","p":""}}"#).len();
        Self::ok(format!(
            r#"{{"status":"{status}","p":"{}"}}"#,
            "x".repeat(padding)
        ))
    }
}

/// Bytes whose clones do not allocate.
fn shared(body: String) -> Bytes {
    let body = Bytes::from(body);
    drop(body.clone());
    body
}

#[derive(Clone, Default)]
struct Seen(Arc<AtomicUsize>, Arc<AtomicUsize>);

impl Observe for Seen {
    fn observe(&self, observation: &Observation<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1
            .fetch_add(observation.shape().is_legacy().into(), Ordering::Relaxed);
    }
}

/// What the layer adds per request, and how many responses it observed and rewrote.
#[derive(Debug, PartialEq, Eq)]
struct Added {
    allocations: u64,
    seen: usize,
    rewritten: usize,
}

const OUTSIDE: Added = added(0, 0, 0);
const NOT_REWRITTEN: Added = added(0, 1, 0);
const REWRITTEN: Added = added(1, 1, 1);

const fn added(allocations: u64, seen: usize, rewritten: usize) -> Added {
    Added {
        allocations,
        seen,
        rewritten,
    }
}

fn added_by_layer(
    flag: &CompatFlag,
    request: impl Fn() -> Request<()>,
    responses: ResponseCounts,
) -> Added {
    let seen = Seen::default();
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader())
        .body_limit(128 * 1024)
        .observer(Arc::new(seen.clone()));
    let with = allocations(layer.layer(responses.clone()), &request);
    let without = allocations(responses, &request);
    let observed = |count: &AtomicUsize| count.load(Ordering::Relaxed) / 2;
    added(with - without, observed(&seen.0), observed(&seen.1))
}

/// The allocations of one request from call to the end of the response's body, after another to warm up.
fn allocations<S, B>(mut service: S, request: impl Fn() -> Request<()>) -> u64
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error = Infallible> + Unpin,
{
    exchange(&mut service, request());
    let request = request();
    measure(|| exchange(&mut service, request)).count_total
}

fn exchange<S, B>(service: &mut S, request: Request<()>)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error = Infallible> + Unpin,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
        panic!("the answer is there at once");
    };
    let (head, mut body) = response.into_parts();
    black_box(head);
    while let Poll::Ready(Some(Ok(frame))) = pin!(&mut body).poll_frame(&mut cx) {
        black_box(frame);
    }
    assert!(body.is_end_stream());
}

fn post(path: &'static str) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    let id = HeaderValue::from_static("8c0bd1b5-7a33-4ff0-a6c5-7d1d2d3bb1f0");
    request.headers_mut().insert("x-correlation-id", id);
    request
}

fn flag(active: bool) -> CompatFlag {
    CompatFlag::new("f", active)
}

#[test]
fn a_request_outside_the_contract_costs_no_allocation() {
    for size in SIZES {
        let responses = ResponseCounts::poll("PENDING", size);
        assert_eq!(
            added_by_layer(&flag(true), || post("/api/v1/things/1"), responses.clone()),
            OUTSIDE
        );
        let head = || {
            let mut request = post(POLL);
            *request.method_mut() = Method::HEAD;
            request
        };
        assert_eq!(added_by_layer(&flag(true), head, responses), OUTSIDE);
    }
}

#[test]
fn under_a_retired_flag_no_request_costs_an_allocation() {
    let flag = flag(true);
    flag.retire();
    assert_eq!(
        added_by_layer(&flag, || post(POLL), ResponseCounts::poll("PENDING", 40)),
        OUTSIDE
    );
}

#[test]
fn with_the_flag_off_an_response_costs_no_allocation() {
    for size in SIZES {
        for status in ["PENDING", "APPROVED", "ELSE"] {
            let responses = ResponseCounts::poll(status, size);
            assert_eq!(
                added_by_layer(&flag(false), || post(POLL), responses),
                NOT_REWRITTEN,
                "{status} of {size} bytes"
            );
        }
    }
}

#[test]
fn with_the_flag_on_an_response_without_a_legacy_shape_costs_no_allocation() {
    for size in SIZES {
        for status in ["APPROVED", "ELSE"] {
            let responses = ResponseCounts::poll(status, size);
            assert_eq!(
                added_by_layer(&flag(true), || post(POLL), responses),
                NOT_REWRITTEN,
                "{status} of {size} bytes"
            );
        }
    }
}

#[test]
fn a_response_that_is_not_as_expected_costs_no_allocation() {
    let poll = ResponseCounts::poll("PENDING", 40);
    let strange = [
        ResponseCounts {
            status: StatusCode::NO_CONTENT,
            ..poll.clone()
        },
        ResponseCounts {
            status: StatusCode::BAD_REQUEST,
            ..poll.clone()
        },
        ResponseCounts {
            headers: &[("content-type", "text/plain")],
            ..poll.clone()
        },
        ResponseCounts {
            headers: &[
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ],
            ..poll
        },
        ResponseCounts::ok(String::new()),
        ResponseCounts::ok(r#"{"status":"#.to_owned()),
        ResponseCounts::ok(format!(
            r#"{{"p":"{}","status":"PENDING"}}"#,
            "x".repeat(200 * 1024)
        )),
    ];
    for responses in strange {
        assert_eq!(
            added_by_layer(&flag(true), || post(POLL), responses.clone()),
            NOT_REWRITTEN,
            "{} {:?}, {} bytes",
            responses.status,
            responses.headers,
            responses.body.len()
        );
    }
}

#[test]
fn nested_values_before_the_asked_field_cost_no_allocation() {
    let deep = format!("{}{}", "[".repeat(32), "]".repeat(32));
    for before in [
        r#"[[1,{"a":[true,null]}]]"#,
        r#"{"a":{"b":{"c":"\"\n"}}}"#,
        &deep,
    ] {
        let responses = ResponseCounts::ok(format!(r#"{{"before":{before},"status":"APPROVED"}}"#));
        assert_eq!(
            added_by_layer(&flag(true), || post(POLL), responses),
            NOT_REWRITTEN,
            "{before}"
        );
    }
}

#[test]
fn a_rewritten_response_costs_one_allocation_for_its_body() {
    for size in SIZES {
        for status in ["PENDING", "DENIED", "EXPIRED"] {
            let responses = ResponseCounts::poll(status, size);
            assert_eq!(
                added_by_layer(&flag(true), || post(POLL), responses),
                REWRITTEN,
                "{status} of {size} bytes"
            );
        }
    }
}

#[test]
fn the_holes_of_a_template_cost_no_allocation_of_their_own() {
    let with_interval = ResponseCounts::ok(r#"{"status":"PENDING","interval":5}"#.to_owned());
    assert_eq!(
        added_by_layer(&flag(true), || post(POLL), with_interval.clone()),
        REWRITTEN
    );
    let anonymous = || {
        let mut request = post(POLL);
        request.headers_mut().clear();
        request
    };
    assert_eq!(
        added_by_layer(&flag(true), anonymous, with_interval),
        REWRITTEN,
        "with a fresh UUID"
    );
}

#[test]
fn a_rewritten_response_whose_headers_must_grow_costs_that_growth_besides() {
    let responses = ResponseCounts {
        headers: FULL,
        ..ResponseCounts::poll("PENDING", 1024)
    };
    let growth = growth_of_a_full_map();
    assert_eq!(growth, 2, "one new table, one extended list");
    assert_eq!(
        added_by_layer(&flag(true), || post(POLL), responses),
        added(1 + growth, 1, 1)
    );
}

/// The length of the legacy body depends on the interval, and with it `Content-Length`.
#[test]
fn a_legacy_body_of_another_length_costs_no_allocation_for_its_length() {
    let flag = flag(true);
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader());
    for interval in ["5", "60", "3600", "5"] {
        let body = format!(r#"{{"status":"PENDING","interval":{interval}}}"#);
        let responses = ResponseCounts::ok(body);
        let with = allocations(layer.layer(responses.clone()), || post(POLL));
        let without = allocations(responses, || post(POLL));
        assert_eq!(with - without, 1, "{interval}");
    }
}

/// With the body type of axum, which is boxed.
#[cfg(feature = "axum")]
mod same_body {
    use axum::body::Body;
    use http_body::Body as _;
    use tower::ServiceExt;

    use super::*;

    fn boxed(response: Response<Full<Bytes>>) -> Response<Body> {
        response.map(Body::new)
    }

    /// What the layer adds to a service whose responses have the body of axum.
    fn added_to_boxed(flag: &CompatFlag, path: &'static str, responses: &ResponseCounts) -> u64 {
        let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()).same_body();
        let service = || responses.clone().map_response(boxed);
        let with = allocations_of_boxed(layer.layer(service()), path);
        with - allocations_of_boxed(service(), path)
    }

    fn allocations_of_boxed<S>(mut service: S, path: &'static str) -> u64
    where
        S: Service<Request<()>, Response = Response<Body>, Error = Infallible>,
    {
        let mut send = |request| {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(service.poll_ready(&mut cx).is_ready());
            let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
                panic!("the response is there at once");
            };
            let mut body = black_box(response).into_body();
            while let Poll::Ready(Some(Ok(frame))) = pin!(&mut body).poll_frame(&mut cx) {
                black_box(frame);
            }
        };
        send(post(path));
        let request = post(path);
        measure(|| send(request)).count_total
    }

    fn added(flag_is_on: bool, path: &'static str, status: &str) -> u64 {
        let responses = ResponseCounts::poll(status, 40);
        added_to_boxed(&flag(flag_is_on), path, &responses)
    }

    #[test]
    fn what_is_not_peeked_at_costs_no_allocation() {
        assert_eq!(added(true, "/api/v1/things/1", "PENDING"), 0);
        let mut other = ResponseCounts::poll("PENDING", 40);
        other.status = StatusCode::IM_A_TEAPOT;
        assert_eq!(added_to_boxed(&flag(true), POLL, &other), 0);
    }

    #[test]
    fn a_peek_costs_one_and_a_rewrite_two() {
        assert_eq!(added(true, POLL, "APPROVED"), 1);
        assert_eq!(added(false, POLL, "PENDING"), 1);
        assert_eq!(added(true, POLL, "PENDING"), 2);
    }
}

fn growth_of_a_full_map() -> u64 {
    let mut headers: HeaderMap = FULL
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    let insert = || drop(headers.insert(header::WARNING, HeaderValue::from_static("w")));
    measure(insert).count_total
}
