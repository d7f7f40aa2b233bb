//! Placeholders for parts of the head, converted values, and placeholders in header values.

use http::{HeaderValue, Request, Response};
use legacy_http_compat::observation::{Shape, SkipReason};
use serde_json::{Value, json};

use super::{
    exchange::{json as target, respond},
    on, order, orders,
    scripted::{Scripted, read},
};

async fn made(
    shape: Value,
    request: Request<()>,
    response: Response<Scripted>,
) -> (http::response::Parts, String, Option<SkipReason>) {
    let (layer, _, notes) = on(orders(
        &json!([{"name": "FOUND", "status": 200, "legacy": shape}]),
    ));
    let (head, body) = respond(&layer, request, response).await.into_parts();
    let body = String::from_utf8(read(body).await).unwrap();
    let note = notes.only();
    assert_eq!(note.shape == Shape::Target, note.skip.is_some());
    (head, body, note.skip)
}

fn with_headers(body: &str, headers: &[(&'static str, &str)]) -> Response<Scripted> {
    let mut response = target(200, Scripted::one(body.to_owned()));
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        response.headers_mut().append(*name, value);
    }
    response
}

/// The value of one placeholder, for a target body `{"v": …}`; `null` if it is absent.
async fn value(placeholder: Value, v: &str) -> Value {
    let mut template = placeholder;
    template["default"] = Value::Null;
    let shape = json!({"status": 400, "body": {"json": [template]}});
    let (_, body, _) = made(shape, order(), with_headers(&format!("{{\"v\":{v}}}"), &[])).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    body[0].clone()
}

#[tokio::test]
async fn parts_of_both_heads_fill_a_body() {
    let template = json!({
        "total": {"$response_header": "X-Total", "as": "number"},
        "next": {"$response_header": "link", "rel": "next"},
        "was": {"$status": "target"},
        "text": {"$status": "target", "as": "text"},
        "id": {"$path": "id"},
        "page": {"$query": "page", "as": "number", "default": 1},
        "per": {"$query": "per", "default": "20"},
        "kind": {"$path": "id", "map": [["b", 1], ["a\"b", 2]], "default": 3},
        "of": {"$text": ["of ", {"$query": "of", "default": {"$path": "id"}}]},
    });
    let shape = json!({"status": 400, "body": {"json": template}});
    let request = Request::get("/orders/a%22b?x=1&page=3&page=4")
        .body(())
        .unwrap();
    let headers = [
        ("x-total", "42"),
        ("link", "</a>; rel=prev, </b?c,d>; rel=\"next\""),
    ];
    let (_, body, _) = made(shape.clone(), request, with_headers("{}", &headers)).await;
    assert_eq!(
        body,
        r#"{"total":42,"next":"/b?c,d","was":200,"text":"200","id":"a\"b","page":3,"per":"20","kind":2,"of":"of a\"b"}"#
    );
    for headers in [
        &headers[..1],
        &headers[1..],
        &[("x-total", "4 2"), headers[1]],
        &[("x-total", "é"), headers[1]],
    ] {
        let (_, _, skipped) = made(shape.clone(), order(), with_headers("{}", headers)).await;
        assert_eq!(skipped, Some(SkipReason::MissingValue), "{headers:?}");
    }
}

#[tokio::test]
async fn a_map_replaces_scalars_and_leaves_no_other() {
    let map = json!({"$field": "/v", "map": [["A", 1], [2, "two"], [true, null], [null, false]]});
    for (v, expected) in [
        ("\"A\"", json!(1)),
        ("\"\\u0041\"", json!(1)),
        ("2.0", json!("two")),
        ("true", json!(null)),
        ("null", json!(false)),
        ("\"2\"", json!(null)),
        ("[]", json!(null)),
    ] {
        assert_eq!(value(map.clone(), v).await, expected, "{v}");
    }
}

#[tokio::test]
async fn numbers_become_texts_and_texts_numbers() {
    let (text, number) = (
        json!({"$field": "/v", "as": "text"}),
        json!({"$field": "/v", "as": "number"}),
    );
    for (v, expected) in [
        ("1.10", json!("1.10")),
        ("true", json!("true")),
        ("\"x\\n\"", json!("x\n")),
        ("null", Value::Null),
        ("{}", Value::Null),
    ] {
        assert_eq!(value(text.clone(), v).await, expected, "{v}");
    }
    for (v, expected) in [
        ("\"-1.5e3\"", json!(-1500.0)),
        ("7", json!(7)),
        ("\"07\"", Value::Null),
        ("\"1 \"", Value::Null),
        ("\"NaN\"", Value::Null),
        ("\"\"", Value::Null),
        ("\"1]\"", Value::Null),
        ("true", Value::Null),
    ] {
        assert_eq!(value(number.clone(), v).await, expected, "{v}");
    }
}

#[tokio::test]
async fn a_date_is_written_in_each_of_its_forms() {
    let (rfc3339, unix, http) = (
        "2026-03-01T12:00:00Z",
        1_772_366_400,
        "Sun, 01 Mar 2026 12:00:00 GMT",
    );
    let forms = [
        format!("\"{rfc3339}\""),
        unix.to_string(),
        format!("\"{http}\""),
    ];
    let same = [
        "\"2026-03-01T13:30:00.75+01:30\"",
        "\"2026-03-01t07:00:00-05:00\"",
        "1772366400.999",
    ];
    for v in forms.iter().map(String::as_str).chain(same) {
        for (form, expected) in [
            ("rfc3339", json!(rfc3339)),
            ("unix_seconds", json!(unix)),
            ("http_date", json!(http)),
        ] {
            assert_eq!(
                value(json!({"$field": "/v", "as": form}), v).await,
                expected,
                "{v} as {form}"
            );
        }
    }
    let last = json!({"$field": "/v", "as": "rfc3339"});
    assert_eq!(value(last, "253402300799").await, "9999-12-31T23:59:59Z");
    for none in [
        "\"2026-03-01\"",
        "\"2026-13-01T00:00:00Z\"",
        "-1",
        "1e9",
        "253402300800",
        "true",
        "\"2026-03-01T12:00:00+25:00\"",
        "\"2026-03-01T12:00:00+000:0\"",
        "\"2026-03-01T12:00:00++1:00\"",
        "\"é+01:00\"",
        "\"+01:00\"",
        "null",
    ] {
        for form in ["rfc3339", "unix_seconds", "http_date"] {
            assert_eq!(
                value(json!({"$field": "/v", "as": form}), none).await,
                Value::Null,
                "{none} as {form}"
            );
        }
    }
}

#[tokio::test]
async fn placeholders_fill_header_values() {
    let shape = json!({
        "status": 429,
        "set_headers": {
            "retry-after": {"$field": "/interval", "default": "5"},
            "x-id": [{"$text": ["order ", {"$path": "id"}]}, "fixed"],
            "x-old": {"$field": "/none", "omit_if_absent": true},
        },
        "append_headers": {"x-more": {"$response_header": "x-id"}},
    });
    let headers = [("x-id", "7"), ("x-old", "stays")];
    let (head, body, _) = made(shape, order(), with_headers("{\"interval\": 10}", &headers)).await;
    let lines = |name: &str| head.headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(lines("retry-after"), ["10"]);
    assert_eq!(lines("x-id"), ["order 7", "fixed"]);
    assert_eq!(lines("x-old"), ["stays"]);
    assert_eq!(lines("x-more"), ["7"]);
    assert_eq!(body, "{\"interval\": 10}");
}

#[tokio::test]
async fn a_value_that_no_header_can_have_is_absent() {
    let long = format!("\"{}\"", "x".repeat(4097));
    for v in [
        "\"a\\r\\nset-cookie: x\"",
        "\"a\\u0000\"",
        "\"é\"",
        "\" a\"",
        "\"a\\t\"",
        "\"\"",
        "[1]",
        "null",
        &long,
    ] {
        let body = format!("{{\"v\":{v}}}");
        for (value, skipped) in [
            (json!({"$field": "/v", "default": "d"}), None),
            (json!({"$field": "/v", "omit_if_absent": true}), None),
            (json!({"$field": "/v"}), Some(SkipReason::MissingValue)),
        ] {
            let is_default = value["default"] == "d";
            let shape = json!({"status": 400, "set_headers": {"x-v": value}});
            let (head, _, reason) = made(shape, order(), with_headers(&body, &[])).await;
            assert_eq!(reason, skipped, "{v}");
            let expected = is_default.then(|| HeaderValue::from_static("d"));
            assert_eq!(head.headers.get("x-v"), expected.as_ref(), "{v}");
        }
    }
}

#[tokio::test]
async fn a_cache_header_that_is_omitted_lets_no_cache_keep_the_response() {
    let shape = json!({"status": 400, "set_headers": {"cache-control": {"$field": "/cc", "omit_if_absent": true}}});
    let (head, _, _) = made(
        shape.clone(),
        order(),
        with_headers("{}", &[("cache-control", "max-age=9")]),
    )
    .await;
    assert_eq!(head.headers["cache-control"], "no-store");
    let (head, _, _) = made(shape, order(), with_headers("{\"cc\": \"max-age=1\"}", &[])).await;
    assert_eq!(head.headers["cache-control"], "max-age=1");
}
