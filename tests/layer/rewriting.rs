//! For arbitrary responses and requests: a rewritten response is valid JSON with exact framing, and each placeholder keeps its value.

use http::{HeaderMap, HeaderValue, Request, Response};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

use crate::{
    exchange::{self, request, respond},
    scripted::{self, Scripted, Seen, Sight, Size, Step, record},
};

const CONTRACT: &str = r#"{"endpoints": [{
  "name": "item", "method": "POST", "path": "/item",
  "outcomes": [{"name": "ANY", "status": 200, "legacy": {"status": 400, "body": {"json": {
    "field": {"$field": "/a", "default": "no field"},
    "deep": {"$object": {"x": {"$field": "/a/0/b", "omit_if_absent": true}}, "omit_when_empty": true},
    "header": {"$header": ["x-one", "x-two"], "default": "no header"},
    "other": {"$header": "x-other", "omit_if_absent": true},
    "list": [{"$field": "/c", "default": null}, "é\"\\"],
    "each": {"$each": "/a", "json": {"of": {"$item": ""}, "b": {"$item": "/b", "omit_if_absent": true}}, "omit_if_absent": true},
    "text": {"$text": ["<", {"$field": "/c"}, {"$header": "x-one", "default": ">"}, "\u0001"], "default": 1},
    "kind": {"$field": "/c", "map": [[null, "none"], [true, "é\"\\"], [0, "\n"]], "omit_if_absent": true},
    "number": {"$field": "/c", "as": "number", "default": {"$status": "target"}}
  }}}}]
}]}"#;

/// A name of the members that the placeholders ask for, or one that only looks like them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("c".to_owned()),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A target body: an object that has, more often than not, what the placeholders ask for.
fn target() -> impl Strategy<Value = Value> {
    (
        option::of(value()),
        option::of(value()),
        vec((name(), value()), 0..3),
    )
        .prop_map(|(a, c, others)| {
            let mut members: Map<String, Value> = others.into_iter().collect();
            members.extend(a.map(|a| ("a".to_owned(), a)));
            members.extend(c.map(|c| ("c".to_owned(), c)));
            members.into()
        })
}

fn header_value() -> impl Strategy<Value = HeaderValue> {
    let visible = "[!-~]{1,140}".prop_map(|text| HeaderValue::try_from(text).unwrap());
    let bytes = vec(any::<u8>(), 0..20).prop_filter_map("no field value", |bytes| {
        HeaderValue::from_bytes(&bytes).ok()
    });
    prop_oneof![3 => visible, 1 => bytes]
}

/// What a header placeholder takes of a value.
fn taken(value: &HeaderValue) -> Option<String> {
    let text = str::from_utf8(value.as_bytes()).ok()?;
    let fits = (1..=128).contains(&text.len()) && text.chars().all(|c| ('!'..='~').contains(&c));
    fits.then(|| text.to_owned())
}

fn asked(headers: &[(&'static str, &Option<HeaderValue>)]) -> Request<()> {
    let mut request = request("POST", "/item");
    for (name, value) in headers {
        if let Some(value) = value {
            request.headers_mut().insert(*name, value.clone());
        }
    }
    request
}

/// The body in a few frames with trailers behind, and stale headers in front.
fn response(body: &[u8], frames: usize) -> Response<Scripted> {
    let each = body.len().div_ceil(frames).max(1);
    let data = body
        .chunks(each)
        .map(|data| Step::Data(data.to_vec().into()));
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from(1))]);
    let steps = data.chain([Step::Trailers(trailers)]);
    let size = if frames == 1 {
        Size::Exact
    } else {
        Size::Unknown
    };
    let mut response = exchange::json(200, Scripted::new(steps).size(size));
    for name in [
        "etag",
        "last-modified",
        "content-digest",
        "trailer",
        "signature",
        "accept-ranges",
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("stale"));
    }
    for cookie in ["a=1", "b=2", "a=3"] {
        response
            .headers_mut()
            .append("set-cookie", HeaderValue::from_static(cookie));
    }
    response
        .headers_mut()
        .insert("content-length", HeaderValue::from(body.len()));
    response
}

fn rewritten(request: Request<()>, response: Response<Scripted>) -> (HeaderMap, Vec<Sight>) {
    let flag = CompatFlag::new("compat", true);
    let layer = LegacyHttpCompatLayer::new(Contract::from_json(CONTRACT).unwrap(), flag.reader())
        .body_limit(1 << 20);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let response = respond(&layer, request, response).await;
        assert_eq!(response.status(), 400);
        let (head, body) = response.into_parts();
        (head.headers, record(body).await)
    })
}

