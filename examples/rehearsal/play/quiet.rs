//! Step 4: the legacy signals fall to zero, except for a probe that is waived.

use serde_json::{Value, json};

use super::{
    reading::{by_kind, count, green, hours, moment, outcome, text, verdict},
    scene::{Scene, Stop},
};

pub(super) const CHECKS: [&str; 3] = ["openapi", "auth_device_integration", "client_compat"];

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene
        .timeline
        .heading("4. Wait for the legacy signals to fall to zero");
    let left = until_one_is_left(scene).await?;
    scene.step("cutover", "it looks quiet").await;
    waive(scene, &left).await;
    for check in CHECKS {
        scene.operator.report_check(check, check != "openapi").await;
    }
    let gates = scene
        .until_failing("cutover", &["required_checks"], hours(72))
        .await?;
    let inactive = gates.as_array().into_iter().flatten();
    let inactive = inactive.filter(|gate| gate["name"] == "all_callers_resolved");
    let inactive = inactive.map(|gate| gate["evidence"]["inactive"].to_string());
    scene.see("inactive callers", inactive.collect::<String>());
    let red = scene.step("cutover", "only one check is failing").await;
    scene.see("cutover with one failing check", outcome(&red));

    scene.operator.report_check("openapi", true).await;
    let status = scene.look().await;
    let checks: Vec<_> = green(&status)
        .into_iter()
        .filter(|name| CHECKS.contains(name))
        .collect();
    scene.see("green checks", checks.join(", "));
    let mut run = scene.operator.dry_run("cutover").await;
    let gates = run["gates"].take();
    scene.show_gates(&gates);
    scene.see("the gates of the cutover", verdict(&gates));
    Ok(())
}

/// Waits until one dependent caller is left, and returns it.
async fn until_one_is_left(scene: &mut Scene) -> Result<Value, Stop> {
    let status = scene.look().await;
    let end = moment(&status["at"]).plus(hours(48));
    loop {
        let page = scene
            .operator
            .page("callers?window=24h&state=dependent")
            .await;
        if page["total"] == 1 {
            let report = scene.operator.report("24h").await;
            scene.see(
                "still dependent",
                by_kind(|kind| count(&report, kind, "dependent")),
            );
            return Ok(page["rows"][0].clone());
        }
        scene.live().await;
        let status = scene.look().await;
        if moment(&status["at"]) > end {
            let total = &page["total"];
            return Err(Stop(format!(
                "{total} callers still depend two days after the upgrade"
            )));
        }
    }
}

/// Waives the remaining caller.
async fn waive(scene: &mut Scene, left: &Value) {
    let status = scene.look().await;
    let body = json!({
        "target": format!("caller {}", text(&left["fingerprint"])),
        "owner": "sre",
        "until": moment(&status["at"]).plus(hours(30 * 24)).to_string(),
        "reason": "a monitoring probe that is replaced next month",
    });
    scene.operator.order("waivers", &body).await;
    let status = scene.look().await;
    let page = scene
        .operator
        .page("callers?window=24h&state=dependent")
        .await;
    let whose = |waiver: &&Value| waiver["target"] == body["target"] && waiver["holds"] == true;
    let waivers = status["waivers"].as_array().into_iter().flatten();
    let owner = waivers
        .filter(whose)
        .map(|waiver| text(&waiver["owner"]))
        .next();
    let owner = owner.map_or("not waived".to_owned(), |owner| {
        format!("waived, owner {owner}")
    });
    scene.see(
        "the remaining caller",
        format!("{} caller, {owner}", page["total"]),
    );
}
