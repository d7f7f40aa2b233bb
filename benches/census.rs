//! The cost of the census: a response to a known and to a new caller, on one and on two threads; reports and snapshots by
//! number of callers.
//!
//! The figures for two threads need two idle cores: on a busy machine they measure the scheduler, not the census.

use std::{
    hint::black_box,
    io,
    ops::Range,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use legacy_http_compat::{
    caller::{
        Caller, ClientVersion, Detect, Fingerprint, FingerprintKey, Generation, Kind,
        SignalDetector,
    },
    census::{CallerEvent, Census, Dependence, EndpointSlot, ListQuery, SortBy, Window},
};

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];

fn detector() -> SignalDetector {
    SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .expect("these settings are valid")
}

/// The events of some callers.
fn events(census: &Census, callers: Range<u32>) -> impl Iterator<Item = CallerEvent> {
    let agent = detector()
        .kinds()
        .find("AGENT")
        .expect("AGENT is in the set");
    let endpoint = census.endpoint("device_poll");
    callers.map(move |caller| event(agent, endpoint, caller))
}

fn event(agent: Kind, endpoint: EndpointSlot, caller: u32) -> CallerEvent {
    let version = ClientVersion::parse("1.4.2").expect("semver");
    // Spread over all bits, as a keyed hash is.
    let fingerprint =
        u128::from(caller + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    CallerEvent {
        caller: Caller::new(agent, Generation::Legacy)
            .with_fingerprint(Fingerprint::from_u128(fingerprint))
            .with_version(version),
        endpoint,
        dependence: Dependence::Served,
        failed: false,
    }
}

fn census_of(callers: u32) -> Census {
    let census = Census::builder(&detector())
        .capacity(callers as usize)
        .open()
        .expect("in memory");
    events(&census, 0..callers).for_each(|event| census.record(&event));
    census
}

/// The time from the first start to the last end of `threads` threads that record `rounds` responses each, every thread
/// with callers of its own.
fn together(census: &Arc<Census>, threads: u32, rounds: u64, callers: u32) -> Duration {
    let start = Arc::new(Barrier::new(threads as usize + 1));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let (census, start) = (Arc::clone(census), Arc::clone(&start));
            let own = thread * callers..(thread + 1) * callers;
            let known: Vec<_> = events(&census, own).collect();
            thread::spawn(move || {
                start.wait();
                let began = Instant::now();
                for (event, _) in known.iter().cycle().zip(0..rounds) {
                    census.record(black_box(event));
                }
                (began, Instant::now())
            })
        })
        .collect();
    start.wait();
    let spans = workers
        .into_iter()
        .map(|worker| worker.join().expect("no panic"));
    let (began, ended): (Vec<_>, Vec<_>) = spans.unzip();
    let (first, last) = (began.into_iter().min(), ended.into_iter().max());
    last.zip(first)
        .map_or(Duration::ZERO, |(last, first)| last - first)
}

fn record(c: &mut Criterion) {
    let mut group = c.benchmark_group("record");
    for threads in [1, 2] {
        let census = Arc::new(Census::new(&detector()));
        // Throughput shows how threads scale: each thread records one response per iteration.
        group.throughput(Throughput::Elements(threads.into()));
        group.bench_function(BenchmarkId::new("known caller, threads", threads), |b| {
            b.iter_custom(|rounds| together(&census, threads, rounds, 10_000));
        });
    }
    group.throughput(Throughput::Elements(1));
    let census = census_of(20_000);
    let known = events(&census, 77..78).next().expect("one caller");
    group.bench_function("one known caller again and again", |b| {
        b.iter(|| census.record(black_box(&known)));
    });
    let anonymous = CallerEvent {
        caller: Caller::ANONYMOUS_LEGACY,
        ..known
    };
    group.bench_function("anonymous caller", |b| {
        b.iter(|| census.record(black_box(&anonymous)));
    });
    group.finish();
}

fn new_callers(c: &mut Criterion) {
    let mut group = c.benchmark_group("new callers");
    for (name, capacity) in [("with a place", 100_000), ("without a place", 0)] {
        group.throughput(Throughput::Elements(50_000));
        group.bench_function(name, |b| {
            let empty = || {
                Census::builder(&detector())
                    .capacity(capacity)
                    .open()
                    .expect("in memory")
            };
            let census = empty();
            let new: Vec<_> = events(&census, 0..50_000).collect();
            b.iter_batched_ref(
                empty,
                |census| new.iter().for_each(|event| census.record(event)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn reports(c: &mut Criterion) {
    let mut group = c.benchmark_group("callers");
    group.sample_size(10);
    for callers in SIZES {
        let census = census_of(callers);
        group.bench_function(BenchmarkId::new("report of one window", callers), |b| {
            b.iter(|| census.report(black_box(Window::DAY)));
        });
        group.bench_function(BenchmarkId::new("five standard reports", callers), |b| {
            b.iter(|| census.reports(black_box(Window::STANDARD)));
        });
        let query = ListQuery::new(Window::DAY)
            .sort(SortBy::Responses)
            .page(0, 50);
        group.bench_function(BenchmarkId::new("first page of the list", callers), |b| {
            b.iter(|| census.list(black_box(&query)));
        });
    }
    group.finish();
}

fn snapshots(c: &mut Criterion) {
    let directory = std::env::temp_dir().join(format!("census-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the snapshots");
    let mut group = c.benchmark_group("snapshot");
    group.sample_size(10);
    for callers in SIZES {
        let path = directory.join(callers.to_string());
        let builder = Census::builder(&detector())
            .snapshot(path)
            .capacity(callers as usize);
        let census = builder.open().expect("a new snapshot");
        events(&census, 0..callers).for_each(|event| census.record(&event));
        let bytes = census.to_bytes().expect("in memory");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("encode", callers), |b| {
            b.iter(|| census.write_to(io::sink()).expect("a sink takes all"));
        });
        group.bench_function(BenchmarkId::new("write to disk", callers), |b| {
            b.iter(|| census.save().expect("enough disk space"));
        });
        group.bench_function(BenchmarkId::new("read", callers), |b| {
            let builder = Census::builder(&detector()).capacity(callers as usize);
            b.iter(|| {
                builder
                    .clone()
                    .open_bytes(black_box(&bytes))
                    .expect("intact")
            });
        });
    }
    group.finish();
    std::fs::remove_dir_all(&directory).expect("the directory is still there");
}

criterion_group!(benches, record, new_callers, reports, snapshots);
criterion_main!(benches);
