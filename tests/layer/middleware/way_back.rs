//! The rehearsal of the way back: which responses are sampled, what is found, and that nothing else changes.

use std::{collections::BTreeMap, sync::Arc};

use http::{HeaderMap, HeaderValue, Response};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    contract::{Endpoint, LegacyShape, Outcome},
    metrics::Metrics,
    observation::{RehearsalResult, Shape},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{
    APPROVED, PENDING,
    exchange::{json as json_response, request, respond},
    observed::Notes,
    order, orders, poll,
    scripted::{Scripted, Seen, Size, Step, read, record},
};

const DENIED: &str = r#"{"status":"DENIED"}"#;

/// A layer whose flag is off, and what it counts.
struct Rehearsing {
    layer: LegacyHttpCompatLayer,
    metrics: Arc<Metrics>,
    notes: Notes,
    contract: Contract,
}

impl Rehearsing {
    fn one_in(responses: u32, contract: Contract) -> Self {
        let (metrics, notes) = (Arc::new(Metrics::new()), Notes::default());
        let layer = LegacyHttpCompatLayer::new(contract.clone(), &CompatFlag::off("compat"))
            .rehearse_one_in(responses)
            .observer(Arc::new(notes.clone()))
            .observer(metrics.clone());
        Self {
            layer,
            metrics,
            notes,
            contract,
        }
    }

    /// Every response of an order that has this outcome is rehearsed.
    fn of_order(outcome: &Value) -> Self {
        Self::one_in(1, orders(&json!([outcome])))
    }

    async fn polled(&self, body: &'static str) {
        let response = respond(&self.layer, poll(), json_response(200, Scripted::one(body))).await;
        assert_eq!(response.status(), 200);
        assert_eq!(read(response.into_body()).await, body.as_bytes());
    }

    /// How often each outcome was rehearsed, with the results.
    fn counts(&self) -> BTreeMap<(String, RehearsalResult), u64> {
        let counted = self.metrics.snapshot().rehearsed.into_iter();
        let counted = counted.filter(|series| series.count > 0);
        counted
            .map(|series| ((series.outcome.to_string(), series.result), series.count))
            .collect()
    }

    fn ok(&self, outcome: &str) -> u64 {
        let counts = self.counts();
        let count = counts.get(&(outcome.to_owned(), RehearsalResult::Ok));
        count.copied().unwrap_or_default()
    }

    /// The result of a response with this body to the request of an order, which leaves as it is.
    async fn result(&self, response: Response<Scripted>) -> Option<RehearsalResult> {
        let status = response.status();
        let headers = response.headers().clone();
        let left = respond(&self.layer, order(), response).await;
        assert_eq!(left.status(), status);
        for (name, value) in &headers {
            assert_eq!(left.headers().get(name), Some(value), "{name}");
        }
        let seen = self.notes.only();
        assert_eq!((seen.shape, seen.skip), (Shape::Target, None));
        assert!(seen.stranded, "it is counted as what it was");
        let counts = self.counts();
        assert!(counts.values().sum::<u64>() <= 1, "{counts:?}");
        counts.into_keys().next().map(|(_, result)| result)
    }
}

#[tokio::test]
async fn the_first_response_of_each_outcome_is_rehearsed_and_then_one_in_a_hundred() {
    let rehearsing = Rehearsing::one_in(
        LegacyHttpCompatLayer::DEFAULT_REHEARSE_ONE_IN,
        Contract::device_flow(),
    );
    rehearsing.polled(PENDING).await;
    rehearsing.polled(DENIED).await;
    assert_eq!((rehearsing.ok("PENDING"), rehearsing.ok("DENIED")), (1, 1));
    for _ in 0..10_000 {
        rehearsing.polled(PENDING).await;
    }
    let count = rehearsing.ok("PENDING");
    assert!((95..=106).contains(&count), "{count}");
}

/// A counter that all outcomes share would meet the same one of two that alternate each time.
#[tokio::test]
async fn no_rhythm_of_the_responses_keeps_an_outcome_from_being_rehearsed() {
    let rehearsing = Rehearsing::one_in(100, Contract::device_flow());
    for _ in 0..5_000 {
        rehearsing.polled(PENDING).await;
        rehearsing.polled(DENIED).await;
    }
    for outcome in ["PENDING", "DENIED"] {
        let count = rehearsing.ok(outcome);
        assert!((40..=65).contains(&count), "{outcome}: {count}");
    }
}

#[tokio::test]
async fn one_in_one_is_each_and_one_in_zero_is_none() {
    for (one_in, expected) in [(1, 20), (0, 0)] {
        let rehearsing = Rehearsing::one_in(one_in, Contract::device_flow());
        for _ in 0..20 {
            rehearsing.polled(PENDING).await;
        }
        assert_eq!(rehearsing.ok("PENDING"), expected);
    }
}

