//! Instances with a census: quiet windows when contracts change, and the lease of the automatic rollback.

use std::{sync::Arc, time::Duration};

use super::{
    reachable::Reachable,
    shared::{Fleet, name, other_contract},
    stage::{HOUR, START, census, detector, flag, order},
};
use crate::{
    Contract, FlagState,
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kinds},
    census::{CallerEvent, Census, Dependence, Window},
    metrics::Metrics,
    observation::Feeder,
    rollout::{
        Phase, Rollout, Transition,
        event::EventPayload,
        evidence::{BuiltInGate, Evidence, GateReport},
        fleet::{Instance, Instances as _, LEASE, Lease},
        journal::MemoryJournal,
        names::{Actor, ContractDigest},
        policy::{AutoRollback, Policy},
    },
    time::ManualClock,
    worker::Tick as _,
};

/// An instance that counts its callers.
struct Member {
    rollout: Rollout,
    census: Arc<Census>,
    table: Arc<Reachable>,
    _feeder: Feeder,
}

fn join(fleet: &Fleet, instance: &str, contract: Contract, policy: &Policy) -> Member {
    let detector = detector().build(&FingerprintKey::new([7; 16])).unwrap();
    let census = Census::builder(&detector).clock(fleet.clock.clone());
    let census = Arc::new(census.open().unwrap());
    let table = Arc::new(Reachable::new(Arc::clone(&fleet.table)));
    let rollout = Rollout::builder(flag(), policy.clone())
        .clock(fleet.clock.clone())
        .census(Arc::clone(&census))
        .metrics(Arc::new(Metrics::new()))
        .contract(contract)
        .instance(name(instance), Arc::clone(&table) as _)
        .open(fleet.store.join());
    Member {
        rollout: rollout.unwrap(),
        _feeder: census.feeder(),
        census,
        table,
    }
}

impl Member {
    fn tick(&self) {
        self.census.tick();
        self.rollout.tick();
    }

    fn strand_one(&self) {
        let kinds = Kinds::new(["AGENT", "MCP", "UI_RUST"]).unwrap();
        let caller = Caller::new(kinds.find("AGENT").unwrap(), Generation::Legacy);
        self.census.record(&CallerEvent {
            caller: caller.with_fingerprint(Fingerprint::from_u128(1)),
            endpoint: self.census.endpoint("device_poll"),
            dependence: Dependence::Stranded,
            failed: false,
        });
    }

    fn flag(&self) -> FlagState {
        self.rollout.reader().state()
    }

    /// The only gate of the cutover.
    fn quiet(&self) -> GateReport {
        let run = self.rollout.dry_run(Transition::Cutover).unwrap();
        run.gates.into_iter().next().unwrap()
    }
}

/// Lets time pass in steps shorter than a lease.
fn pass(fleet: &Fleet, time: Duration, members: &[&Member]) {
    let step = Duration::from_secs(5);
    for _ in 0..time.as_secs() / step.as_secs() {
        fleet.clock.advance(step);
        for member in members {
            member.tick();
        }
    }
}

#[test]
fn the_quiet_window_counts_from_when_the_last_old_contract_left() {
    let fleet = Fleet::new();
    let window = Duration::from_secs(600);
    let mut policy = Policy {
        cutover_quiet_window: Window::new(window).unwrap(),
        ..Policy::permissive()
    };
    policy.gates.cutover = [BuiltInGate::NoDependentResponses].into();
    let old = join(&fleet, "old", Contract::device_flow(), &policy);
    let new = join(&fleet, "new", other_contract(), &policy);
    pass(&fleet, window / 2, &[&old, &new]);
    assert!(!new.quiet().passed, "since then the set is another");
    pass(&fleet, window, &[&old, &new]);
    for member in [&old, &new] {
        assert!(member.quiet().passed, "{:?}", member.quiet());
    }

    old.rollout.shutdown();
    pass(&fleet, window / 2, &[&new]);
    let report = new.quiet();
    assert!(!report.passed, "{report:?}");
    let Evidence::NoDependentResponses(evidence) = report.evidence else {
        panic!("{report:?}")
    };
    // The gate says since when it counts, and when it can pass.
    let since = new.rollout.status().state.contract.clone().unwrap().since;
    let shown = evidence.restarts.iter().map(|restart| restart.at);
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown, [since.at]);
    let ready = evidence.watched.ready_at.unwrap();
    assert_eq!(ready, since.at.plus(window));
    pass(&fleet, window / 2 + 3 * Instance::LEASE, &[&new]);
    assert!(new.quiet().passed, "{:?}", new.quiet());
}

