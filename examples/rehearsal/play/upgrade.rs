//! Step 3: the clients of all three kinds are upgraded, a few at a time.

use tokio::task::JoinHandle;

use super::{
    reading::{by_kind, count, green, hours},
    scene::Scene,
};
use crate::{args::Break, field::Flows};

/// Rollout hours between two upgrades.
const PAUSE: u64 = 3;

/// How many installations of a kind are upgraded at a time.
const AT_ONCE: usize = 2;

pub(super) const DELIVERED: [&str; 3] =
    ["core_delivered", "ui_rust_delivered", "agent_mcp_delivered"];

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
    let lost = scene.population.lose_vanishing();
    scene.say(&format!("{lost} installations are used for the last time"));
    for kind in ["UI_RUST", "AGENT", "MCP"] {
        scene.say(&format!("the new {kind} is released"));
        let left = usize::from(kind == "AGENT" && scene.breaks(Break::Upgrade));
        while scene.population.upgrade(kind, AT_ONCE, left) {
            scene.pass(hours(PAUSE)).await;
        }
    }
    scene.population.visit(&scene.core).await;
    each_response(scene).await;
    let report = scene.operator.report("30d").await;
    scene.see(
        "migrated callers",
        by_kind(|kind| count(&report, kind, "migrated")),
    );
    let broken = scene.population.take_broken();
    scene.see(
        "responses not understood during the upgrade",
        broken.to_string(),
    );
    let expired = expiring.await.unwrap_or_else(|_| "nothing".to_owned());
    scene.see("old client, EXPIRED", expired);
}

/// The responses to a new client while the flag is on.
async fn each_response(scene: &mut Scene) {
    let flows = Flows::of(scene.population.one("AGENT"), &scene.core);
    scene.see("new client, PENDING", flows.pending().await);
    scene.see("new client, DENIED", flows.denied().await);
    let desktop = scene.population.one("UI_RUST").visit(&scene.core).await;
    scene.see("new UI_RUST, token request", desktop.response);
}
