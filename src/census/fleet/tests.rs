use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use crate::{
    caller::{
        Caller, ClientVersion, Detect, Fingerprint, FingerprintKey, Generation, Kind,
        SignalDetector,
    },
    census::{
        CallerEvent, CallerState, Census, Dependence, GapCause, Report, View, Window,
        fleet::{FleetCensus, MemoryCensusStore},
    },
    observation::Feeder,
    time::{Clock, ManualClock},
    worker::Tick,
};

const PATIENCE: Duration = Duration::from_secs(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn detector(since: &str) -> SignalDetector {
    SignalDetector::builder(["AGENT", "MCP"])
        .kind_header("x-client-kind")
        .target_since("AGENT", since)
        .build(&FingerprintKey::new([7; 16]))
        .unwrap()
}

/// One instance with a clock of its own.
struct Instance {
    clock: Arc<ManualClock>,
    local: Arc<Census>,
    fleet: FleetCensus,
    feeder: Feeder,
}

impl Instance {
    fn new(store: &Arc<MemoryCensusStore>, name: &str, unix_ms: u64) -> Self {
        Self::with(store, name, unix_ms, "2.0")
    }

    fn with(store: &Arc<MemoryCensusStore>, name: &str, unix_ms: u64, since: &str) -> Self {
        let clock = Arc::new(ManualClock::new(unix_ms));
        let census = Census::builder(&detector(since))
            .clock(Arc::clone(&clock) as _)
            .capacity(1_000);
        let local = Arc::new(census.open().unwrap());
        let feeder = local.feeder();
        let fleet = FleetCensus::new(Arc::clone(&local), store.clone(), name);
        fleet.join().unwrap();
        Self {
            clock,
            local,
            fleet,
            feeder,
        }
    }

    fn see(&self, caller: u128, generation: Generation, dependence: Dependence) {
        self.local.record(&CallerEvent {
            caller: Caller::new(Kind::OTHER, generation)
                .with_fingerprint(Fingerprint::from_u128(caller)),
            endpoint: self.local.endpoint("poll"),
            dependence,
            failed: false,
        });
    }

    fn legacy(&self, caller: u128) {
        self.see(caller, Generation::Legacy, Dependence::Served);
    }

    fn target(&self, caller: u128) {
        self.see(caller, Generation::Target, Dependence::None);
    }

    fn report(&self, processes: u32) -> Report {
        self.fleet.refresh(processes, PATIENCE).unwrap();
        self.fleet.census().report(Window::DAY)
    }

    fn state(&self, caller: u128) -> CallerState {
        self.fleet.refresh(1, PATIENCE).unwrap();
        let rows = self
            .fleet
            .census()
            .caller(Fingerprint::from_u128(caller), Window::DAY);
        rows[0].state
    }
}

/// Instances with one store.
struct Fleet {
    clock: Arc<ManualClock>,
    store: Arc<MemoryCensusStore>,
    all: Vec<Instance>,
}

const START: u64 = 1_700_000_000_000;

impl Fleet {
    fn new(instances: usize) -> Self {
        Self::of(instances, MemoryCensusStore::with_clock)
    }

    fn of(instances: usize, store: impl Fn(Arc<dyn Clock>) -> MemoryCensusStore) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let store = Arc::new(store(Arc::clone(&clock) as _));
        let mut fleet = Self {
            clock,
            store,
            all: Vec::new(),
        };
        for _ in 0..instances {
            fleet.start();
        }
        fleet
    }

    fn start(&mut self) {
        let name = format!("core-{}", self.all.len());
        self.all.push(Instance::new(&self.store, &name, START));
    }

    /// Lets time pass, with a tick of the given instances each second.
    fn run(&self, for_seconds: u64, ticked: &[usize]) {
        for _ in 0..for_seconds {
            self.clock.advance(seconds(1));
            for (at, instance) in self.all.iter().enumerate() {
                instance.clock.advance(seconds(1));
                if ticked.contains(&at) {
                    instance.local.tick();
                    instance.fleet.tick();
                }
            }
        }
    }

    fn gaps(&self, processes: u32) -> Vec<(u64, GapCause)> {
        let report = self.all[0].report(processes);
        let gaps = report.coverage.gaps.iter();
        gaps.filter(|gap| gap.cause != GapCause::Beginning)
            .map(|gap| ((gap.to.unix_ms() - gap.from.unix_ms()) / 1_000, gap.cause))
            .collect()
    }
}

