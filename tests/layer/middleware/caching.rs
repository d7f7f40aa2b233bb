//! What caches may do with the responses of a contract.

use http::{HeaderValue, Method, Request, Response};
use serde_json::{Value, json};

use super::{
    PENDING, device_flow,
    exchange::{json as target, request, respond},
    observed::lines,
    on, order, orders, poll,
    scripted::Scripted,
};

const NONE: [&str; 0] = [];

/// Headers by which a cache keeps a response, and two that have nothing to do with it.
const CACHED: [(&str, &str); 9] = [
    ("cache-control", "public, max-age=3600"),
    ("cache-control", "s-maxage=7200"),
    ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
    ("age", "17"),
    ("pragma", "cache"),
    ("cdn-cache-control", "max-age=60"),
    ("acme-cdn-cache-control", "max-age=60"),
    ("surrogate-control", "max-age=60"),
    ("x-accel-expires", "60"),
];

fn cached(status: u16, body: &'static str) -> Response<Scripted> {
    let mut response = target(status, Scripted::one(body));
    for (name, value) in CACHED {
        response
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .insert("x-other", HeaderValue::from_static("1"));
    response
}

/// The response, to a rewritten `GET`, of a shape with these headers.
async fn rewritten(
    headers: Value,
) -> Response<legacy_http_compat::middleware::ResponseBody<Scripted>> {
    let mut legacy = json!({"status": 404, "body": {"json": {}}});
    for (member, lines) in headers.as_object().unwrap() {
        legacy[member] = lines.clone();
    }
    let (layer, _, _) = on(orders(
        &json!([{"name": "FOUND", "status": 200, "legacy": legacy}]),
    ));
    let response = respond(&layer, order(), cached(200, "{}")).await;
    assert_eq!(response.status(), 404);
    response
}

#[tokio::test]
async fn a_rewritten_get_is_not_stored() {
    let response = rewritten(json!({})).await;
    assert_eq!(lines(&response, "cache-control"), ["no-store"]);
    for (name, _) in CACHED.iter().skip(2) {
        assert_eq!(lines(&response, name), NONE, "{name}");
    }
    assert_eq!(lines(&response, "x-other"), ["1"]);
}

#[tokio::test]
async fn a_shape_that_keeps_the_body_is_not_stored_either() {
    let (layer, _, _) = on(orders(
        &json!([{"name": "GONE", "status": 410, "legacy": {"status": 404}}]),
    ));
    let response = respond(&layer, order(), cached(410, "{}")).await;
    assert_eq!(response.status(), 404);
    assert_eq!(lines(&response, "cache-control"), ["no-store"]);
    assert_eq!(lines(&response, "expires"), NONE);
}

#[tokio::test]
async fn a_shape_may_set_its_own_freshness() {
    let response = rewritten(
        json!({"set_headers": {"Cache-Control": "max-age=5", "CDN-Cache-Control": "max-age=6"}}),
    )
    .await;
    assert_eq!(lines(&response, "cache-control"), ["max-age=5"]);
    assert_eq!(lines(&response, "cdn-cache-control"), ["max-age=6"]);
    assert_eq!(lines(&response, "age"), NONE);
    let response = rewritten(json!({"append_headers": {"cache-control": "private"}})).await;
    assert_eq!(lines(&response, "cache-control"), ["private"]);
    let date = "Thu, 01 Jan 2026 00:00:00 GMT";
    let response = rewritten(json!({"set_headers": {"expires": date}})).await;
    assert_eq!(
        (
            lines(&response, "expires"),
            lines(&response, "cache-control")
        ),
        (vec![date], vec![])
    );
}

#[tokio::test]
async fn a_rewritten_response_of_another_method_is_not_stored_where_the_target_response_could_be() {
    let (layer, _, _) = device_flow();
    let response = respond(&layer, poll(), cached(200, PENDING)).await;
    assert_eq!(response.status(), 401);
    assert_eq!(lines(&response, "cache-control"), ["no-store"]);
    assert_eq!(lines(&response, "expires"), NONE);
    let response = respond(&layer, poll(), target(200, Scripted::one(PENDING))).await;
    assert_eq!(response.status(), 401);
    assert_eq!(lines(&response, "cache-control"), NONE);
}

#[tokio::test]
async fn a_response_that_is_not_rewritten_keeps_its_freshness() {
    let (layer, flag, _) = on(orders(
        &json!([{"name": "GONE", "status": 410, "legacy": {"status": 404}}]),
    ));
    flag.set(false);
    let response = respond(&layer, order(), cached(410, "{}")).await;
    for (name, _) in CACHED {
        let before = CACHED
            .iter()
            .filter(|(other, _)| *other == name)
            .map(|(_, value)| *value);
        assert_eq!(lines(&response, name), before.collect::<Vec<_>>(), "{name}");
    }
}

/// The `Vary` of the response to `method` on the path of an endpoint for `GET`.
async fn vary_of(method: Method, path: &str, outcomes: &Value, retired: bool) -> Vec<String> {
    let (layer, flag, notes) = on(orders(outcomes));
    if retired {
        flag.retire();
    }
    let response = respond(
        &layer,
        request(method.as_str(), path),
        target(410, Scripted::new([])),
    )
    .await;
    assert_eq!(
        response.status(),
        if method == Method::GET && !retired {
            404
        } else {
            410
        }
    );
    assert_eq!(
        notes.all().len(),
        usize::from(method == Method::GET && !retired),
        "HEAD is never on the contract"
    );
    lines(&response, "vary")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn head_varies_as_get_does() {
    let varying = json!([{"name": "GONE", "status": 410, "legacy": {"status": 404, "body": {"json": {
        "id": {"$header": ["x-trace", "x-a"], "omit_if_absent": true},
    }}}}]);
    let expected = ["x-a, x-trace"];
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(
            vary_of(method, "/orders/7", &varying, false).await,
            expected
        );
    }
    assert_eq!(
        vary_of(Method::HEAD, "/others/7", &varying, false).await,
        NONE
    );
    assert_eq!(
        vary_of(Method::OPTIONS, "/orders/7", &varying, false).await,
        NONE
    );
    assert_eq!(
        vary_of(Method::HEAD, "/orders/7", &varying, true).await,
        NONE
    );
    let plain = json!([{"name": "GONE", "status": 410}]);
    assert_eq!(
        vary_of(Method::HEAD, "/orders/7", &plain, false).await,
        NONE
    );
}

#[tokio::test]
async fn head_varies_by_what_the_detector_reads() {
    use legacy_http_compat::caller::{FingerprintKey, SignalDetector};
    let detector = SignalDetector::builder(["A"])
        .kind_header("X-Kind")
        .version_header("X-Version")
        .target_since("A", "2.0.0")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    let (layer, _, _) = on(orders(
        &json!([{"name": "GONE", "status": 410, "legacy": {"status": 404}}]),
    ));
    let layer = layer.detector(std::sync::Arc::new(detector));
    let vary = async |request: Request<()>| {
        let response = respond(&layer, request, target(410, Scripted::new([]))).await;
        lines(&response, "vary").join(", ")
    };
    let get = vary(order()).await;
    assert!(get.contains("x-version"), "{get}");
    assert_eq!(vary(request("HEAD", "/orders/7")).await, get);
}
