//! Step 1: callers are counted, and the dashboard is up.

use reqwest::{Method, header};

use super::{
    reading::{hours, received},
    scene::Scene,
};
use crate::{core_app::admin::ADMIN_PATH, support::http_client::send};

pub(super) async fn act(scene: &mut Scene) {
    scene.look().await;
    scene
        .timeline
        .heading("1. Switch on instrumentation and the dashboard");
    let gates = scene.until_failing("enable", &[], hours(24)).await;
    let verdict = if gates.is_ok() { "passes" } else { "fails" };
    scene.see("the gate `instrumentation`", verdict);
    let page = send(
        scene
            .core
            .request(Method::GET, &format!("{ADMIN_PATH}/sign-in")),
    )
    .await;
    let media_type = page.header(header::CONTENT_TYPE).unwrap_or("nothing");
    let media_type = media_type.split(';').next().unwrap_or_default();
    scene.see("the sign-in page", format!("{} {media_type}", page.status));

    let agent = scene.population.one("AGENT").clone();
    let visit = agent.visit(&scene.core).await;
    scene.see("an old AGENT before compat", received(&visit));
    let report = scene.operator.report("24h").await;
    scene.see(
        "stranded callers before compat",
        report["all"]["stranded"].to_string(),
    );
    scene.pass(hours(4)).await;
}
