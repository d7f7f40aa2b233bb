//! Step 2: old clients get what they expect.

use tokio::task::JoinHandle;

use super::{
    reading::{by_kind, count, hours, outcome, position},
    scene::{Scene, Stop},
};
use crate::{args::Break, field::Flows};

/// Returns what an old client will read of a device code that expires meanwhile.
pub(super) async fn act(scene: &mut Scene) -> Result<JoinHandle<String>, Stop> {
    scene.timeline.heading("2. Deploy Core with the flag on");
    if !scene.breaks(Break::Compat) {
        scene.step("compat", "old clients are in the field").await;
    }
    let status = scene.look().await;
    scene.see("after enabling", position(&status));
    if status["phase"] != "compat" {
        return Err(Stop("Old clients get no old answers.".to_owned()));
    }
    let expiring = each_response(scene).await;

    scene.is_open = true;
    scene.fleet.visit(&scene.core).await;
    let report = scene.operator.report("24h").await;
    scene.see(
        "dependent callers",
        by_kind(|kind| count(&report, kind, "dependent")),
    );
    let broken = scene.fleet.broken();
    scene.see("answers not understood", broken.to_string());
    let hasty = scene.step("cutover", "it is Friday").await;
    scene.see("cutover at once", outcome(&hasty));
    scene.pass(hours(18)).await;
    Ok(expiring)
}

/// What an old client reads.
async fn each_response(scene: &mut Scene) -> JoinHandle<String> {
    let flows = Flows::of(scene.fleet.one("AGENT"), &scene.core);
    let expiring = flows.expired().await;
    scene.see("old client, PENDING", flows.pending().await);
    let denied = if scene.breaks(Break::Denied) {
        flows.pending().await
    } else {
        flows.denied().await
    };
    scene.see("old client, DENIED", denied);
    scene.see(
        "old client, APPROVED, and then",
        flows.approved().await.join(", "),
    );
    scene.see("old client, too fast", flows.hasty().await);
    let desktop = scene.fleet.one("UI_RUST").visit(&scene.core).await;
    scene.see("old UI_RUST asks for a token", desktop.response);
    expiring
}
