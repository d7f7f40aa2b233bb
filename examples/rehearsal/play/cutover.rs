//! Step 5: the flag goes off.

use super::{
    reading::{hours, position, samples},
    scene::{Scene, Stop},
};

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("5. Switch the flag off (cutover)");
    let cutover = scene.step("cutover", "the plan says so").await;
    let status = scene.look().await;
    scene.see("after the cutover", position(&status));
    if cutover.status != 200 {
        return Err(Stop(format!("the cutover was refused: {}", cutover.text)));
    }
    scene.say("from now on the probe is stranded, as was agreed when it was waived");
    scene.fleet.broken();
    let before = old_shapes(scene).await;
    scene.pass(hours(6)).await;
    let since = old_shapes(scene).await - before;
    scene.see("old shapes served since", since.to_string());
    let broken = scene.fleet.broken();
    scene.see("answers not understood by the fleet", broken.to_string());
    Ok(())
}

async fn old_shapes(scene: &Scene) -> u64 {
    let metrics = scene.core.get("/metrics").await.text;
    samples(
        &metrics,
        "legacy_http_compat_responses_total",
        &["shape=\"legacy\""],
    )
}
