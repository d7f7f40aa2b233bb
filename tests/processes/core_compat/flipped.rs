//! The switch is flipped while clients poll.

use legacy_http_compat::rollout::Phase;
use serde_json::json;

use crate::support::{
    device_client::Step,
    response::Answer,
    server::{CoreServer, INTERVAL},
};

#[tokio::test]
async fn each_response_has_the_shape_of_its_moment() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    for active in [true, false, true, false] {
        flip(&core, active).await;
        let (response, _) = client.poll().await;
        assert_eq!(
            response.status,
            if active { 401 } else { 200 },
            "{}",
            response.text
        );
        core.clock.advance(INTERVAL);
    }
}

#[tokio::test]
async fn an_old_client_comes_through_a_cutover_that_is_taken_back_between_its_polls() {
    let core = CoreServer::start(true).await;
    let mut client = core.old_client().await;
    assert_eq!(client.step().await, Step::KeepPolling(INTERVAL));
    flip(&core, false).await;
    flip(&core, true).await;
    assert_eq!(client.step().await, Step::KeepPolling(INTERVAL));
    client.decide("approve").await;
    let approved = client.finish().await;
    assert_eq!(client.token(&approved).await.status, 200);
}

#[tokio::test]
async fn a_new_client_that_starts_before_the_cutover_is_served_after_it() {
    let core = CoreServer::start(true).await;
    let mut client = core.new_client().await;
    flip(&core, false).await;
    assert_eq!(client.step().await, Step::KeepPolling(INTERVAL));
    client.decide("approve").await;
    let approved = client.finish().await;
    assert_eq!(client.token(&approved).await.status, 200);
}

#[tokio::test]
async fn a_decision_is_kept_over_a_flip() {
    let core = CoreServer::start(true).await;
    let mut old = core.old_client().await;
    let mut new = core.new_client().await;
    old.decide("deny").await;
    new.decide("deny").await;
    assert_eq!(old.step().await, Step::stop("ACCESS_DENIED"));
    flip(&core, false).await;
    assert_eq!(new.step().await, Step::stop("DENIED"));
}

#[tokio::test]
async fn the_secret_is_shown_once_however_often_the_switch_is_flipped() {
    let core = CoreServer::start(false).await;
    let mut client = core.old_client().await;
    client.decide("approve").await;
    flip(&core, true).await;
    let approved = client.step().await;
    assert!(matches!(approved, Step::Approved(_)), "{approved:?}");
    for active in [false, true] {
        flip(&core, active).await;
        assert_eq!(client.step().await, Step::stop("INVALID_DEVICE_CODE"));
    }
    assert_eq!(client.token(&approved).await.status, 200);
}

#[tokio::test]
async fn a_retired_switch_leaves_the_handlers_own_responses() {
    let core = CoreServer::start(true).await;
    core.retire();
    let (response, _) = core.new_client().await.poll().await;
    assert_eq!(response.json["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_response_is_all_legacy_or_all_target() {
    let core = CoreServer::start(true).await;
    let clients = (0..8).map(|_| {
        let http = core.http.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                let started = http.start("AGENT").await;
                assert_one_shape(&http.poll(started.text_at("/device_code")).await);
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for round in 0..50 {
        flip(&core, round % 2 == 1).await;
        let mut probe = core.old_client().await;
        assert_eq!(
            probe.poll().await.0.status,
            if round % 2 == 1 { 401 } else { 200 }
        );
    }
    for client in clients {
        client.await.expect("no answer was mixed");
    }
}

/// By an operator; the switch has its new state when this returns.
async fn flip(core: &CoreServer, active: bool) {
    if active != core.is_on() {
        let operator = core.operator();
        let begins = core.rollout.status().state.phase == Phase::Observe;
        let response = match (active, begins) {
            (true, true) => operator.step("compat", "a test").await,
            (true, false) => operator.roll_back("INC-1", "a test").await,
            (false, _) => operator.step("cutover", "a test").await,
        };
        assert_eq!(response.status, 200, "{}", response.text);
        if active && !begins {
            let rollback = &response.json["event"]["seq"];
            let filed = json!({"rollback": rollback, "link": "https://wiki.example/1", "summary": "a test", "reason": "a test"});
            let filed = operator.order("post-analyses", &filed).await;
            assert_eq!(filed.status, 200, "{}", filed.text);
        }
    }
    assert_eq!(core.is_on(), active);
}

fn assert_one_shape(response: &Answer) {
    if response.status == 200 {
        assert_eq!(response.json, json!({ "status": "PENDING", "interval": 5 }));
        assert!(response.header(http::header::WWW_AUTHENTICATE).is_none());
    } else {
        response.assert_error(401, "AUTHORIZATION_PENDING");
        assert!(response.json.get("status").is_none());
    }
}
