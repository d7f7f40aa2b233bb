//! The whole plan, from the first look to the end of the switch, with every gate on.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::{
    FlagState,
    migration::Migration,
    rollout::{Phase, Transition, event::Head, journal::JournalReader},
    time::ManualClock,
};

use super::{
    policy::policy,
    steps::{
        assert_done, assert_gates, assert_problem, close_incident, file_post_analysis, go_to,
        phase, report_checks, roll_back, roll_back_agents,
    },
    support::{
        device_client::{DeviceClient, Step},
        fleet::Fleet,
        http_client::HttpClient,
        new_client::NewClient,
        old_client::OldClient,
        response::Answer,
        seen::seen,
        server::{CoreServer, INTERVAL, Start},
        temp_dir::TempDir,
    },
    withdrawal::{the_command_agrees, the_consumers_code_goes},
};

/// Ten installations of each of the three families.
const FLEET: usize = 30;
const AN_AGENT: usize = 1;
const HOUR: Duration = Duration::from_secs(3_600);
const DELIVERED: [&str; 3] = ["core_delivered", "ui_rust_delivered", "agent_mcp_delivered"];
const CHECKS: [&str; 3] = ["openapi", "auth_device_integration", "client_compat"];
const INCIDENT: &str = "INC-17";
const FLAG: &str = "flag=\"features.auth.device_flow.compat_legacy_http\"";

#[tokio::test]
async fn the_whole_plan_leads_from_the_first_look_to_a_retired_switch() {
    let data = TempDir::new();
    let clock = Arc::new(ManualClock::new(1_790_000_000_000));
    let mut fleet = Fleet::new("inst", FLEET, false);

    let core = server(&data, &clock).await;
    instrumentation_comes_first_and_then_compat(&core, &fleet).await;
    the_three_families_are_upgraded_and_the_signals_fall_to_zero(&core, &mut fleet).await;
    the_cutover_waits_for_its_evidence(&core, &fleet).await;
    a_forgotten_client_is_stranded_and_the_cutover_taken_back(&core).await;
    a_client_version_is_rolled_back_and_whoever_has_it_regressed(&core, &mut fleet).await;
    core.stop().await.unwrap();

    let core = server(&data, &clock).await;
    a_restart_forgets_neither_the_rollback_nor_what_is_owed(&core).await;
    the_second_cutover_waits_for_the_post_analysis(&core, &mut fleet).await;
    the_switch_retires_after_a_stable_window(&core, &fleet).await;
    the_metrics_tell_the_story(&core).await;
    let head = core.rollout.status().head;
    core.stop().await.unwrap();

    the_journal_is_whole(&data, head);
    the_command_agrees(data.path());
    the_consumers_code_goes();
    let core = server(&data, &clock).await;
    assert_eq!(core.rollout.status().head, head, "a start is no event");
    nothing_moves_it_again(&core).await;
}

/// Steps 1 and 2.
async fn instrumentation_comes_first_and_then_compat(core: &CoreServer, fleet: &Fleet) {
    let operator = core.operator();
    assert_eq!(operator.status().await["phase"], "observe");
    assert_gates(&go_to(&operator, "compat").await, &["instrumentation"]);
    core.pass(Duration::from_secs(60));
    assert_done(&go_to(&operator, "compat").await);
    assert_eq!(phase(&core.rollout), Phase::Compat);

    fleet.visit(&core.http, 0..FLEET).await;
    assert_eq!(seen(&core.http).await.dependent, FLEET as u64);
    let missing = [
        "required_checks",
        "no_dependent_responses",
        "all_callers_resolved",
        "coverage",
    ];
    assert_gates(&go_to(&operator, "cutover").await, &missing);
    assert!(core.is_on());
}

/// Steps 3 and 4.
async fn the_three_families_are_upgraded_and_the_signals_fall_to_zero(
    core: &CoreServer,
    fleet: &mut Fleet,
) {
    report_checks(&core.rollout, &DELIVERED, true);
    fleet.upgrade(&core.http, 0..FLEET).await;
    let seen = seen(&core.http).await;
    assert_eq!((seen.dependent, seen.migrated), (0, FLEET as u64));
}