#[test]
fn what_one_instance_counts_all_of_them_show() {
    let fleet = Fleet::new(3);
    fleet.all[0].legacy(1);
    fleet.all[1].legacy(2);
    fleet.all[1].legacy(2);
    fleet.run(1, &[0, 1, 2]);
    for instance in &fleet.all {
        let report = instance.report(3);
        assert_eq!((report.all.dependent, report.all.responses.all), (2, 3));
        let row = &instance
            .fleet
            .census()
            .caller(Fingerprint::from_u128(2), Window::DAY)[0];
        assert_eq!((row.responses, row.dependent_responses), (2, 2));
        assert_eq!(row.endpoints, ["poll"]);
    }
}

#[test]
fn a_caller_migrates_across_instances_and_regresses_across_them() {
    let fleet = Fleet::new(2);
    fleet.all[0].legacy(1);
    fleet.run(5, &[0, 1]);
    fleet.all[1].target(1);
    fleet.run(5, &[0, 1]);
    assert_eq!(fleet.all[0].state(1), CallerState::Migrated);
    fleet.all[0].legacy(1);
    fleet.run(5, &[0, 1]);
    fleet.all[1].target(1);
    fleet.run(5, &[0, 1]);
    let row = &fleet.all[1]
        .fleet
        .census()
        .caller(Fingerprint::from_u128(1), Window::DAY)[0];
    assert_eq!((row.state, row.regressed), (CallerState::Dependent, true));
}

#[test]
fn a_target_sighting_within_the_uncertainty_of_the_clocks_migrates_nothing() {
    let fleet = Fleet::new(2);
    fleet.all[0].legacy(1);
    fleet.all[1].target(1);
    fleet.run(2, &[0, 1]);
    assert_eq!(fleet.all[0].state(1), CallerState::Dependent);
}

#[test]
fn clocks_that_differ_by_hours_change_nothing() {
    let mut fleet = Fleet::new(1);
    fleet
        .all
        .push(Instance::new(&fleet.store, "ahead", START + 7_200_000));
    fleet
        .all
        .push(Instance::new(&fleet.store, "behind", START - 7_200_000));
    fleet.all[1].legacy(1);
    fleet.run(5, &[0, 1, 2]);
    fleet.all[2].target(1);
    fleet.run(5, &[0, 1, 2]);
    assert_eq!(fleet.all[0].state(1), CallerState::Migrated);
    fleet.all[1].legacy(1);
    fleet.run(5, &[0, 1, 2]);
    assert_eq!(fleet.all[0].state(1), CallerState::Dependent);
}

#[test]
fn an_instance_whose_clock_is_set_forward_an_hour_hides_no_dependence() {
    let fleet = Fleet::new(2);
    fleet.run(5, &[0, 1]);
    fleet.all[0].target(1);
    let clock = &fleet.all[0].clock;
    clock.set_unix_ms(clock.unix_ms() + 3_600_000);
    fleet.all[0].local.tick();
    fleet.all[0].target(2);
    fleet.run(5, &[0, 1]);
    // Later than both, by the store's time.
    fleet.all[1].legacy(1);
    fleet.all[1].legacy(2);
    fleet.run(5, &[0, 1]);
    assert_eq!(fleet.all[1].state(1), CallerState::Dependent);
    assert_eq!(fleet.all[1].state(2), CallerState::Dependent);
    fleet.run(130, &[0, 1]);
    let gaps = fleet.gaps(2);
    assert!(
        matches!(gaps[..], [(0..=10, GapCause::ClockJump)]),
        "{gaps:?}"
    );
}

