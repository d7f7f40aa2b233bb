//! When the journal fails.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::service::TestService;

#[tokio::test]
async fn a_command_that_cannot_be_journaled_is_not_executed() {
    let service = TestService::open().await;
    service
        .journal
        .refuses_writing
        .store(true, Ordering::Relaxed);
    let response = service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "journal-failing")
    );
    assert_eq!(response.json()["certain"], true);
    assert!(service.rollout.reader().is_on());
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["journal"]["works"], false);
    service
        .journal
        .refuses_writing
        .store(false, Ordering::Relaxed);
    service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
}

#[tokio::test]
async fn a_rollback_that_cannot_be_journaled_takes_effect_all_the_same() {
    let service = TestService::open().await;
    service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
    let head = service.rollout.journal().head().unwrap();
    service
        .journal
        .refuses_writing
        .store(true, Ordering::Relaxed);
    let rollback = json!({"incident": "INC-1", "reason": "now"});
    let response = service.operator().post("/api/rollbacks", &rollback).await;
    assert_eq!(
        (response.status, response.json()),
        (202, json!({"head": head.to_string(), "recorded": false}))
    );
    assert!(service.rollout.reader().is_on());
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(
        (&status["flag"], &status["rollback_unrecorded"]),
        (&json!("on"), &json!(true))
    );
    assert_eq!(status["next"], json!(null), "no other step");
    assert_eq!(status["gates_verdict"], "not_evaluated");
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    let response = service.operator().post("/api/checks", &check).await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "rollback-unrecorded")
    );
    let again = service.operator().post("/api/rollbacks", &rollback).await;
    assert_eq!(
        (again.status, &again.json()["recorded"]),
        (202, &json!(false))
    );
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_reported_as_failing() {
    let service = TestService::open().await;
    service
        .journal
        .refuses_reading
        .store(true, Ordering::Relaxed);
    for path in ["/api/journal", "/api/transitions/cutover", "/api/events"] {
        let response = service.viewer().get(path).await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (503, "journal-failing"),
            "{path}"
        );
        assert!(!response.text.contains("scripted") || path == "/api/transitions/cutover");
    }
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    assert_eq!(
        service
            .operator()
            .post("/api/checks", &check)
            .await
            .problem(),
        "journal-failing"
    );
    let conditional = service.operator().with("if-match", "\"3\"");
    assert_eq!(
        conditional.post("/api/checks", &check).await.problem(),
        "journal-failing"
    );
    service.viewer().get("/api/status").await.ok();
}

#[tokio::test]
async fn a_rollback_works_though_the_journal_cannot_be_read() {
    let service = TestService::open().await;
    service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
    service
        .journal
        .refuses_reading
        .store(true, Ordering::Relaxed);
    service
        .journal
        .refuses_writing
        .store(true, Ordering::Relaxed);
    let response = service
        .operator()
        .post(
            "/api/rollbacks",
            &json!({"incident": "INC-1", "reason": "now"}),
        )
        .await;
    assert_eq!(response.status, 202, "{response:?}");
    assert!(service.rollout.reader().is_on());
}

#[tokio::test]
async fn a_panic_fails_its_own_request_and_no_other() {
    let service = TestService::open().await;
    service.journal.panics.store(true, Ordering::Relaxed);
    for path in ["/api/transitions/cutover", "/api/journal", "/api/events"] {
        let response = service.viewer().get(path).await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (500, "internal"),
            "{path}"
        );
        assert!(!response.text.contains("not for clients"));
    }
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    let response = service.operator().post("/api/checks", &check).await;
    assert_eq!(response.problem(), "internal");
    service.journal.panics.store(false, Ordering::Relaxed);
    service.operator().post("/api/checks", &check).await.ok();
    service.viewer().get("/api/journal").await.ok();
}
