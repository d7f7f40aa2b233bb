//! The Core example as a process: its command line, its output, its end.

#![cfg(unix)]

#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/mod.rs"]
mod support;

mod data;

use std::time::Duration;

use serde_json::json;

use support::{
    http_client::HttpClient,
    process::{self, Core, Refused},
};

#[tokio::test]
async fn a_core_says_where_it_listens_serves_there_and_ends_at_sigterm() {
    let core = Core::start(&["--admin-token", "given"]);
    assert_eq!(core.http().get("/healthz").await.status, 200);
    let ended = core.terminate();
    assert!(ended.status.success(), "{:?}", ended.status);
    let lines: Vec<_> = ended.more_output.lines().collect();
    assert_eq!(lines.len(), 1, "a token that was given is not printed");
    assert!(lines[0].starts_with("data directory: /"), "{lines:?}");
}

#[tokio::test]
async fn a_generated_admin_token_is_printed_and_works() {
    let mut core = Core::start(&[]);
    let line = core.next_line();
    let token = line.strip_prefix("admin token: ").expect(&line);
    let off = json!({ "active": false, "actor": "ops", "reason": "a test" });
    let http = core.http();
    assert_eq!(
        http.set_compat(token, &off).await.json,
        json!({ "active": false })
    );
    http.set_compat("", &off)
        .await
        .assert_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_admin_token_may_come_from_the_environment() {
    let core = Core::start_with(&[], &[("CORE_ADMIN_TOKEN", "from-the-environment")]);
    let on = json!({ "active": true, "actor": "ops", "reason": "a test" });
    let answer = core.http().set_compat("from-the-environment", &on).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn interval_lifetime_and_limit_are_as_the_command_line_says() {
    let core = Core::start(&[
        "--interval",
        "60",
        "--expires-in",
        "120",
        "--attempts-per-minute",
        "1",
    ]);
    let http = core.http();
    let started = http.start("MCP").await;
    assert_eq!(
        (&started.json["interval"], &started.json["expires_in"]),
        (&json!(60), &json!(120))
    );
    http.start("MCP")
        .await
        .assert_error(429, "TOO_MANY_ATTEMPTS");

    let device_code = started.text_at("/device_code");
    http.poll(device_code).await;
    let hasty = http.poll(device_code).await;
    hasty.assert_error(429, "SLOW_DOWN");
    assert_eq!(hasty.retry_after(), Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let core = Core::start(&[]);
    let mut request = core.begin_post("/api/v1/auth/clients/device/poll", 19);
    core.signal_term();
    core.await_refusal();
    let answer = request.finish(r#"{"device_code":"x"}"#);
    assert!(answer.contains("INVALID_DEVICE_CODE"), "{answer}");
    assert!(core.wait().status.success());
}

#[tokio::test]
async fn the_log_says_at_the_start_and_at_every_change_whether_compat_is_active() {
    let core = Core::start(&["--compat", "off", "--admin-token", "admin"]);
    for active in [true, false] {
        let flip = json!({ "active": active, "actor": "ops", "reason": "a test" });
        core.http().set_compat("admin", &flip).await;
    }
    let log = core.terminate().log;
    let flag = "flag=\"features.auth.device_flow.compat_legacy_http\"";
    let said = log.lines().filter(|line| line.contains(flag));
    let said = said.filter(|line| line.contains("active="));
    let active: Vec<_> = said.map(|line| line.contains("active=true")).collect();
    assert_eq!(active, [false, true, false], "{log}");
}

#[tokio::test]
async fn no_log_line_carries_a_secret() {
    let core = Core::start_with(&["--admin-token", "adm-secret"], &[("RUST_LOG", "trace")]);
    let http = core.http();
    let secrets = go_through_a_flow(&http).await;
    let forged = json!({ "active": false, "actor": "ops\nforged line", "reason": "a test" });
    assert_eq!(http.set_compat("adm-secret", &forged).await.status, 422);
    let off = json!({ "active": false, "actor": "ops", "reason": "a test" });
    assert_eq!(http.set_compat("adm-secret", &off).await.status, 200);

    let log = core.terminate().log;
    assert!(log.contains("the flag was switched"), "{log}");
    assert!(!log.contains("\nforged line"), "{log}");
    for secret in secrets.iter().map(String::as_str).chain(["adm-secret"]) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn what_cannot_be_is_said_on_standard_error() {
    for (args, said) in [
        (["--listen", "nowhere"], "nowhere"),
        (["--compat", "maybe"], "maybe"),
        (["--admin-token", ""], "admin-token"),
        (["--expires-in", "0"], "expires-in"),
        (
            ["--contract", "/does/not/exist.json"],
            "/does/not/exist.json",
        ),
    ] {
        let Refused {
            status,
            log,
            output,
        } = process::refused(&args);
        assert!(!status.success(), "{args:?}");
        assert!(log.contains(said), "{args:?}: {log}");
        assert_eq!(output, "");
    }
}

/// Start, approve, collect, mint; all that is secret in it.
async fn go_through_a_flow(http: &HttpClient) -> [String; 3] {
    let started = http.start("AGENT").await;
    let code = started.text_at("/device_code").to_owned();
    let approved = http.decide(started.text_at("/user_code"), "approve").await;
    assert_eq!(approved.status, 200);
    let polled = http.poll(&code).await;
    let secret = polled.text_at("/secret_key").to_owned();
    let minted = http
        .token(polled.text_at("/client_id"), "AGENT", &secret)
        .await;
    let token = minted.text_at("/access_token").to_owned();
    assert!(!token.is_empty(), "{}", minted.text);
    [code, secret, token]
}
