//! The Core example as a process: its command line, its output, its end.

#![cfg(unix)]

mod data;
mod home;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    http_client::HttpClient,
    operator::Operator,
    process::{self, Core, NO_GATES, Refused},
};

const TOKEN: &str = "given-given-given-given-given-given";

#[tokio::test]
async fn a_core_says_where_it_listens_serves_there_and_ends_at_sigterm() {
    let core = Core::start(&[
        "--operator-token",
        TOKEN,
        "--viewer-token",
        "too-too-too-too-too-too-too-too-too",
    ]);
    assert_eq!(core.http().get("/healthz").await.status, 200);
    let ended = core.terminate();
    assert!(ended.status.success(), "{:?}", ended.status);
    let lines: Vec<_> = ended.more_output.lines().collect();
    assert_eq!(lines.len(), 2, "tokens that were given are not printed");
    assert!(
        lines[0].starts_with("dashboard: http://127.0.0.1:"),
        "{lines:?}"
    );
    assert!(lines[0].ends_with("/rollout"), "{lines:?}");
    assert!(lines[1].starts_with("data directory: /"), "{lines:?}");
}

#[tokio::test]
async fn generated_tokens_are_printed_with_the_link_to_open_and_work() {
    let mut core = Core::start(&NO_GATES);
    let (line, http) = (core.next_line(), core.http());
    let (dashboard, operator) = line.split_once("  operator token: ").expect(&line);
    let base = http.get("/healthz").await;
    assert_eq!(base.status, 200);
    let page = dashboard.strip_prefix("dashboard: ").expect(&line);
    assert_eq!(HttpClient::new(page).get("/sign-in").await.status, 200);
    let line = core.next_line();
    let viewer = line.strip_prefix("viewer token: ").expect(&line);

    let operator = Operator::new(http.clone(), operator);
    assert_eq!(operator.step("cutover", "a test").await.status, 200);
    let viewer = Operator::new(http.clone(), viewer);
    assert_eq!(viewer.status().await["phase"], "cutover");
    assert_eq!(viewer.roll_back("INC-1", "a test").await.status, 403);
    assert_eq!(Operator::new(http, "").see("status").await.status, 401);
}

#[tokio::test]
async fn tokens_may_come_from_the_environment() {
    let environment = [
        ("CORE_OPERATOR_TOKEN", "one-one-one-one-one-one-one-one-one"),
        ("CORE_VIEWER_TOKEN", "other-other-other-other-other-other"),
        ("CORE_PIPELINE_TOKEN", "third-third-third-third-third-third"),
    ];
    let core = Core::start_with(&NO_GATES, &environment);
    let check = json!({ "check": "openapi", "green": true, "reason": "it ran" });
    let pipeline = Operator::new(core.http(), "third-third-third-third-third-third");
    let reported = pipeline.order("checks", &check).await;
    let actor = json!({ "kind": "service", "id": "pipeline" });
    assert_eq!(reported.json["event"]["actor"], actor, "{}", reported.text);
    for (token, acts) in [
        ("one-one-one-one-one-one-one-one-one", 200),
        ("other-other-other-other-other-other", 403),
    ] {
        let somebody = Operator::new(core.http(), token);
        assert_eq!(somebody.step("cutover", "a test").await.status, acts);
    }
}

#[tokio::test]
async fn the_environment_is_named_beside_the_flag() {
    for (args, variable, name) in [
        (&[][..], None, "development"),
        (&[][..], Some("production"), "production"),
        (
            &["--environment", "staging"][..],
            Some("production"),
            "staging",
        ),
    ] {
        let args = [&["--operator-token", TOKEN][..], args].concat();
        let variable = variable.map(|name| ("CORE_ENVIRONMENT", name));
        let core = Core::start_with(&args, variable.as_slice());
        let operator = Operator::new(core.http(), TOKEN);
        assert_eq!(operator.status().await["environment"], name);
        let page = core.http().request(http::Method::GET, "/rollout");
        let page = page.bearer_auth(TOKEN).send().await.unwrap();
        let page = page.text().await.unwrap();
        let badge = format!("<span class=\"badge environment\">{name}</span>");
        assert!(page.contains(&badge), "{page}");
    }
}

