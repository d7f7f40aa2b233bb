//! Every finding in words: of real gates over a real census and journal, and of evidence that is hard to bring about.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{ExplainContext, Explanation, explain};
use crate::{
    Contract, LiveContract,
    admin::mount_path::MountPath,
    caller::{Caller, Detect as _, Fingerprint, FingerprintKey, Generation, Kinds, SignalDetector},
    census::{CallerEvent, Census, Dependence},
    metrics::Metrics,
    rollout::{
        CommandContext, Phase, Rollout, Transition,
        gate::{BuiltInGate, Evidence, Gate, GateContext, GateReport},
        journal::MemoryJournal,
        names::{Actor, FlagName, Identifier, IncidentId, Reason, WaiverTarget},
        policy::Policy,
    },
    time::{ManualClock, Timestamp},
    worker::Tick as _,
};

const START: u64 = 1_772_366_400_000;
const HOUR: Duration = Duration::from_secs(3_600);

/// A rollout whose gates evaluate a real census, under a clock that stands still.
struct Stage {
    clock: Arc<ManualClock>,
    census: Arc<Census>,
    rollout: Rollout,
    kinds: Kinds,
}

impl Stage {
    fn new(policy: &Value) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let detector = SignalDetector::builder(["AGENT", "MCP"])
            .kind_header("x-client-kind")
            .build(&FingerprintKey::new([7; 16]))
            .unwrap();
        let census = Census::builder(&detector)
            .capacity(20)
            .heartbeat_limit(2 * HOUR)
            .clock(clock.clone());
        let census = Arc::new(census.open().unwrap());
        // Fed for its whole life.
        std::mem::forget(census.feeder());
        let policy = Policy::from_json(&policy.to_string()).unwrap();
        let rollout = Rollout::builder(FlagName::new("features.jobs.compat").unwrap(), policy)
            .clock(clock.clone())
            .census(Arc::clone(&census))
            .metrics(Arc::new(Metrics::new()))
            .contract(LiveContract::new(Contract::device_flow()))
            .gate(Arc::new(Weekday))
            .open(Arc::new(MemoryJournal::new()));
        Self {
            clock,
            census,
            rollout: rollout.unwrap(),
            kinds: detector.kinds().clone(),
        }
    }

    /// With a response to an upgraded client twice a day.
    fn pass(&self, hours: u32) {
        for hour in 0..hours {
            self.clock.advance(HOUR);
            if hour % 12 == 11 {
                self.see("AGENT", Some(7_000), Dependence::None);
            }
            self.census.tick();
            self.rollout.tick();
        }
    }

    fn see(&self, kind: &str, id: Option<u128>, dependence: Dependence) {
        let generation = match dependence {
            Dependence::None => Generation::Target,
            _ => Generation::Legacy,
        };
        let mut caller = Caller::new(self.kinds.find(kind).unwrap(), generation);
        if let Some(id) = id {
            caller = caller.with_fingerprint(Fingerprint::from_u128(id));
        }
        self.census.record(&CallerEvent {
            caller,
            endpoint: self.census.endpoint("device_poll"),
            dependence,
            failed: false,
        });
    }

    fn context() -> CommandContext {
        CommandContext::new(
            Actor::human("mara").unwrap(),
            Reason::new("for the test").unwrap(),
        )
    }

    /// The findings of one gate of a transition, as the page shows them.
    fn gate(&self, step: Transition, name: &str) -> Vec<String> {
        let run = self.rollout.dry_run(step).unwrap();
        let report = run.gates.iter().find(|report| report.name.as_str() == name);
        let status = self.rollout.status();
        let explained = explain(
            report.unwrap(),
            &ExplainContext {
                base: &MountPath::new("/ops").unwrap(),
                policy: &status.policy,
                census: Some(&self.census),
            },
        );
        lines(&explained)
    }
}

/// A custom gate that always fails.
#[derive(Debug)]
struct Weekday;

impl Gate for Weekday {
    fn name(&self) -> Identifier {
        Identifier::new("weekday").unwrap()
    }

