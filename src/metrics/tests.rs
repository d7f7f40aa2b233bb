//! Counting through the layer: which series counts a response.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    pin::pin,
    sync::{Arc, Barrier, Mutex},
    task::{Context, Poll, Waker},
    thread,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::Full;
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    caller::{Caller, Detect, Generation, Kind, Kinds},
    contract::{Contract, Endpoint, LegacyShape, LiveContract, Outcome},
    flag::{CompatFlag, FlagReader},
    metrics::{Family, Metrics, MetricsSnapshot, Source as _, Value},
    middleware::LegacyHttpCompatLayer,
    observation::{RehearsalResult, Shape, SkipReason},
};

/// A target response with a legacy shape.
pub(super) const PENDING: &str = r#"{"status":"PENDING"}"#;
/// A target response without a legacy shape.
pub(super) const APPROVED: &str = r#"{"status":"APPROVED"}"#;

/// Every caller is a legacy caller of the kind that its header `x-kind` names.
struct ByHeader(Kinds);

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
pub(super) fn contract<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Contract {
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

pub(super) fn layer(
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
pub(super) fn ask(
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
pub(super) fn count(
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

/// What is logged while something runs on this thread.
pub(super) fn warnings(run: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        // Another test may have met the place that warns for the first time just before this subscriber was there.
        tracing::callsite::rebuild_interest_cache();
        run();
    });
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_response_is_counted_by_its_outcome_and_the_shape_that_was_served() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let layer = layer(contract(["poll"]), flag.reader(), &["AGENT"], &metrics);
    assert_eq!(ask(&layer, "poll", "AGENT", PENDING), StatusCode::FORBIDDEN);
    ask(&layer, "poll", "AGENT", APPROVED);
    flag.set(false);
    ask(&layer, "poll", "AGENT", PENDING);
    ask(&layer, "poll", "AGENT", PENDING);
    ask(&layer, "poll", "unknown", r#"{"status":"NEW"}"#);

    let count = |outcome, kind, shape| count(&metrics, "poll", outcome, kind, shape);
    assert_eq!(count("PENDING", "AGENT", Shape::Legacy), Some(1));
    assert_eq!(count("PENDING", "AGENT", Shape::Target), Some(2));
    assert_eq!(count("APPROVED", "AGENT", Shape::Target), Some(1));
    assert_eq!(count("other", "other", Shape::Target), Some(1));
    assert_eq!(metrics.snapshot().total_responses(), 5);
    assert_eq!(total_skipped(&metrics.snapshot()), 0);
}

#[test]
fn all_series_of_a_contract_show_zeros_from_its_first_response_on() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    assert!(metrics.snapshot().responses.is_empty());
    let layer = layer(contract(["poll"]), flag.reader(), &["AGENT"], &metrics);
    ask(&layer, "poll", "AGENT", APPROVED);
    let snapshot = metrics.snapshot();
    // PENDING in two shapes, APPROVED, other and undetermined in one, each for AGENT and other.
    assert_eq!(snapshot.responses.len(), 5 * 2);
    assert_eq!(snapshot.skipped.len(), SkipReason::ALL.len());
    assert_eq!(
        count(&metrics, "poll", "APPROVED", "AGENT", Shape::Legacy),
        None
    );
}

#[test]
fn a_response_that_could_not_be_decided_is_counted_with_its_reason() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let layer = layer(
        contract(["start", "poll"]),
        flag.reader(),
        &["AGENT"],
        &metrics,
    );
    ask(&layer, "poll", "AGENT", "not JSON");
    ask(&layer.body_limit(4), "poll", "AGENT", PENDING);

    let snapshot = metrics.snapshot();
    let skipped = |reason| {
        let mut series = snapshot.skipped.iter().filter(|s| s.reason == reason);
        let poll = series.find(|series| *series.endpoint == *"poll");
        poll.map(|series| series.count)
    };
    assert_eq!(skipped(SkipReason::NotJson), Some(1));
    assert_eq!(skipped(SkipReason::BodyTooLarge), Some(1));
    assert_eq!(total_skipped(&snapshot), 2);
    assert_eq!(
        count(&metrics, "poll", "undetermined", "AGENT", Shape::Target),
        Some(2)
    );
}

#[test]
fn two_layers_with_different_kinds_count_into_the_same_series_where_names_are_equal() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let contract = contract(["poll"]);
    let first = layer(contract.clone(), flag.reader(), &["AGENT", "MCP"], &metrics);
    let second = layer(contract, flag.reader(), &["UI", "MCP", "AGENT"], &metrics);
    for (layer, kinds) in [(&first, ["AGENT", "MCP"]), (&second, ["UI", "MCP"])] {
        for kind in kinds {
            ask(layer, "poll", kind, PENDING);
        }
    }
    ask(&first, "poll", "UI", PENDING);
    let pending = |kind| count(&metrics, "poll", "PENDING", kind, Shape::Legacy);
    assert_eq!(pending("AGENT"), Some(1));
    assert_eq!(pending("MCP"), Some(2));
    assert_eq!(pending("UI"), Some(1));
    assert_eq!(pending("other"), Some(1), "the first layer knows no UI");
}

