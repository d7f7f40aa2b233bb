//! The headers of rewritten responses, and of those that might have been.

use http::{HeaderValue, Response};
use legacy_http_compat::{Contract, LegacyHttpCompatLayer};
use serde_json::json;

use super::{
    PENDING, device_flow,
    exchange::{json as target, respond},
    observed::lines,
    on, order, orders, poll,
    scripted::{Scripted, read},
};

const NONE: [&str; 0] = [];

fn with(lines: &[(&'static str, &'static str)]) -> Response<Scripted> {
    let mut response = target(200, Scripted::one(PENDING));
    for (name, value) in lines {
        response
            .headers_mut()
            .append(*name, HeaderValue::from_static(value));
    }
    response
}

/// An endpoint whose legacy shape has header placeholders.
fn varying() -> (LegacyHttpCompatLayer, legacy_http_compat::CompatFlag) {
    let (layer, flag, _) = on(orders(&json!([
        {"name": "GONE", "status": 410, "legacy": {"status": 404, "body": {"json": {
            "b": {"$header": ["x-trace", "x-b"], "omit_if_absent": true},
            "a": {"$header": "X-A", "omit_if_absent": true},
        }}}},
        {"name": "FOUND", "status": 200},
    ])));
    (layer, flag)
}

#[tokio::test]
async fn a_rewritten_response_has_the_length_and_type_of_its_own_body() {
    let (layer, _, _) = device_flow();
    for before in [None, Some("33")] {
        let mut response = with(&[]);
        response
            .headers_mut()
            .insert("content-type", HeaderValue::from_static("text/x+json"));
        if let Some(length) = before {
            response
                .headers_mut()
                .insert("content-length", HeaderValue::from_static(length));
        }
        let response = respond(&layer, poll(), response).await;
        assert_eq!(lines(&response, "content-type"), ["application/json"]);
        let length = lines(&response, "content-length").concat();
        assert_eq!(read(response.into_body()).await.len().to_string(), length);
    }
}

#[tokio::test]
async fn a_rewritten_response_has_no_header_that_described_the_target_response() {
    let stale = [
        "content-disposition",
        "content-language",
        "content-location",
        "etag",
        "last-modified",
        "accept-ranges",
        "content-range",
        "content-digest",
        "repr-digest",
        "digest",
        "content-md5",
        "signature",
        "signature-input",
        "trailer",
        "transfer-encoding",
    ];
    let before = stale.map(|name| (name, "x"));
    let (layer, flag, _) = device_flow();
    let response = respond(&layer, poll(), with(&before)).await;
    assert_eq!(response.status(), 401);
    let left: Vec<&str> = stale
        .into_iter()
        .filter(|name| response.headers().contains_key(*name))
        .collect();
    assert_eq!(left, NONE);

    flag.set(false);
    let response = respond(&layer, poll(), with(&before)).await;
    assert!(
        stale
            .iter()
            .all(|name| response.headers().contains_key(*name))
    );
}

#[tokio::test]
async fn what_describes_a_body_stays_with_it_and_a_shape_may_set_its_own() {
    let describes = [
        ("content-language", "de"),
        ("content-location", "/a"),
        ("content-disposition", "inline"),
    ];
    let (layer, _, _) = on(orders(&json!([
        {"name": "KEPT", "status": 200, "legacy": {"status": 404}},
    ])));
    let response = respond(&layer, order(), with(&describes)).await;
    assert_eq!(response.status(), 404);
    for (name, value) in describes {
        assert_eq!(lines(&response, name), [value]);
    }
    let (layer, _, _) = on(orders(&json!([{"name": "NEW", "status": 200, "legacy": {
        "status": 404, "set_headers": {"content-language": "en"}, "body": {"json": {}},
    }}])));
    let response = respond(&layer, order(), with(&describes)).await;
    assert_eq!(lines(&response, "content-language"), ["en"]);
    assert_eq!(lines(&response, "content-location"), NONE);
}

