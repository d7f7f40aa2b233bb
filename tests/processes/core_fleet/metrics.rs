//! `GET /metrics` after a scripted run.

use std::time::Duration;

use legacy_http_compat::{rollout::Phase, worker::Tick};

use crate::support::{
    http_client::HttpClient,
    server::{CoreServer, EXPIRES_IN, order},
};

const FLAG: &str = "flag=\"features.auth.device_flow.compat_legacy_http\"";

const IDS: [&str; 4] = ["inst-old", "inst-new", "inst-stranded", "inst-desktop"];

#[tokio::test]
async fn what_a_scripted_run_did_is_in_the_metrics_and_who_did_it_is_not() {
    let core = CoreServer::start(true).await;
    let mut secrets = poll_every_status(&core, &client(&core, IDS[0], "core-agent/1.4.0")).await;
    secrets.extend(poll_every_status(&core, &client(&core, IDS[1], "core-agent/2.1.0")).await);
    refuse_the_desktop_client(&core).await;
    let cutover = core.rollout.transition(Phase::Cutover, &order("a test"));
    cutover.expect("the gates ask nothing");
    poll(&client(&core, IDS[2], "core-mcp/1.4.0"), None).await;
    core.pass(Duration::from_secs(60));

    let metrics = core.http.get("/metrics").await;
    let content_type = metrics.header(http::header::CONTENT_TYPE);
    let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((metrics.status, content_type), (200, Some(open_metrics)));
    assert!(metrics.text.ends_with("# EOF\n"));
    the_polls_are_told_by_status_and_shape(&metrics.text);
    the_fleet_and_the_switch_are_shown(&metrics.text);
    nobody_is_named(&metrics.text, &secrets);
}

#[tokio::test]
async fn the_gauges_follow_the_switch_and_the_coverage() {
    let core = CoreServer::start(true).await;
    let ratio =
        |window, ratio| format!("census_coverage_ratio{{{FLAG},window=\"{window}\"}} {ratio}");
    has(&shown(&core).await, &format!("flag_on{{{FLAG}}} 1"));
    core.retire();
    has(&shown(&core).await, &format!("flag_on{{{FLAG}}} 0"));

    core.pass(Duration::from_secs(150));
    has(&shown(&core).await, &ratio("5m", "0.5"));
    core.clock.advance(Duration::from_secs(3600));
    core.migration.census().tick();
    has(&shown(&core).await, &ratio("1h", "0.0"));
}

/// Five flows, one for each way that a poll can be answered; what of it is secret.
async fn poll_every_status(core: &CoreServer, http: &HttpClient) -> Vec<String> {
    let pending = poll(http, None).await;
    http.poll(&pending).await.assert_error(429, "SLOW_DOWN");
    let denied = poll(http, Some("deny")).await;
    let started = http.start("AGENT").await;
    core.pass(EXPIRES_IN);
    http.poll(started.text_at("/device_code")).await;
    let approved = poll(http, Some("approve")).await;
    let invalid = http.poll(&approved).await;
    invalid.assert_error(400, "INVALID_DEVICE_CODE");
    vec![pending, denied, approved]
}

/// A flow and one poll, after the human has decided if it is to be so; the device code.
async fn poll(http: &HttpClient, decision: Option<&str>) -> String {
    let started = http.start("AGENT").await;
    if let Some(decision) = decision {
        http.decide(started.text_at("/user_code"), decision).await;
    }
    let device_code = started.text_at("/device_code").to_owned();
    http.poll(&device_code).await;
    device_code
}

async fn refuse_the_desktop_client(core: &CoreServer) {
    let desktop = client(core, IDS[3], "core-ui-rust/1.9.0");
    desktop.token("anyone", "UI_RUST", "anything").await;
    let upgraded = desktop.with_user_agent("core-ui-rust/2.0.0");
    upgraded.token("anyone", "UI_RUST", "anything").await;
    upgraded.token("anyone", "UI_RUST", "anything").await;
}

fn the_polls_are_told_by_status_and_shape(metrics: &str) {
    for (outcome, legacy, target) in [
        ("PENDING", 1, 1),
        ("DENIED", 1, 1),
        ("EXPIRED", 1, 1),
        ("APPROVED", 0, 2),
        ("SLOW_DOWN", 0, 2),
        ("INVALID_DEVICE_CODE", 0, 2),
        ("TOO_MANY_ATTEMPTS", 0, 0),
    ] {
        responses(metrics, "device_poll", outcome, "AGENT", (legacy, target));
    }
    responses(metrics, "device_poll", "PENDING", "MCP", (0, 1));
    let refused = "FORBIDDEN_ACTOR_UI_RUST";
    responses(metrics, "client_token", refused, "UI_RUST", (1, 2));
}

fn the_fleet_and_the_switch_are_shown(metrics: &str) {
    for (kind, state, count) in [
        ("AGENT", "dependent", 1),
        ("AGENT", "migrated", 0),
        ("UI_RUST", "migrated", 1),
        ("UI_RUST", "dependent", 0),
        ("MCP", "dependent", 1),
        ("MCP", "stranded", 1),
        ("MCP", "inactive", 0),
    ] {
        let labels = format!("client_kind=\"{kind}\",state=\"{state}\",window=\"24h\"");
        has(metrics, &format!("callers{{{FLAG},{labels}}} {count}"));
    }
    for (name, more, value) in [
        ("flag_on", "", "0"),
        ("census_coverage_ratio", ",window=\"5m\"", "1.0"),
        ("census_overflowed", "", "0"),
        ("phase", ",phase=\"cutover\"", "1"),
        ("transitions_total", ",from=\"compat\",to=\"cutover\"", "1"),
    ] {
        has(metrics, &format!("{name}{{{FLAG}{more}}} {value}"));
    }
}

fn nobody_is_named(metrics: &str, secrets: &[String]) {
    let names = [
        "psd_",
        "127.0.0.1",
        "core-",
        "1.4.0",
        "2.1.0",
        "/api/",
        "User-Agent",
    ];
    let secrets = secrets.iter().map(String::as_str);
    for name in names.into_iter().chain(IDS).chain(secrets) {
        assert!(!metrics.contains(name), "{name} in {metrics}");
    }
}

fn responses(
    metrics: &str,
    endpoint: &str,
    outcome: &str,
    kind: &str,
    (legacy, target): (u32, u32),
) {
    for (shape, count) in [("legacy", legacy), ("target", target)] {
        let labels = format!(
            "endpoint=\"{endpoint}\",outcome=\"{outcome}\",client_kind=\"{kind}\",shape=\"{shape}\""
        );
        // A series that never was may be absent.
        let line = format!("responses_total{{{labels}}}");
        if count > 0 || metrics.contains(&line) {
            has(metrics, &format!("{line} {count}"));
        }
    }
}

#[track_caller]
fn has(metrics: &str, line: &str) {
    let line = format!("legacy_http_compat_{line}");
    assert!(
        metrics.lines().any(|shown| shown == line),
        "{line} not in {metrics}"
    );
}

async fn shown(core: &CoreServer) -> String {
    core.http.get("/metrics").await.text
}

fn client(core: &CoreServer, id: &str, user_agent: &str) -> HttpClient {
    let http = core.http.clone().with_user_agent(user_agent);
    http.with_header("x-client-id", id)
}
