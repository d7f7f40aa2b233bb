//! What `PUT /admin/compat` makes of the phases.

use legacy_http_compat::rollout::{Fact, Phase, Transition};
use serde_json::json;

use crate::{
    steps::{assert_set, phase, roll_back, set, shown},
    support::{
        http_client::{HttpClient, send},
        server::{ADMIN_TOKEN, CoreServer},
    },
};

#[tokio::test]
async fn setting_the_switch_enables_cuts_over_and_rolls_back() {
    let core = CoreServer::start(false).await;
    assert_eq!(phase(&core.rollout), Phase::Observe);
    assert_set(&set(&core.http, true).await, true);
    assert_eq!(phase(&core.rollout), Phase::Compat);
    assert_set(&set(&core.http, false).await, false);
    assert_eq!(phase(&core.rollout), Phase::Cutover);
    assert_set(&roll_back(&core.http, "INC-1").await, true);
    assert_eq!(phase(&core.rollout), Phase::Compat);
    assert_eq!(shown(&core.http).await["open_incidents"], json!(["INC-1"]));
}

#[tokio::test]
async fn what_changes_nothing_is_not_journaled() {
    let core = CoreServer::start(false).await;
    for active in [false, true, false] {
        assert_set(&set(&core.http, active).await, active);
        let head = core.rollout.status().head;
        assert_set(&set(&core.http, active).await, active);
        assert_eq!(core.rollout.status().head, head);
    }
}

#[tokio::test]
async fn a_step_is_journaled_with_who_why_and_the_request_it_came_with() {
    let core = CoreServer::start(true).await;
    let body = json!({ "active": false, "actor": "mara", "reason": "all are upgraded" });
    let http = core.http.clone().with_header("x-correlation-id", "req-17");
    http.set_compat(ADMIN_TOKEN, &body).await;
    let head = core.rollout.status().head;
    let events = core.rollout.journal().read(head - 1, 1).unwrap();
    let event = &events[0];
    assert!(matches!(event.fact(), Fact::PhaseChanged(_)), "{event:?}");
    assert_eq!(event.actor().to_string(), "human mara");
    assert_eq!(event.reason().as_str(), "all are upgraded");
    let correlation_id = event.correlation_id().map(ToString::to_string);
    assert_eq!(correlation_id.as_deref(), Some("req-17"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_who_want_the_same_at_once_all_get_it_and_it_happens_once() {
    let core = CoreServer::start(true).await;
    for active in [false, true] {
        let together = (0..8).map(|_| {
            let http = core.http.clone();
            tokio::spawn(async move { roll_back_or_cut_over(&http, active).await })
        });
        let together: Vec<_> = together.collect();
        for one in together {
            one.await.expect("each gets what it wants");
        }
    }
    let state = core.rollout.status().state.clone();
    let counts = [Transition::Cutover, Transition::Rollback].map(|step| state.count_of(step));
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn how_the_rollout_stands_is_for_who_has_the_token() {
    let core = CoreServer::start(true).await;
    core.http
        .rollout("")
        .await
        .assert_error(401, "UNAUTHORIZED");
    let shown = shown(&core.http).await;
    assert_eq!(
        (&shown["phase"], &shown["next"]),
        (&json!("compat"), &json!("cutover"))
    );
    assert_eq!(shown["policy"]["gates"]["cutover"], json!([]));
    let posted = core.http.request(http::Method::POST, "/admin/rollout");
    send(posted).await.assert_error(405, "METHOD_NOT_ALLOWED");
}

async fn roll_back_or_cut_over(core: &HttpClient, active: bool) {
    let answer = if active {
        roll_back(core, "INC-1").await
    } else {
        set(core, false).await
    };
    assert_set(&answer, active);
}
