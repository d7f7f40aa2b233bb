//! Orders that are carried out.

use legacy_http_compat::rollout::{Phase, event::EventPayload};
use serde_json::{Value, json};

use super::service::{CI, TestService};

/// One order for each route, in an order in which all of them fit.
pub(crate) fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "/api/checks",
            json!({"check": "openapi", "green": true, "link": "https://ci.example/7", "reason": "run 7"}),
        ),
        (
            "/api/incidents",
            json!({"incident": "INC-1", "reason": "it burns"}),
        ),
        (
            "/api/incidents/close",
            json!({"incident": "INC-1", "reason": "it is out"}),
        ),
        (
            "/api/waivers",
            json!({"target": "anonymous", "owner": "mara", "until": "2030-01-01T00:00:00Z", "reason": "probe"}),
        ),
        (
            "/api/waivers/end",
            json!({"target": "anonymous", "reason": "it is gone"}),
        ),
        (
            "/api/client-rollbacks",
            json!({"kind": "AGENT", "version": "1.4.2", "reason": "crash loop"}),
        ),
        (
            "/api/policy",
            json!({"policy": {"gates": {"enable": [], "cutover": [], "retire": []}}, "reason": "a rehearsal"}),
        ),
        (
            "/api/transitions",
            json!({"to": "cutover", "reason": "quiet"}),
        ),
        (
            "/api/rollbacks",
            json!({"incident": "INC-2", "reason": "pollers give up"}),
        ),
        // The rollback is the 13th event: opened, started, contract, and these in their order.
        (
            "/api/post-analyses",
            json!({"rollback": 12, "link": "https://wiki.example/2", "summary": "a timeout", "reason": "done"}),
        ),
    ]
}

#[tokio::test]
async fn every_command_returns_the_journaled_event() {
    let service = TestService::open().await;
    for (path, body) in all() {
        let done = service.operator().post(path, &body).await.ok();
        let event = serde_json::to_value(service.events().pop().unwrap()).unwrap();
        assert_eq!(done["event"], event, "{path}");
        assert_eq!(done["head"], service.head());
        assert_eq!(event["actor"], json!({"kind": "human", "id": "mara"}));
        assert_eq!(event["reason"], body["reason"]);
    }
    assert_eq!(service.rollout.status().state.phase, Phase::Compat);
}

#[tokio::test]
async fn the_name_of_the_token_is_the_actor_in_the_journal() {
    let service = TestService::open().await;
    let pipeline = service.stranger.bearing(CI);
    let check = json!({"check": "openapi", "green": false, "reason": "run 8"});
    let done = pipeline.post("/api/checks", &check).await.ok();
    assert_eq!(
        done["event"]["actor"],
        json!({"kind": "service", "id": "ci"})
    );
}

#[tokio::test]
async fn a_correlation_id_is_journaled_and_returned() {
    let service = TestService::open().await;
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    for name in ["x-correlation-id", "x-request-id"] {
        let response = service
            .operator()
            .with(name, "req-17")
            .post("/api/checks", &check)
            .await;
        assert_eq!(response.header("x-correlation-id"), Some("req-17"));
        assert_eq!(response.ok()["event"]["correlation_id"], "req-17");
    }
    for odd in ["", " ", &"x".repeat(129)] {
        let response = service
            .operator()
            .with("x-correlation-id", odd)
            .post("/api/checks", &check)
            .await;
        let made_up = response.header("x-correlation-id").unwrap().to_owned();
        assert_eq!(made_up.len(), 36, "{made_up}");
        assert_eq!(response.ok()["event"]["correlation_id"], made_up.as_str());
    }
}

#[tokio::test]
async fn failing_gates_are_overridden_by_naming_each() {
    let policy = legacy_http_compat::rollout::policy::Policy::default();
    let service = TestService::open_with(|setup| setup.policy = policy).await;
    let refused = service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "now"}),
        )
        .await;
    assert_eq!(refused.problem(), "gates-failed");
    let failing = refused.json()["failing"].clone();
    let expected = ["no_dependent_responses", "all_callers_resolved", "coverage"];
    assert_eq!(failing, json!(expected));
    let order = json!({"to": "cutover", "override": failing, "reason": "the old API goes tonight"});
    service
        .operator()
        .post("/api/transitions", &order)
        .await
        .ok();
    let EventPayload::PhaseChanged(change) = service.events().pop().unwrap().payload.clone() else {
        panic!()
    };
    assert_eq!(change.overridden.len(), 3);
    assert_eq!(
        service.viewer().get("/api/status").await.ok()["overrides"][0]["gates"],
        failing
    );
}

#[tokio::test]
async fn a_body_may_come_as_any_kind_of_json() {
    let service = TestService::open().await;
    let body = r#" {"check":"openapi","green":true,"reason":"run 7"} "#;
    for media in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.rollout+json",
    ] {
        service
            .operator()
            .post_text("/api/checks", media, body)
            .await
            .ok();
    }
}