#[test]
fn an_instance_whose_clock_is_set_back_an_hour_hides_no_dependence() {
    let fleet = Fleet::new(2);
    fleet.run(5, &[0, 1]);
    fleet.all[0].legacy(1);
    fleet.all[0].target(2);
    let clock = &fleet.all[0].clock;
    clock.set_unix_ms(clock.unix_ms() - 3_600_000);
    fleet.run(5, &[0, 1]);
    fleet.all[1].target(1);
    fleet.all[1].legacy(2);
    fleet.run(5, &[0, 1]);
    assert_eq!(fleet.all[1].state(1), CallerState::Migrated);
    assert_eq!(fleet.all[1].state(2), CallerState::Dependent);
    fleet.all[0].legacy(1);
    fleet.run(5, &[0, 1]);
    assert_eq!(fleet.all[1].state(1), CallerState::Dependent);
}

#[test]
fn a_store_whose_clock_is_set_back_or_forward_an_hour_hides_no_dependence() {
    for step in [3_600_000, -3_600_000] {
        let fleet = Fleet::new(2);
        fleet.all[0].target(1);
        fleet.run(5, &[0, 1]);
        fleet.store.step_clock(step);
        fleet.run(5, &[0, 1]);
        fleet.all[1].legacy(1);
        fleet.run(5, &[0, 1]);
        assert_eq!(fleet.all[1].state(1), CallerState::Dependent, "{step}");
        fleet.run(5, &[0, 1]);
        fleet.all[0].target(1);
        fleet.run(5, &[0, 1]);
        assert_eq!(fleet.all[1].report(2).all.dependent, 1, "it is mixed");
    }
}

#[test]
fn a_lost_response_of_the_store_counts_nothing_twice() {
    let fleet = Fleet::new(2);
    for round in 0..10 {
        fleet.store.set_loses_responses(round % 2 == 0);
        fleet.all[0].legacy(1);
        fleet.run(1, &[0, 1]);
    }
    fleet.store.set_loses_responses(false);
    fleet.run(61, &[0, 1]);
    let report = fleet.all[1].report(2);
    assert_eq!((report.all.known, report.all.responses.all), (1, 10));
    let row = &fleet.all[1]
        .fleet
        .census()
        .caller(Fingerprint::from_u128(1), Window::DAY)[0];
    assert_eq!(row.responses, 10);
}

#[test]
fn mere_times_are_handed_over_once_a_minute_and_changes_of_state_at_once() {
    let fleet = Fleet::new(2);
    fleet.run(2, &[0, 1]);
    fleet.all[0].legacy(1);
    fleet.run(1, &[0, 1]);
    let seen = || {
        fleet.all[1].fleet.refresh(2, PATIENCE).unwrap();
        fleet.all[1]
            .fleet
            .census()
            .caller(Fingerprint::from_u128(1), Window::DAY)[0]
            .responses
    };
    assert_eq!(seen(), 1);
    fleet.all[0].legacy(1);
    fleet.run(10, &[0, 1]);
    assert_eq!(seen(), 1, "a mere time");
    fleet.all[0].target(1);
    fleet.run(1, &[0, 1]);
    assert_eq!(seen(), 3);
    fleet.all[0].target(1);
    fleet.run(61, &[0, 1]);
    assert_eq!(seen(), 4);
}

#[test]
fn a_partition_that_heals_loses_nothing_and_leaves_no_gap() {
    let fleet = Fleet::new(2);
    fleet.run(70, &[0, 1]);
    fleet.store.set_away(true);
    fleet.all[0].legacy(1);
    fleet.run(600, &[0, 1]);
    assert!(fleet.all[0].fleet.refresh(2, PATIENCE).is_err());
    let report = fleet.all[0].fleet.census().report(Window::DAY);
    let last = report.coverage.gaps.last().unwrap();
    assert_eq!(last.cause, GapCause::StoreUnreachable);
    assert!(last.to.since(last.from) >= seconds(600));
    fleet.store.set_away(false);
    fleet.run(70, &[0, 1]);
    assert_eq!(fleet.gaps(2), []);
    assert_eq!(fleet.all[1].report(2).all.dependent, 1);
}

