//! Gates that go by the callers of several instances.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::{
    Contract,
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kind, SignalDetector},
    census::{CallerEvent, Dependence, Window, fleet::MemoryCensusStore},
    migration::Migration,
    observation::Feeder,
    rollout::{
        CommandContext, Transition,
        fleet::MemoryInstances,
        gate::GateReport,
        journal::MemoryJournal,
        names::{Actor, InstanceId, Reason},
        policy::Policy,
    },
    time::ManualClock,
    worker::Tick,
};

/// Instances in one process, with one clock.
struct Fleet {
    clock: Arc<ManualClock>,
    store: Arc<MemoryCensusStore>,
    all: Vec<(Migration, Feeder)>,
}

impl Fleet {
    fn new(instances: usize, processes: u32) -> Self {
        let clock = Arc::new(ManualClock::new(1_772_366_400_000));
        let store = Arc::new(MemoryCensusStore::with_clock(Arc::clone(&clock) as _));
        let table = Arc::new(MemoryInstances::with_clock(Arc::clone(&clock) as _));
        let journal = Arc::new(MemoryJournal::new());
        let policy = Policy {
            processes,
            min_responses: 1,
            cutover_quiet_window: Window::HOUR,
            ..Policy::default()
        };
        let start = |at: usize| {
            let detector = SignalDetector::builder(["AGENT"])
                .kind_header("x-kind")
                .build(&FingerprintKey::new([7; 16]))
                .unwrap();
            let migration = Migration::builder(Contract::device_flow(), detector)
                .flag_name("features.jobs.compat")
                .policy(policy.clone())
                .clock(Arc::clone(&clock) as _)
                .census(|census| census.capacity(1_000))
                .journal(Arc::clone(&journal) as _)
                .instance(
                    InstanceId::new(format!("core-{at}")).unwrap(),
                    Arc::clone(&table) as _,
                )
                .census_store(store.clone())
                .without_worker()
                .open()
                .unwrap();
            let feeder = migration.census().feeder();
            (migration, feeder)
        };
        let all = (0..instances).map(start).collect();
        Self { clock, store, all }
    }

    fn see(&self, instance: usize, generation: Generation, dependence: Dependence) {
        let census = self.all[instance].0.census();
        census.record(&CallerEvent {
            caller: Caller::new(Kind::OTHER, generation)
                .with_fingerprint(Fingerprint::from_u128(7)),
            endpoint: census.endpoint("device_poll"),
            dependence,
            failed: false,
        });
    }

    fn run(&self, seconds: u64) {
        for _ in 0..seconds / 5 {
            self.clock.advance(Duration::from_secs(5));
            for (migration, _) in &self.all {
                migration.tick();
            }
        }
    }

    fn gate(&self, instance: usize, name: &str) -> GateReport {
        let run = self.all[instance]
            .0
            .rollout()
            .dry_run(Transition::Cutover)
            .unwrap();
        run.gates
            .into_iter()
            .find(|gate| gate.name.as_str() == name)
            .unwrap()
    }
}

fn context() -> CommandContext {
    CommandContext::new(
        Actor::human("mara").unwrap(),
        Reason::new("it is gone").unwrap(),
    )
}

#[test]
fn a_gate_at_one_instance_goes_by_the_callers_of_another() {
    let fleet = Fleet::new(2, 2);
    fleet.see(1, Generation::Legacy, Dependence::Served);
    fleet.run(3_900);
    fleet.see(1, Generation::Legacy, Dependence::Served);
    fleet.run(120);
    let coverage = fleet.gate(0, "coverage");
    assert!(coverage.passed, "{coverage:?}");
    assert!(!fleet.gate(0, "no_dependent_responses").passed);
    fleet.run(3_900);
    let quiet = fleet.gate(0, "no_dependent_responses");
    assert!(quiet.passed, "{quiet:?}");
}

#[test]
fn gates_are_unknown_and_fail_while_the_store_is_away() {
    let fleet = Fleet::new(2, 2);
    fleet.see(0, Generation::Target, Dependence::None);
    fleet.run(3_900);
    fleet.store.set_away(true);
    for name in ["coverage", "no_dependent_responses", "all_callers_resolved"] {
        let gate = fleet.gate(0, name);
        assert!(!gate.passed);
        assert_eq!(gate.evidence.to_members()["unknown"], "census_unreachable");
    }
    fleet.store.set_away(false);
    fleet.see(1, Generation::Target, Dependence::None);
    fleet.run(65);
    assert!(fleet.gate(0, "coverage").passed);
}

#[test]
fn fewer_instances_than_the_policy_says_fail_coverage() {
    let fleet = Fleet::new(2, 3);
    fleet.see(0, Generation::Target, Dependence::None);
    fleet.run(3_900);
    let coverage = fleet.gate(0, "coverage");
    assert!(!coverage.passed);
    assert_eq!(coverage.evidence.to_members()["watched"]["watched_ms"], 0);
}

#[test]
fn a_lost_instance_is_written_off_by_a_command_that_is_journaled() {
    let mut fleet = Fleet::new(3, 2);
    fleet.see(0, Generation::Target, Dependence::None);
    fleet.run(65);
    let (lost, _feeder) = fleet.all.pop().unwrap();
    // As a kill: nothing is handed over.
    std::mem::forget(lost);
    fleet.run(120);
    let rollout = fleet.all[0].0.rollout();
    let exchange = || rollout.census_view().unwrap().exchange().unwrap();
    assert_eq!(exchange().lost, ["core-2"]);
    let event = rollout
        .write_off_instance(&InstanceId::new("core-2").unwrap(), &context())
        .unwrap();
    assert_eq!(event.payload.name(), "instance_written_off");
    fleet.run(30);
    assert!(exchange().lost.is_empty());
    assert_eq!(exchange().live, ["core-0", "core-1"]);
}
