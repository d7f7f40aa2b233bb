//! What an operator does and sees.

use legacy_http_compat::{
    caller::ClientVersion,
    rollout::{IncidentId, Label, Link, Phase, Rollout, Summary},
};
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    http_client::HttpClient,
    server::{ADMIN_TOKEN, order},
};

/// Sets the switch through the admin endpoint.
pub(crate) async fn set(core: &HttpClient, active: bool) -> Answer {
    let body = json!({ "active": active, "actor": "mara", "reason": "the plan says so" });
    core.set_compat(ADMIN_TOKEN, &body).await
}

/// Switches on for an incident.
pub(crate) async fn roll_back(core: &HttpClient, incident: &str) -> Answer {
    let body = json!({
        "active": true,
        "actor": "mara",
        "reason": "an old client was forgotten",
        "incident": incident,
    });
    core.set_compat(ADMIN_TOKEN, &body).await
}

#[track_caller]
pub(crate) fn assert_set(answer: &Answer, active: bool) {
    let expected = json!({ "active": active });
    assert_eq!((answer.status, &answer.json), (200, &expected));
}

/// Refused because of exactly these gates, each with what it rests on.
#[track_caller]
pub(crate) fn assert_gates(answer: &Answer, expected: &[&str]) {
    answer.assert_error(409, "GATES_FAILED");
    let gates = answer.json["details"]["gates"].as_array().expect("a list");
    let failing: Vec<&str> = gates
        .iter()
        .filter_map(|gate| gate["name"].as_str())
        .collect();
    assert_eq!(failing, expected, "{}", answer.text);
    for gate in gates {
        assert_eq!(gate["passed"], false);
        assert!(gate["evidence"].is_object(), "{gate}");
    }
}

/// What the admin endpoint shows of the rollout.
pub(crate) async fn shown(core: &HttpClient) -> Value {
    let answer = core.rollout(ADMIN_TOKEN).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

pub(crate) fn report_checks(rollout: &Rollout, checks: &[&str], green: bool) {
    for check in checks {
        let check = Label::new(*check).unwrap();
        let link = Link::new("https://ci.example/runs/17").unwrap();
        let reported = rollout.report_check(check, green, Some(link), &order("a pipeline ran"));
        reported.unwrap();
    }
}

/// The agents are back at the old version because of an incident.
pub(crate) fn roll_back_agents(rollout: &Rollout, incident: &str) {
    let (kind, version) = (Label::new("AGENT").unwrap(), ClientVersion::parse("1.4.0"));
    let incident = Some(IncidentId::new(incident).unwrap());
    let order = order("the new agent does not start");
    rollout
        .client_rolled_back(kind, version.unwrap(), incident, &order)
        .unwrap();
}

pub(crate) fn close_incident(rollout: &Rollout, incident: &str) {
    let incident = IncidentId::new(incident).unwrap();
    rollout
        .close_incident(incident, &order("the client has been upgraded"))
        .unwrap();
}

/// Files the post-analysis of the one rollback that lacks it.
pub(crate) fn file_post_analysis(rollout: &Rollout) {
    let status = rollout.status();
    let due: Vec<u64> = status
        .state
        .post_analyses_due()
        .map(|rollback| rollback.done.seq)
        .collect();
    let [rollback] = due[..] else {
        panic!("one is due: {due:?}");
    };
    let link = Link::new("https://wiki.example/incidents/17").unwrap();
    let summary =
        Summary::new("One installation was switched off during the quiet window.").unwrap();
    rollout
        .file_post_analysis(rollback, link, summary, &order("the review is done"))
        .unwrap();
}

pub(crate) fn phase(rollout: &Rollout) -> Phase {
    rollout.status().state.phase()
}