#[test]
fn one_token_for_both_stops_the_start_and_is_not_shown() {
    let refused = process::refused(&[
        "--operator-token",
        "same-word-same-word-same-word-same-word",
        "--viewer-token",
        "same-word-same-word-same-word-same-word",
    ]);
    assert!(!refused.status.success());
    assert!(refused.log.contains("viewer"), "{}", refused.log);
    assert!(
        !refused
            .log
            .contains("same-word-same-word-same-word-same-word"),
        "{}",
        refused.log
    );
}

#[tokio::test]
async fn whoever_watches_does_not_keep_a_core_from_ending() {
    let core = Core::start(&["--viewer-token", "eye-eye-eye-eye-eye-eye-eye-eye-eye"]);
    let watching = core
        .http()
        .request(http::Method::GET, "/rollout/api/events");
    let mut events = watching
        .bearer_auth("eye-eye-eye-eye-eye-eye-eye-eye-eye")
        .send()
        .await
        .unwrap();
    assert_eq!(events.status(), 200);
    assert!(
        events.chunk().await.unwrap().is_some(),
        "something is sent at once"
    );
    let told = Instant::now();
    assert!(core.terminate().status.success());
    // Less than the time that requests in flight are given.
    assert!(
        told.elapsed() < Duration::from_secs(9),
        "{:?}",
        told.elapsed()
    );
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
    let response = request.finish(r#"{"device_code":"x"}"#);
    assert!(response.contains("INVALID_DEVICE_CODE"), "{response}");
    assert!(core.wait().status.success());
}

#[tokio::test]
async fn the_log_says_at_the_start_and_at_every_change_whether_the_flag_is_on() {
    let known = [
        "--compat",
        "off",
        "--operator-token",
        "known-known-known-known-known-known",
    ];
    let core = Core::start(&[&NO_GATES[..], &known].concat());
    let operator = Operator::new(core.http(), "known-known-known-known-known-known");
    for to in ["compat", "cutover"] {
        assert_eq!(operator.step(to, "a test").await.status, 200);
    }
    assert_eq!(operator.roll_back("INC-1", "a test").await.status, 200);
    let log = core.terminate().log;
    let flag = "flag=\"features.auth.device_flow.compat_legacy_http\"";
    let said = log.lines().filter(|line| line.contains(flag));
    let said = said.filter(|line| line.contains(" state="));
    let on: Vec<_> = said.map(|line| line.contains(" state=\"on\"")).collect();
    assert_eq!(on, [false, true, false, true], "{log}");
}

#[tokio::test]
async fn no_log_line_carries_a_secret() {
    let tokens = [
        "--operator-token",
        "opr-secret-opr-secret-opr-secret-opr",
        "--viewer-token",
        "vwr-secret-vwr-secret-vwr-secret-vwr",
    ];
    let args = [&NO_GATES[..], &tokens].concat();
    let core = Core::start_with(&args, &[("RUST_LOG", "trace")]);
    let http = core.http();
    let secrets = go_through_a_flow(&http).await;
    let operator = Operator::new(http.clone(), tokens[1]);
    let forged = operator.step("cutover", "a test\nforged line").await;
    assert_eq!(forged.status, 422, "{}", forged.text);
    assert_eq!(operator.step("cutover", "a test").await.status, 200);
    let viewer = Operator::new(http.clone(), tokens[3]);
    assert_eq!(viewer.see("status").await.status, 200);
    assert_eq!(
        Operator::new(http, "wrong-secret")
            .see("status")
            .await
            .status,
        401
    );

    let log = core.terminate().log;
    assert!(log.contains("the flag was switched"), "{log}");
    assert!(!log.contains("\nforged line"), "{log}");
    let tokens = [tokens[1], tokens[3], "wrong-secret"];
    for secret in secrets.iter().map(String::as_str).chain(tokens) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn what_cannot_be_is_said_on_standard_error() {
    for (args, said) in [
        (["--listen", "nowhere"], "nowhere"),
        (["--compat", "maybe"], "maybe"),
        (["--operator-token", "short"], "at least 32"),
        (["--viewer-token", ""], "viewer-token"),
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