#[test]
fn a_killed_instance_is_a_gap_for_a_quarter_of_an_hour() {
    let fleet = Fleet::new(3);
    fleet.run(130, &[0, 1, 2]);
    assert_eq!(fleet.gaps(3), []);
    fleet.run(300, &[0, 1]);
    let gaps = fleet.gaps(2);
    assert!(
        matches!(gaps[..], [(240..=370, GapCause::InstanceLost)]),
        "{gaps:?}"
    );
    assert_eq!(fleet.all[0].fleet.exchange().unwrap().lost, ["core-2"]);
    fleet.run(1_200, &[0, 1]);
    let gaps = fleet.gaps(2);
    assert!(
        matches!(gaps[..], [(899..=901, GapCause::InstanceLost)]),
        "{gaps:?}"
    );
    let gaps = fleet.gaps(3);
    assert!(
        matches!(gaps[..], [(1_500.., GapCause::TooFewInstances)]),
        "{gaps:?}"
    );
}

#[test]
fn an_instance_that_is_killed_while_the_store_is_away_is_a_gap_until_the_store_is_back() {
    let mut fleet = Fleet::new(2);
    fleet.run(120, &[0, 1]);
    fleet.store.set_away(true);
    fleet.run(3_000, &[0, 1]);
    // Nothing that it counted in these fifty minutes was handed over.
    fleet.all.truncate(1);
    fleet.run(600, &[0]);
    fleet.store.set_away(false);
    fleet.run(60, &[0]);
    assert!(
        fleet
            .gaps(1)
            .iter()
            .any(|(_, cause)| *cause == GapCause::InstanceLost)
    );
    fleet.run(1_200, &[0]);
    let gaps = fleet.gaps(1);
    let lost = gaps.iter().map(|(seconds, _)| seconds).sum::<u64>();
    assert!((3_600 + 840..3_600 + 1_000).contains(&lost), "{gaps:?}");
    // It is gone by now: a store that is away later says nothing of it.
    fleet.store.set_away(true);
    fleet.run(600, &[0]);
    fleet.store.set_away(false);
    fleet.run(60, &[0]);
    assert_eq!(fleet.gaps(1), gaps);
}

#[test]
fn a_lost_instance_that_is_written_off_is_no_gap_any_more() {
    let fleet = Fleet::new(3);
    fleet.run(130, &[0, 1, 2]);
    fleet.run(100, &[0, 1]);
    assert_eq!(fleet.all[0].fleet.write_off("core-2").unwrap(), 1);
    fleet.run(300, &[0, 1]);
    let gaps = fleet.gaps(2);
    assert!(
        matches!(gaps[..], [(100..=165, GapCause::InstanceLost)]),
        "{gaps:?}"
    );
    // It was only cut off: it goes on as a new run, and loses nothing.
    fleet.all[2].legacy(7);
    fleet.run(70, &[0, 1, 2]);
    assert_eq!(fleet.all[0].report(3).all.dependent, 1);
    assert!(fleet.all[0].fleet.exchange().unwrap().lost.is_empty());
}

#[test]
fn a_rolling_deployment_without_downtime_leaves_no_gap() {
    let mut fleet = Fleet::new(3);
    fleet.run(130, &[0, 1, 2]);
    for old in 0..3 {
        fleet.start();
        let serving: Vec<usize> = (old..fleet.all.len()).collect();
        fleet.run(20, &serving);
        fleet.all[old].legacy(100 + old as u128);
        fleet.all[old].fleet.shutdown();
        fleet.run(20, &serving[1..]);
    }
    fleet.run(70, &[3, 4, 5]);
    let report = fleet.all[5].report(3);
    let gaps: Vec<_> = report
        .coverage
        .gaps
        .iter()
        .filter(|gap| gap.cause != GapCause::Beginning)
        .collect();
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(report.all.dependent, 3);
}

#[test]
fn fewer_instances_than_the_policy_says_are_a_gap() {
    let fleet = Fleet::new(2);
    fleet.run(130, &[0, 1]);
    assert_eq!(fleet.all[0].report(3).coverage.watched_ms, 0);
    let gaps = fleet.all[0].report(3).coverage.gaps;
    assert_eq!(gaps.last().unwrap().cause, GapCause::TooFewInstances);
    assert!(fleet.all[0].report(2).coverage.watched_ms > 60_000);
}

