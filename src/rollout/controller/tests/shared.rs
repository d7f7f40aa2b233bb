//! Several instances on one journal, and a store that fails them.

use std::{sync::Arc, thread, time::Duration};

use super::{
    shared_journal::{Link, SharedJournal, SharedStore},
    stage::{START, detector, flag, incident, order},
};
use crate::{
    Contract, FlagState, LiveContract,
    caller::FingerprintKey,
    census::Census,
    rollout::{
        OpenRolloutErrorKind, Phase, RefusalKind, RolledBack, Rollout,
        event::{Event, EventPayload, RollbackTaken},
        fleet::MemoryInstances,
        journal::{Journal as _, JournalSync},
        names::InstanceId,
        policy::Policy,
    },
    time::ManualClock,
    worker::Tick as _,
};

/// A store, a table of instances, and a clock.
pub(super) struct Fleet {
    pub(super) store: Arc<SharedStore>,
    pub(super) table: Arc<MemoryInstances>,
    pub(super) clock: Arc<ManualClock>,
}

pub(super) struct Member {
    pub(super) rollout: Arc<Rollout>,
    pub(super) journal: Arc<SharedJournal>,
    contract: LiveContract,
}

pub(super) fn name(name: &str) -> InstanceId {
    name.parse().unwrap()
}

pub(super) fn other_contract() -> Contract {
    Contract::device_flow().with_base_path("/api/v2").unwrap()
}

impl Fleet {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(START));
        Self {
            store: Arc::default(),
            table: Arc::new(MemoryInstances::with_clock(clock.clone())),
            clock,
        }
    }

    pub(super) fn join(&self, instance: &str) -> Member {
        self.join_with(instance, Contract::device_flow())
    }

    fn join_with(&self, instance: &str, contract: Contract) -> Member {
        let (journal, contract) = (self.store.join(), LiveContract::new(contract));
        let rollout = Rollout::builder(flag(), Policy::permissive())
            .clock(self.clock.clone())
            .contract(contract.clone())
            .instance(name(instance), Arc::clone(&self.table) as _)
            .open(Arc::clone(&journal) as _);
        Member {
            rollout: Arc::new(rollout.unwrap()),
            journal,
            contract,
        }
    }

    /// An instance without a copy of the journal, with this state of the flag while the store is away.
    fn join_cold(&self, link: Link, state: FlagState) -> (Rollout, Arc<SharedJournal>) {
        let journal = self.store.join();
        journal.set(link);
        let rollout = Rollout::builder(flag(), Policy::permissive())
            .clock(self.clock.clone())
            .contract(Contract::device_flow())
            .open_or(Arc::clone(&journal) as _, state);
        (rollout.unwrap(), journal)
    }

    pub(super) fn rollbacks(&self) -> Vec<RollbackTaken> {
        let events = self.store.events().into_iter();
        let taken = events.filter_map(|event: Event| match event.payload {
            EventPayload::RollbackTaken(taken) => Some(taken),
            _ => None,
        });
        taken.collect()
    }
}

impl Member {
    fn cut_over(&self) -> Event {
        let order = order("cut over");
        self.rollout.transition(Phase::Cutover, &order).unwrap()
    }

    fn roll_back(&self, id: &str) -> RolledBack {
        self.rollout
            .rollback(incident(id), &order("errors"))
            .unwrap()
    }

    fn analyse(&self) {
        for open in self.rollout.status().state.open_post_analyses() {
            let (link, summary) = ("https://wiki.example/1".parse(), "a proxy".parse());
            let (link, summary) = (link.unwrap(), summary.unwrap());
            self.rollout
                .file_post_analysis(open.done.seq, link, summary, &order("filed"))
                .unwrap();
        }
    }

    pub(super) fn flag(&self) -> FlagState {
        self.rollout.reader().state()
    }
}

#[test]
fn a_rollback_of_an_instance_that_was_cut_off_is_recorded_against_its_own_cutover() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("a"), fleet.join("b"));
    let first = a.cut_over();
    b.rollout.tick();
    a.journal.set(Link::Away);
    assert!(matches!(a.roll_back("INC-1"), RolledBack::Unrecorded));
    b.roll_back("INC-2");
    let closed = b
        .rollout
        .close_incident(incident("INC-2"), &order("repaired"));
    closed.unwrap();
    b.analyse();
    b.cut_over();
    assert_eq!((a.flag(), b.flag()), (FlagState::On, FlagState::Off));

    a.journal.set(Link::Works);
    a.rollout.tick();
    b.rollout.tick();
    for member in [&a, &b] {
        let status = member.rollout.status();
        assert_eq!(
            (status.state.phase, member.flag()),
            (Phase::Cutover, FlagState::Off)
        );
        assert!(!status.rollback_unrecorded);
        assert!(status.state.open_incidents.is_empty());
    }
    let taken = fleet.rollbacks();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|taken| taken.cutover == first.seq));
}