/// What the template makes of a target body and header values.
fn expected(
    target: &Value,
    one: Option<String>,
    header: Option<String>,
    other: Option<String>,
) -> Value {
    let text = match target.get("c") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(other @ (Value::Number(_) | Value::Bool(_))) => Some(other.to_string()),
        _ => None,
    };
    let is_number = text
        .as_ref()
        .and_then(|text| serde_json::from_str::<serde_json::Number>(text).ok());
    let one = one.unwrap_or(">".to_owned());
    let text = text.map_or(json!(1), |text| json!(format!("<{text}{one}\u{1}")));
    let mut expected = json!({
        "text": text,
        "number": is_number.map_or(json!(200), Value::from),
        "field": target.get("a").cloned().unwrap_or("no field".into()),
        "header": header.unwrap_or("no header".into()),
        "list": [target.get("c").cloned().unwrap_or_default(), "é\"\\"],
    });
    if let Some(Value::Array(elements)) = target.get("a") {
        let of = |element: &Value| match element.get("b") {
            Some(b) => json!({"of": element, "b": b}),
            None => json!({"of": element}),
        };
        expected["each"] = elements.iter().map(of).collect();
    }
    let c = target.get("c");
    let kind = match c {
        Some(Value::Null) => Some("none"),
        Some(Value::Bool(true)) => Some("é\"\\"),
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => Some("\n"),
        _ => None,
    };
    if let Some(kind) = kind {
        expected["kind"] = kind.into();
    }
    if let Some(deep) = target.pointer("/a/0/b") {
        expected["deep"] = json!({"x": deep});
    }
    if let Some(other) = other {
        expected["other"] = other.into();
    }
    expected
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_rewritten_body_is_valid_json_in_which_each_hole_keeps_its_value_and_type(
        target in target(), pretty in any::<bool>(), frames in 1..5_usize,
        one in option::of(header_value()), two in option::of(header_value()), other in option::of(header_value()),
    ) {
        let text = if pretty { serde_json::to_vec_pretty(&target) } else { serde_json::to_vec(&target) }.unwrap();
        let request = asked(&[("x-one", &one), ("x-two", &two), ("x-other", &other)]);
        let (_, sights) = rewritten(request, response(&text, frames));
        let body: Value = serde_json::from_slice(&scripted::data(&sights)).unwrap();
        // Read back from the text: a number counts as what a reader makes of it.
        let target: Value = serde_json::from_slice(&text).unwrap();
        let one = one.as_ref().and_then(taken);
        let header = one.clone().or_else(|| two.as_ref().and_then(taken));
        let mut body = body;
        let mut expected = expected(&target, one, header, other.as_ref().and_then(taken));
        if target.get("c").is_some_and(Value::is_f64) {
            // A fraction has many spellings; in a text it keeps its own.
            body["text"].take();
            expected["text"].take();
        }
        prop_assert_eq!(body, expected);
    }

    #[test]
    fn a_rewritten_response_has_exact_framing_and_no_stale_header(target in target(), frames in 1..5_usize) {
        let text = serde_json::to_vec(&target).unwrap();
        let (headers, sights) = rewritten(asked(&[]), response(&text, frames));
        let [Sight { lower, upper, seen: Seen::Data(body), .. }, Sight { seen: Seen::End, .. }] = &sights[..] else {
            panic!("one frame, no trailers: {sights:?}");
        };
        let length = body.len() as u64;
        prop_assert_eq!((*lower, *upper), (length, Some(length)));
        let mut expected = HeaderMap::new();
        expected.insert("content-type", HeaderValue::from_static("application/json"));
        expected.insert("content-length", HeaderValue::from(length));
        for cookie in ["a=1", "b=2", "a=3"] {
            expected.append("set-cookie", HeaderValue::from_static(cookie));
        }
        prop_assert_eq!(headers, expected);
    }

    #[test]
    fn bytes_that_are_no_json_are_rewritten_to_valid_json_or_not_at_all(bytes in vec(any::<u8>(), 0..40), placeholders in any::<bool>()) {
        let flag = CompatFlag::new("compat", true);
        let layer = LegacyHttpCompatLayer::new(Contract::from_json(CONTRACT).unwrap(), flag.reader());
        // With quotes and braces around, more of them come close to being JSON.
        let bytes = if placeholders { [br#"{"c":1,"a":""#, &bytes[..], br#""}"#].concat() } else { bytes };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (status, body) = runtime.block_on(async {
            let response = respond(&layer, asked(&[]), response(&bytes, 1)).await;
            (response.status(), scripted::read(response.into_body()).await)
        });
        if status == 400 {
            prop_assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&body).is_ok());
        } else {
            prop_assert_eq!(body, bytes);
        }
    }
}
