//! Orders that hold only while the journal stands where it stood.

use legacy_http_compat::rollout::Phase;
use serde_json::{Value, json};

use super::{orders, response::Answer, service::TestService};

fn check() -> Value {
    json!({"check": "openapi", "green": true, "reason": "run 7"})
}

fn decision(service: &TestService) -> u64 {
    service.rollout.status().state.decision
}

async fn if_match(service: &TestService, tags: &str) -> Answer {
    service
        .operator()
        .with("if-match", tags)
        .post("/api/checks", &check())
        .await
}

#[tokio::test]
async fn every_form_of_the_condition_is_understood() {
    let service = TestService::open().await;
    let head = decision(&service);
    if_match(&service, &format!("\"{head}\"")).await.ok();
    if_match(&service, "*").await.ok();
    let head = decision(&service);
    if_match(
        &service,
        &format!("\"{}\", W/\"{head}\" , \"{head}\", \"x\"", head + 9),
    )
    .await
    .ok();
    let status = service.viewer().get("/api/status").await;
    let tag = status.header("etag").unwrap();
    if_match(&service, tag).await.ok();
    if_match(&service, tag).await.ok();
    let red = json!({"check": "openapi", "green": false, "reason": "run 8"});
    service.operator().post("/api/checks", &red).await.ok();
    assert_eq!(if_match(&service, tag).await.problem(), "conflict");
}

#[tokio::test]
async fn a_weak_tag_and_one_of_something_else_never_match() {
    let service = TestService::open().await;
    let head = service.head();
    for tags in [
        format!("W/\"{head}\""),
        "\"abc\"".to_owned(),
        format!("\"0{head}\""),
        "\"\"".to_owned(),
    ] {
        let response = if_match(&service, &tags).await;
        assert_eq!(response.problem(), "conflict", "{tags}");
        assert_eq!(response.json()["events_since"], json!([]));
    }
    assert_eq!(service.head(), head);
}

#[tokio::test]
async fn an_invalid_condition_is_malformed() {
    let service = TestService::open().await;
    for tags in ["42", "\"42", "", "\"1\" \"2\""] {
        assert_eq!(
            if_match(&service, tags).await.problem(),
            "malformed",
            "{tags}"
        );
    }
}

#[tokio::test]
async fn the_slower_of_two_operators_is_shown_what_happened_meanwhile() {
    let service = TestService::open().await;
    let dry_run = service.operator().get("/api/transitions/cutover").await;
    let tag = dry_run.header("etag").unwrap().to_owned();
    let head = service.head();
    let incident = json!({"incident": "INC-1", "reason": "polls fail"});
    service
        .stranger
        .bearing(super::service::CI)
        .post("/api/incidents", &incident)
        .await
        .ok();
    let slower = service.operator().with("if-match", tag);
    let response = slower
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (409, "conflict")
    );
    let problem = response.json();
    assert_eq!(
        (&problem["expected"], &problem["decision"]),
        (&json!(head), &json!(head + 1))
    );
    let [happened] = problem["events_since"].as_array().unwrap().as_slice() else {
        panic!("{problem}")
    };
    assert_eq!(happened["actor"]["id"], "ci");
    assert_eq!(happened["payload"]["incident_opened"]["incident"], "INC-1");
    assert_eq!(service.rollout.status().state.phase, Phase::Compat);
}

#[tokio::test]
async fn every_command_but_the_way_back_takes_the_condition() {
    let service = TestService::open().await;
    for (path, body) in orders::all() {
        let late = service
            .operator()
            .with("if-match", "\"0\"")
            .post(path, &body)
            .await;
        if ["/api/rollbacks", "/api/brownouts/end"].contains(&path) {
            late.ok();
            continue;
        }
        assert_eq!(late.problem(), "conflict", "{path}");
        assert_eq!(
            late.json()["events_since"].as_array().unwrap().len() as u64,
            service.head(),
            "{path}"
        );
        service.operator().post(path, &body).await.ok();
    }
}

#[tokio::test]
async fn a_malformed_condition_does_not_stop_a_rollback() {
    let service = TestService::open().await;
    service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
    let rollback = json!({"incident": "INC-1", "reason": "now"});
    service
        .operator()
        .with("if-match", "nonsense")
        .post("/api/rollbacks", &rollback)
        .await
        .ok();
    assert!(service.rollout.reader().is_on());
}

#[tokio::test]
async fn what_bears_on_no_decision_is_no_conflict() {
    let service = TestService::open().await;
    let dry_run = service.operator().get("/api/transitions/cutover").await;
    let tag = dry_run.header("etag").unwrap().to_owned();
    let head = service.head();
    // A wrong token, a refused attempt, a check that is as it was, and another process that starts.
    let wrong = service.stranger.bearing("wrong");
    assert_eq!(wrong.get("/api/status").await.status, 401);
    let retire = json!({"to": "retired", "reason": "too early"});
    let refused = service.operator().post("/api/transitions", &retire).await;
    assert_eq!(refused.problem(), "impossible");
    let other = legacy_http_compat::rollout::Rollout::builder(
        service.rollout.status().state.flag_name.clone(),
        legacy_http_compat::rollout::policy::Policy::permissive(),
    );
    drop(other.open(service.rollout.journal().clone()).unwrap());
    assert_eq!(service.head(), head + 2);
    let cutover = json!({"to": "cutover", "reason": "quiet"});
    let operator = service.operator().with("if-match", tag);
    operator.post("/api/transitions", &cutover).await.ok();
    assert_eq!(service.rollout.status().state.phase, Phase::Cutover);
}

#[tokio::test]
async fn a_rollback_has_no_precondition_but_its_cutover() {
    let service = TestService::open().await;
    let operator = service.operator();
    let cutover = json!({"to": "cutover", "reason": "quiet"});
    let done = operator.post("/api/transitions", &cutover).await.ok();
    let seq = done["event"]["seq"].as_u64().unwrap();
    let rollback = |cutover: u64| json!({"incident": "INC-1", "cutover": cutover, "reason": "now"});
    let other = operator.post("/api/rollbacks", &rollback(seq - 1)).await;
    assert_eq!(other.problem(), "impossible");
    assert_eq!(other.json()["cutover"], seq - 1);
    assert!(!service.rollout.reader().is_on());
    operator.post("/api/rollbacks", &rollback(seq)).await.ok();
    assert!(service.rollout.reader().is_on());
}
