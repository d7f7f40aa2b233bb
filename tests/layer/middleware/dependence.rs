//! Which responses are undetermined, which callers depend on them, and which are skips.

use std::sync::Arc;

use http::{HeaderValue, Request, Response};
use legacy_http_compat::{
    Contract, LegacyHttpCompatLayer,
    caller::{FingerprintKey, SignalDetector},
    metrics::Metrics,
    observation::{Shape, SkipReason},
};
use serde_json::json;

use super::{
    APPROVED, PENDING, device_flow,
    exchange::{json, request, respond},
    observed::{Notes, Seen},
    on, order, orders, poll,
    scripted::{Scripted, Size, Step, read},
};

/// A response with this type, or with none.
fn typed(status: u16, content_type: Option<&'static str>, body: Scripted) -> Response<Scripted> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    if let Some(value) = content_type {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert("content-type", value);
    }
    response
}

async fn seen(contract: Contract, request: Request<()>, response: Response<Scripted>) -> Seen {
    let (layer, _, notes) = on(contract);
    drop(respond(&layer, request, response).await);
    notes.only()
}

fn outcome_of(seen: &Seen) -> (&str, Option<SkipReason>, bool) {
    (&seen.outcome, seen.undetermined, seen.dependent)
}

#[tokio::test]
async fn the_page_of_a_limiter_and_of_a_malformed_request_strand_no_caller_of_the_shipped_contract()
{
    for status in [400, 401, 403, 404, 415, 429, 500] {
        for (content_type, body) in [
            (Some("text/plain"), "Too many requests"),
            (Some("text/html"), "<h1>Bad Request</h1>"),
            (Some("application/json"), "{}"),
            (None, ""),
        ] {
            let response = typed(status, content_type, Scripted::one(body));
            let seen = seen(Contract::device_flow(), poll(), response).await;
            assert_eq!(
                outcome_of(&seen),
                ("other", None, false),
                "{status} {content_type:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_undetermined_response_depends_only_where_a_possible_outcome_has_a_shape() {
    // No outcome of 429 has a shape, so which one it was makes no difference to a client.
    let broken = || Scripted::one(r#"{"code":"#);
    let contract = Contract::device_flow;
    let limited = seen(contract(), poll(), json(429, broken())).await;
    let polled = seen(contract(), poll(), json(200, broken())).await;
    let undetermined = Some(SkipReason::NotJson);
    assert_eq!(outcome_of(&limited), ("undetermined", undetermined, false));
    assert_eq!(limited.skip, None);
    assert_eq!(outcome_of(&polled), ("undetermined", undetermined, true));
    assert_eq!(polled.skip, undetermined);
}

#[tokio::test]
async fn an_outcome_that_the_head_excludes_is_not_possible() {
    let contract = || {
        orders(&json!([
            {"name": "OLD", "status": 200, "headers": {"x-kind": "old"}, "fields": {"/a": 1},
             "legacy": {"status": 404, "body": {"json": {}}}},
            {"name": "NEW", "status": 200, "fields": {"/a": 2}},
            {"name": "REST", "status": 200, "headers": {"x-rest": "1"}},
            {"name": "LAST", "status": 200, "legacy": {"status": 410, "body": {"json": {}}}},
        ]))
    };
    for (headers, dependent) in [
        (&[][..], true),
        (&["x-rest"], false),
        (&["x-kind", "x-rest"], true),
    ] {
        let mut response = json(200, Scripted::one("{"));
        for name in headers {
            let value = if *name == "x-kind" { "old" } else { "1" };
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(*name, value);
        }
        let seen = seen(contract(), order(), response).await;
        let undetermined = ("undetermined", Some(SkipReason::NotJson), dependent);
        assert_eq!(outcome_of(&seen), undetermined, "{headers:?}");
    }
}

#[tokio::test]
async fn conditions_on_fields_are_false_of_a_body_that_is_no_json() {
    let not_json = ("other", None, false);
    let unknown = ("undetermined", Some(SkipReason::NotJson), true);
    for (content_type, body, expected) in [
        (Some("text/html"), PENDING, not_json),
        (Some("application/jsonl"), PENDING, not_json),
        (Some("application/x-ndjson"), PENDING, not_json),
        (Some("application/json-seq"), PENDING, not_json),
        (Some("application/stream+json"), PENDING, not_json),
        (
            Some("text/plain; charset=utf-8"),
            " \r\n\tslow down",
            not_json,
        ),
        (Some("Text/Plain"), PENDING, unknown),
        (Some("text/plain"), "  [1]", unknown),
        (Some("text/plain"), " ", not_json),
        (None, "slow down", not_json),
        (None, PENDING, unknown),
        (Some("application/json"), "", not_json),
        (Some("application/json"), " ", unknown),
        (Some("application/json"), "slow down", unknown),
    ] {
        for size in [Size::Exact, Size::Unknown] {
            let cut = body.len().min(1);
            let frames = [
                Step::Data(body[..cut].into()),
                Step::Data(body[cut..].into()),
            ];
            let response = typed(200, content_type, Scripted::new(frames).size(size));
            let seen = seen(Contract::device_flow(), poll(), response).await;
            assert_eq!(outcome_of(&seen), expected, "{content_type:?} {body:?}");
        }
    }
}

#[tokio::test]
async fn an_encoded_body_is_undetermined_unless_its_type_is_not_json() {
    for (content_type, expected) in [
        ("application/json", Some(SkipReason::BodyEncoded)),
        ("text/plain", Some(SkipReason::BodyEncoded)),
        ("text/html", None),
    ] {
        let mut response = typed(200, Some(content_type), Scripted::one("gzipped"));
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert("content-encoding", gzip);
        let seen = seen(Contract::device_flow(), poll(), response).await;
        assert_eq!(seen.undetermined, expected, "{content_type}");
    }
}

#[tokio::test]
async fn only_the_beginning_of_plain_text_is_read() {
    let (layer, _, notes) = device_flow();
    let body = Scripted::frames([" ", "\n", "slow ", "down", "!"]);
    let polls = body.polls();
    let response = respond(&layer, poll(), typed(200, Some("text/plain"), body)).await;
    assert_eq!(polls.count(), 3);
    assert_eq!(read(response.into_body()).await, b" \nslow down!");
    assert_eq!(notes.only().outcome, "other");
}

#[tokio::test]
async fn streams_of_json_are_not_peeked_at() {
    for content_type in [
        "application/stream+json",
        "Application/Stream+JSON; charset=utf-8",
        "application/x-ndjson",
        "application/json-seq",
    ] {
        let (layer, _, notes) = device_flow();
        let body = Scripted::one(PENDING);
        let polls = body.polls();
        drop(respond(&layer, poll(), typed(200, Some(content_type), body)).await);
        assert_eq!((polls.count(), &*notes.only().outcome), (0, "other"));
    }
}

/// A layer that knows target callers by `x-new: 1`, and counts.
fn counting(flag_is_on: bool, contract: Contract) -> (LegacyHttpCompatLayer, Notes, Arc<Metrics>) {
    let (layer, flag, notes) = on(contract);
    flag.set(flag_is_on);
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .opt_in("x-new", "1")
        .build(&FingerprintKey::new([7; 16]));
    let metrics = Arc::new(Metrics::new());
    let layer = layer.detector(Arc::new(detector.unwrap()));
    (layer.observer(metrics.clone()), notes, metrics)
}

fn by_caller(is_target: bool, mut request: Request<()>) -> Request<()> {
    if is_target {
        request
            .headers_mut()
            .insert("x-new", HeaderValue::from_static("1"));
    }
    request
}

#[tokio::test]
async fn undetermined_counts_whatever_flag_and_caller_and_skipped_only_the_dependent_while_on() {
    for (flag_is_on, is_target) in [(true, false), (true, true), (false, false), (false, true)] {
        let (layer, _, metrics) = counting(flag_is_on, Contract::device_flow());
        let request = by_caller(is_target, poll());
        drop(respond(&layer, request, json(200, Scripted::one("{"))).await);
        let snapshot = metrics.snapshot();
        let count = |counts: &[legacy_http_compat::metrics::SkipCount]| {
            let mut counts = counts
                .iter()
                .filter(|count| count.reason == SkipReason::NotJson);
            counts
                .find(|count| &*count.endpoint == "device_poll")
                .unwrap()
                .count
        };
        assert_eq!(count(&snapshot.undetermined), 1);
        let skipped = u64::from(flag_is_on && !is_target);
        assert_eq!(
            count(&snapshot.skipped),
            skipped,
            "{flag_is_on} {is_target}"
        );
    }
}

#[tokio::test]
async fn a_not_modified_of_a_conditional_get_is_no_skip_of_any_caller() {
    let contract = || {
        orders(
            &json!([{"name": "FOUND", "status": 200, "fields": {"/a": 1},
            "legacy": {"status": 404, "body": {"json": {}}}}]),
        )
    };
    for is_target in [true, false] {
        let (layer, notes, metrics) = counting(true, contract());
        let not_modified = typed(304, None, Scripted::new([]));
        drop(respond(&layer, by_caller(is_target, order()), not_modified).await);
        let seen = notes.only();
        assert_eq!(
            (outcome_of(&seen), seen.skip),
            (("other", None, false), None)
        );
        assert!(
            metrics
                .snapshot()
                .skipped
                .iter()
                .all(|skip| skip.count == 0)
        );
    }
}

#[tokio::test]
async fn a_skip_of_a_known_outcome_is_not_undetermined() {
    let contract = orders(&json!([{"name": "FOUND", "status": 200,
        "legacy": {"status": 404, "body": {"json": {"id": {"$field": "/id"}}}}}]));
    for (body, reason) in [
        ("{}", SkipReason::MissingValue),
        (r#"{"id":tru}"#, SkipReason::NotJson),
        (r#"{"id":"#, SkipReason::NotJson),
        ("", SkipReason::NotJson),
    ] {
        let seen = seen(contract.clone(), order(), json(200, Scripted::one(body))).await;
        assert_eq!(outcome_of(&seen), ("FOUND", None, true), "{body}");
        assert_eq!((seen.skip, seen.stranded), (Some(reason), true), "{body}");
    }
}

#[tokio::test]
async fn a_repeated_member_before_all_that_is_needed_is_undetermined() {
    let repeated = r#"{"status":"PENDING","status":"APPROVED","secret_key":"s3cr3t"}"#;
    let escaped = r#"{"status":"PENDING","st\u0061tus":"APPROVED","secret_key":"s3cr3t"}"#;
    for text in [repeated, escaped] {
        for body in [
            Scripted::one(text),
            Scripted::frames([&text[..25], &text[25..]]),
        ] {
            let (layer, _, notes) = device_flow();
            let response = respond(&layer, poll(), json(200, body)).await;
            assert_eq!(response.status(), 200);
            assert_eq!(read(response.into_body()).await, text.as_bytes());
            let seen = notes.only();
            assert_eq!(seen.skip, Some(SkipReason::NotJson));
            assert!(seen.stranded);
        }
    }
}

#[tokio::test]
async fn what_stands_behind_all_that_is_needed_is_not_read() {
    for text in [
        r#"{"status":"PENDING","interval":5,"status":"APPROVED"}"#,
        r#"{"status":"PENDING","interval":5 !"#,
    ] {
        let (layer, _, _) = device_flow();
        let response = respond(&layer, poll(), json(200, Scripted::one(text))).await;
        assert_eq!(response.status(), 401, "{text}");
    }
    let text = r#"{"status":"APPROVED","status":"PENDING"}"#;
    let seen = seen(
        Contract::device_flow(),
        poll(),
        json(200, Scripted::one(text)),
    )
    .await;
    assert_eq!(outcome_of(&seen), ("APPROVED", None, false));
}

#[tokio::test]
async fn an_absence_decides_only_in_a_whole_and_valid_text() {
    let contract = orders(&json!([
        {"name": "ODD", "status": 200, "fields": {"/a": 1}},
        {"name": "REST", "status": 200, "legacy": {"status": 404, "body": {"json": {}}}},
    ]));
    for (body, outcome) in [
        ("{}", "REST"),
        (r#"{"b":[true]}"#, "REST"),
        ("7", "REST"),
        ("x", "undetermined"),
        (r#"{"b":tru}"#, "undetermined"),
        (r#"{"b":true"#, "undetermined"),
        (r#"{"b":true}}"#, "undetermined"),
        (r#"{"b":tru,"a":1}"#, "ODD"),
    ] {
        let seen = seen(contract.clone(), order(), json(200, Scripted::one(body))).await;
        assert_eq!(seen.outcome, outcome, "{body}");
    }
}

#[tokio::test]
async fn a_hundred_outcomes_of_one_status_are_set_apart_by_one_field() {
    let outcomes: Vec<_> = (0..200)
        .map(|n| {
            let value = if n % 2 == 0 { json!(n) } else { json!(format!("s{n}")) };
            json!({"name": format!("O{n}"), "status": 200, "fields": {"/kind": value, "/last": [n, null]}})
        })
        .collect();
    let contract = orders(&json!(outcomes));
    for n in [0, 1, 63, 64, 127, 128, 198, 199] {
        let kind = if n % 2 == 0 {
            format!("{n}.0")
        } else {
            format!(r#""s{n}""#)
        };
        for last in [n.to_string(), "null".to_owned(), "-1".to_owned()] {
            let body = Scripted::one(format!(r#"{{"last":{last},"kind":{kind}}}"#));
            let seen = seen(contract.clone(), order(), json(200, body)).await;
            let outcome = if last == "-1" {
                "other".to_owned()
            } else {
                format!("O{n}")
            };
            assert_eq!(seen.outcome, outcome);
        }
    }
    let unknown = seen(
        contract,
        order(),
        json(200, Scripted::one(r#"{"kind":"s0"}"#)),
    )
    .await;
    assert_eq!(unknown.outcome, "other");
}

#[tokio::test]
async fn a_target_caller_never_depends() {
    let (layer, notes, _) = counting(true, Contract::device_flow());
    for body in [PENDING, APPROVED, "{"] {
        let response = json(200, Scripted::one(body));
        drop(respond(&layer, by_caller(true, poll()), response).await);
    }
    drop(
        respond(
            &layer,
            request("GET", "/elsewhere"),
            json(200, Scripted::one("{")),
        )
        .await,
    );
    assert!(
        notes
            .all()
            .iter()
            .all(|seen| !seen.dependent && seen.shape == Shape::Target)
    );
    assert_eq!(notes.all().len(), 3);
}
