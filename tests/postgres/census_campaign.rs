//! Four processes that share a census while callers wander between them, processes are killed and the server restarts.
//!
//! `CENSUS_CALLERS`, `CENSUS_ROUNDS`, `CENSUS_KILLS` and `CENSUS_RESTARTS` set its length. The campaign of the figures:
//! `CENSUS_CALLERS=100000 CENSUS_ROUNDS=3 CENSUS_KILLS=8 CENSUS_RESTARTS=3 cargo test --all-features --test postgres campaign --
//! --nocapture`.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use legacy_http_compat::{
    caller::{Detect, Fingerprint, FingerprintKey, IdentitySignal, SignalDetector},
    census::{CallerState, Census, GapCause, View, Window, fleet::FleetCensus},
};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, eventually, flag, length},
    process::example,
};

const FLAG: &str = "features.auth.device_flow.compat_legacy_http";

const PROCESSES: usize = 4;

/// One run of a process.
struct Run {
    child: Child,
    url: String,
}

impl Run {
    fn start(database: &Database, at: usize) -> Self {
        let mut child = Command::new(example("fleet"))
            .args([&database.url(), &format!("core-{at}"), "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line
            .trim_end()
            .strip_prefix("listening on ")
            .expect(&line)
            .to_owned();
        Self { child, url }
    }

    fn stop(&mut self) {
        let interrupt = format!("kill -INT {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &interrupt])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Fails where it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process as callers find it: where it is, and which of its runs.
#[derive(Clone)]
struct Found {
    url: Arc<str>,
    run: usize,
}

/// A response that a caller got.
#[derive(Clone, Copy, Debug)]
struct Seen {
    process: usize,
    run: usize,
    sent: u64,
    received: u64,
    target: bool,
}

/// What is true of a caller.
#[derive(Clone, Debug, Default)]
struct Truth {
    seen: Vec<Seen>,
    /// Requests without a response, which may have been counted.
    unknown: u64,
}

fn now() -> u64 {
    u64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap()
}

fn detector() -> SignalDetector {
    SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .version_header("x-client-version")
        .target_since("AGENT", "2.0")
        .identity(IdentitySignal::header("x-client-id"))
        .build(&FingerprintKey::new([7; 16]))
        .unwrap()
}

fn fingerprint(detector: &SignalDetector, caller: usize) -> Fingerprint {
    let request = http::Request::builder()
        .header("x-client-kind", "AGENT")
        .header("x-client-id", format!("caller-{caller}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    detector.detect(&parts).fingerprint().unwrap()
}

/// The callers of one thread: each polls in every round, at a process by chance, and half of them are upgraded on the way.
async fn wander(
    callers: Vec<usize>,
    rounds: usize,
    processes: Arc<RwLock<Vec<Found>>>,
    done: Arc<AtomicUsize>,
) -> Vec<(usize, Truth)> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let mut truth: Vec<(usize, Truth)> = callers
        .into_iter()
        .map(|caller| (caller, Truth::default()))
        .collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64 ^ truth.len() as u64;
    for round in 0..rounds {
        // An upgrade takes longer than clocks may differ, and than an instance takes to hand over what changed.
        let pause = if round + 1 == rounds { 4 } else { 2 };
        tokio::time::sleep(Duration::from_secs(pause)).await;
        for (caller, truth) in &mut truth {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let process = usize::try_from(random >> 33).unwrap() % PROCESSES;
            let target = round + 1 == rounds && *caller % 2 == 0;
            let found = processes.read().unwrap()[process].clone();
            let sent = now();
            let request = client
                .post(format!("{}/api/v1/auth/clients/device/poll", found.url))
                .header("x-client-kind", "AGENT")
                .header("x-client-id", format!("caller-{caller}"))
                .header("x-client-version", if target { "2.0" } else { "1.0" });
            match request.send().await {
                Ok(response) => {
                    assert_eq!(response.status(), if target { 200 } else { 401 });
                    truth.seen.push(Seen {
                        process,
                        run: found.run,
                        sent,
                        received: now(),
                        target,
                    });
                }
                Err(_) => truth.unknown += 1,
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    truth
}

#[test]
fn a_campaign_of_kills_and_restarts_loses_only_what_lies_in_gaps() {
    let callers = length("CENSUS_CALLERS", 1_500);
    let rounds = length("CENSUS_ROUNDS", 6);
    let (kills, restarts) = (length("CENSUS_KILLS", 2), length("CENSUS_RESTARTS", 1));
    let cluster = Cluster::start(&[], &[]);
    let database = cluster.database();
    let mut runs: Vec<Run> = (0..PROCESSES).map(|at| Run::start(&database, at)).collect();
    let found = runs.iter().map(|run| Found {
        url: run.url.as_str().into(),
        run: 0,
    });
    let processes = Arc::new(RwLock::new(found.collect::<Vec<_>>()));
    let (done, total) = (Arc::new(AtomicUsize::new(0)), callers * rounds);
    let truth: Arc<Mutex<Vec<(usize, Truth)>>> = Arc::default();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let own: Vec<usize> = (0..callers).filter(|caller| caller % 4 == thread).collect();
            let (processes, done, truth) = (
                Arc::clone(&processes),
                Arc::clone(&done),
                Arc::clone(&truth),
            );
            thread::spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let seen = runtime
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(wander(own, rounds, processes, done));
                truth.lock().unwrap().extend(seen);
            })
        })
        .collect();
    let faults = kills + restarts;
    for fault in 0..faults {
        let at = total * (fault + 1) / (faults + 1);
        eventually_long("the callers go on", || done.load(Ordering::Relaxed) >= at);
        if fault % (faults / restarts.max(1)).max(1) == 0
            && fault / (faults / restarts.max(1)).max(1) < restarts
        {
            cluster.command(if fault == 0 { "crash" } else { "kill" });
            thread::sleep(Duration::from_millis(500));
            cluster.command("start");
        } else {
            let process = fault % PROCESSES;
            runs[process] = {
                let _ = runs[process].child.kill();
                let _ = runs[process].child.wait();
                Run::start(&database, process)
            };
            let mut processes = processes.write().unwrap();
            let run = processes[process].run + 1;
            processes[process] = Found {
                url: runs[process].url.as_str().into(),
                run,
            };
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    runs.iter_mut().for_each(Run::stop);
    let mut truth = std::mem::take(&mut *truth.lock().unwrap());
    truth.sort_by_key(|(caller, _)| *caller);
    judge(&database, &truth, (kills, restarts));
}

/// Compares what the store has with what is true.
fn judge(database: &Database, truth: &[(usize, Truth)], (kills, restarts): (usize, usize)) {
    let watched = watched_to(database);
    let store = database.store();
    let local = Arc::new(Census::new(&detector()));
    let reader = FleetCensus::new(local, Arc::new(store.census(&flag(FLAG))), "reader");
    eventually("the census is read", || reader.refresh(4, LONG).is_ok());
    let census = reader.census();
    let gaps = census.report(Window::DAY).coverage.gaps;
    let detector = detector();
    let (mut all, mut counted, mut uncertain, mut lost_bound) = (0, 0_u64, 0, 0);
    let (mut migrated, mut upgraded) = (0, 0);
    for (caller, truth) in truth {
        let is_watched = |seen: &Seen| seen.received <= watched[seen.process][seen.run];
        let rows = census.caller(fingerprint(&detector, *caller), Window::DAY);
        let responses = rows.first().map_or(0, |row| u64::from(row.responses));
        let sure = truth.seen.iter().filter(|seen| is_watched(seen)).count() as u64;
        let most = truth.seen.len() as u64 + truth.unknown;
        assert!(
            (sure..=most).contains(&responses),
            "{responses} of {sure} to {most}: {truth:?} {rows:?}"
        );
        for seen in truth.seen.iter().filter(|seen| !is_watched(seen)) {
            lost_bound += 1;
            let in_gap = gaps
                .iter()
                .any(|gap| gap.from.unix_ms() <= seen.received && seen.sent <= gap.to.unix_ms());
            assert!(in_gap, "{seen:?} in none of {gaps:?}");
        }
        (all, counted, uncertain) = (
            all + truth.seen.len() as u64,
            counted + responses,
            uncertain + truth.unknown,
        );
        let Some(last) = truth
            .seen
            .iter()
            .filter(|seen| is_watched(seen))
            .max_by_key(|seen| seen.sent)
        else {
            continue;
        };
        let state = rows[0].state;
        if !last.target && truth.unknown == 0 && truth.seen.iter().all(is_watched) {
            assert_eq!(state, CallerState::Dependent, "a false zero: {truth:?}");
        }
        if last.target {
            upgraded += 1;
            migrated += u64::from(state == CallerState::Migrated);
        }
    }
    let sums = database
        .query("select coalesce(sum(responses), 0)::int8 from legacy_http_compat.census_caller");
    assert_eq!(
        u64::try_from(sums[0].get::<_, i64>(0)).unwrap(),
        counted,
        "all callers are known"
    );
    println!(
        "{} callers, {PROCESSES} processes, {kills} kills, {restarts} restarts of the server: {all} responses, {counted} counted, \
         {uncertain} without response, {lost_bound} later than what was handed over, all of these in gaps; {migrated} of {upgraded} \
         upgraded ones migrated; 0 false zeros",
        truth.len(),
    );
    assert!(all <= counted + lost_bound, "what was watched is whole");
    assert!(migrated * 10 >= upgraded * 9, "{migrated} of {upgraded}");
    assert!(gaps.iter().any(|gap| gap.cause == GapCause::InstanceLost) || kills == 0);
}

/// Up to when each run of each process is known to have watched, by the clock of this machine.
fn watched_to(database: &Database) -> Vec<Vec<u64>> {
    let rows = database.query(
        "select m.name, coalesce((select max(i.until) from legacy_http_compat.census_interval i \
            where i.census = m.census and i.name = m.name and i.started = m.started and not i.fed), 0) + c.base \
        from legacy_http_compat.census_member m join legacy_http_compat.census c on c.id = m.census order by m.name, m.started",
    );
    let of = |process: usize| {
        let name = format!("core-{process}");
        let own = rows.iter().filter(|row| row.get::<_, &str>(0) == name);
        own.map(|row| row.get::<_, i64>(1).unsigned_abs()).collect()
    };
    (0..PROCESSES).map(of).collect()
}

/// Waits as long as a long campaign takes.
fn eventually_long(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..360_000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("not in time: {what}");
}