#[tokio::test]
async fn only_dependent_responses_with_a_legacy_shape_are_rehearsed() {
    let rehearsing = Rehearsing::one_in(1, Contract::device_flow());
    // The secrets of the device flow are in such a response.
    rehearsing.polled(APPROVED).await;
    rehearsing.polled("no JSON").await;
    rehearsing.polled(r#"{"status":"ELSE"}"#).await;
    assert_eq!(rehearsing.counts(), BTreeMap::new());
    let flag = CompatFlag::on("compat");
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag)
        .rehearse_one_in(1)
        .observer(rehearsing.metrics.clone());
    let response = respond(&layer, poll(), json_response(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 401);
    flag.retire();
    let response = respond(&layer, poll(), json_response(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(rehearsing.counts(), BTreeMap::new());
}

#[tokio::test]
async fn an_endpoint_can_switch_its_rehearsals_off() {
    let found = Outcome::new("FOUND", 200).legacy(LegacyShape::new(404));
    let endpoint = |name: &str, path: &str| Endpoint::get(name, path).outcome(found.clone());
    let contract = Contract::builder()
        .endpoint(endpoint("order", "/orders/{id}").rehearse(false))
        .endpoint(endpoint("invoice", "/invoices/{id}").rehearse(true))
        .build()
        .unwrap();
    let rehearsing = Rehearsing::one_in(1, contract);
    for path in ["/orders/7", "/invoices/7"] {
        let body = json_response(200, Scripted::one("{}"));
        drop(respond(&rehearsing.layer, request("GET", path), body).await);
    }
    let rehearsed = rehearsing.metrics.rehearsed(&rehearsing.contract);
    let shown = |index: usize| {
        let of: &legacy_http_compat::metrics::RehearsedOutcome = &rehearsed[index];
        (of.endpoint.as_str(), of.rehearse, of.ok)
    };
    assert_eq!(shown(0), ("order", false, 0));
    assert_eq!(shown(1), ("invoice", true, 1));
}

/// A legacy response that takes `/state` of the target body.
fn with_state() -> Value {
    json!({"name": "FOUND", "status": 200, "legacy": {"status": 404, "body": {"json": {"was": {"$field": "/state"}}}}})
}

#[tokio::test]
async fn what_would_be_a_skip_is_the_result() {
    let text = |body: &str| Response::new(Scripted::one(body.to_owned()));
    let mut encoded = json_response(200, Scripted::one("gzipped bytes"));
    let gzip = HeaderValue::from_static("gzip");
    encoded.headers_mut().insert("content-encoding", gzip);
    let large = format!(r#"{{"pad":"{}"}}"#, "x".repeat(20_000));
    let many = || {
        let mut response = json_response(200, Scripted::one(r#"{"state":1}"#));
        for number in 0..24_574 {
            let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static("1"));
        }
        response
    };
    let ok = json_response(200, Scripted::one(r#"{"state":"ARCHIVED"}"#));
    for (response, expected) in [
        (ok, RehearsalResult::Ok),
        (text("a page"), RehearsalResult::NotJson),
        (
            json_response(200, Scripted::one("{broken")),
            RehearsalResult::NotJson,
        ),
        (
            json_response(200, Scripted::one("{}")),
            RehearsalResult::MissingValue,
        ),
        (
            json_response(200, Scripted::one(large)),
            RehearsalResult::BodyTooLarge,
        ),
        (encoded, RehearsalResult::BodyEncoded),
        (many(), RehearsalResult::TooManyHeaders),
    ] {
        let rehearsing = Rehearsing::of_order(&with_state());
        assert_eq!(rehearsing.result(response).await, Some(expected));
    }
}

#[tokio::test]
async fn a_field_of_the_request_that_was_not_captured_is_found() {
    let rehearsing = Rehearsing::of_order(&json!({
        "name": "FOUND", "status": 200,
        "legacy": {"status": 404, "body": {"json": {"was": {"$request_field": "/id"}}}},
    }));
    let response = json_response(200, Scripted::one("{}"));
    assert_eq!(
        rehearsing.result(response).await,
        Some(RehearsalResult::RequestFieldsNotCaptured)
    );
}

#[tokio::test]
async fn a_panic_of_a_function_is_a_failure_and_harms_no_response() {
    let shape = LegacyShape::new(404).with_fn("broken", |_| -> Option<Value> {
        panic!("a fault of the function")
    });
    let endpoint = Endpoint::get("order", "/orders/{id}");
    let endpoint = endpoint.outcome(Outcome::new("FOUND", 200).legacy(shape));
    let contract = Contract::builder().endpoint(endpoint).build().unwrap();
    let rehearsing = Rehearsing::one_in(1, contract);
    for count in 1..=3 {
        let response = json_response(200, Scripted::one(PENDING));
        let response = respond(&rehearsing.layer, order(), response).await;
        assert_eq!(response.status(), 200);
        assert_eq!(read(response.into_body()).await, PENDING.as_bytes());
        let failed = ("FOUND".to_owned(), RehearsalResult::NoLegacyBody);
        assert_eq!(rehearsing.counts(), BTreeMap::from([(failed, count)]));
    }
}

#[tokio::test]
async fn a_shape_that_reads_no_body_is_rehearsed_without_one() {
    let rehearsing = Rehearsing::of_order(&json!({
        "name": "FOUND", "status": 200, "legacy": {"status": 404, "body": {"json": {"gone": true}}},
    }));
    let body = Scripted::one("{}").size(Size::Unknown);
    let polls = body.polls();
    let result = rehearsing.result(json_response(200, body)).await;
    assert_eq!((result, polls.count()), (Some(RehearsalResult::Ok), 0));
}

#[tokio::test]
async fn a_body_that_is_not_whole_is_neither_waited_for_nor_rehearsed() {
    let (_release, held) = oneshot::channel();
    let bodies = [
        // A stream is not read at all.
        Scripted::frames(["{\"state\":", "1}"]),
        Scripted::new([
            Step::Data("{".into()),
            Step::Pending,
            Step::Data("}".into()),
        ]),
        Scripted::new([Step::Held(held)])
            .never_announces_end()
            .size(Size::Fixed {
                lower: 5,
                upper: Some(5),
            }),
        Scripted::new([Step::Data("{".into()), Step::Error("broken")]),
    ];
    for body in bodies {
        let rehearsing = Rehearsing::of_order(&with_state());
        let response = rehearsing.result(json_response(200, body));
        let mut response = std::pin::pin!(response);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = response.as_mut().poll(&mut cx);
        assert_eq!(polled, std::task::Poll::Ready(None), "it leaves at once");
    }
}

/// Bodies of each kind, as a client sees them through a layer that rehearses and through one that does not.
#[tokio::test]
async fn a_rehearsed_body_is_the_same_frame_by_frame() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let bodies: [fn(HeaderMap) -> Scripted; 5] = [
        |_| Scripted::one(r#"{"state":"ARCHIVED"}"#),
        |_| Scripted::new([Step::Data("{\"state\":".into()), Step::Data("1}".into())]),
        |_| {
            let pieces = [
                Step::Data("{".into()),
                Step::Pending,
                Step::Data("}".into()),
            ];
            Scripted::new(pieces)
        },
        |trailers| Scripted::new([Step::Data("{}".into()), Step::Trailers(trailers)]),
        |_| Scripted::new([Step::Data("{\"state\":1".into()), Step::Error("broken")]),
    ];
    for body in bodies {
        let mut seen = Vec::new();
        for one_in in [0, 1] {
            let rehearsing = Rehearsing::one_in(one_in, orders(&json!([with_state()])));
            let body = body(trailers.clone()).never_announces_end();
            let response = json_response(200, body);
            let response = respond(&rehearsing.layer, order(), response).await;
            seen.push((
                response.headers().clone(),
                record(response.into_body()).await,
            ));
        }
        assert!(
            seen[0]
                .1
                .iter()
                .any(|sight| matches!(sight.seen, Seen::Data(_)))
        );
        assert_eq!(seen[0], seen[1]);
    }
}

#[tokio::test]
async fn a_contract_that_comes_into_use_is_rehearsed_anew_and_counted_by_itself() {
    let first = Rehearsing::one_in(u32::MAX, Contract::device_flow());
    let live = legacy_http_compat::LiveContract::new(first.contract.clone());
    let layer = LegacyHttpCompatLayer::new(live.clone(), &CompatFlag::off("compat"))
        .rehearse_one_in(u32::MAX)
        .observer(first.metrics.clone());
    let pending = || json_response(200, Scripted::one(PENDING));
    for _ in 0..3 {
        drop(respond(&layer, poll(), pending()).await);
    }
    let ok = |contract: &Contract| {
        let rehearsed = first.metrics.rehearsed(contract);
        rehearsed.iter().map(|outcome| outcome.ok).sum::<u64>()
    };
    assert_eq!(ok(&live.current()), 1);
    live.replace(Contract::device_flow());
    assert_eq!(ok(&live.current()), 0, "nothing is known of it");
    drop(respond(&layer, poll(), pending()).await);
    assert_eq!((ok(&live.current()), ok(&first.contract)), (1, 1));
    assert_eq!(first.ok("PENDING"), 2, "the metric is the sum of both");
}

#[test]
fn a_document_says_what_the_builder_does_and_other_values_are_faults() {
    let endpoint = |rehearse| {
        let outcome = Outcome::new("FOUND", 200).legacy(LegacyShape::new(404));
        Endpoint::get("order", "/orders")
            .rehearse(rehearse)
            .outcome(outcome)
    };
    let built = |rehearse| {
        let builder = Contract::builder().endpoint(endpoint(rehearse));
        builder.build().unwrap()
    };
    assert_ne!(built(true), built(false));
    let document = |rehearse: Value| {
        let mut contract = serde_json::to_value(built(true)).unwrap();
        assert_eq!(contract["endpoints"][0].get("rehearse"), None);
        contract["endpoints"][0]["rehearse"] = rehearse;
        Contract::from_json(&contract.to_string())
    };
    for rehearse in [true, false] {
        assert_eq!(document(json!(rehearse)).unwrap(), built(rehearse));
    }
    let written = serde_json::to_value(built(false)).unwrap();
    assert_eq!(written["endpoints"][0]["rehearse"], false);
    for wrong in [json!("false"), json!(0), json!(null)] {
        let error = document(wrong).unwrap_err().to_string();
        assert!(error.contains("/endpoints/0/rehearse"), "{error}");
    }
}
