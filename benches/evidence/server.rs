//! The service under test: one process with a whole migration on a data directory.

use std::{
    fs,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::Request;
use legacy_http_compat::{
    caller::{Detect, Fingerprint, FingerprintKey, IdentitySignal, SignalDetector},
    contract::{Contract, Endpoint, LegacyShape, Outcome},
    middleware::LegacyHttpCompat,
    migration::Migration,
    rollout::policy::Policy,
    time::ManualClock,
    worker::Tick,
};
use tower::{Layer, ServiceExt};

use crate::{
    handler::Handler,
    installation::{Installation, KINDS, Reply, Version},
    times::HOUR,
};

/// Longer than the simulation's ticks.
const HEARTBEAT_LIMIT: u64 = 3 * HOUR;

/// What differs from one start of the process to the next.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) policy: Policy,
    pub(crate) capacity: usize,
    pub(crate) contract: u32,
    pub(crate) detector: u32,
    /// The header with the identifier of an installation.
    pub(crate) identity: &'static str,
}

pub(crate) struct Server {
    dir: PathBuf,
    clock: Arc<ManualClock>,
    pub(crate) settings: Settings,
    /// `None` while the process is down.
    migration: Option<Migration>,
    /// The handler in the layer; `None` while it runs without.
    service: Option<LegacyHttpCompat<Handler>>,
}

impl Server {
    pub(crate) fn start(dir: &Path, clock: Arc<ManualClock>, settings: Settings) -> Self {
        let mut server = Self {
            dir: dir.to_owned(),
            clock,
            settings,
            migration: None,
            service: None,
        };
        server.open();
        server
    }

    pub(crate) fn open(&mut self) {
        let settings = &self.settings;
        let migration = Migration::builder(contract(settings.contract), detector(settings))
            .flag_name("features.simulated")
            .data_dir(&self.dir)
            .policy(settings.policy.clone())
            .clock(Arc::clone(&self.clock) as _)
            .census(|census| {
                let census = census.capacity(settings.capacity);
                // The simulation ticks seldom, and saves when it means to.
                let census = census.heartbeat_limit(Duration::from_millis(HEARTBEAT_LIMIT));
                census.snapshot_every(Duration::from_secs(1 << 32))
            })
            .without_worker();
        let migration = migration.open().expect("the files are intact");
        self.service = Some(migration.layer().layer(Handler));
        self.migration = Some(migration);
    }

    pub(crate) fn is_up(&self) -> bool {
        self.migration.is_some()
    }

    /// Whether calls are observed.
    pub(crate) fn observes(&self) -> bool {
        self.service.is_some()
    }

    /// The migration of a process that is up.
    pub(crate) fn migration(&self) -> &Migration {
        self.migration.as_ref().expect("the process is up")
    }

    pub(crate) fn tick(&self) {
        Tick::tick(self.migration());
    }

    pub(crate) fn tick_census(&self) {
        self.migration().census().tick();
    }

    pub(crate) fn save(&self) {
        let census = self.migration().census();
        census.save().expect("the disk takes it");
    }

    pub(crate) fn shut_down(&mut self) {
        self.service = None;
        if let Some(migration) = self.migration.take() {
            migration.shutdown();
        }
    }

    /// Ends the process without its last work.
    pub(crate) fn kill(&mut self) {
        self.service = None;
        self.migration = None;
    }

    pub(crate) fn lose_snapshot(&self) {
        let snapshot = self.dir.join(Migration::SNAPSHOT);
        if snapshot.exists() {
            fs::remove_file(snapshot).expect("the file is there");
        }
    }

    pub(crate) fn remove_layer(&mut self) {
        self.service = None;
    }

    pub(crate) fn put_layer_back(&mut self) {
        let layer = self.migration.as_ref().map(Migration::layer);
        self.service = layer.map(|layer| layer.layer(Handler));
    }

    /// Serves another contract with the same shapes.
    pub(crate) fn serve_new_contract(&mut self) {
        self.settings.contract += 1;
        if let Some(migration) = &self.migration {
            migration
                .contract()
                .replace(contract(self.settings.contract));
        }
    }

    /// One call of an installation, through the layer if it is there.
    pub(crate) fn call(&self, installation: &Installation, reply: Reply) {
        let Some(service) = &self.service else {
            return;
        };
        let mut request = self.request(installation, reply);
        request.extensions_mut().insert(reply);
        let response = pin!(service.clone().oneshot(request));
        match response.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(_)) => {}
            Poll::Pending => unreachable!("nothing here waits"),
        }
    }

    /// The fingerprint that the census knows it by.
    pub(crate) fn fingerprint(&self, installation: &Installation) -> Option<Fingerprint> {
        let (head, ()) = self.request(installation, Reply::Started).into_parts();
        detector(&self.settings).detect(&head).fingerprint()
    }

    fn request(&self, installation: &Installation, reply: Reply) -> Request<()> {
        let path = if reply == Reply::Started {
            "/start"
        } else {
            "/poll"
        };
        let mut request = Request::post(path);
        match installation.version {
            Version::Unnamed => request = request.header("user-agent", "reqwest/0.12"),
            Version::Old => {
                request = request.header("x-client-kind", installation.kind);
                request = request.header("x-client-version", "1.9.0");
            }
            Version::New => {
                request = request.header("x-client-kind", installation.kind);
                request = request.header("x-client-version", "2.1.0");
            }
        }
        if let Some(identifier) = installation.identifier() {
            request = request.header(self.settings.identity, identifier.to_string());
        }
        request.body(()).expect("these headers are valid")
    }
}

fn contract(revision: u32) -> Contract {
    let pending = Outcome::new("PENDING", 200)
        .field("/status", "PENDING")
        .legacy(LegacyShape::new(403));
    let approved = Outcome::new("APPROVED", 200).field("/status", "APPROVED");
    let poll = Endpoint::post("poll", "/poll")
        .outcome(pending)
        .outcome(approved);
    let start = Endpoint::post("start", "/start").outcome(Outcome::new("STARTED", 200));
    let revision = format!("revision_{revision}");
    let revision = Endpoint::post(revision.clone(), format!("/{revision}"));
    let contract = Contract::builder().endpoint(poll).endpoint(start);
    contract
        .endpoint(revision)
        .build()
        .expect("the contract has no faults")
}

/// Each revision says the same of every client.
fn detector(settings: &Settings) -> SignalDetector {
    let target = format!("2.0.{}", settings.detector);
    let detector = SignalDetector::builder(KINDS)
        .kind_header("x-client-kind")
        .version_header("x-client-version")
        .identity(IdentitySignal::header(settings.identity));
    let detector = KINDS.iter().fold(detector, |detector, kind| {
        detector.target_since(*kind, target.as_str())
    });
    detector
        .build(&FingerprintKey::new([7; 16]))
        .expect("the detector has no faults")
}