    fn report(&self, _: &GateContext<'_>) -> GateReport {
        GateReport::new(self.name(), false, json!({"day": 4}))
    }
}

/// Each finding as one line: what was found, what to do, and where.
fn lines(explanation: &Explanation) -> Vec<String> {
    let points = explanation.points.iter();
    let line = points.map(|point| {
        let todo = point.todo.as_ref().map(|todo| {
            let link = todo.link.as_ref();
            let link = link.map(|(href, text)| format!(" [{text}]({href})"));
            format!(" → {}{}", todo.sentence(), link.unwrap_or_default())
        });
        format!("{}{}", point.text, todo.unwrap_or_default())
    });
    line.collect()
}

const CUTOVER: Transition = Transition::Cutover;

#[test]
fn real_gates_say_why_nothing_is_known_yet() {
    let stage = Stage::new(&json!({"required_checks": ["openapi"], "opening_phase": "observe"}));
    assert_eq!(
        stage.gate(Transition::Enable, "instrumentation"),
        [
            "The census receives no heartbeats, or no service with the layer, so nothing is watched. → Add the census to the \
             background worker and to the observers of the layer, and restart."
        ]
    );
    stage.pass(2);
    assert_eq!(
        stage.gate(Transition::Enable, "instrumentation"),
        ["The census is running; 0 responses were counted."]
    );
    stage.clock.advance(Duration::from_secs(45));
    assert_eq!(
        stage.gate(Transition::Enable, "instrumentation"),
        [
            "The last report of the census is 45 s old; a running census renews it every five seconds. → Check whether the \
             process stalls or its background worker has stopped."
        ]
    );
}

#[test]
fn real_gates_that_pass_say_what_they_found() {
    let stage = Stage::new(&json!({"required_checks": ["openapi"], "min_responses": 3}));
    stage.pass(15 * 24);
    for _ in 0..3 {
        stage.see("AGENT", Some(7), Dependence::None);
    }
    let check = Identifier::new("openapi").unwrap();
    let green = stage
        .rollout
        .report_check(check, true, None, None, &Stage::context());
    green.unwrap();
    for (gate, expected) in [
        ("required_checks", "The only required check is green."),
        (
            "no_dependent_responses",
            "There was no dependent response in the last 24 hours.",
        ),
        (
            "all_callers_resolved",
            "Every caller that depended is resolved: 0 migrated, 0 inactive for 14 days, 0 waived.",
        ),
        ("coverage", "24 h of 24 h watched, with 6 responses."),
        ("no_open_incident", "No incident is open."),
        (
            "weekday",
            "The gate weekday fails. See its evidence. → Ask the owner of the gate: weekday.",
        ),
    ] {
        assert_eq!(stage.gate(CUTOVER, gate), [expected], "{gate}");
    }
}

#[test]
fn real_gates_name_the_callers_that_block_them() {
    let stage = Stage::new(&json!({"required_checks": []}));
    stage.pass(15 * 24);
    for (kind, id) in [("AGENT", 1), ("AGENT", 2), ("MCP", 3)] {
        stage.see(kind, Some(id), Dependence::Served);
    }
    stage.see("MCP", None, Dependence::Served);
    assert_eq!(
        stage.gate(CUTOVER, "no_dependent_responses"),
        [
            "3 callers (2 of AGENT and 1 of MCP) depended on a legacy response in the last 24 hours. → Upgrade the callers that still depend, or waive them. [Show these 3 callers](/ops/callers?state=depended&window=24h)",
            "1 dependent response in the last 24 hours went to anonymous callers. → Identify the anonymous callers, or waive them. [Waive the anonymous callers](/ops/waive?target=anonymous)",
        ]
    );
    assert_eq!(
        stage.gate(CUTOVER, "all_callers_resolved"),
        [
            "3 callers (2 of AGENT and 1 of MCP) depended on legacy responses and have neither migrated nor been inactive for \
             14 days. → Upgrade the callers that still depend, or waive them. [Show these 3 \
             callers](/ops/callers?state=unresolved&window=14d)",
            "1 response in the last 14 days went to anonymous callers. → Identify the anonymous callers, or waive them. \
             [Waive the anonymous callers](/ops/waive?target=anonymous)",
        ]
    );
    let until = Timestamp::now(&*stage.clock).plus(24 * HOUR);
    for target in ["kind AGENT", "kind MCP", "anonymous"] {
        let target: WaiverTarget = target.parse().unwrap();
        let owner = "team probes".parse().unwrap();
        let waived = stage.rollout.waive(target, owner, until, &Stage::context());
        waived.unwrap();
    }
    assert_eq!(
        stage.gate(CUTOVER, "no_dependent_responses"),
        ["The 4 dependent responses in the last 24 hours all belong to waived callers."]
    );
    assert_eq!(
        stage.gate(CUTOVER, "all_callers_resolved"),
        ["Every caller that depended is resolved: 0 migrated, 0 inactive for 14 days, 3 waived."]
    );
}

