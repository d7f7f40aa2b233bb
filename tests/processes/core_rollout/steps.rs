//! What an operator does and sees.

use legacy_http_compat::{
    caller::ClientVersion,
    rollout::{
        Phase, Rollout,
        names::{Identifier, IncidentId, Link, Summary},
    },
};
use serde_json::json;

use super::support::{operator::Operator, response::Answer, server::order};

/// Goes to a phase, because the plan says so.
pub(crate) async fn go_to(operator: &Operator, to: &str) -> Answer {
    operator.step(to, "the plan says so").await
}

/// Switches on for an incident.
pub(crate) async fn roll_back(operator: &Operator, incident: &str) -> Answer {
    operator
        .roll_back(incident, "an old client was forgotten")
        .await
}

/// It was done, and stands in the journal.
#[track_caller]
pub(crate) fn assert_done(response: &Answer) {
    assert_eq!(response.status, 200, "{}", response.text);
    let head = response.json["head"].as_str().expect("a head");
    let (seq, _) = head.split_once(':').expect("SEQ:HASH");
    assert_eq!(response.json["event"]["seq"].to_string(), seq);
}

/// Refused for this cause, as a problem.
#[track_caller]
pub(crate) fn assert_problem(response: &Answer, status: u16, problem: &str) {
    let kind = response.text_at("/type").rsplit(':').next();
    assert_eq!(
        (response.status, kind),
        (status, Some(problem)),
        "{}",
        response.text
    );
}

/// Refused because of exactly these gates, each with what it rests on.
#[track_caller]
pub(crate) fn assert_gates(response: &Answer, expected: &[&str]) {
    assert_problem(response, 409, "gates-failed");
    assert_eq!(
        response.json["failing"],
        json!(expected),
        "{}",
        response.text
    );
    for gate in response.json["gates"].as_array().expect("a list") {
        let failing = expected.iter().any(|name| gate["name"] == *name);
        assert_eq!(gate["passed"], !failing);
        assert!(gate["evidence"].is_object(), "{gate}");
    }
}

pub(crate) fn report_checks(rollout: &Rollout, checks: &[&str], green: bool) {
    for check in checks {
        let check = Identifier::new(*check).unwrap();
        let link = Link::new("https://ci.example/runs/17").unwrap();
        let reported =
            rollout.report_check(check, green, Some(link), None, &order("a pipeline ran"));
        reported.unwrap();
    }
}

/// The agents are back at the old version because of an incident.
pub(crate) fn roll_back_agents(rollout: &Rollout, incident: &str) {
    let (kind, version) = (
        Identifier::new("AGENT").unwrap(),
        ClientVersion::parse("1.4.0"),
    );
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
        .open_post_analyses()
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
    rollout.status().state.phase
}