#[tokio::test]
async fn all_other_headers_stay_in_their_order() {
    let (layer, _, _) = device_flow();
    let response = respond(
        &layer,
        poll(),
        with(&[
            ("set-cookie", "a=1"),
            ("x-request-id", "r"),
            ("set-cookie", "b=2"),
            ("cache-control", "no-store"),
            ("set-cookie", "a=3"),
        ]),
    )
    .await;
    assert_eq!(lines(&response, "set-cookie"), ["a=1", "b=2", "a=3"]);
    assert_eq!(lines(&response, "x-request-id"), ["r"]);
    assert_eq!(lines(&response, "cache-control"), ["no-store"]);
}

#[tokio::test]
async fn nothing_is_put_into_or_taken_out_of_the_extensions() {
    let (layer, _, _) = device_flow();
    let mut response = with(&[]);
    response.extensions_mut().insert("mine");
    let response = respond(&layer, poll(), response).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.extensions().get(), Some(&"mine"));
    assert_eq!(response.extensions().len(), 1);
}

#[tokio::test]
async fn a_shape_sets_appends_and_removes_headers() {
    let (layer, _, _) = on(orders(&json!([{"name": "FOUND", "status": 200, "legacy": {
        "status": 404,
        "set_headers": {"x-set": ["1", "2"], "x-new": "n", "content-type": "application/problem+json"},
        "append_headers": {"x-append": ["3", "4"]},
        "remove_headers": ["x-remove"],
        "body": {"json": {}},
    }}])));
    let before = [
        ("x-set", "0"),
        ("x-set", "00"),
        ("x-append", "2"),
        ("x-remove", "1"),
        ("x-remove", "2"),
    ];
    let response = respond(&layer, order(), with(&before)).await;
    assert_eq!(lines(&response, "x-set"), ["1", "2"]);
    assert_eq!(lines(&response, "x-new"), ["n"]);
    assert_eq!(lines(&response, "x-append"), ["2", "3", "4"]);
    assert_eq!(lines(&response, "x-remove"), NONE);
    assert_eq!(
        lines(&response, "content-type"),
        ["application/problem+json"]
    );
}

#[tokio::test]
async fn every_response_of_a_get_endpoint_with_legacy_shapes_varies() {
    let (layer, flag) = varying();
    for (active, status) in [(true, 410), (false, 410), (true, 200), (true, 500)] {
        flag.set(active);
        let response = respond(&layer, order(), target(status, Scripted::one("{}"))).await;
        assert_eq!(
            lines(&response, "vary"),
            ["x-a, x-b, x-trace"],
            "{active} {status}"
        );
    }
}

#[tokio::test]
async fn vary_joins_what_is_there_and_repeats_nothing() {
    let (layer, _) = varying();
    for (before, after) in [
        (vec!["accept"], vec!["accept", "x-a, x-b, x-trace"]),
        (vec!["*"], vec!["*"]),
        (vec!["X-Trace, x-A", "x-b"], vec!["X-Trace, x-A", "x-b"]),
    ] {
        let mut response = target(410, Scripted::one("{}"));
        for value in &before {
            response
                .headers_mut()
                .append("vary", HeaderValue::from_static(value));
        }
        let response = respond(&layer, order(), response).await;
        assert_eq!(response.status(), 404);
        assert_eq!(lines(&response, "vary"), after);
    }
}

#[tokio::test]
async fn responses_of_other_methods_do_not_vary() {
    let (layer, _, _) = device_flow();
    let response = respond(&layer, poll(), with(&[])).await;
    assert_eq!(response.status(), 401);
    assert_eq!(lines(&response, "vary"), NONE);
}

#[tokio::test]
async fn a_get_endpoint_without_legacy_shapes_does_not_vary() {
    let (layer, _, _) = on(orders(&json!([{"name": "FOUND", "status": 200}])));
    let response = respond(&layer, order(), with(&[])).await;
    assert_eq!(lines(&response, "vary"), NONE);
}

fn deprecated(notice: &serde_json::Value) -> Contract {
    let document = json!({"deprecation": notice, "endpoints": [{
        "name": "order", "method": "GET", "path": "/orders/{id}", "outcomes": [
            {"name": "GONE", "status": 410, "legacy": {"status": 404, "body": {"json": {}}}},
            {"name": "FOUND", "status": 200},
        ],
    }]});
    Contract::from_json(&document.to_string()).unwrap()
}