#[test]
fn real_gates_say_what_makes_their_numbers_unreliable() {
    let stage = Stage::new(&json!({"required_checks": [], "processes": 3}));
    stage.pass(2);
    for id in 0..40 {
        stage.see("AGENT", Some(id), Dependence::None);
    }
    stage.see("AGENT", Some(99), Dependence::Served);
    let lines = stage.gate(CUTOVER, "coverage");
    assert_eq!(
        lines[0],
        "2 h of 24 h watched, with 1 gap. → Keep the process running until 2026-03-02 12:00 UTC at least."
    );
    assert!(lines[1].starts_with(
        "Only 41 responses were counted in the last 24 hours; the policy requires 100."
    ));
    assert!(
        lines[2]
            .starts_with("By the policy 3 processes serve, but this census sees only one of them.")
    );
    let lines = stage.gate(CUTOVER, "no_dependent_responses");
    let full = "The census is full: about 1 caller that depend or may had no place.";
    assert!(lines[0].starts_with(full), "{lines:?}");
    let moved = Contract::device_flow().with_base_path("/api/v2").unwrap();
    stage.rollout.contract().unwrap().replace(moved);
    let lines = stage.gate(CUTOVER, "no_dependent_responses");
    let changed = "The contract changed at 2026-03-01 14:00 UTC; the window counts from then on.";
    assert!(lines.iter().any(|line| line == changed), "{lines:?}");
}

#[test]
fn real_gates_link_to_what_the_journal_lacks() {
    let stage = Stage::new(&json!({"required_checks": ["lint", "openapi"]}));
    stage.pass(25);
    let report = |name: &str, green| {
        let check = Identifier::new(name).unwrap();
        let reported = stage
            .rollout
            .report_check(check, green, None, None, &Stage::context());
        reported.unwrap();
    };
    report("openapi", false);
    assert_eq!(
        stage.gate(CUTOVER, "required_checks"),
        [
            "The check lint was never reported. → Run and report: lint. [Show](/ops/records#checks)",
            "The check openapi is red. → Fix what was found, and report as green: openapi. [Show](/ops/records#checks)",
        ]
    );
    let gates: Vec<Identifier> = stage
        .rollout
        .dry_run(CUTOVER)
        .unwrap()
        .failing()
        .map(|report| report.name.clone())
        .collect();
    stage
        .rollout
        .override_cutover(&gates, &Stage::context())
        .unwrap();
    let incident = IncidentId::new("INC-1").unwrap();
    stage.rollout.rollback(incident, &Stage::context()).unwrap();
    assert_eq!(stage.rollout.status().state.phase, Phase::Compat);
    assert_eq!(
        stage.gate(CUTOVER, "no_open_incident"),
        [
            "The incident INC-1 is open. → Close once resolved: INC-1. [Show](/ops/records#incidents)"
        ]
    );
}