#[test]
fn two_operators_that_were_cut_off_are_both_on_record_with_their_instance() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("a"), fleet.join("b"));
    a.cut_over();
    b.rollout.tick();
    for (member, id) in [(&a, "INC-1"), (&b, "INC-2")] {
        member.journal.set(Link::Away);
        assert!(matches!(member.roll_back(id), RolledBack::Unrecorded));
        assert_eq!(member.flag(), FlagState::On);
    }
    for member in [&b, &a] {
        member.journal.set(Link::Works);
        member.rollout.tick();
        assert!(!member.rollout.status().rollback_unrecorded);
    }
    let recorded = fleet.rollbacks().into_iter();
    let recorded: Vec<_> = recorded
        .map(|taken| (taken.incident, taken.instance))
        .collect();
    assert_eq!(
        recorded,
        [
            (incident("INC-2"), Some(name("b"))),
            (incident("INC-1"), Some(name("a")))
        ]
    );
    // The status says so, too.
    let view = serde_json::to_value(a.rollout.view()).unwrap();
    let rollback = &view["rollbacks"][0];
    assert_eq!(rollback["instance"], "b");
    assert_eq!(rollback["repeated"][0]["instance"], "a");
}

#[test]
fn two_contracts_on_one_journal_are_a_set_and_no_flood() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    let b = fleet.join_with("b", other_contract());
    for _ in 0..60 {
        fleet.clock.advance(Duration::from_secs(1));
        a.rollout.tick();
        b.rollout.tick();
    }
    assert_eq!(fleet.store.count("contract_changed"), 2);
    let served = a.rollout.status().state.contract.clone().unwrap();
    assert_eq!(served.beside.len(), 1);

    // The old one leaves, which is a change of the set and the beginning of the quiet windows.
    a.rollout.shutdown();
    fleet.clock.advance(Duration::from_secs(1));
    for _ in 0..60 {
        fleet.clock.advance(Duration::from_secs(1));
        b.rollout.tick();
    }
    assert_eq!(fleet.store.count("contract_changed"), 3);
    let served = b.rollout.status().state.contract.clone().unwrap();
    assert!(served.beside.is_empty());
    assert_eq!(
        served.digest,
        crate::rollout::names::ContractDigest::of(&other_contract())
    );
    // As does one that an instance gets while it serves.
    b.contract.replace(Contract::device_flow());
    b.rollout.tick();
    assert_eq!(fleet.store.count("contract_changed"), 4);
}

#[test]
fn an_instance_that_died_serves_nothing_after_its_lease() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    let b = fleet.join_with("b", other_contract());
    a.rollout.tick();
    for _ in 0..12 {
        fleet.clock.advance(Duration::from_secs(1));
        b.rollout.tick();
    }
    let served = b.rollout.status().state.contract.clone().unwrap();
    assert!(served.beside.is_empty());
    assert_eq!(fleet.store.count("contract_changed"), 3);
}

#[test]
fn two_processes_without_a_table_journal_each_contract_once() {
    let fleet = Fleet::new();
    let open = |contract: Contract| {
        let builder = Rollout::builder(flag(), Policy::permissive());
        let builder = builder.clock(fleet.clock.clone()).contract(contract);
        builder.open(fleet.store.join()).unwrap()
    };
    let (a, b) = (open(Contract::device_flow()), open(other_contract()));
    for _ in 0..60 {
        a.tick();
        b.tick();
    }
    assert_eq!(fleet.store.count("contract_changed"), 2);
}

/// Three instances in cutover; the store loses the cutover, and something else takes its number.
fn forked() -> (Fleet, [Member; 3]) {
    let fleet = Fleet::new();
    let members = [fleet.join("a"), fleet.join("b"), fleet.join("c")];
    let cutover = members[0].cut_over();
    for member in &members {
        member.rollout.tick();
    }
    fleet.store.lose_from(cutover.seq);
    let late = fleet.join("late");
    late.rollout
        .open_incident(incident("INC-9"), &order("errors"))
        .unwrap();
    assert_eq!(late.rollout.status().head.seq, cutover.seq);
    (fleet, members)
}

