//! The end of the switch.

use super::{
    reading::{hours, outcome, position, samples, text, verdict},
    scene::{Scene, Stop},
};
use crate::field::Installation;

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("Retirement");
    let early = scene.step("retired", "it has worked for a minute").await;
    scene.see("retirement too early", outcome(&early));
    scene.until_failing("retire", &[], hours(96)).await?;
    let retired = scene.step("retired", "nobody depends any more").await;
    scene.show_gates(&retired.json["event"]["payload"]["phase_changed"]["gates"]);
    let gates = &retired.json["event"]["payload"]["phase_changed"]["gates"];
    scene.see("the gates at the end", verdict(gates));
    let status = scene.look().await;
    scene.see("after retirement", position(&status));
    it_is_final(scene).await;
    the_layer_is_an_identity(scene).await;
    Ok(())
}

async fn it_is_final(scene: &mut Scene) {
    let enabled = scene.operator.step("compat", "just once more").await;
    let flag = scene.look().await["flag"].clone();
    scene.see(
        "enabling again",
        format!("{}, flag {}", enabled.status, text(&flag)),
    );
    let back = scene.operator.roll_back("INC-18", "just once more").await;
    let flag = scene.look().await["flag"].clone();
    scene.see(
        "rolling back again",
        format!("{}, flag {}", back.status, text(&flag)),
    );
}

async fn the_layer_is_an_identity(scene: &mut Scene) {
    let before = counted(scene).await;
    let mut read = Vec::new();
    for upgraded in [false, true] {
        let desktop = Installation::new("UI_RUST", "whoever", upgraded);
        // The only part of the answer that is not the same for everybody is the one that they send themselves.
        let core = desktop
            .at(&scene.core)
            .with_header("x-correlation-id", "the-same");
        let response = core.token("whoever", "UI_RUST", "anything").await;
        read.push((response.status, response.text));
    }
    scene.fleet.visit(&scene.core).await;
    let same = read[0] == read[1];
    let seen = if same {
        "the same bytes"
    } else {
        "different bytes"
    };
    scene.see("old and new clients read", seen);
    let since = counted(scene).await - before;
    scene.see("answers the layer still counts", since.to_string());
}

async fn counted(scene: &Scene) -> u64 {
    let metrics = scene.core.get("/metrics").await.text;
    samples(&metrics, "legacy_http_compat_responses_total", &[])
}