#[tokio::test]
async fn a_rewritten_response_carries_the_notice_of_deprecation() {
    let (layer, _, _) = on(deprecated(&json!({
        "date": 1_688_169_599, "link": "https://example.com/deprecations", "sunset": 1_730_419_199,
    })));
    let mut response = target(410, Scripted::one("{}"));
    response
        .headers_mut()
        .insert("link", HeaderValue::from_static("</next>; rel=\"next\""));
    response
        .headers_mut()
        .insert("deprecation", HeaderValue::from_static("@1"));
    let response = respond(&layer, order(), response).await;
    assert_eq!(response.status(), 404);
    assert_eq!(lines(&response, "deprecation"), ["@1688169599"]);
    assert_eq!(
        lines(&response, "sunset"),
        ["Thu, 31 Oct 2024 23:59:59 GMT"]
    );
    assert_eq!(
        lines(&response, "link"),
        [
            "</next>; rel=\"next\"",
            "<https://example.com/deprecations>; rel=\"deprecation\"; type=\"text/html\"",
        ]
    );
}

#[tokio::test]
async fn no_sunset_unless_it_is_given() {
    let (layer, _, _) = on(deprecated(
        &json!({"date": 0, "link": "https://example.com/"}),
    ));
    let response = respond(&layer, order(), target(410, Scripted::one("{}"))).await;
    assert_eq!(lines(&response, "deprecation"), ["@0"]);
    assert_eq!(lines(&response, "sunset"), NONE);
}

#[tokio::test]
async fn a_response_that_is_not_rewritten_carries_no_notice() {
    let (layer, flag, _) = on(deprecated(
        &json!({"date": 1, "link": "https://example.com/", "sunset": 2}),
    ));
    for (active, status) in [(true, 200), (true, 500), (false, 410)] {
        flag.set(active);
        let response = respond(&layer, order(), target(status, Scripted::one("{}"))).await;
        for name in ["deprecation", "sunset", "link"] {
            assert_eq!(lines(&response, name), NONE, "{name} {active} {status}");
        }
    }
}

#[tokio::test]
async fn only_the_one_right_type_of_the_target_body_stays() {
    let (layer, _, _) = device_flow();
    let twice = with(&[("content-type", "application/json")]);
    let mut of_another = with(&[("x-type", "application/json")]);
    of_another
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/x+json"));
    for response in [twice, of_another] {
        let response = respond(&layer, poll(), response).await;
        assert_eq!(response.status(), 401);
        assert_eq!(lines(&response, "content-type"), ["application/json"]);
    }
}

#[tokio::test]
async fn the_lines_of_shape_and_notice_count_among_the_headers_that_a_map_can_hold() {
    let notice = json!({"date": 0, "link": "https://example.com/", "sunset": 1});
    let fixed = json!({"x-a": "1", "x-b": "2"});
    let filled = json!({"x-a": "1", "x-b": {"$status": "target"}});
    let shape = |set: &serde_json::Value, append: &serde_json::Value| {
        orders(&json!([{"name": "GONE", "status": 410, "legacy": {
            "status": 404, "set_headers": set, "append_headers": append, "body": {"json": {}},
        }}]))
    };
    // The type and the length of the body, and that caches must not store it, are three.
    for (contract, most) in [
        (shape(&json!({}), &json!({})), 24_573),
        (shape(&fixed, &json!({})), 24_571),
        (shape(&fixed, &filled), 24_569),
        (deprecated(&notice), 24_570),
    ] {
        let (layer, ..) = on(contract);
        for (count, status) in [(most, 404), (most + 1, 410)] {
            let mut response = target(410, Scripted::one("{}"));
            response.headers_mut().clear();
            for number in 0..count {
                let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
                response
                    .headers_mut()
                    .append(name, HeaderValue::from_static("1"));
            }
            let response = respond(&layer, order(), response).await;
            assert_eq!(response.status(), status, "{count}");
        }
    }
}
