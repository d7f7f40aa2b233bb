//! The retirement of the flag.

use super::{
    reading::{hours, outcome, position, samples, text, verdict},
    scene::{Scene, Stop},
    second::report_checks,
};
use crate::field::Installation;

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("Retirement");
    let early = scene.step("retired", "it works so far").await;
    scene.see("premature retirement", outcome(&early));
    report_checks(scene).await;
    scene.until_failing("retire", &[], hours(240)).await?;
    let retired = scene.step("retired", "no caller depends any more").await;
    scene.show_gates(&retired.json["event"]["payload"]["phase_changed"]["gates"]);
    let gates = &retired.json["event"]["payload"]["phase_changed"]["gates"];
    scene.see("the gates of the retirement", verdict(gates));
    let status = scene.look().await;
    scene.see("after retirement", position(&status));
    it_is_final(scene).await;
    the_layer_passes_everything_through(scene).await;
    Ok(())
}

async fn it_is_final(scene: &mut Scene) {
    let enabled = scene.operator.step("compat", "just once more").await;
    let flag = scene.look().await["flag"].clone();
    scene.see(
        "enabling after retirement",
        format!("{}, flag {}", enabled.status, text(&flag)),
    );
    let back = scene.operator.roll_back("INC-18", "just once more").await;
    let flag = scene.look().await["flag"].clone();
    scene.see(
        "rolling back after retirement",
        format!("{}, flag {}", back.status, text(&flag)),
    );
}

async fn the_layer_passes_everything_through(scene: &mut Scene) {
    let before = counted(scene).await;
    let mut read = Vec::new();
    for upgraded in [false, true] {
        let desktop = Installation::new("UI_RUST", "some-desktop", upgraded);
        // The correlation id is the only part of the response that depends on the request.
        let core = desktop
            .at(&scene.core)
            .with_header("x-correlation-id", "the-same");
        let response = core.token("some-desktop", "UI_RUST", "anything").await;
        read.push((response.status, response.text));
    }
    scene.population.visit(&scene.core).await;
    let same = read[0] == read[1];
    let seen = if same {
        "the same bytes"
    } else {
        "different bytes"
    };
    scene.see("old and new clients receive", seen);
    let since = counted(scene).await - before;
    scene.see("responses still counted by the layer", since.to_string());
}

async fn counted(scene: &Scene) -> u64 {
    let metrics = scene.core.get("/metrics").await.text;
    samples(&metrics, "legacy_http_compat_responses_total", &[])
}