#[cfg(feature = "rollout")]
#[test]
fn a_brownout_is_a_gap_of_all() {
    let fleet = Fleet::new(2);
    fleet.run(300, &[0, 1]);
    for _ in 0..60 {
        fleet.all[0].local.brown_out(true);
        fleet.all[1].local.brown_out(true);
        fleet.run(10, &[0, 1]);
    }
    fleet.all[0].local.brown_out(false);
    fleet.all[1].local.brown_out(false);
    fleet.run(300, &[0, 1]);
    assert_eq!(fleet.gaps(2), [(600, GapCause::Brownout)]);
}

#[test]
fn a_standby_that_is_not_fed_is_no_gap_and_a_fleet_that_is_not_fed_is_one() {
    let mut fleet = Fleet::new(2);
    fleet.run(70, &[0, 1]);
    let spare = fleet.all[1].local.feeder();
    fleet.all[1].feeder = fleet.all[0].local.feeder();
    drop(spare);
    fleet.run(130, &[0, 1]);
    assert_eq!(fleet.gaps(2), []);
    let elsewhere = Census::new(&detector("2.0")).feeder();
    let (first, second) = (elsewhere.clone(), elsewhere);
    fleet.all[0].feeder = first;
    fleet.all[1].feeder = second;
    fleet.run(300, &[0, 1]);
    let gaps = fleet.gaps(2);
    assert!(matches!(gaps[..], [(200.., GapCause::Unfed)]), "{gaps:?}");
}

#[test]
fn callers_beyond_the_capacity_of_the_store_are_estimated_and_block() {
    let fleet = Fleet::of(2, |clock| {
        MemoryCensusStore::with_clock(clock).capacity(100)
    });
    for caller in 1..=300 {
        fleet.all[caller % 2].legacy(caller as u128);
    }
    fleet.run(70, &[0, 1]);
    let report = fleet.all[0].report(2);
    assert_eq!(fleet.all[0].fleet.census().known(), 100);
    let estimate = report.estimate.unwrap();
    assert!((195..=205).contains(&estimate.dependent), "{estimate:?}");
}

#[test]
fn another_detector_restarts_the_window_until_the_last_old_one_has_left() {
    let mut fleet = Fleet::new(1);
    fleet.run(130, &[0]);
    fleet
        .all
        .push(Instance::with(&fleet.store, "new", START, "3.0"));
    fleet.run(130, &[0, 1]);
    let agent_since = |instance: &Instance| {
        instance.fleet.refresh(1, PATIENCE).unwrap();
        let census = instance.fleet.census();
        let watch = census.lock_watch();
        (watch.last.time, watch.rules.kinds[1].1)
    };
    let (now, since) = agent_since(&fleet.all[1]);
    assert!(
        u64::from(since) * 1_000 / 16 + 3_000 > now,
        "the old one is still live"
    );
    fleet.all[0].fleet.shutdown();
    fleet.run(120, &[1]);
    let (now, since) = agent_since(&fleet.all[1]);
    let ago = now - u64::from(since) * 1_000 / 16;
    assert!((118_000..=123_000).contains(&ago), "{ago}");
}

