//! When the journal fails.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::room::Room;

#[tokio::test]
async fn what_cannot_be_journaled_is_not_done() {
    let room = Room::open().await;
    room.journal.refuses_writing.store(true, Ordering::Relaxed);
    let response = room
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
    assert!(room.rollout.reader().is_on());
    let status = room.viewer().get("/api/status").await.ok();
    assert_eq!(status["journal"]["works"], false);
    room.journal.refuses_writing.store(false, Ordering::Relaxed);
    room.operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
}

#[tokio::test]
async fn a_rollback_that_cannot_be_journaled_is_done_all_the_same() {
    let room = Room::open().await;
    room.operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
    let head = room.head();
    room.journal.refuses_writing.store(true, Ordering::Relaxed);
    let rollback = json!({"incident": "INC-1", "reason": "now"});
    let response = room.operator().post("/api/rollbacks", &rollback).await;
    assert_eq!(
        (response.status, response.json()),
        (202, json!({"head": head, "recorded": false}))
    );
    assert!(room.rollout.reader().is_on());
    let status = room.viewer().get("/api/status").await.ok();
    assert_eq!(
        (&status["flag"], &status["journal"]["rollback_unrecorded"]),
        (&json!("on"), &json!(true))
    );
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    let response = room.operator().post("/api/checks", &check).await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "rollback-unrecorded")
    );
    assert_eq!(
        room.operator()
            .post("/api/rollbacks", &rollback)
            .await
            .problem(),
        "rollback-unrecorded"
    );
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_said_to_fail() {
    let room = Room::open().await;
    room.journal.refuses_reading.store(true, Ordering::Relaxed);
    for path in ["/api/journal", "/api/transitions/cutover", "/api/events"] {
        let response = room.viewer().get(path).await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (503, "journal-failing"),
            "{path}"
        );
        assert!(!response.text.contains("scripted") || path == "/api/transitions/cutover");
    }
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    assert_eq!(
        room.operator().post("/api/checks", &check).await.problem(),
        "journal-failing"
    );
    let conditional = room.operator().with("if-match", "\"3\"");
    assert_eq!(
        conditional.post("/api/checks", &check).await.problem(),
        "journal-failing"
    );
    room.viewer().get("/api/status").await.ok();
}

#[tokio::test]
async fn a_rollback_needs_no_journal_that_can_be_read() {
    let room = Room::open().await;
    room.operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
    room.journal.refuses_reading.store(true, Ordering::Relaxed);
    room.journal.refuses_writing.store(true, Ordering::Relaxed);
    let response = room
        .operator()
        .post(
            "/api/rollbacks",
            &json!({"incident": "INC-1", "reason": "now"}),
        )
        .await;
    assert_eq!(response.status, 202, "{response:?}");
    assert!(room.rollout.reader().is_on());
}

#[tokio::test]
async fn what_panics_fails_its_own_request_and_no_other() {
    let room = Room::open().await;
    room.journal.panics.store(true, Ordering::Relaxed);
    for path in ["/api/transitions/cutover", "/api/journal", "/api/events"] {
        let response = room.viewer().get(path).await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (500, "internal"),
            "{path}"
        );
        assert!(!response.text.contains("nobody's business"));
    }
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    let response = room.operator().post("/api/checks", &check).await;
    assert_eq!(response.problem(), "internal");
    room.journal.panics.store(false, Ordering::Relaxed);
    room.operator().post("/api/checks", &check).await.ok();
    room.viewer().get("/api/journal").await.ok();
}