#[test]
fn the_first_contract_of_a_journal_restarts_no_quiet_window() {
    let clock = Arc::new(ManualClock::new(START));
    let census = Arc::new(census(&clock, &detector()).open().unwrap());
    let _feeder = census.feeder();
    let mut policy = Policy {
        cutover_quiet_window: Window::HOUR,
        ..Policy::permissive()
    };
    policy.gates.cutover = [BuiltInGate::NoDependentResponses].into();
    let rollout = Rollout::builder(flag(), policy)
        .clock(clock.clone())
        .census(Arc::clone(&census))
        .open(Arc::new(MemoryJournal::new()))
        .unwrap();
    let pass = |time: Duration| {
        clock.advance(time);
        census.tick();
        rollout.tick();
    };
    for _ in 0..5 {
        pass(HOUR / 4);
    }
    let serve = |contract: &Contract| {
        let digest = ContractDigest::of(contract);
        rollout
            .contract_changed(digest, &order("deployed"))
            .unwrap();
        pass(Duration::from_secs(1));
        rollout.dry_run(Transition::Cutover).unwrap().passes()
    };
    assert!(serve(&Contract::device_flow()), "the very first one");
    assert!(!serve(&other_contract()), "another one");
}

/// Two instances in cutover with a caller that is stranded at both of them.
fn stranded(fleet: &Fleet) -> [Member; 2] {
    let policy = Policy {
        auto_rollback: Some(AutoRollback {
            window: HOUR / 2,
            stranded_callers: Some(0),
            stranded_percent: None,
        }),
        ..Policy::permissive()
    };
    let members = ["a", "b"].map(|name| join(fleet, name, Contract::device_flow(), &policy));
    let second = Duration::from_secs(1);
    fleet.clock.advance(second);
    let go = order("go");
    members[0].rollout.transition(Phase::Cutover, &go).unwrap();
    members[1].rollout.tick();
    fleet.clock.advance(second);
    for member in &members {
        member.strand_one();
    }
    fleet.clock.advance(second);
    members
}

fn give_lease(fleet: &Fleet, instance: &str) {
    let lease = fleet.table.lease(LEASE, &name(instance), Duration::ZERO);
    assert_eq!(lease.unwrap(), Lease::Held);
}

#[test]
fn an_automatic_rollback_is_run_by_the_holder_of_the_lease() {
    let fleet = Fleet::new();
    let [a, b] = stranded(&fleet);
    give_lease(&fleet, "b");
    a.tick();
    assert!(fleet.rollbacks().is_empty(), "b has the lease");
    b.tick();
    a.tick();
    let taken = fleet.rollbacks();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].instance, Some(name("b")));
    assert_eq!(a.flag(), FlagState::On);
    let actor = Actor::system("rollout").unwrap();
    assert_eq!(fleet.store.events().last().unwrap().actor, actor);
}

#[test]
fn an_instance_that_cannot_reach_the_table_rolls_back_by_itself_and_journals_no_other_contract() {
    let fleet = Fleet::new();
    let [a, b] = stranded(&fleet);
    give_lease(&fleet, "b");
    a.table.set_away(true);
    a.tick();
    let taken = fleet.rollbacks();
    assert_eq!(taken.len(), 1, "its callers are stranded");
    assert_eq!(taken[0].instance, Some(name("a")));
    b.tick();
    assert_eq!((a.flag(), b.flag()), (FlagState::On, FlagState::On));
    assert_eq!(fleet.rollbacks().len(), 1);

    // What others serve or do not serve any more is for an instance to journal that can see the table.
    let journaled = || fleet.store.count("contract_changed");
    let before = journaled();
    let other = join(&fleet, "c", other_contract(), &Policy::permissive());
    assert_eq!(journaled(), before + 1);
    other.rollout.shutdown();
    pass(&fleet, 2 * Instance::LEASE, &[&a]);
    assert_eq!(journaled(), before + 1);
    a.table.set_away(false);
    pass(&fleet, 2 * Instance::LEASE, &[&a]);
    assert_eq!(journaled(), before + 2);
    let events = fleet.store.events();
    let last = events.iter().rev().map(|event| &event.payload);
    let mut last = last.filter(|payload| matches!(payload, EventPayload::ContractChanged(_)));
    assert!(
        matches!(last.next(), Some(EventPayload::ContractChanged(changed)) if changed.beside.is_empty())
    );
}