#[test]
fn a_journal_that_lost_its_tail_leaves_the_state_and_refuses_all_but_a_rollback() {
    let (fleet, members) = forked();
    for member in &members {
        let before = member.rollout.status();
        member.rollout.tick();
        let status = member.rollout.status();
        assert_eq!((status.head, member.flag()), (before.head, FlagState::Off));
        let JournalSync::Forked(fork) = status.sync else {
            panic!("{:?}", status.sync)
        };
        assert_eq!((fork.known, fork.found.seq), (before.head, before.head.seq));
        assert!(status.journal_error.as_deref().unwrap().contains("lost"));
        let go = order("go");
        let refused = [
            member.rollout.transition(Phase::Retired, &go),
            member.rollout.open_incident(incident("INC-1"), &go),
        ];
        for refused in refused {
            let refusal = refused.unwrap_err();
            assert!(
                matches!(refusal.kind(), RefusalKind::Unreadable(_)),
                "{refusal}"
            );
        }
        assert!(matches!(member.roll_back("INC-2"), RolledBack::Unrecorded));
        assert_eq!(member.flag(), FlagState::On);
    }
    assert!(fleet.rollbacks().is_empty(), "it would bear another head");
}

#[test]
fn a_journal_that_ends_early_or_has_another_event_is_a_fork_too() {
    for replaced in [false, true] {
        let fleet = Fleet::new();
        let a = fleet.join("a");
        let head = a.cut_over();
        if replaced {
            fleet.store.replace(head.seq - 1, "forged");
        } else {
            fleet.store.lose_from(head.seq);
        }
        a.rollout.tick();
        let status = a.rollout.status();
        assert!(matches!(status.sync, JournalSync::Forked(_)));
        assert_eq!((status.head, a.flag()), (head.head(), FlagState::Off));
    }
}

#[test]
fn an_ordinary_journal_that_forks_behind_the_rollout_is_noticed() {
    // Without a copy: what is read next does not follow what was read before.
    let fleet = Fleet::new();
    let a = fleet.join("a");
    let known = a.rollout.status().head;
    let behind = crate::rollout::journal::MemoryJournal::new();
    for event in fleet.store.events() {
        let reason = "forged".parse().unwrap();
        let new =
            crate::rollout::event::NewEvent::new(event.at, event.actor, reason, event.payload);
        behind.append(behind.head().unwrap(), new).unwrap();
    }
    let error = behind.read_after(known, 10).unwrap_err();
    assert!(
        error.to_string().contains("given their numbers to others"),
        "{error}"
    );
}

#[test]
fn without_store_and_copy_the_program_gives_the_flag_until_the_journal_can_be_read() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    let cutover = a.cut_over();
    fleet.clock.advance(Duration::from_secs(1));
    for state in [FlagState::On, FlagState::Off, FlagState::Retired] {
        let (cold, journal) = fleet.join_cold(Link::Away, state);
        assert_eq!(cold.reader().state(), state);
        let status = cold.status();
        assert!(matches!(status.sync, JournalSync::Stale { .. }) && status.journal_error.is_some());
        let refused = cold.open_incident(incident("INC-1"), &order("errors"));
        assert!(matches!(
            refused.unwrap_err().kind(),
            RefusalKind::Unreadable(_)
        ));
        if state == FlagState::Off {
            let done = cold.rollback(incident("INC-1"), &order("errors")).unwrap();
            assert!(matches!(done, RolledBack::Unrecorded));
            assert_eq!(cold.reader().state(), FlagState::On);
        }
        if state == FlagState::Retired {
            continue;
        }
        journal.set(Link::Works);
        cold.tick();
        let status = cold.status();
        assert_eq!(status.sync, JournalSync::Current);
        assert_eq!(status.journal_error, None);
        assert_eq!(status.head, fleet.store.events().last().unwrap().head());
    }
    // The rollback was of the cutover that the journal had.
    let taken = fleet.rollbacks();
    assert_eq!((taken.len(), taken[0].cutover), (1, cutover.seq));

    // With a store there is nothing to give.
    let (warm, _) = fleet.join_cold(Link::Works, FlagState::Off);
    assert_eq!(warm.reader().state(), FlagState::On);
}

