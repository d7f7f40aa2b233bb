//! Orders that are carried out.

use legacy_http_compat::rollout::{Phase, event::EventPayload};
use serde_json::{Value, json};

use super::service::{CI, TestService};

/// What only one of several instances takes that share a census.
pub(crate) fn of_a_fleet() -> (&'static str, Value) {
    (
        "/api/instances/write-off",
        json!({"instance": "core-b", "reason": "its host is gone"}),
    )
}

/// One order for each other route, in an order in which all of them fit.
pub(crate) fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "/api/brownouts",
            json!({"start": "2029-06-05T12:00:00Z", "length": "10m", "reason": "a reminder"}),
        ),
        // The third event: opened, contract, and this.
        (
            "/api/brownouts/end",
            json!({"brownout": 3, "reason": "the wrong day"}),
        ),
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
            json!({"policy": {"gates": {"enable": [], "cutover": [], "retire": []}, "processes": 2}, "reason": "a rehearsal"}),
        ),
        (
            "/api/transitions",
            json!({"to": "cutover", "reason": "quiet"}),
        ),
        (
            "/api/rollbacks",
            json!({"incident": "INC-2", "reason": "pollers give up"}),
        ),
        (
            "/api/rollbacks/extend",
            json!({"until": "2030-01-01T00:00:00Z", "reason": "a customer"}),
        ),
        // The rollback is the 13th event: opened, contract, and these in their order.
        (
            "/api/post-analyses",
            json!({"rollback": 13, "link": "https://wiki.example/2", "summary": "a timeout", "reason": "done"}),
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
        let head = service.rollout.journal().head().unwrap();
        assert_eq!(done["head"], head.to_string());
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

#[tokio::test]
async fn a_looser_policy_names_what_it_loosens_and_is_listed_with_the_overrides() {
    let policy = legacy_http_compat::rollout::policy::Policy::default();
    let service = TestService::open_with(|setup| setup.policy = policy).await;
    let operator = service.operator();
    let head = service.head();
    let loose = json!({"gates": {"cutover": ["required_checks"]}, "min_responses": 1});
    let order = |named: serde_json::Value| json!({"policy": loose, "override": named, "reason": "we hurry"});
    let refused = operator.post("/api/policy", &order(json!([]))).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (422, "policy-loosened")
    );
    let shown = refused.json()["loosened"].clone();
    let members: Vec<&str> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["member"].as_str().unwrap())
        .collect();
    assert_eq!(members.len(), 5, "{members:?}");
    for wrong in [json!(["/min_responses"]), json!(["/processes"])] {
        let refused = operator.post("/api/policy", &order(wrong)).await;
        assert_eq!(refused.problem(), "policy-loosened");
    }
    assert_eq!(service.head(), head, "nothing was changed");
    operator
        .post("/api/policy", &order(json!(members)))
        .await
        .ok();
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["overrides"][0]["loosened"], shown);
    let stricter = json!({"policy": {}, "reason": "back"});
    operator.post("/api/policy", &stricter).await.ok();
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["overrides"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_step_is_ordered_by_its_name_or_by_its_phase() {
    let service = TestService::open().await;
    let status = service.viewer().get("/api/status").await.ok();
    for next in [status["next"].clone(), json!("retired")] {
        let order = json!({"to": next, "reason": "quiet"});
        service
            .operator()
            .post("/api/transitions", &order)
            .await
            .ok();
    }
    assert_eq!(service.rollout.status().state.phase, Phase::Retired);
}
