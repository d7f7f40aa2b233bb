//! What an operator waits for: the overview at a million callers, an append to the journal, and its verification.
//!
//! ```text
//! cargo bench --all-features --bench operations
//! ```

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::{Request, StatusCode, header::AUTHORIZATION};
use legacy_http_compat::{
    Contract, LiveContract,
    admin::{Admin, TokenDigest, Tokens, history::History},
    caller::{Caller, Detect, Fingerprint, FingerprintKey, Generation, SignalDetector},
    census::{CallerEvent, Census, Dependence},
    metrics::Metrics,
    rollout::{
        Rollout,
        event::{EventPayload, Incident, NewEvent},
        journal::{FileJournal, Journal, JournalReader, MemoryJournal},
        names::{Actor, FlagName, IncidentId, Reason},
        policy::Policy,
    },
    time::{ManualClock, Timestamp},
    worker::Tick,
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const TOKEN: &str = "the-token-of-a-viewer-who-only-looks";
const CALLERS: u32 = 1_000_000;

/// The shared evaluation is made once: the clock stands still, so that it never becomes old.
fn overview(c: &mut Criterion) {
    let runtime = Runtime::new().expect("threads");
    let (rollout, router) = service();
    let cost = rollout.evaluation().cost;
    println!("the shared evaluation at 1,000,000 callers: {cost:?}");
    let mut group = c.benchmark_group("operations");
    group.sample_size(20);
    group.bench_function("the overview at 1,000,000 callers", |b| {
        b.iter(|| runtime.block_on(page(&router)));
    });
    group.finish();
}

async fn page(router: &Router) {
    let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    let request = request.body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::OK);
    let body = to_bytes(response.into_body(), usize::MAX).await;
    black_box(body.expect("a page in memory"));
}

/// A dashboard over a census with half of its callers depending.
fn service() -> (Arc<Rollout>, Router) {
    let clock = Arc::new(ManualClock::new(1_772_366_400_000));
    let detector =
        SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind");
    let detector = detector
        .build(&FingerprintKey::new([7; 16]))
        .expect("valid settings");
    let census = Census::builder(&detector)
        .capacity(CALLERS as usize)
        .clock(clock.clone());
    let census = Arc::new(census.open().expect("in memory"));
    fill(&census, &detector);
    let metrics = Arc::new(Metrics::new());
    let rollout = Rollout::builder(flag(), Policy::default())
        .clock(clock.clone())
        .census(census.clone())
        .metrics(metrics.clone())
        .contract(LiveContract::new(Contract::device_flow()))
        .open(Arc::new(MemoryJournal::new()));
    let rollout = Arc::new(rollout.expect("an empty journal"));
    let history = History::builder(census, metrics)
        .rollout(rollout.clone())
        .clock(clock);
    let history = Arc::new(history.open().expect("in memory"));
    history.tick();
    let tokens = Tokens::builder()
        .viewer("wall", TokenDigest::of(TOKEN))
        .build();
    let admin = Admin::builder(rollout.clone(), tokens.expect("one token")).history(history);
    (rollout, admin.build().router())
}

fn fill(census: &Census, detector: &SignalDetector) {
    let agent = detector.kinds().find("AGENT").expect("AGENT is in the set");
    let endpoint = census.endpoint("device_poll");
    for caller in 0..CALLERS {
        // Spread over all bits, as a keyed hash is.
        let fingerprint =
            u128::from(caller + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let dependence = if caller % 2 == 0 {
            Dependence::Served
        } else {
            Dependence::None
        };
        census.record(&CallerEvent {
            caller: Caller::new(agent, Generation::Legacy)
                .with_fingerprint(Fingerprint::from_u128(fingerprint)),
            endpoint,
            dependence,
            failed: false,
        });
    }
}

/// An append is acknowledged when journal and head file are on the disk.
fn append(c: &mut Criterion) {
    let directory = Directory::new();
    let journal = FileJournal::open(directory.0.join("journal")).expect("a new file");
    let mut group = c.benchmark_group("operations");
    group
        .sample_size(50)
        .measurement_time(Duration::from_secs(10));
    group.bench_function("an append, journal and head synced", |b| {
        b.iter(|| {
            journal
                .append(journal.head().expect("a head"), incident(0))
                .expect("a disk")
        });
    });
    group.finish();
}

fn verify(c: &mut Criterion) {
    let directory = Directory::new();
    let path = directory.0.join("journal");
    let bytes = large_journal(&path);
    let mut group = c.benchmark_group("operations");
    group
        .throughput(Throughput::Bytes(bytes.len() as u64))
        .sample_size(20);
    group.bench_function("the journal verified", |b| {
        b.iter(|| {
            JournalReader::new(black_box(&bytes[..]))
                .verify()
                .expect("an intact journal")
        });
    });
    group.finish();
}

/// A journal of 2,000 events, some 700 kB.
fn large_journal(path: &Path) -> Vec<u8> {
    let journal = FileJournal::open(path).expect("a new file");
    for number in 0..2_000 {
        let head = journal.head().expect("a head");
        journal.append(head, incident(number)).expect("a disk");
    }
    fs::read(path).expect("it was written")
}

fn incident(number: u32) -> NewEvent {
    let incident = IncidentId::new(format!("INC-{number}")).expect("an id");
    NewEvent::new(
        Timestamp::from_unix_ms(1_772_366_400_000),
        Actor::human("mara").expect("a name"),
        Reason::new("the pollers of the north give up after two minutes, as in March")
            .expect("a reason"),
        EventPayload::IncidentOpened(Incident { incident }),
    )
}

fn flag() -> FlagName {
    FlagName::new("features.auth.device_flow.compat_legacy_http").expect("a flag name")
}

/// A directory that is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("operations-bench-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for temporary files");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

criterion_group!(benches, overview, append, verify);
criterion_main!(benches);
