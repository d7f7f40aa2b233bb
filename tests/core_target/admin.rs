//! `PUT /admin/compat`, `GET /healthz`, and the end of the server.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    http_client::send,
    server::{ADMIN_TOKEN, CoreServer},
};

#[tokio::test]
async fn the_switch_is_set_by_who_has_the_token() {
    let core = CoreServer::start(false).await;
    for active in [true, false, false] {
        let body = json!({ "active": active, "actor": "ops", "reason": "a test" });
        let answer = core.http.set_compat(ADMIN_TOKEN, &body).await;
        assert_eq!(
            (answer.status, answer.json),
            (200, json!({ "active": active }))
        );
        assert_eq!(core.is_active(), active);
    }
}

#[tokio::test]
async fn without_the_token_nobody_sets_the_switch() {
    let core = CoreServer::start(false).await;
    let body = json!({ "active": true, "actor": "ops", "reason": "a test" });
    for token in ["", "wrong", &ADMIN_TOKEN[1..]] {
        let answer = core.http.set_compat(token, &body).await;
        answer.assert_error(401, "UNAUTHORIZED");
        assert!(answer.header(http::header::WWW_AUTHENTICATE).is_some());
    }
    let bare = send(core.http.request(Method::PUT, "/admin/compat").body("{")).await;
    bare.assert_error(401, "UNAUTHORIZED");
    assert!(!core.is_active());
}

#[tokio::test]
async fn a_flip_must_say_who_and_why() {
    let core = CoreServer::start(false).await;
    for body in [
        json!({}),
        json!({ "active": true }),
        json!({ "active": "on", "actor": "ops", "reason": "a test" }),
        json!({ "active": true, "actor": " ", "reason": "a test" }),
        json!({ "active": true, "actor": "ops", "reason": "" }),
        json!({ "active": true, "actor": "ops\nforged line", "reason": "a test" }),
        json!({ "active": true, "actor": "ops", "reason": "a test", "incident": " " }),
        json!({ "active": true, "actor": "ops", "reason": "a test", "more": 1 }),
    ] {
        let answer = core.http.set_compat(ADMIN_TOKEN, &body).await;
        answer.assert_error(422, "VALIDATION_FAILED");
    }
    assert!(!core.is_active());
}

#[tokio::test]
async fn a_retired_switch_is_not_set_again() {
    let core = CoreServer::start(true).await;
    core.retire();
    for active in [true, false] {
        let body = json!({ "active": active, "actor": "ops", "reason": "a test" });
        let answer = core.http.set_compat(ADMIN_TOKEN, &body).await;
        answer.assert_error(409, "COMPAT_RETIRED");
    }
}

#[tokio::test]
async fn a_running_core_is_healthy() {
    let core = CoreServer::start(false).await;
    assert_eq!(core.http.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_core_that_is_told_to_stop_ends_without_an_error() {
    let core = CoreServer::start(false).await;
    assert_eq!(core.http.get("/healthz").await.status, 200);
    core.stop().await.unwrap();
}
