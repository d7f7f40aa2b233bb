//! The problem documents, one of each type.

use std::{fmt::Write as _, sync::atomic::Ordering};

use legacy_http_compat::rollout::policy::Policy;
use serde_json::{Value, json};

use crate::{
    client::Client,
    pin::{pin, told},
    response::Answer,
    rich::{mara, policy},
    service::{MARA, TestService},
};

/// Holds a problem to the file that is called like its type.
#[track_caller]
fn pinned(name: &str, response: &Answer) {
    assert_eq!(response.problem(), name);
    pin(&format!("problems/{name}.txt"), &told(response));
}

async fn strict() -> TestService {
    TestService::open_with(|setup| setup.policy = policy()).await
}

async fn step(service: &TestService, body: Value) -> Answer {
    mara(service).post("/api/transitions", &body).await
}

fn check() -> Value {
    json!({"check": "openapi", "green": true, "reason": "run 7"})
}

fn incident() -> Value {
    json!({"incident": "INC-1", "reason": "it burns"})
}

#[tokio::test]
async fn who_may_not_is_told_so_in_pinned_words() {
    let service = TestService::open().await;
    pinned("no-credentials", &service.stranger.get("/api/status").await);
    let wrong = service.stranger.bearing("wrong");
    pinned("wrong-token", &wrong.get("/api/status").await);
    let viewer = service.viewer().post("/api/checks", &check()).await;
    pinned("not-allowed", &viewer);
    let (signed_in, _) = service.signed_in(MARA).await;
    let foreign = signed_in.with("sec-fetch-site", "cross-site");
    let foreign = foreign.post("/api/incidents", &incident()).await;
    pinned("cross-origin", &foreign);
    for _ in 0..10 {
        wrong.get("/api/status").await;
    }
    pinned("too-many-attempts", &wrong.get("/api/status").await);
}

#[tokio::test]
async fn a_request_that_fits_no_route_is_refused_in_pinned_words() {
    let service = TestService::open().await;
    let viewer = service.viewer();
    pinned("not-found", &viewer.get("/api/nowhere").await);
    let posted = viewer.post("/api/status", &json!({})).await;
    pinned("method-not-allowed", &posted);
    let long = format!("/api/report?{}", "a".repeat(2_049));
    pinned("query-too-long", &viewer.get(&long).await);
    let large = mara(&service)
        .post_text("/api/checks", "application/json", " ".repeat(65_537))
        .await;
    pinned("body-too-large", &large);
}

#[tokio::test]
async fn a_body_that_cannot_be_taken_is_refused_in_pinned_words() {
    let service = TestService::open().await;
    let send = async |media: &str, body: &str| {
        let client: Client = mara(&service);
        client.post_text("/api/checks", media, body).await
    };
    pinned("malformed", &send("application/json", "{").await);
    pinned("unsupported-media-type", &send("text/plain", "{}").await);
    let faulty = r#"{"green": "yes", "link": "javascript:alert(1)", "colour": 1}"#;
    pinned("invalid", &send("application/json", faulty).await);
}

#[tokio::test]
async fn what_is_wrong_with_each_order_is_told_in_pinned_words() {
    let service = TestService::open().await;
    let mut text = String::new();
    for (path, body) in [
        (
            "/api/transitions",
            json!({"to": "cutoff", "override": "x y", "reason": ""}),
        ),
        ("/api/rollbacks", json!({})),
        (
            "/api/checks",
            json!({"check": "a b", "green": 1, "link": "x", "reason": "a\nb"}),
        ),
        (
            "/api/incidents",
            json!({"incident": null, "reason": "\u{202e}x"}),
        ),
        ("/api/incidents/close", json!([])),
        (
            "/api/waivers",
            json!({"target": "everyone", "owner": "", "until": "tomorrow", "reason": "x".repeat(1001)}),
        ),
        ("/api/waivers/end", json!({"target": 1})),
        (
            "/api/post-analyses",
            json!({"rollback": -1, "link": "x", "summary": "x".repeat(4001), "reason": "x"}),
        ),
        (
            "/api/client-rollbacks",
            json!({"kind": "", "version": "one", "incident": 7, "reason": "x"}),
        ),
        (
            "/api/policy",
            json!({"policy": {"coverage_ratio": 2, "gates": {"retire": ["odd"]}}, "reason": "x"}),
        ),
    ] {
        let response = mara(&service).post(path, &body).await;
        write!(text, "POST {path}\n{}", told(&response)).unwrap();
    }
    pin("problems_of_orders.txt", &text);
}

#[tokio::test]
async fn a_step_that_may_not_be_taken_is_refused_in_pinned_words() {
    let service = strict().await;
    let retire = step(&service, json!({"to": "retired", "reason": "now"})).await;
    pinned("impossible", &retire);
    let cutover = step(&service, json!({"to": "cutover", "reason": "now"})).await;
    pinned("gates-failed", &cutover);
    let mut order = json!({"to": "cutover", "override": ["no_open_incident"], "reason": "now"});
    pinned("override-mismatch", &step(&service, order.clone()).await);
    order["override"] = cutover.json()["failing"].clone();
    step(&service, order).await.ok();
    let back = step(&service, json!({"to": "compat", "reason": "oops"})).await;
    pinned("needs-incident", &back);
}

#[tokio::test]
async fn what_does_not_follow_is_refused_in_pinned_words() {
    let service = TestService::open().await;
    let early = mara(&service).with("if-match", "\"1\"");
    pinned("conflict", &early.post("/api/checks", &check()).await);
    let closed = json!({"incident": "INC-9", "reason": "out"});
    let closed = mara(&service).post("/api/incidents/close", &closed).await;
    pinned("unfitting", &closed);
}

#[tokio::test]
async fn a_failing_journal_is_told_of_in_pinned_words() {
    let service = TestService::open_with(|setup| setup.policy = Policy::permissive()).await;
    step(&service, json!({"to": "cutover", "reason": "quiet"}))
        .await
        .ok();
    service
        .journal
        .refuses_writing
        .store(true, Ordering::Relaxed);
    let failing = mara(&service).post("/api/checks", &check()).await;
    pinned("journal-failing", &failing);
    mara(&service).post("/api/rollbacks", &incident()).await;
    let unrecorded = mara(&service).post("/api/checks", &check()).await;
    pinned("rollback-unrecorded", &unrecorded);
}

#[tokio::test]
async fn an_inner_failure_is_told_of_in_pinned_words() {
    let service = TestService::open().await;
    service.journal.panics.store(true, Ordering::Relaxed);
    pinned("internal", &service.viewer().get("/api/journal").await);
}

#[tokio::test]
async fn what_the_rollout_was_built_without_is_told_in_pinned_words() {
    let service = TestService::open_with(|setup| setup.watched = false).await;
    pinned("not-configured", &service.viewer().get("/api/report").await);
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_refused_in_pinned_words() {
    let service = TestService::open().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        let opened = service.viewer().request("GET", "/api/events").send().await;
        streams.push(opened.unwrap());
    }
    pinned(
        "too-many-streams",
        &service.viewer().get("/api/events").await,
    );
    service.admin.close();
    drop(streams);
    pinned("closing", &service.viewer().get("/api/events").await);
}