#[test]
fn a_target_sighting_by_rules_that_are_not_in_force_any_more_makes_no_regression() {
    let mut fleet = Fleet::new(1);
    let agent = |instance: &Instance, generation, dependence| {
        instance.local.record(&CallerEvent {
            caller: Caller::new(detector("2.0").kinds().find("AGENT").unwrap(), generation)
                .with_fingerprint(Fingerprint::from_u128(1)),
            endpoint: instance.local.endpoint("poll"),
            dependence,
            failed: false,
        });
    };
    agent(&fleet.all[0], Generation::Legacy, Dependence::Served);
    fleet.run(5, &[0]);
    agent(&fleet.all[0], Generation::Target, Dependence::None);
    fleet.run(5, &[0]);
    fleet.all[0].fleet.shutdown();
    fleet.all.clear();
    for name in ["a", "b"] {
        let ms = fleet.clock.unix_ms();
        fleet
            .all
            .push(Instance::with(&fleet.store, name, ms, "3.0"));
    }
    fleet.run(70, &[0, 1]);
    agent(&fleet.all[0], Generation::Legacy, Dependence::Served);
    fleet.run(5, &[0, 1]);
    agent(&fleet.all[1], Generation::Target, Dependence::None);
    fleet.run(5, &[0, 1]);
    assert_eq!(fleet.all[0].state(1), CallerState::Migrated);
    let ms = fleet.clock.unix_ms();
    let later = Instance::with(&fleet.store, "c", ms, "3.0");
    assert_eq!(later.state(1), CallerState::Migrated, "it reads all anew");

    // By the rules that are in force, it is one.
    agent(&fleet.all[0], Generation::Legacy, Dependence::Served);
    fleet.run(5, &[0, 1]);
    agent(&fleet.all[1], Generation::Target, Dependence::None);
    fleet.run(5, &[0, 1]);
    assert_eq!(fleet.all[0].state(1), CallerState::Dependent);
}

#[cfg(feature = "rollout")]
#[test]
fn a_census_that_began_later_than_its_rollout_says_so_of_its_beginning() {
    use crate::time::Timestamp;

    let fleet = Fleet::new(1);
    fleet.run(70, &[0]);
    fleet.all[0].fleet.refresh(1, PATIENCE).unwrap();
    let census = fleet.all[0].fleet.census();
    let opened = Timestamp::from_unix_ms(START - 3 * 3_600_000);
    census.rollout_opened(opened);
    census.rollout_opened(opened);
    let losses = census.report(Window::DAY).losses;
    assert_eq!(losses.len(), 1);
    assert_eq!(losses[0].at, Timestamp::from_unix_ms(START));
}

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    See {
        instance: usize,
        caller: u128,
        target: bool,
        dependence: Dependence,
    },
    Pass(u64),
    Tick(usize),
    Away(bool),
    Lose(bool),
    Restart(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let dependence = prop_oneof![
        Just(Dependence::None),
        Just(Dependence::Latent),
        Just(Dependence::Served),
        Just(Dependence::Stranded)
    ];
    let see = (0..3_usize, 1..6_u128, any::<bool>(), dependence).prop_map(
        |(instance, caller, target, dependence)| Act::See {
            instance,
            caller,
            target,
            dependence,
        },
    );
    prop_oneof![
        6 => see,
        4 => (1..40_u64).prop_map(Act::Pass),
        4 => (0..3_usize).prop_map(Act::Tick),
        1 => any::<bool>().prop_map(Act::Away),
        1 => any::<bool>().prop_map(Act::Lose),
        1 => (0..3_usize).prop_map(Act::Restart),
    ]
}

