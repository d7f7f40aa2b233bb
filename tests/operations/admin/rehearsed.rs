//! Where the rehearsals of the way back are shown: status, dry run, overview, page of the rollback, and the alarm on each page.

use serde_json::{Value, json};

use super::service::{MARA, TestService};

/// The outcome is known before the rest cannot be read.
const BROKEN: &str = r#"{"status":"PENDING",broken"#;
const DENIED: &str = r#"{"status":"DENIED"}"#;
const ALARM: &str = "Legacy responses fail in rehearsal";

async fn cut_over(service: &TestService) {
    let cutover = json!({"to": "cutover", "reason": "quiet"});
    let operator = service.operator();
    operator.post("/api/transitions", &cutover).await.ok();
}

/// The rehearsals of an outcome in a list of them.
fn of<'v>(rehearsed: &'v Value, outcome: &str) -> &'v Value {
    let all = rehearsed.as_array().expect("a list");
    let found = all.iter().find(|of| of["outcome"] == outcome);
    found.unwrap_or_else(|| panic!("{outcome} is missing: {rehearsed}"))
}

async fn page(service: &TestService, path: &str) -> String {
    let (client, _) = service.signed_in(MARA).await;
    let response = client.get(path).await;
    assert_eq!(response.status, 200, "{path}");
    response.text
}

#[tokio::test]
async fn the_dry_run_of_a_rollback_and_the_status_show_each_outcome_with_a_legacy_shape() {
    let service = TestService::open().await;
    cut_over(&service).await;
    for body in [
        DENIED,
        DENIED,
        BROKEN,
        r#"{"status":"APPROVED","secret_key":"s"}"#,
    ] {
        service.polled(body).await;
    }
    let viewer = service.viewer();
    let rollback = viewer.get("/api/transitions/rollback").await.ok();
    let status = viewer.get("/api/status").await.ok();
    for rehearsed in [&rollback["rehearsed"], &status["rehearsed"]] {
        let names = rehearsed
            .as_array()
            .unwrap()
            .iter()
            .map(|of| &of["outcome"]);
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["PENDING", "DENIED", "EXPIRED", "FORBIDDEN_ACTOR_UI_RUST"]
        );
        let pending = json!({"endpoint": "device_poll", "outcome": "PENDING", "rehearse": true, "ok": 0, "failed": {"not_json": 1}});
        assert_eq!(*of(rehearsed, "PENDING"), pending);
        assert_eq!(of(rehearsed, "DENIED")["ok"], 2);
        assert_eq!(of(rehearsed, "EXPIRED")["ok"], 0);
    }
    let cutover = viewer.get("/api/transitions/cutover").await.ok();
    assert_eq!(cutover["rehearsed"], json!(null), "only of a rollback");
}

#[tokio::test]
async fn without_metrics_nothing_is_said_of_rehearsals() {
    let service = TestService::open_with(|setup| setup.watched = false).await;
    cut_over(&service).await;
    let rollback = service.viewer().get("/api/transitions/rollback").await.ok();
    assert_eq!(rollback["rehearsed"], json!(null));
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status.get("rehearsed"), None);
    for path in ["", "/rollback"] {
        assert!(
            !page(&service, path).await.contains("rehearsed legacy"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_overview_and_the_page_of_the_rollback_say_how_rehearsals_went() {
    let service = TestService::open().await;
    cut_over(&service).await;
    for path in ["", "/rollback"] {
        let shown = page(&service, path).await;
        assert!(
            shown.contains("No legacy response has been rehearsed since"),
            "{path}"
        );
    }
    for _ in 0..3 {
        service.polled(DENIED).await;
    }
    for path in ["", "/rollback"] {
        let shown = page(&service, path).await;
        assert!(
            shown.contains("Of 3 rehearsed legacy responses, each could be rendered."),
            "{path}"
        );
        let not_yet = "Not rehearsed yet: PENDING of device_poll, EXPIRED of device_poll and FORBIDDEN_ACTOR_UI_RUST of client_token.";
        assert!(shown.contains(not_yet), "{shown}");
        assert!(!shown.contains(ALARM), "{path}");
    }
}

#[tokio::test]
async fn a_rehearsal_that_fails_is_an_alarm_on_every_page_until_the_flag_or_the_contract_changes() {
    let service = TestService::open().await;
    cut_over(&service).await;
    service.polled(DENIED).await;
    service.polled(BROKEN).await;
    for path in [
        "",
        "/rollback",
        "/callers",
        "/journal",
        "/records",
        "/waive",
    ] {
        let shown = page(&service, path).await;
        assert!(shown.contains(ALARM), "{path}");
        let text = "Of 2 rehearsed legacy responses, 1 could not be rendered: 1 not_json in PENDING of device_poll.";
        assert!(shown.contains(text), "{path}: {shown}");
    }
    let rollback = json!({"incident": "INC-1", "reason": "pollers give up"});
    service
        .operator()
        .post("/api/rollbacks", &rollback)
        .await
        .ok();
    assert!(!page(&service, "").await.contains(ALARM), "the flag is on");

    let analysis = json!({"rollback": service.head(), "link": "https://wiki.example/1", "summary": "s", "reason": "r"});
    service
        .operator()
        .post("/api/post-analyses", &analysis)
        .await
        .ok();
    let closed = json!({"incident": "INC-1", "reason": "over"});
    service
        .operator()
        .post("/api/incidents/close", &closed)
        .await
        .ok();
    cut_over(&service).await;
    assert!(
        page(&service, "").await.contains(ALARM),
        "the contract is still the same"
    );
    let contract = service.rollout.contract().unwrap();
    contract.replace(contract.current().with_base_path("/api/v1").unwrap());
    assert!(
        !page(&service, "").await.contains(ALARM),
        "another contract is in use"
    );
}
