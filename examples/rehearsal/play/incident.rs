//! The rollback: somebody was forgotten.

use serde_json::Value;

use super::{
    reading::{heard, hours, position, text},
    scene::{Scene, Stop},
};

pub(super) const INCIDENT: &str = "INC-17";

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("An incident, and the way back");
    let forgotten = scene.forgotten.clone();
    let visit = forgotten.visit(&scene.core).await;
    scene.see("a forgotten AGENT after the cutover", heard(&visit));
    let stranded = stranded(scene).await;
    scene.see("stranded, waived ones aside", stranded.to_string());

    let back = scene
        .operator
        .roll_back(INCIDENT, "an old AGENT was forgotten")
        .await;
    let status = scene.look().await;
    scene.say("the operator rolls back; no gate is asked");
    scene.see("after the rollback", position(&status));
    if back.status != 200 {
        return Err(Stop(format!("the rollback was refused: {}", back.text)));
    }
    let visit = forgotten.visit(&scene.core).await;
    scene.see("the forgotten AGENT then", visit.response);
    scene.see("in the journal", journaled(&back.json["event"]));
    an_agent_goes_back(scene).await;
    scene.pass(hours(4)).await;

    scene.say("both AGENTs get the new version");
    scene.forgotten.upgraded = true;
    scene.forgotten.clone().visit(&scene.core).await;
    scene.fleet.change_an_agent(&scene.core, true).await;
    Ok(())
}

/// The version of the AGENTs is rolled back as well, and one of them has it already.
async fn an_agent_goes_back(scene: &mut Scene) {
    scene
        .operator
        .client_rolled_back("AGENT", "1.4.0", INCIDENT)
        .await;
    let status = scene.look().await;
    let back = &status["client_rollbacks"][0];
    let [kind, version, incident] = ["kind", "version", "incident"].map(|name| text(&back[name]));
    scene.see(
        "client version rolled back",
        format!("{kind} {version} for {incident}"),
    );
    scene.fleet.change_an_agent(&scene.core, false).await;
    let page = scene
        .operator
        .page("callers?window=24h&state=regressed")
        .await;
    scene.see("regressed callers", page["total"].to_string());
}

/// Those for whom nobody answers.
async fn stranded(scene: &mut Scene) -> usize {
    let status = scene.look().await;
    let waived: Vec<Value> = status["waivers"].as_array().cloned().unwrap_or_default();
    let waived: Vec<&str> = waived
        .iter()
        .map(|waiver| text(&waiver["target"]))
        .collect();
    let page = scene
        .operator
        .page("callers?window=24h&state=stranded")
        .await;
    let rows = page["rows"].as_array().into_iter().flatten();
    let name = |row: &Value| format!("caller {}", text(&row["fingerprint"]));
    rows.filter(|row| !waived.contains(&name(row).as_str()))
        .count()
}

/// `cutover to compat by operator for INC-17`
fn journaled(event: &Value) -> String {
    let change = &event["payload"]["phase_changed"];
    let [from, to, incident] = ["from", "to", "incident"].map(|name| text(&change[name]));
    let actor = text(&event["actor"]["id"]);
    format!("{from} to {to} by {actor} for {incident}")
}