/// Step 5.
async fn the_cutover_waits_for_its_evidence(core: &CoreServer, fleet: &Fleet) {
    let operator = core.operator();
    core.pass(12 * HOUR);
    let early = ["required_checks", "no_dependent_responses", "coverage"];
    assert_gates(&go_to(&operator, "cutover").await, &early);
    core.pass(13 * HOUR);
    // Silence is not zero: there was no request for a day.
    let inactive = ["required_checks", "coverage"];
    assert_gates(&go_to(&operator, "cutover").await, &inactive);
    fleet.visit(&core.http, 0..FLEET).await;
    report_checks(&core.rollout, &CHECKS, true);
    report_checks(&core.rollout, &["openapi"], false);
    assert_gates(&go_to(&operator, "cutover").await, &["required_checks"]);
    report_checks(&core.rollout, &["openapi"], true);
    assert!(core.rollout.dry_run(Transition::Cutover).unwrap().passes());

    assert!(core.is_on(), "a dry run changes nothing");
    assert_done(&go_to(&operator, "cutover").await);
    assert_problem(&go_to(&operator, "cutover").await, 409, "impossible");
    fleet.visit(&core.http, 0..FLEET).await;
    assert_eq!(phase(&core.rollout), Phase::Cutover);
}

async fn a_forgotten_client_is_stranded_and_the_cutover_taken_back(core: &CoreServer) {
    let forgotten = forgotten(core, "1.4.0");
    let polled = poll(&forgotten).await;
    let step = OldClient::new(INTERVAL).read(&polled);
    assert!(matches!(step, Step::Broken(_)), "{step:?}");
    assert_eq!(seen(&core.http).await.stranded, 1);

    let unnamed = go_to(&core.operator(), "compat").await;
    assert_problem(&unnamed, 422, "needs-incident");
    assert!(!core.is_on());
    assert_done(&roll_back(&core.operator(), INCIDENT).await);
    let step = OldClient::new(INTERVAL).read(&poll(&forgotten).await);
    assert_eq!(step, Step::KeepPolling(INTERVAL), "served again");
}

async fn a_client_version_is_rolled_back_and_whoever_has_it_regressed(
    core: &CoreServer,
    fleet: &mut Fleet,
) {
    roll_back_agents(&core.rollout, INCIDENT);
    fleet.change(&core.http, AN_AGENT, false).await;
    let seen = seen(&core.http).await;
    assert_eq!((seen.dependent, seen.regressed), (2, 1));
}

async fn a_restart_forgets_neither_the_rollback_nor_what_is_owed(core: &CoreServer) {
    let shown = core.operator().status().await;
    assert_eq!((&shown["phase"], core.is_on()), (&"compat".into(), true));
    assert_eq!(shown["incidents"][0]["incident"], INCIDENT);
    assert_eq!(shown["obligations"].as_array().unwrap().len(), 2, "{shown}");
    let status = core.rollout.status();
    let [agents] = status.state.client_rollbacks.as_slice() else {
        panic!("one version was rolled back: {status:?}");
    };
    assert_eq!(
        (agents.kind.as_str(), agents.version.as_str()),
        ("AGENT", "1.4.0")
    );
}

