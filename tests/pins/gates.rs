//! The evidence of every built-in gate.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use legacy_http_compat::{
    Contract, LiveContract,
    caller::{Caller, Detect, Fingerprint, FingerprintKey, Generation, Kinds, SignalDetector},
    census::{CallerEvent, Census, Dependence},
    metrics::Metrics,
    rollout::{
        CommandContext, Phase, Rollout, Transition,
        gate::{BuiltInGate, GateReport},
        journal::MemoryJournal,
        names::{Actor, FlagName, Identifier, IncidentId, Reason},
        policy::Policy,
    },
    time::ManualClock,
    worker::Tick,
};
use serde_json::{json, to_value};

use crate::pin::pin_json;

const START: u64 = 1_772_366_400_000;
const HOUR: Duration = Duration::from_secs(3_600);

struct Stage {
    clock: Arc<ManualClock>,
    census: Arc<Census>,
    kinds: Kinds,
    rollout: Rollout,
}

fn order(reason: &str) -> CommandContext {
    CommandContext::new(Actor::human("mara").unwrap(), Reason::new(reason).unwrap())
}

/// All gates at the cutover.
fn policy() -> Policy {
    let mut policy = Policy {
        required_checks: vec!["openapi".parse().unwrap()],
        min_responses: 3,
        ..Policy::default()
    };
    policy.gates.cutover = BuiltInGate::ALL.iter().copied().collect();
    policy
}

impl Stage {
    fn open(policy: Policy) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let detector = SignalDetector::builder(["AGENT", "MCP"])
            .kind_header("x-client-kind")
            .build(&FingerprintKey::new([7; 16]))
            .unwrap();
        let kinds = detector.kinds().clone();
        let census = Census::builder(&detector)
            .heartbeat_limit(2 * HOUR)
            .clock(clock.clone());
        let census = Arc::new(census.open().unwrap());
        // Fed for its whole life.
        std::mem::forget(census.feeder());
        let flag = FlagName::new("features.jobs.compat").unwrap();
        let rollout = Rollout::builder(flag, policy)
            .clock(clock.clone())
            .census(Arc::clone(&census))
            .metrics(Arc::new(Metrics::new()))
            .contract(LiveContract::new(Contract::device_flow()))
            .open(Arc::new(MemoryJournal::new()));
        Self {
            clock,
            census,
            kinds,
            rollout: rollout.unwrap(),
        }
    }

    /// Lets hours pass, each with ticks, with a response to an upgraded client twice a day.
    fn pass(&self, hours: u32) {
        for hour in 0..hours {
            self.clock.advance(HOUR);
            if hour % 12 == 11 {
                self.see(Generation::Target, 7, Dependence::None);
            }
            self.census.tick();
            self.rollout.tick();
        }
    }

    fn see(&self, generation: Generation, number: u128, dependence: Dependence) {
        let caller = Caller::new(self.kinds.find("AGENT").unwrap(), generation);
        self.census.record(&CallerEvent {
            caller: caller.with_fingerprint(Fingerprint::from_u128(number)),
            endpoint: self.census.endpoint("device_poll"),
            dependence,
            failed: false,
        });
    }

    fn report(&self, green: bool) {
        let check = Identifier::new("openapi").unwrap();
        let report = self
            .rollout
            .report_check(check, green, None, None, &order("run 7"));
        report.unwrap();
    }

    fn gates(&self) -> Vec<GateReport> {
        self.rollout.dry_run(Transition::Cutover).unwrap().gates
    }
}

fn passing() -> Vec<GateReport> {
    let stage = Stage::open(policy());
    stage.pass(15 * 24);
    stage.report(true);
    for _ in 0..3 {
        stage.see(Generation::Target, 7, Dependence::None);
    }
    stage.gates()
}

/// Rolled back after a cutover without gates; then the clock runs on unwatched.
fn failing() -> Vec<GateReport> {
    let stage = Stage::open(Policy::permissive());
    stage
        .rollout
        .transition(Phase::Cutover, &order("now"))
        .unwrap();
    let incident = IncidentId::new("INC-1").unwrap();
    stage.rollout.rollback(incident, &order("back")).unwrap();
    let policy = Policy {
        processes: 2,
        ..policy()
    };
    let looser = ["/min_responses".to_owned()];
    stage
        .rollout
        .loosen_policy(&policy, &looser, &order("all"))
        .unwrap();
    stage.report(false);
    stage.pass(3);
    stage.see(Generation::Legacy, 1, Dependence::Served);
    stage.see(Generation::Legacy, 2, Dependence::Stranded);
    stage.clock.advance(3 * HOUR);
    stage.gates()
}

fn unwatched() -> Vec<GateReport> {
    let flag = FlagName::new("features.jobs.compat").unwrap();
    let rollout = Rollout::builder(flag, policy());
    let clock = Arc::new(ManualClock::new(START));
    let rollout = rollout.clock(clock).open(Arc::new(MemoryJournal::new()));
    let run = rollout.unwrap().dry_run(Transition::Cutover);
    run.unwrap().gates
}

#[test]
fn the_evidence_of_every_gate_that_passes_and_that_fails_is_pinned() {
    let (passing, failing) = (passing(), failing());
    for (gates, passed) in [(&passing, true), (&failing, false)] {
        let names: BTreeSet<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
        assert_eq!(names.len(), BuiltInGate::ALL.len(), "{gates:?}");
        assert!(gates.iter().all(|gate| gate.passed == passed), "{gates:#?}");
    }
    let all = json!({
        "passing": to_value(passing).unwrap(),
        "failing": to_value(failing).unwrap(),
        "unwatched": to_value(unwatched()).unwrap(),
    });
    pin_json("gates.json", &all);
}
