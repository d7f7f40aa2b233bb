//! `status`.

use legacy_http_compat::rollout::{
    Phase,
    event::{Attempt, AttemptRefused, EventPayload},
    gate::GateReport,
    names::{Reason, WaiverTarget},
};
use serde_json::json;

use super::{
    events,
    journals::OnDisk,
    run::{Ran, run},
};

fn status(journal: &OnDisk, json: bool) -> Ran {
    let path = journal.path();
    let json = json.then(|| "--json".as_ref());
    let args = ["status".as_ref(), path.as_os_str()];
    run(args.into_iter().chain(json))
}

/// A rollout that was rolled back long ago, with all that can be open.
fn troubled() -> OnDisk {
    let failing = GateReport::new(
        events::label("no_dependent_responses"),
        false,
        json!({ "responses": 3 }),
    );
    let refused = AttemptRefused {
        attempt: Attempt::Transition {
            from: Phase::Compat,
            to: Phase::Cutover,
        },
        cause: Reason::new("a gate fails").unwrap(),
        gates: vec![failing],
    };
    let passing = GateReport::new(
        events::label("no_dependent_responses"),
        true,
        json!({ "responses": 0 }),
    );
    let coverage = GateReport::new(events::label("coverage"), true, json!({ "ratio": 1 }));
    OnDisk::of(vec![
        events::opened(Phase::Compat),
        events::check("openapi", true),
        events::check("client_compat", false),
        events::waived(WaiverTarget::Anonymous, 4_000_000_000_000),
        events::waived(WaiverTarget::Kind(events::label("MCP")), 1_000),
        events::cutover(vec![passing, coverage], &[]),
        events::rollback(6, "INC-7"),
        EventPayload::AttemptRefused(refused),
    ])
}

#[test]
fn a_status_shows_where_the_rollout_stands_and_what_is_open() {
    let ran = status(&troubled(), false);
    ran.ends(0).says("features.jobs.compat is in compat for ");
    for line in [
        "by human mara: as planned",
        "no_dependent_responses FAILED at 2026-03-01T12:00:00.000Z for compat to cutover (event 8): {\"responses\":3}",
        "coverage passed at 2026-03-01T12:00:00.000Z for compat to cutover (event 6): {\"ratio\":1}",
        "OVERDUE end_rollback of the rollback by event 7 (INC-7), due 2026-03-04T12:00:00.000Z",
        "OVERDUE post_analysis of the rollback by event 7 (INC-7)",
        "anonymous, until 2096-10-02T07:06:40.000Z, owner team probes: as planned",
        "kind MCP, EXPIRED 1970-01-01T00:00:01.000Z",
        "INC-7 since 2026-03-01T12:00:00.000Z",
        "openapi green",
        "client_compat NOT GREEN",
        "journal: 8 events",
    ] {
        ran.says(line);
    }
    assert_eq!(ran.err, "");
}

#[test]
fn a_status_in_json_says_the_same() {
    let status = status(&troubled(), true).ends(0).json();
    assert_eq!(status["flag_name"], "features.jobs.compat");
    assert_eq!(status["phase"], "compat");
    assert_eq!(
        status["entered"]["actor"],
        json!({ "kind": "human", "id": "mara" })
    );
    assert_eq!(
        status["journaled_gates"][1]["name"],
        "no_dependent_responses"
    );
    assert_eq!(status["journaled_gates"][1]["passed"], false);
    assert_eq!(
        status["journaled_gates"][1]["evidence"],
        json!({ "responses": 3 })
    );
    let owed = status["obligations"].as_array().unwrap();
    let owed: Vec<_> = owed
        .iter()
        .map(|owed| (&owed["obligation"], &owed["overdue"]))
        .collect();
    let due = json!(true);
    let duties = [json!("end_rollback"), json!("post_analysis")];
    assert_eq!(owed, [(&duties[0], &due), (&duties[1], &due)]);
    assert_eq!(status["waivers"].as_array().unwrap().len(), 2);
    assert_eq!(status["incidents"][0]["incident"], "INC-7");
    assert_eq!(status["checks"][0]["check"], "client_compat");
    assert_eq!(status["transitions"]["rollback"], 1);
    assert_eq!(status["refusals"]["journaled"], 1);
}

#[test]
fn a_rollout_that_is_over_owes_nothing() {
    let journal = OnDisk::story();
    let ran = status(&journal, false);
    ran.ends(0)
        .says("is in retired for ")
        .says("obligations: none");
    let status = status(&journal, true).ends(0).json();
    assert_eq!(status["phase"], "retired");
    assert_eq!(status["obligations"], json!([]));
}

#[test]
fn a_broken_journal_has_no_status() {
    let journal = OnDisk::story();
    let mut lines = journal.lines();
    lines.remove(2);
    journal.put(&lines);
    for json in [false, true] {
        let ran = status(&journal, json);
        ran.ends(1).complains("line 3 ");
        assert_eq!(ran.out, "");
    }
}
