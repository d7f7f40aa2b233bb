//! The phases as the admin service moves them.

use legacy_http_compat::rollout::{Phase, Transition};
use serde_json::json;

use super::{
    steps::{assert_done, assert_problem, go_to, phase, roll_back},
    support::{operator::Operator, server::CoreServer},
};

#[tokio::test]
async fn an_operator_enables_cuts_over_and_rolls_back() {
    let core = CoreServer::start(false).await;
    let operator = core.operator();
    assert_eq!(phase(&core.rollout), Phase::Observe);
    for (to, active) in [("compat", true), ("cutover", false)] {
        assert_done(&go_to(&operator, to).await);
        assert_eq!(core.is_on(), active);
    }
    assert_done(&roll_back(&operator, "INC-1").await);
    assert_eq!((phase(&core.rollout), core.is_on()), (Phase::Compat, true));
    let status = operator.status().await;
    assert_eq!(status["incidents"][0]["incident"], "INC-1");
}

#[tokio::test]
async fn a_viewer_sees_all_and_moves_nothing() {
    let core = CoreServer::start(true).await;
    let viewer = core.viewer();
    let status = viewer.status().await;
    let next = (&status["phase"], &status["next"]);
    assert_eq!(next, (&json!("compat"), &json!("cutover")));
    assert_eq!(status["policy"]["gates"]["cutover"], json!([]));
    let head = core.rollout.status().head;
    assert_problem(&go_to(&viewer, "cutover").await, 403, "not-allowed");
    assert_problem(&roll_back(&viewer, "INC-1").await, 403, "not-allowed");
    assert_eq!((core.is_on(), core.rollout.status().head), (true, head));
}

#[tokio::test]
async fn without_a_token_nobody_sees_or_moves_anything() {
    let core = CoreServer::start(true).await;
    for token in ["", "wrong"] {
        let nobody = Operator::new(core.http.clone(), token);
        for response in [nobody.see("status").await, go_to(&nobody, "cutover").await] {
            assert_eq!(response.status, 401, "{}", response.text);
            assert!(response.header(http::header::WWW_AUTHENTICATE).is_some());
        }
    }
    assert!(core.is_on());
}

#[tokio::test]
async fn a_step_is_journaled_with_who_why_and_the_request_it_came_with() {
    let core = CoreServer::start(true).await;
    let http = core.http.clone().with_header("x-correlation-id", "req-17");
    let operator = Operator::new(http, super::support::server::OPERATOR_TOKEN);
    assert_done(&operator.step("cutover", "all are upgraded").await);
    let journal = operator.journal().await;
    let event = journal.last().expect("a step was taken");
    assert!(event["payload"]["phase_changed"].is_object(), "{event}");
    assert_eq!(event["actor"], json!({ "kind": "human", "id": "operator" }));
    assert_eq!(event["reason"], "all are upgraded");
    assert_eq!(event["correlation_id"], "req-17");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_who_want_the_same_at_once_make_it_happen_once() {
    let core = CoreServer::start(true).await;
    for to in ["cutover", "compat"] {
        let together = (0..8).map(|_| {
            let operator = core.operator();
            tokio::spawn(async move {
                let response = match to {
                    "cutover" => go_to(&operator, to).await,
                    _ => roll_back(&operator, "INC-1").await,
                };
                response.status
            })
        });
        let together: Vec<_> = together.collect();
        let mut statuses = Vec::new();
        for one in together {
            statuses.push(one.await.expect("each gets an answer"));
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    }
    let state = core.rollout.status().state.clone();
    let counts = [Transition::Cutover, Transition::Rollback].map(|step| state.count_of(step));
    assert_eq!(counts, [1, 1]);
}
