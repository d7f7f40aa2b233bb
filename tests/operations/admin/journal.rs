//! The journal, part by part.

use serde_json::json;

use super::service::TestService;

#[tokio::test]
async fn the_journal_is_read_part_by_part() {
    let service = TestService::open().await;
    for number in 0..5 {
        let incident = json!({"incident": format!("INC-{number}"), "reason": "it burns"});
        service
            .operator()
            .post("/api/incidents", &incident)
            .await
            .ok();
    }
    let head = service.head();
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let response = service
            .viewer()
            .get(&format!("/api/journal?after={after}&limit=3"))
            .await;
        let part = response.ok();
        assert_eq!(
            response.header("etag"),
            Some(format!("\"{head}\"").as_str())
        );
        let events = part["events"].as_array().unwrap();
        seen.extend(events.iter().map(|event| event["seq"].as_u64().unwrap()));
        let Some(next) = part["next"].as_u64() else {
            break;
        };
        after = next;
    }
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());
}

#[tokio::test]
async fn beyond_the_head_there_is_nothing_and_no_next_part() {
    let service = TestService::open().await;
    let part = service.viewer().get("/api/journal?after=1000").await.ok();
    assert_eq!((&part["events"], &part["next"]), (&json!([]), &json!(null)));
    let part = service
        .viewer()
        .get(&format!("/api/journal?after={}", u64::MAX))
        .await
        .ok();
    let head = service.rollout.journal().head().unwrap();
    assert_eq!(part["head"], head.to_string());
}

#[tokio::test]
async fn a_part_has_at_most_five_hundred_events() {
    let service = TestService::open().await;
    for limit in ["501", "0", "-1", "many", ""] {
        let response = service
            .viewer()
            .get(&format!("/api/journal?limit={limit}"))
            .await;
        assert_eq!(response.places(), ["limit"], "{limit}");
    }
    assert_eq!(
        service
            .viewer()
            .get("/api/journal?after=x&before=2")
            .await
            .places(),
        ["after", "before"]
    );
    service.viewer().get("/api/journal?limit=500").await.ok();
}
