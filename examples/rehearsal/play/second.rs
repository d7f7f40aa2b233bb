//! The second cutover, after the post-analysis of the first.

use super::{
    incident::INCIDENT,
    quiet::CHECKS,
    reading::{hours, outcome, position},
    scene::{Scene, Stop},
    upgrade::DELIVERED,
};
use crate::args::Break;

pub(super) async fn act(scene: &mut Scene) -> Result<(), Stop> {
    scene.timeline.heading("The second cutover");
    if scene.breaks(Break::Analysis) {
        file(scene).await;
    }
    let early = scene.step("cutover", "the client is upgraded").await;
    scene.see("cutover with the incident open", outcome(&early));
    // The AGENT that went back is due for twice the time that it was away from its old version.
    report_checks(scene).await;
    let owed = &["no_open_incident"];
    scene.until_failing("cutover", owed, hours(240)).await?;

    scene
        .operator
        .close_incident(INCIDENT, "all AGENTs are upgraded")
        .await;
    let run = scene.operator.dry_run("cutover").await;
    if run["passes"] != true {
        let unfiled = scene.step("cutover", "the incident is over").await;
        scene.see("cutover without post-analysis", outcome(&unfiled));
    }
    let status = scene.look().await;
    let overdue: Vec<_> = status["overdue"].as_array().into_iter().flatten().collect();
    let overdue: Vec<_> = overdue.into_iter().map(ToString::to_string).collect();
    let overdue = overdue.join(", ");
    scene.see(
        "overdue",
        if overdue.is_empty() {
            "nothing"
        } else {
            &overdue
        },
    );
    file(scene).await;
    let cutover = scene.step("cutover", "all clients are upgraded").await;
    let status = scene.look().await;
    scene.see("after the second cutover", position(&status));
    if cutover.status == 200 {
        Ok(())
    } else {
        Err(Stop(format!(
            "the second cutover was refused: {}",
            cutover.text
        )))
    }
}

/// The pipeline has run again.
pub(super) async fn report_checks(scene: &mut Scene) {
    for check in DELIVERED.iter().chain(&CHECKS) {
        scene.operator.report_check(check, true).await;
    }
}

/// Files the post-analysis, if one is due.
async fn file(scene: &mut Scene) {
    let status = scene.look().await;
    let rollbacks = status["rollbacks"].as_array().into_iter().flatten();
    let mut due = rollbacks.filter(|rollback| rollback["post_analysis"].is_null());
    if let Some(rollback) = due
        .next()
        .and_then(|rollback| rollback["done"]["seq"].as_u64())
    {
        let summary = "One AGENT was switched off during the quiet window.";
        scene.operator.file_post_analysis(rollback, summary).await;
        let status = scene.look().await;
        let filed = status["rollbacks"].as_array().into_iter().flatten();
        let filed = filed
            .filter(|rollback| !rollback["post_analysis"].is_null())
            .count();
        scene.say(&format!("the post-analysis is filed ({filed} of 1)"));
    }
}
