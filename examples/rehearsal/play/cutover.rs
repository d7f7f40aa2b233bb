//! Step 5: the flag is switched off.

use super::{
    reading::{hours, position, samples},
    scene::{Scene, Stop},
};

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("5. Switch the flag off (cutover)");
    let cutover = scene.step("cutover", "as planned").await;
    let status = scene.look().await;
    scene.see("after the cutover", position(&status));
    if cutover.status != 200 {
        return Err(Stop(format!("the cutover was refused: {}", cutover.text)));
    }
    scene.say("the probe is stranded from now on, as accepted by its waiver");
    scene.population.take_broken();
    let before = old_shapes(scene).await;
    scene.pass(hours(6)).await;
    let since = old_shapes(scene).await - before;
    scene.see("legacy responses since", since.to_string());
    let broken = scene.population.take_broken();
    scene.see(
        "responses not understood after the cutover",
        broken.to_string(),
    );
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
