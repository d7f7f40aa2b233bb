//! An incident and its rollback: a client was missed.

use serde_json::Value;

use super::{
    reading::{hours, position, received, text},
    scene::{Scene, Stop},
};

pub(super) const INCIDENT: &str = "INC-17";

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("Incident and rollback");
    let forgotten = scene.forgotten.clone();
    let visit = forgotten.visit(&scene.core).await;
    scene.see("a missed AGENT after the cutover", received(&visit));
    let stranded = stranded(scene).await;
    scene.see("stranded callers, not waived", stranded.to_string());

    let back = scene
        .operator
        .roll_back(INCIDENT, "an old AGENT was missed")
        .await;
    let status = scene.look().await;
    scene.say("the operator rolls back; no gate is evaluated");
    scene.see("after the rollback", position(&status));
    if back.status != 200 {
        return Err(Stop(format!("the rollback was refused: {}", back.text)));
    }
    let visit = forgotten.visit(&scene.core).await;
    scene.see("the missed AGENT after the rollback", visit.response);
    scene.see("the journaled rollback", journaled(&back.json["event"]));
    an_agent_goes_back(scene).await;
    scene.pass(hours(4)).await;

    scene.say("both AGENTs are upgraded");
    scene.forgotten.upgraded = true;
    scene.forgotten.clone().visit(&scene.core).await;
    scene.population.change_an_agent(&scene.core, true).await;
    Ok(())
}

/// The AGENT version is rolled back too, and one installation already runs it.
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
    scene.population.change_an_agent(&scene.core, false).await;
    let page = scene
        .operator
        .page("callers?window=24h&state=regressed")
        .await;
    scene.see("regressed callers", page["total"].to_string());
}

/// The number of stranded callers without a waiver.
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

/// `of the cutover by operator for INC-17`
fn journaled(event: &Value) -> String {
    let taken = &event["payload"]["rollback_taken"];
    let (incident, actor) = (text(&taken["incident"]), text(&event["actor"]["id"]));
    format!("of the cutover by {actor} for {incident}")
}
