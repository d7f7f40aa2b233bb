//! What is shown: status, report, callers, time series, dry runs.

use std::time::Duration;

use legacy_http_compat::{
    census::Dependence,
    rollout::{Phase, names::Identifier, policy::Policy},
};
use serde_json::json;

use super::{
    client::Client,
    service::{MARA, TestService},
};

const HOUR: Duration = Duration::from_secs(3_600);

async fn order(client: &Client, path: &str, body: serde_json::Value) -> u64 {
    client.post(path, &body).await.ok()["event"]["seq"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn a_new_rollout_shows_where_it_stands() {
    let service = TestService::open().await;
    let response = service.viewer().get("/api/status").await;
    let status = response.ok();
    assert_eq!(
        response.header("etag"),
        Some(format!("\"{}\"", service.head()).as_str())
    );
    assert_eq!(status["phase"], "compat");
    assert_eq!(status["flag"], "on");
    assert_eq!(
        status["flag_name"],
        "features.auth.device_flow.compat_legacy_http"
    );
    assert_eq!(status["next"], "cutover");
    assert_eq!(status["entered"]["actor"]["kind"], "system");
    assert_eq!(status["journal"], json!({"works": true, "error": null}));
    assert_eq!(
        status["you"],
        json!({"name": "wall", "kind": "human", "role": "viewer"})
    );
    let windows: Vec<_> = status["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["window"].clone())
        .collect();
    assert_eq!(windows, ["5m", "1h", "24h", "7d", "30d"]);
}

#[tokio::test]
async fn everything_that_an_operator_did_is_in_the_status() {
    let service = TestService::open().await;
    let operator = service.operator();
    let check = json!({"check": "openapi", "green": true, "link": "https://ci.example/7", "reason": "run 7"});
    order(&operator, "/api/checks", check).await;
    let waiver = json!({"target": "kind MCP", "owner": "mara", "until": "2030-01-01T00:00:00Z", "reason": "a probe"});
    order(&operator, "/api/waivers", waiver).await;
    let clients =
        json!({"kind": "AGENT", "version": "1.4.2", "incident": "INC-1", "reason": "crash loop"});
    order(&operator, "/api/client-rollbacks", clients).await;
    order(
        &operator,
        "/api/transitions",
        json!({"to": "cutover", "reason": "quiet for a day"}),
    )
    .await;
    let rollback = json!({"incident": "INC-2", "reason": "pollers give up"});
    let rollback = order(&operator, "/api/rollbacks", rollback).await;
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["checks"][0]["reported"]["reason"], "run 7");
    assert_eq!(status["waivers"][0]["holds"], true);
    assert_eq!(status["client_rollbacks"][0]["version"], "1.4.2");
    assert_eq!(status["incidents"][0]["incident"], "INC-2");
    assert_eq!(status["rollbacks"][0]["done"]["seq"], rollback);
    assert_eq!(status["transitions"]["rollback"], 1);
    let duties: Vec<_> = status["obligations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|owed| owed["obligation"].clone())
        .collect();
    assert_eq!(duties, ["end_rollback", "post_analysis"]);
    service.pass(73 * HOUR);
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["overdue"], json!(["end_rollback", "post_analysis"]));
    let filed = json!({"rollback": rollback, "link": "https://wiki.example/2", "summary": "a timeout", "reason": "done"});
    order(&operator, "/api/post-analyses", filed).await;
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(
        status["rollbacks"][0]["post_analysis"]["summary"],
        "a timeout"
    );
}

#[tokio::test]
async fn callers_are_selected_sorted_and_paged() {
    let service = TestService::open().await;
    for number in 1..=5 {
        service.see("AGENT", number, Dependence::Served);
        service.clock.advance(Duration::from_secs(1));
    }
    service.see("MCP", 9, Dependence::None);
    let viewer = service.viewer();
    let all = viewer.get("/api/callers").await.ok();
    assert_eq!(
        (&all["total"], &all["rows"][0]["kind"]),
        (&json!(6), &json!("MCP")),
        "the last seen first"
    );
    let path = "/api/callers?kind=AGENT&state=dependent&sort=first_seen&order=asc&offset=1&limit=2&window=1h";
    let page = viewer.get(path).await.ok();
    assert_eq!((&page["total"], &page["offset"]), (&json!(5), &json!(1)));
    assert_eq!(page["rows"].as_array().unwrap().len(), 2);
    assert!(
        page["rows"][0]["fingerprint"]
            .as_str()
            .unwrap()
            .ends_with("02")
    );
    for state in [
        "all",
        "never_dependent",
        "dependent",
        "stranded",
        "regressed",
        "inconclusive",
        "migrated",
        "inactive",
        "unresolved",
        "depended",
    ] {
        viewer
            .get(&format!("/api/callers?state={state}"))
            .await
            .ok();
    }
    let faulty = viewer.get("/api/callers?kind=TOASTER&state=odd&sort=x&order=up&offset=-1&limit=0&window=31d&page=2").await;
    assert_eq!(
        faulty.places(),
        [
            "window", "state", "sort", "order", "kind", "offset", "limit", "page"
        ]
    );
}

#[tokio::test]
async fn a_report_has_the_requested_window() {
    let service = TestService::open().await;
    service.see("AGENT", 1, Dependence::Stranded);
    let report = service.viewer().get("/api/report").await.ok();
    assert_eq!(
        (&report["window"], &report["all"]["stranded"]),
        (&json!("24h"), &json!(1))
    );
    let report = service.viewer().get("/api/report?window=90m").await.ok();
    assert_eq!(report["window"], "90m");
    for window in ["0s", "31d", "soon", ""] {
        let response = service
            .viewer()
            .get(&format!("/api/report?window={window}"))
            .await;
        assert_eq!(response.places(), ["window"], "{window}");
    }
    assert_eq!(
        service
            .viewer()
            .get("/api/report?window=1h&window=2h")
            .await
            .places(),
        ["window"]
    );
}

#[tokio::test]
async fn time_series_have_the_requested_range() {
    let service = TestService::open().await;
    service.see("AGENT", 1, Dependence::Served);
    service.poll().await;
    service.pass(Duration::from_secs(60));
    for (span, len) in [("1h", 360), ("24h", 1_440), ("30d", 2_880)] {
        let series = service
            .viewer()
            .get(&format!("/api/timeseries?range={span}"))
            .await
            .ok();
        assert_eq!(
            (&series["range"], &series["len"]),
            (&json!(span), &json!(len))
        );
        let agent = series["callers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|series| series["kind"] == "AGENT")
            .unwrap();
        assert_eq!(agent["dependent"].as_array().unwrap().len(), len);
    }
    assert_eq!(
        service.viewer().get("/api/timeseries").await.ok()["range"],
        "24h"
    );
    assert_eq!(
        service
            .viewer()
            .get("/api/timeseries?range=7d")
            .await
            .places(),
        ["range"]
    );
}

#[tokio::test]
async fn responses_are_counted_by_the_shape_that_was_served() {
    let service = TestService::open().await;
    service.poll().await;
    service
        .operator()
        .post(
            "/api/transitions",
            &json!({"to": "cutover", "reason": "now"}),
        )
        .await
        .ok();
    service.poll().await;
    let status = service.viewer().get("/api/status").await.ok();
    let responses = status["responses"].as_array().unwrap();
    let pending = responses
        .iter()
        .find(|of| of["outcome"] == "PENDING")
        .unwrap();
    assert_eq!(
        *pending,
        json!({"endpoint": "device_poll", "outcome": "PENDING", "target": 1, "legacy": 1})
    );
}

#[tokio::test]
async fn a_dry_run_shows_the_result_of_each_transition() {
    let policy = Policy {
        required_checks: vec!["openapi".parse().unwrap()],
        ..Policy::default()
    };
    let service = TestService::open_with(|setup| setup.policy = policy).await;
    let run = service.viewer().get("/api/transitions/cutover").await;
    assert_eq!(
        run.header("etag"),
        Some(format!("\"{}\"", service.head()).as_str())
    );
    let run = run.ok();
    assert_eq!(
        (&run["passes"], &run["impossible"], &run["to"]),
        (&json!(false), &json!(null), &json!("cutover"))
    );
    assert!(
        run["gates"]
            .as_array()
            .unwrap()
            .iter()
            .any(|gate| gate["name"] == "required_checks")
    );
    let run = service.viewer().get("/api/transitions/retire").await.ok();
    assert_eq!(run["impossible"]["possible"], json!(["cutover"]));
    for step in ["enable", "rollback"] {
        service
            .viewer()
            .get(&format!("/api/transitions/{step}"))
            .await
            .ok();
    }
    for step in ["undo", "", "cutover/", "%ff", "..%2fstatus"] {
        let response = service
            .viewer()
            .get(&format!("/api/transitions/{step}"))
            .await;
        assert_eq!(response.problem(), "not-found", "{step}");
    }
    assert_eq!(
        service.head(),
        2,
        "nothing of it is journaled: {:?}",
        service.events()
    );
    assert_eq!(service.rollout.status().state.phase, Phase::Compat);
}

#[tokio::test]
async fn without_a_census_only_the_routes_that_need_one_fail() {
    let service = TestService::open_with(|setup| setup.watched = false).await;
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(
        (&status["totals"], &status["coverage"]),
        (&json!(null), &json!([]))
    );
    for path in ["/api/report", "/api/callers", "/api/timeseries"] {
        assert_eq!(
            service.viewer().get(path).await.problem(),
            "not-configured",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_failing_gate_is_named_in_the_status_once_it_was_asked() {
    let policy = Policy {
        required_checks: vec!["openapi".parse().unwrap()],
        ..Policy::default()
    };
    let service = TestService::open_with(|setup| setup.policy = policy).await;
    service.tick();
    let status = service.viewer().get("/api/status").await.ok();
    let gates = status["gates"].as_array().unwrap();
    let named = |name: &str| {
        Identifier::new(name).is_ok()
            && gates
                .iter()
                .any(|gate| gate["name"] == name && gate["passed"] == false)
    };
    assert!(named("required_checks") && named("coverage"), "{gates:?}");
}

#[tokio::test]
async fn stranded_callers_are_those_since_the_flag_last_changed() {
    let service = TestService::open().await;
    let operator = service.operator();
    let later = || service.pass(Duration::from_secs(60));
    let stranded = async || {
        let status = service.viewer().get("/api/status").await.ok();
        let stranded = &status["stranded"];
        ["callers", "dependents", "waived", "before", "served_again"]
            .map(|name| stranded[name].as_u64().unwrap())
    };
    // Not rewritten though the flag is on.
    service.see("AGENT", 1, Dependence::Stranded);
    later();
    order(
        &operator,
        "/api/transitions",
        json!({"to": "cutover", "reason": "quiet"}),
    )
    .await;
    assert_eq!(stranded().await, [0, 1, 0, 1, 0], "before the cutover");
    later();
    for number in 1..=3 {
        service.see("AGENT", number, Dependence::Stranded);
    }
    later();
    assert_eq!(stranded().await, [3, 3, 0, 0, 0]);
    let target = format!("caller psd_{:032x}", 3);
    let waiver = json!({"target": target, "owner": "mara", "until": "2030-01-01T00:00:00Z", "reason": "a probe"});
    order(&operator, "/api/waivers", waiver).await;
    assert_eq!(stranded().await, [2, 2, 1, 0, 0], "waived ones aside");
    let rollback = json!({"incident": "INC-2", "reason": "pollers give up"});
    order(&operator, "/api/rollbacks", rollback).await;
    assert_eq!(stranded().await, [0, 2, 0, 2, 0], "the flag is on again");
    later();
    service.see("AGENT", 1, Dependence::Served);
    later();
    assert_eq!(stranded().await, [0, 2, 0, 2, 1], "one is served again");
}

#[tokio::test]
async fn the_list_of_the_alarm_reaches_back_to_the_change_whenever_it_is_opened() {
    let service = TestService::open().await;
    service.see("AGENT", 1, Dependence::Stranded);
    service.pass(Duration::from_secs(60));
    let step = json!({"to": "cutover", "reason": "quiet for a day"});
    order(&service.operator(), "/api/transitions", step).await;
    service.pass(Duration::from_millis(500));
    service.see("MCP", 2, Dependence::Stranded);
    service.pass(Duration::from_secs(60));
    let (browser, _) = service.signed_in(MARA).await;
    let overview = browser.get("").await.text;
    let list = "/callers?state=stranded&window=flag";
    let link = format!("/rollout{}", list.replace('&', "&#38;"));
    assert!(overview.contains(&link), "{overview}");
    // Long after the overview was loaded, it still has who was stranded half a second after the change.
    service.pass(HOUR);
    let list = browser.get(list).await.text;
    assert!(list.contains("1 caller"), "{list}");
    assert!(list.contains("<td data-label=\"Kind\">MCP</td>"), "{list}");
    assert!(
        !list.contains("<td data-label=\"Kind\">AGENT</td>"),
        "{list}"
    );
    assert!(
        list.contains("<option value=\"flag\" selected>since the flag changed</option>"),
        "{list}"
    );
}

#[tokio::test]
async fn a_policy_without_gates_says_so() {
    let service = TestService::open().await;
    let run = service.viewer().get("/api/transitions/retire").await.ok();
    assert_eq!(
        (&run["gates"], &run["gates_verdict"]),
        (&json!([]), &json!("no_gates"))
    );
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(status["gates_verdict"], "no_gates");
    let operator = service.operator();
    for to in ["cutover", "retired"] {
        let step = json!({"to": to, "reason": "nothing is asked"});
        order(&operator, "/api/transitions", step).await;
    }
    // Where nothing can come next, there is nothing that gates could be of.
    let status = service.viewer().get("/api/status").await.ok();
    assert_eq!(
        (&status["next"], &status["gates_verdict"]),
        (&json!(null), &json!("not_evaluated"))
    );
}
