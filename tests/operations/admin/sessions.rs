//! Signing in and out.

use std::time::Duration;

use serde_json::json;

use super::service::{MARA, TestService, WALL};

#[tokio::test]
async fn signing_in_gives_a_session_with_the_role_of_the_token() {
    let service = TestService::open().await;
    let (mara, _) = service.signed_in(MARA).await;
    assert_eq!(
        mara.get("/api/status").await.ok()["you"],
        json!({"name": "mara", "kind": "human", "role": "operator"})
    );
    mara.post(
        "/api/incidents",
        &json!({"incident": "INC-1", "reason": "it burns"}),
    )
    .await
    .ok();
    let (wall, _) = service.signed_in(WALL).await;
    let incident = json!({"incident": "INC-2", "reason": "it burns"});
    assert_eq!(
        wall.post("/api/incidents", &incident).await.problem(),
        "not-allowed"
    );
}

#[tokio::test]
async fn the_cookie_is_bound_to_the_service_and_to_tls_except_on_this_machine() {
    let service = TestService::open().await;
    let form = format!("token={MARA}");
    let loopback = service.stranger.post_form("/sign-in", &form).await;
    let cookie = loopback.header("set-cookie").unwrap();
    let (_, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Strict; Path=/rollout; Max-Age=28800"
    );
    for host in ["core.example", "10.0.0.7:8080"] {
        let response = service
            .stranger
            .with("host", host)
            .post_form("/sign-in", &form)
            .await;
        let cookie = response.header("set-cookie").unwrap();
        assert!(cookie.contains("; Secure;"), "{cookie}");
    }
    for host in ["localhost:1", "[::1]:8080", "core.localhost"] {
        let response = service
            .stranger
            .with("host", host)
            .post_form("/sign-in", &form)
            .await;
        assert!(
            !response.header("set-cookie").unwrap().contains("Secure"),
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_session_ends_with_its_lifetime() {
    let service =
        TestService::open_with(|setup| setup.session_lifetime = Some(Duration::from_secs(3_600)))
            .await;
    let (mara, _) = service.signed_in(MARA).await;
    service.clock.advance(Duration::from_secs(3_599));
    mara.get("/api/status").await.ok();
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(mara.get("/api/status").await.problem(), "no-credentials");
}

#[tokio::test]
async fn a_lifetime_is_held_to_its_bounds() {
    for (asked, seconds) in [(0, 60), (60 * 86_400, 7 * 86_400)] {
        let service = TestService::open_with(|setup| {
            setup.session_lifetime = Some(Duration::from_secs(asked));
        })
        .await;
        let response = service
            .stranger
            .post_form("/sign-in", &format!("token={MARA}"))
            .await;
        assert!(
            response
                .header("set-cookie")
                .unwrap()
                .ends_with(&format!("Max-Age={seconds}"))
        );
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let service = TestService::open().await;
    let (mara, secret) = service.signed_in(MARA).await;
    let response = mara.post_form("/sign-out", "").await;
    assert_eq!(
        (response.status, response.header("location")),
        (303, Some("/rollout/sign-in"))
    );
    let cookie = response.header("set-cookie").unwrap();
    assert_eq!(
        cookie,
        "rollout_features.auth.device_flow.compat_legacy_http=; HttpOnly; SameSite=Strict; Path=/rollout; Max-Age=0"
    );
    assert_eq!(
        service
            .stranger
            .in_session(&secret)
            .get("/api/status")
            .await
            .problem(),
        "no-credentials"
    );
    assert_eq!(
        service.stranger.post_form("/sign-out", "").await.status,
        303,
        "twice is no harm"
    );
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_before() {
    let service = TestService::open().await;
    let (mara, first) = service.signed_in(MARA).await;
    let second = mara
        .post_form("/sign-in", &format!("token={MARA}"))
        .await
        .session();
    assert_ne!(first, second);
    assert_eq!(mara.get("/api/status").await.status, 401);
    service
        .stranger
        .in_session(&second)
        .get("/api/status")
        .await
        .ok();
}

#[tokio::test]
async fn signing_in_leads_to_the_requested_page_but_never_to_another_site() {
    let service = TestService::open().await;
    for (next, location) in [
        (
            "/rollout/callers%3Fkind%3DAGENT",
            "/rollout/callers?kind=AGENT",
        ),
        ("/rollout", "/rollout"),
        ("", "/rollout"),
        ("https%3A%2F%2Fevil.example%2Frollout", "/rollout"),
        ("%2F%2Fevil.example", "/rollout"),
        ("%2Frollout%2F..%2Fadmin", "/rollout"),
        ("%2Frollout%2F%5Cevil.example", "/rollout"),
        ("%2Frollout%2Fx%0D%0ASet-Cookie%3A%20a%3Db", "/rollout"),
        ("%2Frollout%2Fapi%2Fevents", "/rollout"),
    ] {
        let response = service
            .stranger
            .post_form("/sign-in", &format!("token={MARA}&next={next}"))
            .await;
        assert_eq!(
            (response.status, response.header("location")),
            (303, Some(location)),
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_wrong_token_gives_no_session() {
    let service = TestService::open().await;
    let response = service
        .stranger
        .post_form("/sign-in", "token=wrong&next=/rollout")
        .await;
    assert_eq!(response.status, 401);
    assert_eq!(response.header("set-cookie"), None);
    assert!(response.header("www-authenticate").is_some());
    assert_eq!(
        response.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        !response.text.contains("wrong&"),
        "the token is not shown again"
    );
    assert_eq!(
        service.events().last().unwrap().payload.name(),
        "attempt_refused"
    );
}

#[tokio::test]
async fn a_token_that_was_pasted_with_its_line_break_is_taken() {
    let service = TestService::open().await;
    let response = service
        .stranger
        .post_form("/sign-in", &format!("token=%20{MARA}%0D%0A"))
        .await;
    assert_eq!(response.status, 303);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let service = TestService::open().await;
    let response = service
        .stranger
        .post_text(
            "/sign-in",
            "application/json",
            format!("{{\"token\": \"{MARA}\"}}"),
        )
        .await;
    assert_eq!(response.problem(), "unsupported-media-type");
    assert!(!response.text.contains(MARA));
    let response = service
        .stranger
        .post_form("/sign-in", &format!("token={MARA}&token={MARA}"))
        .await;
    assert_eq!(response.problem(), "malformed");
    assert!(!response.text.contains(MARA));
}

#[tokio::test]
async fn other_cookies_do_not_hide_the_session() {
    let service = TestService::open().await;
    let (_, secret) = service.signed_in(MARA).await;
    let cookies =
        format!("theme=dark; rollout_features.auth.device_flow.compat_legacy_http={secret}; x=y");
    service
        .stranger
        .with("cookie", cookies)
        .get("/api/status")
        .await
        .ok();
}
