//! The documents that the admin API shows.

use serde_json::{Value, json};

use crate::{
    pin::pin_json,
    rich::{busy, storied, troubled},
    service::TestService,
};

async fn shown(service: &TestService, path: &str) -> Value {
    service.viewer().get(path).await.ok()
}

#[tokio::test]
async fn the_status_of_a_new_rollout_is_pinned() {
    let service = TestService::open().await;
    pin_json("api/status_new.json", &shown(&service, "/api/status").await);
}

#[tokio::test]
async fn the_status_of_a_rollout_in_trouble_is_pinned() {
    let service = troubled().await;
    pin_json(
        "api/status_troubled.json",
        &shown(&service, "/api/status").await,
    );
}

#[tokio::test]
async fn the_status_of_a_rollout_without_a_census_is_pinned() {
    let service = TestService::open_with(|setup| setup.watched = false).await;
    pin_json(
        "api/status_unwatched.json",
        &shown(&service, "/api/status").await,
    );
}

#[tokio::test]
async fn the_status_of_a_rollout_that_is_over_is_pinned() {
    let service = storied().await;
    pin_json(
        "api/status_over.json",
        &shown(&service, "/api/status").await,
    );
}

#[tokio::test]
async fn the_dry_run_of_every_step_is_pinned() {
    let service = troubled().await;
    let mut runs = json!({});
    for step in ["enable", "cutover", "rollback", "retire"] {
        runs[step] = shown(&service, &format!("/api/transitions/{step}")).await;
    }
    pin_json("api/dry_runs.json", &runs);
}

#[tokio::test]
async fn a_page_of_the_journal_is_pinned() {
    let service = troubled().await;
    let page = shown(&service, "/api/journal?after=2&limit=3").await;
    pin_json("api/journal_page.json", &page);
    let last = shown(&service, "/api/journal?after=1000").await;
    pin_json("api/journal_page_beyond.json", &last);
}

#[tokio::test]
async fn the_whole_journal_of_a_rollout_in_trouble_is_pinned() {
    let service = troubled().await;
    let page = shown(&service, "/api/journal?limit=500").await;
    pin_json("api/journal_troubled.json", &page);
}

#[tokio::test]
async fn an_event_of_every_kind_is_pinned() {
    let service = storied().await;
    let page = shown(&service, "/api/journal?limit=500").await;
    pin_json("api/events.json", &page);
}

#[tokio::test]
async fn a_report_is_pinned() {
    let day = shown(&busy().await, "/api/report").await;
    pin_json("api/report.json", &day);
    let service = troubled().await;
    let week = shown(&service, "/api/report?window=7d").await;
    pin_json("api/report_7d.json", &week);
}

#[tokio::test]
async fn a_list_of_callers_is_pinned() {
    let service = troubled().await;
    let day = shown(&busy().await, "/api/callers").await;
    pin_json("api/callers_busy.json", &day);
    let all = shown(&service, "/api/callers?window=7d&sort=first_seen&order=asc").await;
    pin_json("api/callers.json", &all);
    let page = "/api/callers?kind=AGENT&state=depended&offset=1&limit=1&window=7d";
    pin_json("api/callers_page.json", &shown(&service, page).await);
}

#[tokio::test]
async fn the_words_for_choosing_callers_are_pinned() {
    let service = TestService::open().await;
    let faulty = "/api/callers?kind=x&state=x&sort=x&order=x&offset=x&limit=x&window=x&page=x";
    let told = service.viewer().get(faulty).await.json();
    pin_json("api/callers_parameters.json", &told);
}

#[tokio::test]
async fn the_curves_of_every_span_are_pinned() {
    let service = troubled().await;
    for span in ["1h", "24h", "30d"] {
        let mut curves = shown(&service, &format!("/api/timeseries?range={span}")).await;
        shorten(&mut curves);
        pin_json(&format!("api/timeseries_{span}.json"), &curves);
    }
}

/// Puts how many points there are, and those that differ from the one before, in place of all points of a curve.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(points) if points.len() > 100 => {
            let changes = (0..points.len()).filter(|&at| at == 0 || points[at] != points[at - 1]);
            let changes: Vec<String> = changes.map(|at| format!("{at}: {}", points[at])).collect();
            *value = json!({"points": points.len(), "changes": changes});
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}
