//! What is answered to orders that are carried out.

use std::{fmt::Write as _, sync::atomic::Ordering};

use serde_json::{Value, json};

use crate::{
    pin::{pin, told},
    rich::mara,
    service::TestService,
};

/// One order for each route, in an order in which all of them fit.
fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "/api/checks",
            json!({"check": "openapi", "green": true, "link": "https://ci.example/7", "reason": "run 7"}),
        ),
        (
            "/api/incidents",
            json!({"incident": "INC-1", "reason": "it burns"}),
        ),
        (
            "/api/incidents/close",
            json!({"incident": "INC-1", "reason": "it is out"}),
        ),
        (
            "/api/waivers",
            json!({"target": "anonymous", "owner": "mara", "until": "2030-01-01T00:00:00Z", "reason": "probe"}),
        ),
        (
            "/api/waivers/end",
            json!({"target": "anonymous", "reason": "it is gone"}),
        ),
        (
            "/api/client-rollbacks",
            json!({"kind": "AGENT", "version": "1.4.2", "incident": "INC-1", "reason": "crash loop"}),
        ),
        (
            "/api/policy",
            json!({"policy": {"gates": {"enable": [], "cutover": [], "retire": []}, "min_responses": 1}, "override": ["/min_responses"], "reason": "a rehearsal"}),
        ),
        (
            "/api/transitions",
            json!({"to": "cutover", "reason": "quiet"}),
        ),
        (
            "/api/rollbacks",
            json!({"incident": "INC-2", "reason": "pollers give up"}),
        ),
        (
            "/api/rollbacks/extend",
            json!({"until": "2030-01-01T00:00:00Z", "reason": "a customer"}),
        ),
        (
            "/api/post-analyses",
            json!({"rollback": 11, "link": "https://wiki.example/2", "summary": "a timeout", "reason": "done"}),
        ),
    ]
}

#[tokio::test]
async fn the_response_to_every_order_is_pinned() {
    let service = TestService::open().await;
    let mut text = String::new();
    for (path, body) in all() {
        let response = mara(&service).post(path, &body).await;
        assert_eq!(response.status, 200, "{response:?}");
        write!(text, "POST {path}\n{}", told(&response)).unwrap();
    }
    pin("orders.txt", &text);
}

#[tokio::test]
async fn the_response_to_a_rollback_that_cannot_be_recorded_is_pinned() {
    let service = TestService::open().await;
    let cutover = json!({"to": "cutover", "reason": "quiet"});
    mara(&service).post("/api/transitions", &cutover).await.ok();
    service
        .journal
        .refuses_writing
        .store(true, Ordering::Relaxed);
    let rollback = json!({"incident": "INC-1", "reason": "now"});
    let response = mara(&service).post("/api/rollbacks", &rollback).await;
    pin("orders_unrecorded.txt", &told(&response));
}