async fn the_second_cutover_waits_for_the_post_analysis(core: &CoreServer, fleet: &mut Fleet) {
    let upgraded = poll(&forgotten(core, "2.0.0")).await;
    let step = NewClient::new(INTERVAL).read(&upgraded);
    assert_eq!(step, Step::KeepPolling(INTERVAL));
    fleet.upgrade(&core.http, 0..FLEET).await;
    core.pass(HOUR);
    let operator = core.operator();
    let owed = go_to(&operator, "cutover").await;
    assert_problem(&owed, 409, "post-analyses-due");
    let failing = |gate: &&serde_json::Value| gate["passed"] == false;
    let gates = owed.json["gates"].as_array().unwrap().iter();
    let failing: Vec<_> = gates.filter(failing).map(|gate| &gate["name"]).collect();
    // The agent that was rolled back had been upgraded before: only the silence of the old version resolves it.
    let missing = [
        "no_dependent_responses",
        "all_callers_resolved",
        "no_open_incident",
    ];
    assert_eq!(failing, missing);

    for _ in 0..3 {
        core.pass(24 * HOUR);
        fleet.visit(&core.http, 0..FLEET).await;
    }
    close_incident(&core.rollout, INCIDENT);
    let unfiled = go_to(&operator, "cutover").await;
    assert_problem(&unfiled, 409, "post-analyses-due");
    file_post_analysis(&core.rollout);
    assert_done(&go_to(&operator, "cutover").await);
    assert_eq!(phase(&core.rollout), Phase::Cutover);
}

async fn the_switch_retires_after_a_stable_window(core: &CoreServer, fleet: &Fleet) {
    fleet.visit(&core.http, 0..FLEET).await;
    let operator = core.operator();
    let early = go_to(&operator, "retired").await;
    assert_gates(&early, &["no_dependent_responses"]);

    for _ in 0..2 {
        core.pass(24 * HOUR);
        fleet.visit(&core.http, 0..FLEET).await;
    }
    assert_done(&go_to(&operator, "retired").await);
    assert_eq!(core.rollout.reader().state(), FlagState::Retired);
}

async fn the_metrics_tell_the_story(core: &CoreServer) {
    let metrics = core.http.get("/metrics").await.text;
    for (from, to, times) in [
        ("observe", "compat", 1),
        ("compat", "cutover", 2),
        ("cutover", "compat", 1),
        ("cutover", "retired", 1),
    ] {
        let line = format!("transitions_total{{{FLAG},from=\"{from}\",to=\"{to}\"}} {times}\n");
        assert!(metrics.contains(&line), "{line} not in {metrics}");
    }
    assert!(metrics.contains("phase=\"retired\"} 1\n"), "{metrics}");
    let line = format!("post_analyses_open{{{FLAG}}} 0\n");
    assert!(metrics.contains(&line), "{metrics}");
}

fn the_journal_is_whole(data: &TempDir, head: Head) {
    let path = data.path().join(Migration::JOURNAL);
    let verified = JournalReader::open(&path).unwrap().verify().unwrap();
    assert_eq!((verified.head, verified.torn), (head, None));
    let told = std::fs::read_to_string(path).unwrap();
    for name in ["127.0.0.1", "core-agent", "left-behind", "inst-"] {
        assert!(!told.contains(name), "{name} is in the journal");
    }
}

async fn nothing_moves_it_again(core: &CoreServer) {
    assert_eq!(phase(&core.rollout), Phase::Retired);
    assert_eq!(core.rollout.reader().state(), FlagState::Retired);
    let refused = roll_back(&core.operator(), "INC-18").await;
    assert_problem(&refused, 409, "impossible");
    let refused = go_to(&core.operator(), "compat").await;
    assert_problem(&refused, 409, "impossible");
    let polled = poll(&forgotten(core, "1.4.0")).await;
    assert_eq!(polled.json["status"], "PENDING");
}

/// An installation that everyone missed.
fn forgotten(core: &CoreServer, version: &str) -> HttpClient {
    let agent = core
        .http
        .clone()
        .with_user_agent(&format!("core-agent/{version}"));
    agent.with_header("x-client-id", "left-behind")
}

async fn poll(client: &HttpClient) -> Answer {
    let started = client.start("AGENT").await;
    client.poll(started.text_at("/device_code")).await
}

async fn server(data: &TempDir, clock: &Arc<ManualClock>) -> CoreServer {
    let start = Start {
        clock: Arc::clone(clock),
        data: Some(data.path().to_owned()),
        policy: policy(),
        ..Start::new(false)
    };
    CoreServer::start_from(start, |settings| settings.attempts_per_minute = 100_000).await
}
