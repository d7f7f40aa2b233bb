use serde_json::{Value, json};

use super::{Background, Explanation, explain};
use crate::{
    admin::pages::remaining::Remaining,
    rollout::{GateReport, Identifier, Policy},
};

fn explained(name: &str, passed: bool, evidence: Value) -> Explanation {
    let policy = Policy::default();
    let remaining = Remaining {
        depended: vec![("AGENT".to_owned(), 2), ("MCP".to_owned(), 1)],
        unaccounted: vec![("AGENT".to_owned(), 3)],
    };
    let background = Background {
        base: "/ops",
        policy: &policy,
        remaining: &remaining,
    };
    let name = Identifier::new(name).unwrap();
    let report = if passed {
        GateReport::ok(name, evidence)
    } else {
        GateReport::failed(name, evidence)
    };
    explain(&report, &background)
}

/// Each finding as one line: what was found, what to do, and where.
fn lines(explanation: &Explanation) -> Vec<String> {
    let points = explanation.points.iter();
    let line = points.map(|point| {
        let todo = point.todo.as_ref().map(|todo| {
            let link = todo.link.as_ref();
            let link = link.map(|(href, text)| format!(" [{text}]({href})"));
            format!(" → {}{}", todo.text, link.unwrap_or_default())
        });
        format!("{}{}", point.text, todo.unwrap_or_default())
    });
    line.collect()
}

#[track_caller]
fn says(name: &str, passed: bool, evidence: Value, expected: &[&str]) {
    assert_eq!(lines(&explained(name, passed, evidence)), expected);
}

#[test]
fn instrumentation_says_whether_anybody_is_watching() {
    let evidence =
        json!({"watched_ms": 300_000, "report_age_ms": 2_000, "responses_counted": 1_234});
    says(
        "instrumentation",
        true,
        evidence,
        &["The census is watching, and 1,234 answers were counted."],
    );
    let evidence = json!({"watched_ms": 0, "report_age_ms": 0, "responses_counted": 0});
    says(
        "instrumentation",
        false,
        evidence,
        &[
            "The census is attached, but its heart does not beat: nothing is being watched. → Keep the census with a keeper \
         where the service starts, and restart.",
        ],
    );
    let evidence = json!({"watched_ms": 1, "report_age_ms": 45_000, "responses_counted": 0});
    says(
        "instrumentation",
        false,
        evidence,
        &[
            "The last report of the census is 45 s old, while a watching one is renewed every five seconds. → Look whether the \
         process stalls, or its keeper has stopped.",
        ],
    );
    says(
        "instrumentation",
        false,
        json!({"unknown": "no census is attached"}),
        &[
            "No census is attached, so nobody counts who still depends on the old answers. → Give the rollout its census where it \
         is built, and restart.",
        ],
    );
}

#[test]
fn each_check_in_the_way_says_what_to_do_about_it() {
    says(
        "required_checks",
        true,
        json!({"required": 0, "in_the_way": {}}),
        &["The policy asks for no check."],
    );
    says(
        "required_checks",
        true,
        json!({"required": 3, "in_the_way": {}}),
        &["All 3 required checks are green."],
    );
    let in_the_way =
        json!({"a": "red", "b": "not reported", "c": "too old", "d": "reported in the future"});
    says(
        "required_checks",
        false,
        json!({"required": 4, "in_the_way": in_the_way}),
        &[
            "The check a is red. → Repair what a found, and have it report green. [Checks](/ops/records#checks)",
            "The check b was never reported. → Run b, and have the pipeline report it. [Checks](/ops/records#checks)",
            "The last report of the check c is older than 7 d. → Run c again, and have it reported. [Checks](/ops/records#checks)",
            "The check d was reported by a clock that is ahead. → Set the clock of whoever reported it, and report it again. \
         [Checks](/ops/records#checks)",
        ],
    );
}

fn quiet(callers: u64, responses: u64, anonymous: u64, estimated: u64, settled: bool) -> Value {
    json!({
        "window": "24h",
        "dependent_responses": responses,
        "in_the_way": {
            "callers": callers, "responses": responses, "anonymous_responses": anonymous, "estimated_callers": estimated,
        },
        "callers": [],
        "contract_since": "2026-03-01T12:00:00.000Z",
        "contract_settled": settled,
    })
}

#[test]
fn legacy_quiet_names_who_still_depends_and_links_to_them() {
    says(
        "no_dependent_responses",
        true,
        quiet(0, 0, 0, 0, true),
        &["Nobody got or missed an old answer in the last 24 hours."],
    );
    says(
        "no_dependent_responses",
        false,
        quiet(3, 12, 0, 0, true),
        &[
            "3 callers (2 of AGENT and 1 of MCP) got or missed an old answer in the last 24 hours. → Upgrade them, or waive each \
         under an owner’s name. [See these 3 callers](/ops/callers?state=depended&window=24h)",
        ],
    );
}