#[test]
fn a_rollback_without_store_and_copy_is_of_the_cutover_that_was_before_it() {
    for cuts_over_again in [false, true] {
        let fleet = Fleet::new();
        let a = fleet.join("a");
        let first = a.cut_over().seq;
        fleet.clock.advance(Duration::from_secs(1));
        let (cold, journal) = fleet.join_cold(Link::Away, FlagState::Off);
        cold.rollback(incident("INC-1"), &order("errors")).unwrap();
        fleet.clock.advance(Duration::from_secs(1));
        a.roll_back("INC-2");
        let closed = a
            .rollout
            .close_incident(incident("INC-2"), &order("repaired"));
        closed.unwrap();
        a.analyse();
        if cuts_over_again {
            a.cut_over();
        }
        journal.set(Link::Works);
        cold.tick();
        let taken = fleet.rollbacks().into_iter();
        let cutovers: Vec<_> = taken.map(|taken| taken.cutover).collect();
        assert_eq!(cutovers, [first, first]);
    }
}

#[test]
fn a_rollback_takes_effect_while_the_store_hangs() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    a.cut_over();
    let held = a.journal.hold();
    thread::scope(|scope| {
        // A command of another operator waits for the store already.
        let earlier = scope.spawn(|| {
            let incident = incident("INC-0");
            a.rollout.open_incident(incident, &order("errors"))
        });
        while a.journal.patience().len() < 2 {
            thread::yield_now();
        }
        let rollback = scope.spawn(|| a.roll_back("INC-1"));
        while a.flag() != FlagState::On {
            thread::yield_now();
        }
        assert!(!rollback.is_finished(), "only its record waits");
        assert_eq!(a.rollout.evaluation().next, None, "pages do not wait");
        drop(held);
        assert!(matches!(rollback.join().unwrap(), RolledBack::Recorded(_)));
        drop(earlier.join().unwrap());
    });
}

#[test]
fn the_record_of_a_rollback_has_half_a_second_and_a_command_four() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    a.cut_over();
    let before = a.journal.patience().len();
    a.journal.set(Link::Hangs);
    let refused = a.rollout.open_incident(incident("INC-0"), &order("errors"));
    refused.unwrap_err();
    let taken = a.journal.patience().len();
    let command: Duration = a.journal.patience()[before..].iter().sum();
    assert_eq!(command, Duration::from_secs(4));
    assert!(matches!(a.roll_back("INC-1"), RolledBack::Unrecorded));
    let rollback: Duration = a.journal.patience()[taken..].iter().sum();
    assert!(rollback <= Duration::from_millis(500), "{rollback:?}");
}

#[test]
fn a_command_whose_response_was_lost_stands_once() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    a.journal.set_once(Link::AnswerLost);
    let event = a.cut_over();
    assert_eq!(fleet.store.events().last(), Some(&event));
    assert_eq!(fleet.store.count("phase_changed"), 1);
    assert_eq!(a.flag(), FlagState::Off);

    // The record of a rollback has no time for a second try; the next tick decides it.
    a.journal.set_once(Link::AnswerLost);
    assert!(matches!(a.roll_back("INC-1"), RolledBack::Unrecorded));
    a.rollout.tick();
    assert!(!a.rollout.status().rollback_unrecorded);
    assert_eq!(fleet.rollbacks().len(), 1);
}

#[test]
fn a_command_that_never_arrived_is_refused_as_undecided_or_lands() {
    let fleet = Fleet::new();
    let a = fleet.join("a");
    a.journal.set_once(Link::Hangs);
    a.cut_over();
    assert_eq!(fleet.store.count("phase_changed"), 1);
    a.journal.set(Link::Hangs);
    let refused = a.rollout.transition(Phase::Retired, &order("away"));
    assert!(matches!(
        refused.unwrap_err().kind(),
        RefusalKind::NotJournaled(error) if !error.is_certain()
    ));
}

