//! What a census of many instances costs.
//!
//! The figures of the guide: `CENSUS_FIGURES=1000000 cargo test --release --all-features --test postgres figures -- --nocapture`.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use legacy_http_compat::{
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kind, SignalDetector},
    census::{
        CallerEvent, Census, Dependence, View, Window,
        fleet::{Batch, CensusStore, FleetCensus},
    },
    postgres::PostgresCensus,
    worker::Tick,
};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, flag, length, percentiles},
    tapped::Tapped,
};

/// How many callers each batch had, how long it took, and how much of the server's processor.
type Batches = Arc<Mutex<Vec<(usize, Duration, Duration)>>>;

fn instance(
    database: &Database,
    callers: usize,
    name: &str,
) -> (Arc<Census>, FleetCensus, Batches) {
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    let local = Arc::new(
        Census::builder(&detector)
            .capacity(callers * 2)
            .open()
            .unwrap(),
    );
    let batches = Batches::default();
    let kept = Arc::clone(&batches);
    let store = database.store();
    let server = server_processes(database);
    let timed = Tapped {
        store: store.census(&flag("flag")).capacity(callers * 2),
        merge: move |store: &PostgresCensus, batch: &Batch, patience| {
            let (begun, used) = (Instant::now(), processor_time(&server));
            let merged = store.merge(batch, patience);
            let used = processor_time(&server).saturating_sub(used);
            let took = (batch.callers(), begun.elapsed(), used);
            kept.lock().unwrap().push(took);
            merged
        },
    };
    let fleet = FleetCensus::new(Arc::clone(&local), Arc::new(timed), name)
        .times_every(Duration::ZERO)
        .patience(LONG);
    fleet.join().unwrap();
    (local, fleet, batches)
}

fn see_all(local: &Census, callers: usize) {
    let endpoint = local.endpoint("poll");
    for caller in 0..callers as u128 {
        // As spread as a keyed hash.
        let fingerprint = (caller + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        local.record(&CallerEvent {
            caller: Caller::new(Kind::OTHER, Generation::Legacy)
                .with_fingerprint(Fingerprint::from_u128(fingerprint)),
            endpoint,
            dependence: Dependence::Served,
            failed: false,
        });
    }
}

/// The server's processes that serve a database.
fn server_processes(database: &Database) -> Vec<String> {
    let pids = database.query(
        "select pid::text from pg_stat_activity where datname = current_database() and application_name = 'legacy-http-compat'",
    );
    pids.iter().map(|row| row.get(0)).collect()
}

/// The processor time of these processes, in steps of ten milliseconds.
fn processor_time(processes: &[String]) -> Duration {
    let time = |process: &String| -> u64 {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let times = [11, 12].iter();
        let times = times.filter_map(|at| fields.get(*at)?.parse::<u64>().ok());
        times.sum()
    };
    Duration::from_millis(processes.iter().map(time).sum::<u64>() * 10)
}

fn number(database: &Database, sql: &str) -> u64 {
    u64::try_from(database.query(sql)[0].get::<_, i64>(0)).unwrap()
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "figures")]
fn figures_of_a_census_in_the_store() {
    let callers = length("CENSUS_FIGURES", 10_000);
    let cluster = Cluster::start(&[], &[]);
    let database = cluster.database();
    let (local, fleet, batches) = instance(&database, callers, "a");
    let wal = || {
        number(
            &database,
            "select (pg_current_wal_insert_lsn() - '0/0')::int8",
        )
    };
    let size = || {
        number(
            &database,
            "select pg_total_relation_size('legacy_http_compat.census_caller')",
        )
    };
    let per = |total: u64, rounds: u64| total as f64 / (callers as u64 * rounds) as f64;
    for (what, rounds) in [("new rows", 1), ("changed rows", 3)] {
        let log = wal();
        for _ in 0..rounds {
            see_all(&local, callers);
            fleet.tick();
        }
        let taken = std::mem::take(&mut *batches.lock().unwrap());
        let (mut rows, mut used) = (0, Duration::ZERO);
        for (callers, _, of) in &taken {
            (rows, used) = (rows + callers, used + *of);
        }
        println!(
            "{what}: {:.1} µs of the server's processor and {:.0} bytes of WAL per row; {:.0} bytes per caller",
            used.as_secs_f64() * 1e6 / rows as f64,
            per(wal() - log, rounds),
            per(size(), 1),
        );
        let full = taken
            .iter()
            .filter(|(rows, ..)| *rows == Batch::MAX_CALLERS);
        println!(
            "a batch of {} {what}: {}",
            Batch::MAX_CALLERS,
            percentiles(full.map(|(_, time, _)| *time).collect())
        );
    }
    let here = ["self".to_owned()];
    let (begun, used) = (Instant::now(), processor_time(&here));
    let (_, reader, _) = instance(&database, callers, "b");
    reader.refresh(1, LONG).unwrap();
    let loaded = (begun.elapsed(), processor_time(&here).saturating_sub(used));
    see_all(&local, callers.min(2_000));
    fleet.tick();
    let (begun, used) = (Instant::now(), processor_time(&here));
    reader.refresh(1, LONG).unwrap();
    let report = reader.census().report(Window::DAY);
    println!(
        "first reading {:?} ({:?} of a processor here); reading 2,000 changes and a report {:?} ({:?})",
        loaded.0,
        loaded.1,
        begun.elapsed(),
        processor_time(&here).saturating_sub(used),
    );
    assert_eq!(report.all.dependent, callers as u64);
    database.execute("vacuum full legacy_http_compat.census_caller");
    println!("compact: {:.0} bytes per caller", per(size(), 1));
}
