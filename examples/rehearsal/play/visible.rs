//! Checks what must have been visible during the rollout.

use serde_json::Value;

use super::{
    reading::{by_kind, samples},
    scene::Scene,
};
use crate::show::falling;

const RESPONSES: &str = "legacy_http_compat_responses_total";
const POLL: &str = "endpoint=\"device_poll\"";

pub(super) async fn act(scene: &mut Scene) {
    scene.look().await;
    scene.timeline.heading("What was visible");
    let metrics = scene.core.get("/metrics").await.text;
    let polls = |outcome: &str| {
        samples(
            &metrics,
            RESPONSES,
            &[POLL, &format!("outcome=\"{outcome}\"")],
        )
    };
    let mut seen = vec!["PENDING", "APPROVED", "DENIED", "EXPIRED"];
    seen.retain(|status| polls(status) > 0);
    scene.see("polls by status", seen.join(", "));
    let invalid = polls("INVALID_DEVICE_CODE");
    scene.see("400 INVALID_DEVICE_CODE", invalid.to_string());
    let too_many = polls("SLOW_DOWN") + polls("TOO_MANY_ATTEMPTS");
    scene.see("429 SLOW_DOWN or TOO_MANY_ATTEMPTS", too_many.to_string());
    let refused = samples(
        &metrics,
        RESPONSES,
        &["outcome=\"FORBIDDEN_ACTOR_UI_RUST\""],
    );
    scene.see("refused UI_RUST tokens", refused.to_string());
    let states = scene.log.flag_states();
    scene.see("the flag in the log", states.join(", "));
    let journal = scene.operator.journal().await;
    scene.see("transitions with actor and reason", transitions(&journal));

    let series = scene.operator.page("timeseries?range=30d").await;
    scene.see(
        "peak dependent callers",
        by_kind(|kind| highest(&series, kind)),
    );
    scene
        .timeline
        .text("\nDependent callers within 24 hours, with their peak:\n");
    for row in falling(&series, scene.start_unix_ms()) {
        scene.timeline.text(&row);
    }
}

/// The entered phases, of transitions that have an actor and a reason.
fn transitions(journal: &[Value]) -> String {
    let entered = |event: &Value| match &event["payload"] {
        payload if payload["rollback_taken"].is_object() => Some("compat".to_owned()),
        payload => payload["phase_changed"]["to"].as_str().map(str::to_owned),
    };
    let changes = journal.iter().filter(|event| entered(event).is_some());
    let attributed = changes.filter(|event| {
        let said = [&event["actor"]["id"], &event["reason"]];
        said.into_iter()
            .all(|text| text.as_str().is_some_and(|text| !text.is_empty()))
    });
    let phases: Vec<_> = attributed.filter_map(entered).collect();
    phases.join(", ")
}

fn highest(series: &Value, kind: &str) -> u64 {
    let kinds = series["callers"].as_array().into_iter().flatten();
    let kinds = kinds.filter(|curve| curve["kind"] == kind);
    let values = kinds.flat_map(|curve| curve["dependent"].as_array().into_iter().flatten());
    values.filter_map(Value::as_u64).max().unwrap_or(0)
}