fn total_skipped(snapshot: &MetricsSnapshot) -> u64 {
    snapshot.skipped.iter().map(|series| series.count).sum()
}

const THREADS: usize = 4;
const EACH: usize = 2_000;
/// Of all threads.
const RESPONSES: u64 = 8_000;

#[test]
fn counting_at_once_loses_nothing_not_even_first_responses_while_the_contract_is_replaced() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let live = LiveContract::new(contract(["poll"]));
    let shared = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                // Kinds of its own as well, so that the threads bind at the same moment.
                let own = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
                start.wait();
                for n in 0..EACH {
                    let layer = if n % 2 == 0 { &own } else { &shared };
                    ask(
                        layer,
                        "poll",
                        "AGENT",
                        if n % 4 < 2 { PENDING } else { APPROVED },
                    );
                    if n % 500 == 0 {
                        live.replace(contract(["poll"]));
                    }
                }
            });
        }
    });
    let pending = |shape| count(&metrics, "poll", "PENDING", "AGENT", shape);
    assert_eq!(pending(Shape::Legacy), Some(RESPONSES / 2));
    assert_eq!(metrics.snapshot().total_responses(), RESPONSES);
}

const KINDS: [&str; 3] = ["AGENT", "MCP", "unknown"];
const BODIES: [&str; 4] = [PENDING, APPROVED, "{}", "not JSON"];

proptest! {
    #[test]
    fn the_series_are_what_a_plain_map_says_and_their_sum_is_the_number_of_responses(
        responses in prop::collection::vec((0..3_usize, 0..4_usize, any::<bool>()), 0..60),
    ) {
        let (flag, metrics) = (CompatFlag::new("f", false), Arc::new(Metrics::new()));
        let layer = layer(contract(["poll"]), flag.reader(), &["AGENT", "MCP"], &metrics);
        let mut model = HashMap::<_, u64>::new();
        for &(kind, body, on) in &responses {
            flag.set(on);
            ask(&layer, "poll", KINDS[kind], BODIES[body]);
            let outcome = ["PENDING", "APPROVED", "other", "undetermined"][body];
            let shape = if on && body == 0 { Shape::Legacy } else { Shape::Target };
            *model.entry((outcome, ["AGENT", "MCP", "other"][kind], shape)).or_default() += 1;
        }
        let snapshot = metrics.snapshot();
        prop_assert_eq!(snapshot.total_responses(), responses.len() as u64);
        for series in &snapshot.responses {
            let expected = model.get(&(&*series.outcome, &*series.client_kind, series.shape));
            prop_assert_eq!(series.count, expected.copied().unwrap_or_default());
        }
    }
}

#[test]
fn a_rehearsal_is_counted_by_endpoint_outcome_and_result_and_zeros_are_there_before() {
    let (flag, metrics) = (CompatFlag::off("f"), Arc::new(Metrics::new()));
    let layer = layer(contract(["poll"]), flag.reader(), &["AGENT"], &metrics).rehearse_one_in(1);
    let read = || {
        let mut series = Vec::new();
        metrics.samples(&Family::REHEARSED, &mut |labels, value| {
            series.push((labels.join(" "), value));
        });
        series
    };
    assert_eq!(read(), []);
    ask(&layer, "poll", "AGENT", APPROVED);
    assert_eq!(read().len(), RehearsalResult::ALL.len());
    assert!(read().iter().all(|(_, value)| *value == Value::Count(0)));
    ask(&layer, "poll", "AGENT", PENDING);
    ask(&layer, "poll", "MCP", PENDING);
    assert_eq!(read()[0], ("poll PENDING ok".to_owned(), Value::Count(2)));
    assert!(
        read()[1..]
            .iter()
            .all(|(_, value)| *value == Value::Count(0))
    );
}
