//! Which outcome a response counts as, and which version of the contract decides.

use http::{HeaderValue, Request, Response};
use legacy_http_compat::{
    Contract, LiveContract,
    observation::{Shape, SkipReason},
};
use serde_json::{Value, json};
use tower::Layer as _;
use tower_test::mock;

use super::{
    exchange::{self, request, respond},
    on, order, orders,
    scripted::{Scripted, read},
};

fn version(number: u64) -> Contract {
    orders(&json!([{
        "name": format!("FOUND_{number}"), "status": 200, "fields": {"/a": 1},
        "legacy": {"status": 404, "body": {"json": {"version": number}}},
    }]))
}

async fn outcome(contract: Contract, response: Response<Scripted>) -> (String, Option<SkipReason>) {
    let (layer, _, notes) = on(contract);
    drop(respond(&layer, order(), response).await);
    let (outcome, _, skip) = notes.take();
    (outcome, skip)
}

async fn outcome_of(outcomes: Value, body: &'static str) -> String {
    outcome(orders(&outcomes), exchange::json(200, Scripted::one(body)))
        .await
        .0
}

#[tokio::test]
async fn a_request_is_served_to_its_end_by_the_version_that_it_found() {
    let live = LiveContract::new(version(1));
    let (layer, _, notes) = on(live.clone());
    let (mut service, mut handle) =
        mock::spawn_with::<Request<()>, Response<Scripted>, _, _>(move |mock| layer.layer(mock));
    for (before, after) in [(1, 2), (2, 3)] {
        handle.allow(1);
        assert!(service.poll_ready().is_ready());
        let response = tokio::spawn(service.call(order()));
        let (_, respond) = handle.next_request().await.unwrap();
        live.replace(version(after));
        respond.send_response(exchange::json(200, Scripted::one(r#"{"a":1}"#)));
        let body = read(response.await.unwrap().unwrap().into_body()).await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, json!({"version": before}));
        assert_eq!(notes.take().0, format!("FOUND_{before}"));
    }
}

#[tokio::test]
async fn a_replacement_reaches_every_clone_and_every_service_of_the_layer() {
    let live = LiveContract::new(version(1));
    let (layer, _, notes) = on(live.clone());
    let other = layer.clone();
    live.replace(version(2));
    for layer in [layer, other] {
        drop(
            respond(
                &layer,
                order(),
                exchange::json(200, Scripted::one(r#"{"a":1}"#)),
            )
            .await,
        );
        assert_eq!(notes.take().0, "FOUND_2");
    }
}

#[tokio::test]
async fn a_replaced_contract_may_have_other_endpoints() {
    let live = LiveContract::new(version(1));
    let (layer, _, notes) = on(live.clone());
    live.replace(version(1).with_base_path("/v2").unwrap());
    let found = || exchange::json(200, Scripted::one(r#"{"a":1}"#));
    drop(respond(&layer, order(), found()).await);
    assert_eq!(notes.all(), []);
    drop(respond(&layer, request("GET", "/v2/orders/7"), found()).await);
    assert_eq!(notes.only().endpoint, "order");
}

#[tokio::test]
async fn the_first_outcome_that_fits_counts() {
    let outcomes = json!([
        {"name": "BOTH", "status": 200, "fields": {"/a": 1, "/b": 1}},
        {"name": "ONE", "status": 200, "fields": {"/a": 1}},
        {"name": "REST", "status": 200},
    ]);
    assert_eq!(
        outcome_of(outcomes.clone(), r#"{"b":1,"a":1}"#).await,
        "BOTH"
    );
    assert_eq!(
        outcome_of(outcomes.clone(), r#"{"b":2,"a":1}"#).await,
        "ONE"
    );
    assert_eq!(outcome_of(outcomes, "{}").await, "REST");
}

#[tokio::test]
async fn a_field_is_compared_with_any_scalar_or_a_set_of_them() {
    let outcomes = json!([
        {"name": "TEXT", "status": 200, "fields": {"/v": "a\"b"}},
        {"name": "NUMBER", "status": 200, "fields": {"/v": 1}},
        {"name": "TRUE", "status": 200, "fields": {"/v": true}},
        {"name": "NULL", "status": 200, "fields": {"/v": null}},
        {"name": "SET", "status": 200, "fields": {"/v": ["x", 2, false]}},
        {"name": "DEEP", "status": 200, "fields": {"/v/0/w": "deep"}},
    ]);
    for (body, expected) in [
        (r#"{"v":"a\u0022b"}"#, "TEXT"),
        (r#"{"v":1.0}"#, "NUMBER"),
        (r#"{"v":"1"}"#, "other"),
        (r#"{"v":true}"#, "TRUE"),
        (r#"{"v":null}"#, "NULL"),
        (r#"{"w":null}"#, "other"),
        (r#"{"v":"x"}"#, "SET"),
        (r#"{"v":20e-1}"#, "SET"),
        (r#"{"v":false}"#, "SET"),
        (r#"{"v":[{"w":"deep"}]}"#, "DEEP"),
        (r#"{"v":1,"v":true}"#, "NUMBER"),
        (r#"{"v":1, and then no JSON at all"#, "NUMBER"),
    ] {
        assert_eq!(outcome_of(outcomes.clone(), body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn numbers_are_compared_exactly() {
    let outcomes = |number: &str| {
        let text = format!(
            r#"{{"endpoints":[{{"name":"order","method":"GET","path":"/orders/{{id}}","outcomes":[
            {{"name":"SAME","status":200,"fields":{{"/n":{number}}}}}
        ]}}]}}"#
        );
        Contract::from_json(&text).unwrap()
    };
    for (condition, response, same) in [
        ("18446744073709551616", "18446744073709551616", true),
        ("18446744073709551616", "18446744073709551617", false),
        ("9007199254740993", "9007199254740992.0", false),
        ("9007199254740993", "9007199254740993.0", true),
        (
            "123456789012345678901234567890",
            "1.2345678901234567890123456789e29",
            true,
        ),
        ("0.1", "0.1000000000000000055511151231257827", false),
        ("1.10", "11e-1", true),
        ("0", "-0.00e5", true),
        ("1e400", "1e401", false),
    ] {
        let body: &str = format!(r#"{{"n":{response}}}"#).leak();
        let found = outcome(
            outcomes(condition),
            exchange::json(200, Scripted::one(body)),
        )
        .await
        .0;
        assert_eq!(
            found,
            if same { "SAME" } else { "other" },
            "{condition} {response}"
        );
    }
}

#[tokio::test]
async fn an_index_has_one_spelling() {
    let outcomes = json!([{"name": "FIRST", "status": 200, "fields": {"/00": 1}}]);
    assert_eq!(outcome_of(outcomes.clone(), "[1]").await, "other");
    assert_eq!(outcome_of(outcomes, r#"{"00":1}"#).await, "FIRST");
}

#[tokio::test]
async fn a_header_is_compared_line_by_line() {
    let contract = orders(&json!([
        {"name": "OLD", "status": 200, "headers": {"X-State": ["archived", "lost"]}},
        {"name": "REST", "status": 200},
    ]));
    for (values, expected) in [
        (vec!["lost"], "OLD"),
        (vec!["new", "archived"], "OLD"),
        (vec!["Archived"], "REST"),
        (vec![], "REST"),
    ] {
        let mut response = Response::new(Scripted::one("not looked at"));
        for value in values {
            response
                .headers_mut()
                .append("x-state", HeaderValue::from_static(value));
        }
        assert_eq!(outcome(contract.clone(), response).await.0, expected);
    }
}

#[tokio::test]
async fn what_a_header_excludes_needs_no_look_at_the_body() {
    let contract = orders(&json!([
        {"name": "OLD", "status": 200, "headers": {"x-state": "archived"}, "fields": {"/a": 1}},
        {"name": "REST", "status": 200},
    ]));
    let body = Scripted::one("not JSON");
    let polls = body.polls();
    let (outcome, skip) = outcome(contract, Response::new(body)).await;
    assert_eq!((outcome.as_str(), skip, polls.count()), ("REST", None, 0));
}

#[tokio::test]
async fn an_undetermined_response_never_falls_to_a_later_outcome() {
    let contract = orders(&json!([
        {"name": "FIRST", "status": 200, "fields": {"/a": 1}},
        {"name": "REST", "status": 200, "legacy": {"status": 404, "body": {"json": {}}}},
    ]));
    let (layer, flag, notes) = on(contract);
    for active in [true, false] {
        flag.set(active);
        let response = respond(&layer, order(), Response::new(Scripted::one("{}"))).await;
        assert_eq!(response.status(), 200);
        let seen = notes.only();
        assert!(seen.stranded, "it may have been an answer that depends");
        assert_eq!(seen.undetermined, Some(SkipReason::NotJson));
        let skip = active.then_some(SkipReason::NotJson);
        let undetermined = ("undetermined".to_owned(), Shape::Target, skip);
        assert_eq!(notes.take(), undetermined);
    }
}

#[tokio::test]
async fn a_response_of_another_status_is_other() {
    let (layer, _, notes) = super::device_flow();
    drop(
        respond(
            &layer,
            super::poll(),
            exchange::json(503, Scripted::one(super::PENDING)),
        )
        .await,
    );
    let seen = notes.only();
    assert_eq!(
        (seen.outcome.as_str(), seen.target_status, seen.stranded),
        ("other", 503, false)
    );
}

#[tokio::test]
async fn a_static_path_wins_over_a_parameter() {
    let endpoint = |name: &str, path: &str| json!({"name": name, "method": "GET", "path": path, "outcomes": [{"name": "A", "status": 200}]});
    let document = json!({"endpoints": [
        endpoint("one", "/orders/{id}"), endpoint("latest", "/orders/latest"),
        endpoint("rest", "/files/{*rest}"),
    ]});
    let (layer, _, notes) = on(Contract::from_json(&document.to_string()).unwrap());
    for path in ["/orders/latest", "/orders/7", "/files/a/b"] {
        drop(
            respond(
                &layer,
                request("GET", path),
                Response::new(Scripted::new([])),
            )
            .await,
        );
    }
    let endpoints: Vec<_> = notes.all().into_iter().map(|seen| seen.endpoint).collect();
    assert_eq!(endpoints, ["latest", "one", "rest"]);
}