/// What evidence from a journal says.
fn explained(name: &str, passed: bool, evidence: &Value) -> Explanation {
    let report = json!({"name": name, "passed": passed, "evidence": evidence});
    let report: GateReport = serde_json::from_value(report).unwrap();
    let context = ExplainContext {
        base: &MountPath::default(),
        policy: &Policy::default(),
        census: None,
    };
    let is_typed = !matches!(report.evidence, Evidence::Custom(_));
    assert_eq!(
        is_typed,
        BuiltInGate::find(name).is_some() && evidence.get("later").is_none()
    );
    explain(&report, &context)
}

#[test]
fn rare_evidence_is_explained_too() {
    let says = |name, passed, evidence, expected: &[&str]| {
        assert_eq!(lines(&explained(name, passed, &evidence)), expected);
    };
    says(
        "required_checks",
        false,
        json!({"required": 2, "blocking": {"c": "too_old", "d": "in_the_future"}}),
        &[
            "The last report of the check c is older than 7 d. → Run again and report: c. [Show](/records#checks)",
            "The report of the check d is dated in the future. → Set the clock of the reporting machine, and report \
             again: d. [Show](/records#checks)",
        ],
    );
    says(
        "no_open_incident",
        false,
        json!({"open": 3, "incidents": ["INC-1"]}),
        &[
            "The incident INC-1 is open. → Close once resolved: INC-1. [Show](/records#incidents)",
            "2 more incidents are open.",
        ],
    );
    says(
        "all_callers_resolved",
        false,
        json!({
            "inactive_after": "14d", "accept_unwatched": false, "migrated": 12, "waived": 1, "inactive": 1, "latent": 3,
            "latent_anonymous_responses": 0, "forgotten_dependents": 0, "callers": [], "only_anonymous": false,
            "watched": {
                "stretch_ms": 2_592_000_000_u64, "watched_ms": 864_000_000, "ratio": 0.333, "gaps": 2,
                "ready_at": "2026-03-05T12:00:00.000Z",
            },
            "blocking": {"callers": 0, "latent": 2, "due": 1, "estimated_callers": 0, "anonymous_responses": 0},
            "due_until": "2026-04-01T12:00:00.000Z", "snapshots_lost": 1,
            "restarts": [{"kind": "AGENT", "at": "2026-03-01T12:00:00.000Z"}],
        }),
        &[
            "2 legacy callers have not depended yet, and may. → Upgrade the callers that still depend, or waive them. [Show \
             these 2 callers](/callers?state=latent&window=14d)",
            "1 inactive caller may still return, by the longest pause so far. → Waive inactive callers, or wait until \
             2026-04-01 12:00 UTC at least.",
            "The detector's rules for AGENT changed at 2026-03-01 12:00 UTC; the window counts from then on.",
            "10 d of 14 d watched, with 2 gaps. → Keep the process running until 2026-03-05 12:00 UTC at least.",
            "1 snapshot of the census could not be read, or was not there; the data is lost. → Wait until 14 days have been \
             watched since.",
        ],
    );
    for (reason, expected) in [
        ("no_census", "The rollout has no census"),
        ("no_metrics", "The rollout has no metrics"),
        ("no_contract", "The rollout has no contract"),
        ("panicked", "The gate panicked."),
    ] {
        let explained = explained("coverage", false, &json!({"unknown": reason}));
        assert!(lines(&explained)[0].starts_with(expected), "{reason}");
    }
}

#[test]
fn evidence_of_another_version_is_still_explained() {
    for gate in BuiltInGate::ALL {
        for (passed, verdict) in [(true, "passes"), (false, "fails")] {
            let explanation = explained(gate.as_str(), passed, &json!({"later": 1}));
            assert!(explanation.points[0].text.contains(verdict), "{gate:?}");
        }
    }
}

#[test]
fn a_custom_gate_shows_its_evidence() {
    let evidence = json!({"day": 4, "allowed": [0, 1], "by": {"calendar": "ops"}});
    let explanation = explained("weekday", false, &evidence);
    assert_eq!(explanation.title, "Weekday");
    let rows = [("allowed", "0, 1"), ("by.calendar", "ops"), ("day", "4")];
    assert_eq!(
        explanation.evidence,
        rows.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}
