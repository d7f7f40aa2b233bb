//! Step 3: the three families are upgraded, one installation after the other.

use tokio::task::JoinHandle;

use super::{
    reading::{by_kind, count, green, hours},
    scene::Scene,
};
use crate::{args::Break, field::Flows};

/// Rollout hours until somebody else is upgraded.
const PAUSE: u64 = 3;

/// So many of each family at a time.
const AT_ONCE: usize = 2;

const DELIVERED: [&str; 3] = ["core_delivered", "ui_rust_delivered", "agent_mcp_delivered"];

pub(super) async fn act(scene: &mut Scene, expiring: JoinHandle<String>) {
    scene
        .timeline
        .heading("3. Deploy status-driven UI_RUST, AGENT and MCP");
    for check in DELIVERED {
        scene.operator.report_check(check, true).await;
    }
    let status = scene.look().await;
    let green = green(&status);
    let delivered: Vec<_> = green
        .iter()
        .filter_map(|name| name.strip_suffix("_delivered"))
        .collect();
    scene.see("delivered", delivered.join(", "));
    let lost = scene.fleet.lose_those_that_vanish();
    scene.say(&format!(
        "{lost} installations are used for the last time; nobody knows yet"
    ));
    for kind in ["UI_RUST", "AGENT", "MCP"] {
        scene.say(&format!("the new {kind} is out"));
        let left = usize::from(kind == "AGENT" && scene.breaks(Break::Upgrade));
        while scene.fleet.upgrade(kind, AT_ONCE, left) {
            scene.pass(hours(PAUSE)).await;
        }
    }
    scene.fleet.visit(&scene.core).await;
    each_response(scene).await;
    let report = scene.operator.report("30d").await;
    scene.see(
        "migrated callers",
        by_kind(|kind| count(&report, kind, "migrated")),
    );
    let broken = scene.fleet.broken();
    scene.see("answers not understood in the upgrade", broken.to_string());
    let expired = expiring.await.unwrap_or_else(|_| "nothing".to_owned());
    scene.see("old client, EXPIRED", expired);
}

/// What a new client reads while the flag is on.
async fn each_response(scene: &mut Scene) {
    let flows = Flows::of(scene.fleet.one("AGENT"), &scene.core);
    scene.see("new client, PENDING", flows.pending().await);
    scene.see("new client, DENIED", flows.denied().await);
    let desktop = scene.fleet.one("UI_RUST").visit(&scene.core).await;
    scene.see("new UI_RUST asks for a token", desktop.response);
}