/// How much a state stands in the way.
fn weight(state: CallerState) -> u8 {
    match state {
        CallerState::NeverDependent | CallerState::Migrated => 0,
        CallerState::Inactive => 1,
        _ => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fleet_counts_what_one_census_would_and_never_errs_towards_less_dependence(
        acts in prop::collection::vec(act(), 1..120),
        skews in prop::array::uniform3(-5_000..5_000_i64),
    ) {
        let clock = Arc::new(ManualClock::new(START));
        let store = Arc::new(MemoryCensusStore::with_clock(Arc::clone(&clock) as _));
        let truth = Census::builder(&detector("2.0")).clock(Arc::clone(&clock) as _).open().unwrap();
        let start = |at: usize, run: usize| {
            let unix_ms = clock.unix_ms().saturating_add_signed(skews[at]) + run as u64;
            Instance::new(&store, &format!("core-{at}"), unix_ms)
        };
        let mut all: Vec<Instance> = (0..3).map(|at| start(at, 0)).collect();
        let mut runs = 0;
        for act in acts {
            match act {
                Act::See { instance, caller, target, dependence } => {
                    let generation = if target { Generation::Target } else { Generation::Legacy };
                    all[instance].see(caller, generation, dependence);
                    truth.record(&CallerEvent {
                        caller: Caller::new(Kind::OTHER, generation).with_fingerprint(Fingerprint::from_u128(caller)),
                        endpoint: truth.endpoint("poll"),
                        dependence,
                        failed: false,
                    });
                }
                Act::Pass(by) => {
                    clock.advance(seconds(by));
                    for instance in &all {
                        instance.clock.advance(seconds(by));
                    }
                }
                Act::Tick(at) => all[at].fleet.tick(),
                Act::Away(away) => store.set_away(away),
                Act::Lose(loses) => store.set_loses_responses(loses),
                Act::Restart(at) => {
                    store.set_away(false);
                    store.set_loses_responses(false);
                    all[at].fleet.shutdown();
                    runs += 1;
                    all[at] = start(at, runs);
                }
            }
        }
        store.set_away(false);
        store.set_loses_responses(false);
        for instance in &all {
            instance.fleet.shutdown();
        }
        all[0].fleet.refresh(1, PATIENCE).unwrap();
        // One that reads all from the beginning has the same.
        let late = start(0, 1_000);
        late.fleet.refresh(1, PATIENCE).unwrap();
        let (merged, loaded) = (all[0].fleet.census(), late.fleet.census());
        let (report, expected) = (merged.report(Window::DAY), truth.report(Window::DAY));
        prop_assert_eq!(report.all.known, expected.all.known);
        prop_assert_eq!(report.all.responses, expected.all.responses);
        for caller in 1..6 {
            let of = |census: &Census| census.caller(Fingerprint::from_u128(caller), Window::DAY);
            let (found, expected) = (of(&merged), of(&truth));
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert_eq!(found.responses, expected.responses);
                prop_assert_eq!(found.dependent_responses, expected.dependent_responses);
                prop_assert_eq!(found.stranded_responses, expected.stranded_responses);
                prop_assert!(weight(found.state) >= weight(expected.state), "{:?} instead of {:?}", found, expected);
                prop_assert!(!expected.regressed || found.regressed || found.state != CallerState::Dependent);
            }
            let loaded = of(&loaded);
            prop_assert_eq!(found, loaded);
        }
    }

    #[test]
    fn deltas_merge_to_the_same_in_any_order(
        seeds in prop::collection::vec(any::<[u16; 8]>(), 1..8),
        order in any::<prop::sample::Index>(),
    ) {
        let deltas: Vec<_> = seeds.iter().map(made_up).collect();
        let merge = |deltas: &[crate::census::caller_delta::CallerDelta]| {
            let mut all = deltas[0].clone();
            for delta in &deltas[1..] {
                all.merge(delta);
            }
            all
        };
        let forward = merge(&deltas);
        let mut turned = deltas;
        let at = order.index(turned.len());
        turned.rotate_left(at);
        let longest = turned.iter().map(|delta| delta.pause).max();
        let mut other = merge(&turned);
        prop_assert!(Some(other.pause) >= longest);
        other.pause = forward.pause;
        prop_assert_eq!(forward, other);
    }
}

fn made_up(seed: &[u16; 8]) -> crate::census::caller_delta::CallerDelta {
    let [
        first,
        legacy,
        dependent,
        stranded,
        target,
        count,
        pause,
        bits,
    ] = seed.map(u32::from);
    crate::census::caller_delta::CallerDelta {
        fingerprint: 1,
        kind: 0,
        flags: u8::try_from(bits & 0b1_1110).unwrap(),
        pause: seed[6] / 64,
        endpoints: u64::from(pause | bits),
        first_seen: first,
        last_legacy: legacy,
        last_dependent: dependent.min(legacy),
        last_stranded: stranded.min(dependent).min(legacy),
        first_target: target.min(first),
        last_target: target,
        responses: count.into(),
        dependent: u64::from(count / 2),
        stranded: u64::from(count / 4),
        version: ClientVersion::parse(format!("{}.{}", bits % 5, count % 3))
            .unwrap()
            .as_str()
            .to_owned(),
    }
}
