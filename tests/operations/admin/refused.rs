//! Orders that are refused, each with a problem that says what would be right.

use legacy_http_compat::rollout::policy::Policy;
use serde_json::{Value, json};

use super::{response::Answer, service::TestService};

async fn refused(service: &TestService, path: &str, body: Value) -> Answer {
    let head = service.head();
    let response = service.operator().post(path, &body).await;
    assert!(response.status >= 400, "{response:?}");
    let journaled = service.events();
    let more = &journaled[usize::try_from(head).unwrap()..];
    assert!(
        more.iter()
            .all(|event| event.payload.name() == "attempt_refused"),
        "{more:?}"
    );
    response
}

#[tokio::test]
async fn a_step_that_does_not_exist_says_which_do() {
    let service = TestService::open().await;
    let response = refused(
        &service,
        "/api/transitions",
        json!({"to": "retired", "reason": "now"}),
    )
    .await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (409, "impossible")
    );
    let problem = response.json();
    assert_eq!(
        (&problem["phase"], &problem["possible"]),
        (&json!("compat"), &json!(["cutover"]))
    );
    assert_eq!(problem["entered"]["seq"], 1);
    let head = service.rollout.journal().head().unwrap();
    assert_eq!(problem["head"], head.to_string());
    let response = refused(
        &service,
        "/api/rollbacks",
        json!({"incident": "INC-1", "reason": "now"}),
    )
    .await;
    assert_eq!(
        (response.problem().as_str(), &response.json()["phase"]),
        ("impossible", &json!("compat"))
    );
}

#[tokio::test]
async fn failing_gates_are_shown_with_their_evidence() {
    let policy = Policy {
        required_checks: vec!["openapi".parse().unwrap()],
        ..Policy::default()
    };
    let service = TestService::open_with(|setup| setup.policy = policy).await;
    let response = refused(
        &service,
        "/api/transitions",
        json!({"to": "cutover", "reason": "now"}),
    )
    .await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (409, "gates-failed")
    );
    let problem = response.json();
    assert_eq!(
        problem["failing"],
        json!([
            "required_checks",
            "no_dependent_responses",
            "all_callers_resolved",
            "coverage"
        ])
    );
    let gates = problem["gates"].as_array().unwrap();
    assert!(
        gates.len() > 2 && gates[0]["evidence"].is_object(),
        "those that pass are shown too"
    );
}

#[tokio::test]
async fn an_override_names_each_failing_gate_and_no_other() {
    let service = TestService::open_with(|setup| setup.policy = Policy::default()).await;
    let order = json!({"to": "cutover", "override": ["no_open_incident"], "reason": "now"});
    let response = refused(&service, "/api/transitions", order).await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (422, "override-mismatch")
    );
    let problem = response.json();
    assert_eq!(
        (&problem["unnamed"], &problem["not_failing"]),
        (
            &json!(["no_dependent_responses", "all_callers_resolved", "coverage"]),
            &json!(["no_open_incident"])
        )
    );
    let order = json!({"to": "observe", "override": ["coverage"], "reason": "now"});
    assert_eq!(
        refused(&service, "/api/transitions", order).await.places(),
        ["/override"]
    );
}

#[tokio::test]
async fn the_step_back_from_cutover_needs_an_incident() {
    let service = TestService::open().await;
    service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "quiet"}),
        )
        .await
        .ok();
    let response = refused(
        &service,
        "/api/transitions",
        json!({"to": "compat", "reason": "oops"}),
    )
    .await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (422, "needs-incident")
    );
}

