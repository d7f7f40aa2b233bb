//! The census of several instances.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use legacy_http_compat::{
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kind, SignalDetector},
    census::{
        CallerEvent, Census, Dependence, View, Window,
        fleet::{Batch, CensusStore, CensusStoreError, FleetCensus, Merged},
    },
    observation::Feeder,
    postgres::{PostgresCensus, PostgresStore},
    worker::Tick,
};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, eventually, flag},
    tapped::Tapped,
};

/// One instance, with a connection of its own.
pub(crate) struct Instance {
    pub(crate) local: Arc<Census>,
    pub(crate) fleet: FleetCensus,
    _feeder: Feeder,
}

impl Instance {
    pub(crate) fn new(store: impl CensusStore + 'static, name: &str) -> Self {
        Self::with_key(Arc::new(store), name, 7).unwrap()
    }

    fn with_key(
        store: Arc<dyn CensusStore>,
        name: &str,
        key: u8,
    ) -> Result<Self, CensusStoreError> {
        let detector = SignalDetector::builder(["AGENT"])
            .kind_header("x-client-kind")
            .build(&FingerprintKey::new([key; 16]))
            .unwrap();
        let local = Arc::new(Census::builder(&detector).capacity(100_000).open().unwrap());
        let feeder = local.feeder();
        let fleet = FleetCensus::new(Arc::clone(&local), store, name)
            .times_every(Duration::ZERO)
            .patience(LONG);
        fleet.join()?;
        Ok(Self {
            local,
            fleet,
            _feeder: feeder,
        })
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

    pub(crate) fn legacy(&self, caller: u128) {
        self.see(caller, Generation::Legacy, Dependence::Served);
    }

    pub(crate) fn target(&self, caller: u128) {
        self.see(caller, Generation::Target, Dependence::None);
    }

    pub(crate) fn census(&self) -> Arc<Census> {
        self.fleet.refresh(1, LONG).unwrap();
        self.fleet.census()
    }
}

pub(crate) fn census(database: &Database) -> PostgresCensus {
    // It lives as long as the census does.
    let store: PostgresStore = database.store();
    store.census(&flag("flag"))
}

#[test]
fn what_one_instance_counts_all_show_whether_they_follow_or_load() {
    let database = Cluster::shared().database();
    let (a, b) = (
        Instance::new(census(&database), "a"),
        Instance::new(census(&database), "b"),
    );
    for caller in 1..=5_000 {
        a.legacy(caller);
    }
    a.fleet.tick();
    thread::sleep(Duration::from_millis(200));
    for caller in 1..=2_500 {
        b.target(caller);
    }
    b.legacy(6_000);
    b.fleet.tick();
    a.fleet.tick();
    let c = Instance::new(census(&database), "c");
    for instance in [&a, &b, &c] {
        let report = instance.census().report(Window::DAY);
        assert_eq!((report.all.known, report.all.migrated), (5_001, 2_500));
        assert_eq!(
            (report.all.dependent, report.all.responses.all),
            (2_501, 7_501)
        );
    }
    let rows = |instance: &Instance| {
        instance
            .census()
            .caller(Fingerprint::from_u128(1), Window::DAY)
    };
    let (followed, loaded) = (rows(&b), rows(&c));
    assert_eq!(followed[0].state, loaded[0].state);
    assert_eq!((loaded[0].responses, loaded[0].dependent_responses), (2, 1));
    assert_eq!(loaded[0].endpoints, ["poll"]);
}

#[test]
fn an_instance_with_another_key_is_refused() {
    let database = Cluster::shared().database();
    let _a = Instance::new(census(&database), "a");
    let refused = Instance::with_key(Arc::new(census(&database)), "b", 8)
        .err()
        .unwrap();
    assert!(
        matches!(refused, CensusStoreError::OtherKey { .. }),
        "{refused}"
    );
}

#[test]
fn a_new_epoch_begins_an_empty_census_and_the_old_instances_count_for_nothing() {
    let database = Cluster::shared().database();
    let a = Instance::new(census(&database), "a");
    a.legacy(1);
    a.fleet.tick();
    let key = FingerprintKey::new([8; 16])
        .key_check()
        .as_u64()
        .cast_signed();
    database.execute(&format!(
        "insert into legacy_http_compat.epoch (flag, number, key_check) values ('flag', 2, {key})"
    ));
    let b = Instance::with_key(Arc::new(census(&database)), "b", 8).unwrap();
    a.legacy(2);
    a.fleet.tick();
    b.legacy(3);
    b.fleet.tick();
    b.fleet.tick();
    let report = b.census().report(Window::DAY);
    assert_eq!((report.all.known, report.all.responses.all), (1, 1));
    assert_eq!(
        report.coverage.watched_ms, 0,
        "one that serves does not watch"
    );
    a.fleet.shutdown();
    b.fleet.tick();
    thread::sleep(Duration::from_millis(1_500));
    b.fleet.tick();
    assert!(b.census().report(Window::DAY).coverage.watched_ms > 0);
}

#[test]
fn a_million_forged_fingerprints_are_bounded() {
    // As many as `CENSUS_FORGED` says.
    let forged = crate::database::length("CENSUS_FORGED", 20_000) as u128;
    let database = Cluster::shared().database();
    let store = || census(&database).capacity(1_000);
    let (a, b) = (Instance::new(store(), "a"), Instance::new(store(), "b"));
    for round in 0..forged / 10_000 {
        for caller in round * 10_000..(round + 1) * 10_000 {
            a.legacy(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128.wrapping_mul(caller + 1));
        }
        a.fleet.tick();
        a.fleet.tick();
    }
    let rows = database.query("select count(*) from legacy_http_compat.census_caller");
    assert_eq!(rows[0].get::<_, i64>(0), 1_000);
    let report = b.census().report(Window::DAY);
    let off = report
        .all
        .dependent
        .abs_diff(u64::try_from(forged).unwrap());
    assert!(
        u128::from(off) * 100 < forged * 4,
        "{} of {forged}",
        report.all.dependent
    );
    let c = Instance::new(store(), "c");
    assert_eq!(
        c.census().report(Window::DAY).all.dependent,
        report.all.dependent
    );
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// All rows that do not say when or by which change something was merged. The longest pause depends on the order.
const CONTENT: &str = "select 'caller', row(fingerprint, kind, flags, endpoints, first_seen, last_legacy, last_dependent, last_stranded, \
    first_target, last_target, responses, dependent, stranded, version)::text from legacy_http_compat.census_caller \
    union all select 'responses', row(width, number, kind, counts)::text from legacy_http_compat.census_responses \
    union all select 'failures', row(hour, endpoint, worked, failed)::text from legacy_http_compat.census_failures \
    union all select 'interval', row(name, fed, since, until, before)::text from legacy_http_compat.census_interval \
    union all select 'callers', callers::text from legacy_http_compat.census order by 1, 2";

#[test]
fn batches_in_any_order_and_any_number_of_times_give_the_same_rows() {
    let rounds = crate::database::length("CENSUS_ORDERS", 6);
    let mut random = Random(42);
    let database = Cluster::shared().database();
    let store = Arc::new(census(&database));
    // Four instances that see the same callers, and whose batches are kept and not sent.
    let recorders: Vec<(Arc<Mutex<Vec<Batch>>>, Instance)> = (0..4)
        .map(|at| {
            let batches = Arc::<Mutex<Vec<Batch>>>::default();
            let kept = Arc::clone(&batches);
            let recorder = Tapped {
                store: census(&database),
                merge: move |_: &PostgresCensus, batch: &Batch, _| {
                    kept.lock().unwrap().push(batch.clone());
                    Ok(Merged::default())
                },
            };
            (batches, Instance::new(recorder, &format!("core-{at}")))
        })
        .collect();
    for _ in 0..5 {
        for (_, instance) in &recorders {
            for _ in 0..100 {
                let caller = random.below(60) as u128;
                match random.below(4) {
                    0 => instance.target(caller),
                    1 => instance.see(caller, Generation::Legacy, Dependence::Latent),
                    2 => instance.see(caller, Generation::Legacy, Dependence::Stranded),
                    _ => instance.legacy(caller),
                }
            }
            instance.fleet.tick();
        }
        thread::sleep(Duration::from_millis(80));
    }
    let batches: Vec<Vec<Batch>> = recorders
        .iter()
        .map(|(batches, _)| batches.lock().unwrap().clone())
        .collect();
    assert!(batches.iter().all(|batches| batches.len() >= 5));
    let mut first = None;
    for round in 0..rounds {
        // The runs are known, and all else is gone.
        for table in [
            "caller",
            "responses",
            "failures",
            "interval",
            "overflow",
            "change",
        ] {
            database.execute(&format!("delete from legacy_http_compat.census_{table}"));
        }
        database.execute("update legacy_http_compat.census set callers = 0; update legacy_http_compat.census_member set batch = 0");
        let mut next = [0; 4];
        while let Some(of) = next_of(&mut random, &next, &batches) {
            let sent = next[of];
            store.merge(&batches[of][sent], LONG).unwrap();
            next[of] += 1;
            if random.below(2) == 0 {
                // Any that was merged before.
                store
                    .merge(&batches[of][random.below(sent + 1)], LONG)
                    .unwrap();
            }
        }
        let rows: Vec<(String, String)> = database
            .query(CONTENT)
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        assert!(rows.len() > 60);
        match &first {
            None => first = Some(rows),
            Some(first) => assert_eq!(*first, rows, "round {round}"),
        }
    }
}

/// An instance that has a batch left.
fn next_of(random: &mut Random, next: &[usize; 4], batches: &[Vec<Batch>]) -> Option<usize> {
    let left: Vec<usize> = (0..4).filter(|of| next[*of] < batches[*of].len()).collect();
    (!left.is_empty()).then(|| left[random.below(left.len())])
}

#[test]
fn a_clock_of_the_store_that_is_set_back_moves_its_time_on() {
    let database = Cluster::shared().database();
    let (a, b) = (
        Instance::new(census(&database), "a"),
        Instance::new(census(&database), "b"),
    );
    a.target(1);
    a.fleet.tick();
    // The time is an hour ahead of the clock, as after a clock that was set back.
    database.execute("update legacy_http_compat.census set time = time + 3600000");
    b.legacy(1);
    b.fleet.tick();
    b.fleet.tick();
    let row = &b.census().caller(Fingerprint::from_u128(1), Window::DAY)[0];
    assert!(row.last_legacy > row.last_target);
    let rows = database.query("select shift from legacy_http_compat.census");
    let shift: i64 = rows[0].get(0);
    assert!((3_590_000..=3_600_000).contains(&shift), "{shift}");
}

#[test]
fn a_restart_of_the_store_loses_and_doubles_nothing() {
    let cluster = Cluster::start(&[], &[]);
    let database = cluster.database();
    let a = Instance::new(census(&database), "a");
    let b = Instance::new(census(&database), "b");
    for round in 0..6_u128 {
        if round % 2 == 1 {
            cluster.command(if round == 1 { "crash" } else { "kill" });
        }
        for caller in 0..500 {
            a.legacy(round * 100 + caller);
            b.legacy(caller);
        }
        a.fleet.tick();
        b.fleet.tick();
        if round % 2 == 1 {
            cluster.command("start");
        }
    }
    eventually("all is handed over", || {
        a.fleet.tick();
        b.fleet.tick();
        b.fleet.refresh(1, LONG).is_ok()
            && b.fleet.census().report(Window::DAY).all.responses.all == 6_000
    });
    let report = b.census().report(Window::DAY);
    assert_eq!(
        (report.all.known, report.all.responses.dependent),
        (1_000, 6_000)
    );
    let sums = database.query("select sum(responses)::int8 from legacy_http_compat.census_caller");
    assert_eq!(sums[0].get::<_, i64>(0), 6_000);
}

#[test]
fn a_store_that_lost_its_last_changes_is_read_anew_and_what_they_had_is_a_gap() {
    let database = Cluster::shared().database();
    let (a, b) = (
        Instance::new(census(&database), "a"),
        Instance::new(census(&database), "b"),
    );
    a.legacy(1);
    a.fleet.tick();
    for table in ["census", "census_caller", "census_member"] {
        database.execute(&format!(
            "create table {table} as table legacy_http_compat.{table}"
        ));
    }
    a.legacy(2);
    a.fleet.tick();
    assert_eq!(b.census().report(Window::DAY).all.known, 2);
    database.execute(
        "delete from legacy_http_compat.census_caller where change > (select change from census); \
        delete from legacy_http_compat.census_change where number > (select change from census); \
        update legacy_http_compat.census_member m set batch = o.batch from census_member o where m.name = o.name; \
        update legacy_http_compat.census c set change = o.change, callers = o.callers from census o",
    );
    assert_eq!(b.census().report(Window::DAY).all.known, 1);
    a.legacy(3);
    a.fleet.tick();
    a.fleet.tick();
    assert_eq!(b.census().report(Window::DAY).all.known, 2);
    let runs =
        database.query("select count(*) from legacy_http_compat.census_member where name = 'a'");
    assert_eq!(runs[0].get::<_, i64>(0), 2);
}

#[test]
fn a_binary_that_does_not_know_the_census_goes_on_beside_it() {
    let database = Cluster::shared().database();
    let needs = database.query("select max(needs) from legacy_http_compat.migration");
    assert_eq!(
        needs[0].get::<_, i32>(0),
        3,
        "what added the census needs no newer binary"
    );
    // The schema of the release before: this binary refuses it until it is migrated.
    database.execute("delete from legacy_http_compat.migration where number = 4");
    let refused = database.builder().open().err().unwrap().to_string();
    assert!(refused.contains("migration 3 of 4"), "{refused}");
}
