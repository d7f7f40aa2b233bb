//! Who comes in, and how often one may try.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::{
    admin::{Admin, TokenDigest, Tokens},
    rollout::{
        Rollout,
        event::{Attempt, EventPayload},
        journal::MemoryJournal,
        names::FlagName,
        policy::Policy,
    },
    time::ManualClock,
};
use serde_json::json;

use super::{
    orders,
    service::{MARA, TestService, WALL},
};

#[tokio::test]
async fn every_route_asks_for_the_role_that_the_document_names() {
    let service = TestService::open().await;
    let operations: Vec<(String, String, String)> = {
        let operations = service.stranger.document().operations();
        let named = |(method, path, operation): (String, &str, &serde_json::Value)| {
            let role = operation["x-role"].as_str().unwrap().to_owned();
            (method, path.replace("{step}", "cutover"), role)
        };
        operations.map(named).collect()
    };
    assert_eq!(operations.len(), 22);
    for (method, path, role) in operations {
        let ask = async |client: &super::client::Client| {
            let request = client.request(&method, &path).json(&json!({}));
            client.send(&method, &path, request).await
        };
        if role == "none" {
            ask(&service.stranger).await.ok();
            continue;
        }
        let anonymous = ask(&service.stranger).await;
        assert_eq!(
            (anonymous.status, anonymous.problem().as_str()),
            (401, "no-credentials"),
            "{method} {path}"
        );
        assert_eq!(
            anonymous.header("www-authenticate"),
            Some(r#"Bearer realm="legacy-http-compat""#)
        );
        if role == "operator" {
            let viewer = ask(&service.viewer()).await;
            assert_eq!(
                (viewer.status, viewer.problem().as_str()),
                (403, "not-allowed"),
                "{method} {path}"
            );
            assert_eq!(
                (&viewer.json()["role"], &viewer.json()["needed"]),
                (&json!("viewer"), &json!("operator"))
            );
            assert_eq!(
                ask(&service.operator()).await.problem(),
                "invalid",
                "an operator gets further"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_journaled() {
    let service = TestService::open().await;
    for wrong in [
        "wrong",
        "",
        "mara",
        &TokenDigest::parse(&"0".repeat(64))
            .map(|_| "0".repeat(64))
            .unwrap(),
    ] {
        let response = service.stranger.bearing(wrong).get("/api/status").await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (401, "wrong-token"),
            "{wrong:?}"
        );
        let challenge = response.header("www-authenticate").unwrap();
        assert!(
            challenge.ends_with(r#"error="invalid_token""#),
            "{challenge}"
        );
    }
    let refused: Vec<_> = service
        .events()
        .into_iter()
        .filter(|event| event.payload.name() == "attempt_refused")
        .collect();
    assert_eq!(refused.len(), 4);
    let EventPayload::AttemptRefused(attempt) = &refused[0].payload else {
        panic!()
    };
    assert_eq!(attempt.attempt, Attempt::Access);
    assert_eq!(refused[0].actor.to_string(), "system admin");
    assert_eq!(
        refused[0].correlation_id, None,
        "the client may have put anything there"
    );
}

#[tokio::test]
async fn wrong_tokens_wait_and_never_lock_out_the_right_one() {
    let service = TestService::open().await;
    let wrong = async || service.stranger.bearing("wrong").get("/api/status").await;
    for _ in 0..10 {
        assert_eq!(wrong().await.status, 401);
        service.clock.advance(Duration::from_secs(6));
    }
    let head = service.head();
    for _ in 0..50 {
        let limited = wrong().await;
        assert_eq!(
            (limited.status, limited.problem().as_str()),
            (429, "too-many-attempts")
        );
        assert_eq!(limited.header("retry-after"), Some("540"));
        assert_eq!(limited.json()["retry_after_seconds"], 540);
    }
    assert_eq!(service.head(), head, "they are not journaled");
    let sign_in = |token: &'static str| {
        let form = format!("token={token}");
        let stranger = &service.stranger;
        async move { stranger.post_form("/sign-in", &form).await.status }
    };
    assert_eq!(sign_in("wrong").await, 429);
    assert_eq!(sign_in(MARA).await, 303);
    // The way back is open from the same address.
    let operator = service.operator();
    let cutover = json!({"to": "cutover", "reason": "quiet"});
    operator.post("/api/transitions", &cutover).await.ok();
    assert!(!service.rollout.reader().is_on());
    let rollback = json!({"incident": "INC-1", "reason": "now"});
    operator.post("/api/rollbacks", &rollback).await.ok();
    assert!(service.rollout.reader().is_on());
    service.clock.advance(Duration::from_secs(540));
    assert_eq!(wrong().await.status, 401);
}

#[tokio::test]
async fn no_credentials_and_old_sessions_are_no_failures() {
    let service = TestService::open().await;
    for _ in 0..30 {
        assert_eq!(service.stranger.get("/api/status").await.status, 401);
        let old = service
            .stranger
            .in_session(&"0".repeat(64))
            .get("/api/status")
            .await;
        assert_eq!(old.problem(), "no-credentials");
        let basic = service
            .stranger
            .with("authorization", "Basic bWFyYTptYXJh")
            .get("/api/status")
            .await;
        assert_eq!(basic.problem(), "no-credentials");
        assert_eq!(
            service
                .stranger
                .post_form("/sign-in", "token=")
                .await
                .status,
            422
        );
    }
    service.viewer().get("/api/status").await.ok();
    assert!(
        service
            .events()
            .iter()
            .all(|event| event.payload.name() != "attempt_refused")
    );
}

#[tokio::test]
async fn at_most_so_many_failures_are_journaled() {
    let service = TestService::open().await;
    for _ in 0..8 {
        for _ in 0..10 {
            assert_eq!(
                service
                    .stranger
                    .bearing("wrong")
                    .get("/api/status")
                    .await
                    .status,
                401
            );
        }
        service.clock.advance(Duration::from_secs(601));
    }
    let refused = service
        .events()
        .iter()
        .filter(|event| event.payload.name() == "attempt_refused")
        .count();
    // 80 in 80 minutes, and the journal takes 32 an hour.
    assert!((32..=64).contains(&refused), "{refused}");
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["refusals"]["journaled"], refused);
    assert_eq!(status["refusals"]["unjournaled"], 80 - refused);
}

#[tokio::test]
async fn clients_are_distinguished_by_the_address_that_the_application_sets() {
    use axum::{Extension, Router};
    use legacy_http_compat::caller::ClientAddr;
    use tower::ServiceExt as _;

    let service = TestService::open().await;
    let ask = async |address: &str, token: &str| {
        let address = ClientAddr(address.parse().unwrap());
        let app: Router = service.admin.router().layer(Extension(address));
        let request =
            http::Request::get("/api/status").header("authorization", format!("Bearer {token}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status().as_u16()
    };
    for _ in 0..10 {
        assert_eq!(ask("2001:db8::1", "wrong").await, 401);
    }
    assert_eq!(ask("2001:db8::2", "wrong").await, 429, "the same network");
    assert_eq!(ask("2001:db8::2", WALL).await, 200);
    for _ in 0..10 {
        assert_eq!(ask("2001:db8:0:1::1", "wrong").await, 401);
    }
    // Twenty of all networks in a second.
    assert_eq!(ask("192.0.2.1", "wrong").await, 429);
    assert_eq!(ask("192.0.2.1", WALL).await, 200);
}

#[tokio::test]
async fn without_addresses_all_clients_share_one_limit() {
    let service = TestService::open_with(|setup| setup.connect_info = false).await;
    for _ in 0..10 {
        assert_eq!(
            service
                .stranger
                .bearing("wrong")
                .get("/api/status")
                .await
                .status,
            401
        );
    }
    let wrong = service.stranger.bearing("wrong");
    assert_eq!(wrong.get("/api/status").await.status, 429);
    service.viewer().get("/api/status").await.ok();
}

#[tokio::test]
async fn many_wrong_tokens_at_once_are_no_more_than_one_after_another() {
    let service = TestService::open().await;
    let many = (0..40).map(|_| {
        let stranger = service.stranger.bearing("wrong");
        tokio::spawn(async move { stranger.get("/api/status").await.status })
    });
    let mut wrong = 0;
    for one in many.collect::<Vec<_>>() {
        wrong += usize::from(one.await.unwrap() == 401);
    }
    assert_eq!(wrong, 10);
}

#[tokio::test]
async fn a_token_takes_precedence_over_a_session() {
    let service = TestService::open().await;
    let (mara, _) = service.signed_in(MARA).await;
    let status = mara.bearing(WALL).get("/api/status").await.ok();
    assert_eq!(status["you"]["name"], "wall");
    assert_eq!(
        mara.bearing("wrong").get("/api/status").await.problem(),
        "wrong-token"
    );
}

#[tokio::test]
async fn a_viewer_cannot_issue_any_command() {
    let service = TestService::open().await;
    let head = service.head();
    for (path, body) in orders::all() {
        assert_eq!(
            service.viewer().post(path, &body).await.status,
            403,
            "{path}"
        );
    }
    assert_eq!(service.head(), head);
}

#[test]
fn a_service_cannot_be_built_without_tokens() {
    // There is no other way to an `Admin` than `Tokens`, and this is the only way to those.
    let error = Tokens::builder().build().unwrap_err();
    assert!(error.to_string().contains("at least one"), "{error}");
    let rollout = Rollout::builder(FlagName::new("f").unwrap(), Policy::permissive())
        .open(Arc::new(MemoryJournal::new()))
        .unwrap();
    let tokens = Tokens::builder()
        .viewer("wall", TokenDigest::of("x"))
        .build()
        .unwrap();
    let clock = Arc::new(ManualClock::new(0));
    let admin: Admin = Admin::builder(Arc::new(rollout), tokens)
        .clock(clock)
        .build();
    drop(admin.clone());
}

#[tokio::test]
async fn problems_are_pages_for_clients_that_accept_html_and_json_for_others() {
    let service = TestService::open().await;
    let mara = service.operator();
    for (accept, media) in [
        ("text/html,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/html;q=0", "application/problem+json"),
        ("text/html; q=0.0, */*", "application/problem+json"),
        ("*/*", "application/problem+json"),
    ] {
        let response = mara.with("accept", accept).get("/nowhere").await;
        assert_eq!(response.status, 404);
        assert_eq!(response.header("content-type"), Some(media), "{accept}");
    }
    let response = mara.with("accept", "text/html").get("/api/nowhere").await;
    assert_eq!(response.problem(), "not-found", "the API never sends pages");
}
