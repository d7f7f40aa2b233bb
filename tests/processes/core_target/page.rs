//! The approval page.

use reqwest::{Method, header};
use serde_json::json;

use crate::support::{
    http_client::send,
    response::Answer,
    server::{CoreServer, EXPIRES_IN},
};

#[tokio::test]
async fn the_page_of_a_pending_code_has_two_buttons_and_says_what_it_is() {
    let core = CoreServer::start(false).await;
    let client = core.new_client().await;
    let page = core
        .http
        .get(&format!("/device?user_code={}", client.user_code))
        .await;
    assert_page(&page, 200);
    for part in [
        r#"<form method="post" action="/device">"#,
        r#"<button type="submit" name="decision" value="approve">Approve</button>"#,
        r#"<button type="submit" name="decision" value="deny">Deny</button>"#,
        r#"<label for="code">Code</label>"#,
        &format!(r#"name="user_code" value="{}""#, client.user_code),
        "AGENT",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
}

#[tokio::test]
async fn a_code_may_be_typed_carelessly() {
    let core = CoreServer::start(false).await;
    let client = core.new_client().await;
    let typed = client.user_code.to_lowercase().replace('-', "+");
    let page = core.http.get(&format!("/device?user_code=+{typed}")).await;
    assert_page(&page, 200);
    assert!(page.text.contains(&client.user_code));
}

#[tokio::test]
async fn without_a_code_the_page_asks_for_one() {
    let core = CoreServer::start(false).await;
    for path in ["/device", "/device?user_code="] {
        let page = core.http.get(path).await;
        assert_page(&page, 200);
        assert!(page.text.contains(r#"<label for="user_code">"#));
        assert!(
            page.text
                .contains(r#"<input id="user_code" name="user_code""#)
        );
    }
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_escaped() {
    let core = CoreServer::start(false).await;
    let label = "<script>alert(1)</script>\"'&";
    let body = json!({ "client_kind": "MCP", "client_label": label });
    let started = core.http.clients("device/start", &body).await;
    let user_code = started.text_at("/user_code");
    let page = core
        .http
        .get(&format!("/device?user_code={user_code}"))
        .await;
    assert_page(&page, 200);
    assert!(!page.text.contains("<script"), "{}", page.text);
    assert!(page.text.contains("alert(1)"), "{}", page.text);
}

#[tokio::test]
async fn unknown_expired_and_used_codes_have_pages_of_their_own() {
    let core = CoreServer::start(false).await;
    let (used, expired) = (core.new_client().await, core.new_client().await);
    used.decide("deny").await;
    core.clock.advance(EXPIRES_IN);
    for (code, status, title) in [
        ("BBBB-BBB", 404, "Unknown code"),
        (expired.user_code.as_str(), 410, "Code expired"),
        (used.user_code.as_str(), 409, "Code already used"),
    ] {
        let shown = core.http.get(&format!("/device?user_code={code}")).await;
        let decided = core.http.decide(code, "approve").await;
        for page in [shown, decided] {
            assert_page(&page, status);
            assert!(
                page.text.contains(&format!("<h1>{title}</h1>")),
                "{}",
                page.text
            );
        }
    }
}

#[tokio::test]
async fn a_form_that_is_not_the_pages_own_decides_nothing() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    let form = format!("user_code={}&decision=approve", client.user_code);
    let typed = |media_type: &'static str, body: String| {
        let request = core.http.request(Method::POST, "/device").body(body);
        request.header(header::CONTENT_TYPE, media_type)
    };
    let urlencoded = "application/x-www-form-urlencoded";
    let foreign = typed(urlencoded, form.clone()).header(header::ORIGIN, "http://evil.example");
    assert_page(&send(foreign).await, 403);
    assert_page(&send(typed("text/plain", form.clone())).await, 415);
    assert_page(
        &send(typed(urlencoded, form.replace("approve", "maybe"))).await,
        422,
    );
    assert_page(
        &send(typed(urlencoded, "decision=approve".to_owned())).await,
        422,
    );
    assert_eq!(client.poll().await.0.json["status"], "PENDING");
}

#[tokio::test]
async fn the_style_sheet_is_served() {
    let core = CoreServer::start(false).await;
    let style = core.http.get("/device.css").await;
    assert_eq!(style.status, 200);
    assert_eq!(
        style.header(header::CONTENT_TYPE),
        Some("text/css; charset=utf-8")
    );
}

#[track_caller]
fn assert_page(page: &Answer, status: u16) {
    assert_eq!(page.status, status, "{}", page.text);
    for part in [
        "<!DOCTYPE html>",
        r#"<html lang="en">"#,
        "<title>",
        "<header>",
        "<main>",
        "<h1>",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    let policy = page.header(header::CONTENT_SECURITY_POLICY).unwrap();
    for rule in [
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!(page.header(header::CACHE_CONTROL), Some("no-store"));
    assert_eq!(
        page.header(header::CONTENT_TYPE),
        Some("text/html; charset=utf-8")
    );
}