#[tokio::test]
async fn a_command_that_contradicts_the_journal_is_refused_with_the_reason() {
    let service = TestService::open().await;
    for (path, body) in [
        (
            "/api/incidents/close",
            json!({"incident": "INC-9", "reason": "out"}),
        ),
        (
            "/api/waivers/end",
            json!({"target": "kind MCP", "reason": "gone"}),
        ),
        (
            "/api/post-analyses",
            json!({"rollback": 1, "link": "https://wiki.example/", "summary": "x", "reason": "done"}),
        ),
    ] {
        let response = refused(&service, path, body).await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (409, "unfitting"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn all_faults_of_a_body_are_reported_at_once() {
    let service = TestService::open().await;
    for (path, body, places) in [
        (
            "/api/checks",
            json!({"green": "yes", "link": "javascript:alert(1)", "colour": 1}),
            vec!["/green", "/link", "/check", "/reason", "/colour"],
        ),
        ("/api/checks", json!([]), vec![""]),
        ("/api/checks", json!(null), vec![""]),
        (
            "/api/checks",
            json!({"check": "a b", "green": true, "reason": "line\nbreak"}),
            vec!["/check", "/reason"],
        ),
        (
            "/api/incidents",
            json!({"incident": null, "reason": "\u{202e}x"}),
            vec!["/incident", "/reason"],
        ),
        (
            "/api/transitions",
            json!({"to": "cutoff", "override": "x y", "reason": ""}),
            vec!["/to", "/override/0", "/reason"],
        ),
        (
            "/api/waivers",
            json!({"target": "everyone", "owner": "", "until": "tomorrow", "reason": "x".repeat(1001)}),
            vec!["/target", "/owner", "/until", "/reason"],
        ),
        (
            "/api/post-analyses",
            json!({"rollback": -1, "link": "x", "summary": "x".repeat(4001), "reason": "x"}),
            vec!["/rollback", "/link", "/summary"],
        ),
        (
            "/api/client-rollbacks",
            json!({"kind": "", "version": "one", "incident": 7, "reason": "x"}),
            vec!["/kind", "/version", "/incident"],
        ),
        (
            "/api/policy",
            json!({"policy": {"coverage_ratio": 2, "processes": 0, "gates": {"retire": ["odd"]}}, "reason": "x"}),
            vec![
                "/policy/coverage_ratio",
                "/policy/gates/retire/0",
                "/policy/processes",
            ],
        ),
        (
            "/api/policy",
            json!({"policy": "strict", "reason": "x"}),
            vec!["/policy"],
        ),
    ] {
        let response = refused(&service, path, body).await;
        assert_eq!(response.status, 422);
        let mut found = response.places();
        let mut places = places;
        found.sort_unstable();
        places.sort_unstable();
        assert_eq!(found, places, "{path}: {}", response.text);
        let problem = response.json();
        let remedies = problem["faults"].as_array().unwrap();
        assert!(
            remedies.iter().all(|fault| fault["remedy"] != ""),
            "{remedies:?}"
        );
    }
}

#[tokio::test]
async fn a_duplicate_member_is_refused() {
    let service = TestService::open().await;
    let body = r#"{"to": "cutover", "to": "observe", "reason": "x"}"#;
    let response = service
        .operator()
        .post_text("/api/transitions", "application/json", body)
        .await;
    assert_eq!(response.places(), ["/to"]);
}

#[tokio::test]
async fn invalid_json_is_malformed_and_another_media_type_unsupported() {
    let service = TestService::open().await;
    let deep = "[".repeat(60_000);
    for body in ["", "{", "{\"check\": }", "\u{fffe}", "{} {}", &deep] {
        let response = service
            .operator()
            .post_text("/api/checks", "application/json", body)
            .await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (400, "malformed")
        );
    }
    let broken = service
        .operator()
        .request("POST", "/api/checks")
        .header("content-type", "application/json");
    let response = service
        .operator()
        .send("POST", "/api/checks", broken.body(b"\"\xff\"".to_vec()))
        .await;
    assert_eq!(response.problem(), "malformed");
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
    ] {
        let response = service
            .operator()
            .post_text("/api/checks", media, "{}")
            .await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (415, "unsupported-media-type"),
            "{media}"
        );
    }
}

#[tokio::test]
async fn a_command_has_no_parameters() {
    let service = TestService::open().await;
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    assert_eq!(
        refused(&service, "/api/checks?dry=1", check).await.places(),
        ["dry"]
    );
    let response = service.viewer().get("/api/report?window=%ff").await;
    assert!(["malformed", "invalid"].contains(&response.problem().as_str()));
}
