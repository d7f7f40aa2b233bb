//! Step 2: old clients get legacy responses.

use tokio::task::JoinHandle;

use super::{
    reading::{by_kind, count, hours, outcome, position},
    scene::{Scene, Stop},
};
use crate::{args::Break, field::Flows};

/// Returns the pending response of an old client to a device code that expires meanwhile.
pub(super) async fn act(scene: &mut Scene) -> Result<JoinHandle<String>, Stop> {
    scene.timeline.heading("2. Deploy Core with the flag on");
    if !scene.breaks(Break::Compat) {
        scene.step("compat", "old clients are still deployed").await;
    }
    let status = scene.look().await;
    scene.see("after enabling", position(&status));
    if status["phase"] != "compat" {
        return Err(Stop("old clients get no legacy responses".to_owned()));
    }
    let expiring = each_response(scene).await;

    scene.is_open = true;
    scene.population.visit(&scene.core).await;
    let report = scene.operator.report("24h").await;
    scene.see(
        "dependent callers",
        by_kind(|kind| count(&report, kind, "dependent")),
    );
    let broken = scene.population.take_broken();
    scene.see("responses not understood", broken.to_string());
    let hasty = scene.step("cutover", "it is Friday").await;
    scene.see("premature cutover", outcome(&hasty));
    scene.pass(hours(18)).await;
    Ok(expiring)
}

/// Each response to an old client.
async fn each_response(scene: &mut Scene) -> JoinHandle<String> {
    // It polls after the others are upgraded: by one of these it would show as rolled back.
    let probe = Flows::of(scene.population.probe(), &scene.core);
    let expiring = probe.expired().await;
    let flows = Flows::of(scene.population.one("AGENT"), &scene.core);
    scene.see("old client, PENDING", flows.pending().await);
    let denied = if scene.breaks(Break::Denied) {
        flows.pending().await
    } else {
        flows.denied().await
    };
    scene.see("old client, DENIED", denied);
    scene.see(
        "old client, APPROVED, then polled again",
        flows.approved().await.join(", "),
    );
    scene.see("old client, polled too early", flows.hasty().await);
    let desktop = scene.population.one("UI_RUST").visit(&scene.core).await;
    scene.see("old UI_RUST, token request", desktop.response);
    expiring
}