#[test]
fn each_race_of_two_instances_has_one_winner() {
    for _ in 0..50 {
        let fleet = Fleet::new();
        let members = [fleet.join("a"), fleet.join("b")];
        let won = thread::scope(|scope| {
            let go = |member: &Member| {
                let order = order("go");
                member.rollout.transition(Phase::Cutover, &order).is_ok()
            };
            let threads = [&members[0], &members[1]].map(|member| scope.spawn(move || go(member)));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(fleet.store.count("phase_changed"), 1);
    }
}

#[test]
fn concurrent_rollbacks_are_each_recorded() {
    let fleet = Fleet::new();
    let members = [fleet.join("a"), fleet.join("b")];
    members[0].cut_over();
    members[1].rollout.tick();
    thread::scope(|scope| {
        for member in &members {
            scope.spawn(|| {
                assert!(matches!(member.roll_back("INC-1"), RolledBack::Recorded(_)));
            });
        }
    });
    assert_eq!(fleet.rollbacks().len(), 2);
    for member in &members {
        member.rollout.tick();
        assert_eq!(member.flag(), FlagState::On);
        assert_eq!(member.rollout.status().state.rollbacks.len(), 1);
    }
}

#[test]
fn a_rollback_that_came_too_late_is_on_record_and_refused() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("a"), fleet.join("b"));
    let cutover = a.cut_over();
    b.rollout.tick();
    b.journal.set(Link::Away);
    let held = b.journal.hold();
    thread::scope(|scope| {
        let late = scope.spawn(|| b.rollout.rollback(incident("INC-1"), &order("errors")));
        while b.flag() != FlagState::On {
            thread::yield_now();
        }
        a.rollout
            .transition(Phase::Retired, &order("away"))
            .unwrap();
        b.journal.set(Link::Works);
        drop(held);
        let refusal = late.join().unwrap().unwrap_err();
        assert!(matches!(
            refusal.kind(),
            RefusalKind::CutoverLeft(seq, Phase::Retired) if *seq == cutover.seq
        ));
    });
    assert_eq!(b.flag(), FlagState::Retired);
    assert_eq!(fleet.rollbacks().len(), 1);
}

#[test]
fn another_fingerprint_key_is_refused() {
    let fleet = Fleet::new();
    let open = |instance: &str, key: u8| {
        let detector = detector().build(&FingerprintKey::new([key; 16])).unwrap();
        Rollout::builder(flag(), Policy::permissive())
            .clock(fleet.clock.clone())
            .census(Arc::new(Census::new(&detector)))
            .instance(name(instance), Arc::clone(&fleet.table) as _)
            .open(fleet.store.join())
    };
    let first = open("a", 7).unwrap();
    let error = open("b", 8).unwrap_err();
    assert!(matches!(error.kind(), OpenRolloutErrorKind::Instance(_)));
    assert!(
        error.to_string().contains("another fingerprint key"),
        "{error}"
    );
    open("b", 7).unwrap();
    drop(first);
}

#[test]
fn which_instances_have_applied_an_event_is_known_and_nothing_is_undone() {
    let fleet = Fleet::new();
    let members = ["a", "b", "c", "core-7f9"].map(|name| fleet.join(name));
    let event = members[0].cut_over();
    for member in &members[..3] {
        member.rollout.tick();
    }
    let shown = members[0]
        .rollout
        .await_propagation(event.head(), Duration::ZERO)
        .unwrap();
    assert_eq!(shown.to_string(), "applied by 3 of 4; waiting for core-7f9");
    assert_eq!(members[0].flag(), FlagState::Off);

    // It goes on to tell, and a lost one is not waited for.
    members[3].rollout.tick();
    let shown = members[0]
        .rollout
        .await_propagation(event.head(), Duration::ZERO);
    assert_eq!(shown.unwrap().to_string(), "applied by 4 of 4");
    let event = members[0]
        .rollout
        .open_incident(incident("INC-1"), &order("errors"))
        .unwrap();
    fleet.clock.advance(Duration::from_secs(11));
    for member in &members[..3] {
        member.rollout.tick();
    }
    let shown = members[0]
        .rollout
        .await_propagation(event.head(), Duration::ZERO);
    let shown = shown.unwrap();
    assert_eq!(
        shown.to_string(),
        "applied by 3 of 3; not seen any more: core-7f9"
    );
    assert!(shown.is_complete());
}

#[test]
fn a_follower_applies_what_others_journal_and_reports_it() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("a"), fleet.join("b"));
    let follower = crate::rollout::JournalFollower::start(Arc::clone(&b.rollout)).unwrap();
    let event = a.cut_over();
    let waits = Duration::from_secs(60);
    let shown = a.rollout.await_propagation(event.head(), waits).unwrap();
    assert_eq!(shown.to_string(), "applied by 2 of 2");
    assert_eq!(b.flag(), FlagState::Off);
    drop(follower);
}