#[test]
fn legacy_quiet_says_what_else_is_in_the_way() {
    says(
        "no_dependent_responses",
        false,
        quiet(0, 12, 5, 40, false),
        &[
            "12 answers in the last 24 hours asked for the old form, though no known caller is left that got one. → Wait until they \
         have left the window, which can take a quarter of an hour longer than it.",
            "5 dependent answers in the last 24 hours went to callers that cannot be told apart. → Find out who they are, or waive \
         the anonymous callers. [Waive the anonymous](/ops/waive?waived=anonymous)",
            "About 40 callers found no place in the census, and can only be estimated. → Give the census a larger capacity where it \
         is built, and restart.",
            "Another contract is served since 2026-03-01 12:00 UTC, and silence counts only from then on. → Wait until 2026-03-02 \
         12:00 UTC.",
        ],
    );
    let mut waived = quiet(0, 0, 0, 0, true);
    waived["dependent_responses"] = 7.into();
    says(
        "no_dependent_responses",
        true,
        waived,
        &["The 7 dependent answers in the last 24 hours all belong to waived callers."],
    );
}

fn accounted(in_the_way: u64, inactive: u64, ratio: f64) -> Value {
    json!({
        "inactive_after": "14d", "migrated": 12, "waived": 1, "inactive": inactive, "forgotten_dependents": 0,
        "in_the_way": in_the_way, "callers": [], "watched_ratio": ratio, "overflowed": false, "snapshots_lost": 0,
    })
}

#[test]
fn all_accounted_says_what_became_of_everyone() {
    says(
        "all_callers_resolved",
        true,
        accounted(0, 2, 1.0),
        &[
            "Everyone who ever depended is accounted for: 12 migrated, 2 silent for 14 days, 1 waived.",
        ],
    );
    says(
        "all_callers_resolved",
        false,
        accounted(3, 0, 0.1),
        &[
            "3 callers of AGENT depended on old answers and have neither migrated nor been silent for 14 days. → Upgrade them, or \
         waive each under an owner’s name. [See these 3 callers](/ops/callers?state=unresolved&window=14d)",
        ],
    );
    says(
        "all_callers_resolved",
        false,
        accounted(0, 1, 0.615),
        &[
            "1 silent caller is counted as gone, but only 61.5 % of the last 14 days was watched, and 99 % is asked for. → Keep the \
         process running: the share rises by itself while it watches.",
        ],
    );
}

#[test]
fn coverage_says_each_thing_that_is_missing() {
    let full = json!({
        "window": "24h", "ratio": 0.998, "least_ratio": 0.99, "gaps": 1, "overflowed": false, "snapshots_lost": 0,
        "responses": 12_345, "least_responses": 100, "processes": 1,
    });
    says(
        "coverage",
        true,
        full,
        &["99.8 % of the last 24 hours was watched, with 12,345 answers."],
    );
    let empty = json!({
        "window": "24h", "ratio": 0.25, "least_ratio": 0.99, "gaps": 2, "overflowed": true, "snapshots_lost": 1,
        "responses": 12, "least_responses": 100, "processes": 3,
    });
    says(
        "coverage",
        false,
        empty,
        &[
            "25 % of the last 24 hours was watched, with 2 gaps; 99 % is asked for. → Keep the process running: the share rises by \
         itself while it watches.",
            "Only 12 answers were seen in the last 24 hours; 100 are asked for. → Look whether the traffic comes this way at all. If \
         it is this rare, lower min_responses in the policy.",
            "Some callers found no place in the census, and can only be estimated. → Give the census a larger capacity where it is \
         built, and restart.",
            "1 snapshot of the census could not be read in the last 24 hours; what it knew is gone. → Wait until that is 24 hours ago.",
            "The policy says that 3 processes serve, and this census sees only one of them. → Serve with one process, or judge by the \
         numbers of all of them and override this gate.",
        ],
    );
}

#[test]
fn open_incidents_are_named_one_by_one() {
    says(
        "no_open_incident",
        true,
        json!({"open": 0, "incidents": []}),
        &["No incident is open."],
    );
    says(
        "no_open_incident",
        false,
        json!({"open": 3, "incidents": ["INC-1"]}),
        &[
            "The incident INC-1 is open. → Close INC-1 once it is over. [Incidents](/ops/records#incidents)",
            "2 more incidents are open.",
        ],
    );
}

#[test]
fn a_missing_post_analysis_links_to_its_form() {
    says(
        "post_analyses_filed",
        true,
        json!({"due": 0, "rollbacks": []}),
        &["Every rollback has its post-analysis."],
    );
    says(
        "post_analyses_filed",
        false,
        json!({"due": 1, "rollbacks": [12]}),
        &[
            "The rollback of event 12 has no post-analysis. → Find out what went wrong, and file it. [File the \
         post-analysis](/ops/post-analysis/12)",
        ],
    );
}

#[test]
fn a_gate_of_ones_own_shows_its_evidence() {
    let explanation = explained(
        "weekday",
        false,
        json!({"day": 4, "allowed": [0, 1], "by": {"calendar": "ops"}}),
    );
    assert_eq!(explanation.title, "Weekday");
    let evidence = [("allowed", "0, 1"), ("by.calendar", "ops"), ("day", "4")];
    assert_eq!(
        explanation.evidence,
        evidence.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    says("weekday", true, json!({}), &["The gate weekday lets pass."]);
    says(
        "weekday",
        false,
        json!({"unknown": "the gate panicked"}),
        &[
            "The gate weekday does not let pass: the gate panicked. → Ask whoever added this gate to the service.",
        ],
    );
}

#[test]
fn evidence_of_another_version_is_still_explained() {
    for gate in crate::rollout::BuiltInGate::ALL {
        for passed in [true, false] {
            let explanation = explained(gate.as_str(), passed, json!({"left_out_bytes": 5_000}));
            assert!(!explanation.points.is_empty(), "{gate:?}");
        }
    }
}
