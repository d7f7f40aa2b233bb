//! The service under test: one process with a whole migration, or several that share one census.

use std::{
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::Request;
use legacy_http_compat::{
    caller::{Detect, Fingerprint, FingerprintKey, IdentitySignal, SignalDetector},
    census::Census,
    contract::{Contract, Endpoint, LegacyShape, Outcome},
    middleware::LegacyHttpCompat,
    rollout::{Rollout, policy::Policy},
    time::ManualClock,
};
use tower::ServiceExt;

use crate::{
    fleet::{Fleet, FleetPlan},
    handler::Handler,
    installation::{Installation, KINDS, Reply, Version},
    process::Process,
    times::HOUR,
};

/// Longer than the simulation's ticks.
pub(crate) const HEARTBEAT_LIMIT: u64 = 3 * HOUR;

/// The name of the flag.
pub(crate) const FLAG: &str = "features.simulated";

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
    pub(crate) settings: Settings,
    deployment: Deployment,
}

enum Deployment {
    One(Box<Process>),
    Many(Box<Fleet>),
}

/// What became of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// Whether the flag was on where it went.
    pub(crate) on: bool,
    /// The instance where it went.
    pub(crate) node: usize,
}

impl Server {
    pub(crate) fn start(dir: &Path, clock: Arc<ManualClock>, settings: Settings) -> Self {
        let mut process = Process::new(dir, clock);
        process.open(&settings);
        Self {
            settings,
            deployment: Deployment::One(Box::new(process)),
        }
    }

    pub(crate) fn start_fleet(plan: &FleetPlan, unix_ms: u64, settings: Settings) -> Self {
        let mut fleet = Fleet::new(plan, unix_ms, &settings);
        fleet.open(&settings);
        Self {
            settings,
            deployment: Deployment::Many(Box::new(fleet)),
        }
    }

    pub(crate) fn is_fleet(&self) -> bool {
        matches!(self.deployment, Deployment::Many(_))
    }

    pub(crate) fn fleet(&self) -> Option<&Fleet> {
        match &self.deployment {
            Deployment::One(_) => None,
            Deployment::Many(fleet) => Some(fleet),
        }
    }

    /// The fleet with what its instances are started with.
    pub(crate) fn fleet_mut(&mut self) -> Option<(&mut Fleet, &mut Settings)> {
        match &mut self.deployment {
            Deployment::One(_) => None,
            Deployment::Many(fleet) => Some((fleet, &mut self.settings)),
        }
    }

    pub(crate) fn open(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.open(&self.settings),
            Deployment::Many(fleet) => fleet.open(&self.settings),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        match &self.deployment {
            Deployment::One(process) => process.is_up(),
            Deployment::Many(fleet) => fleet.is_up(),
        }
    }

    /// Whether calls are observed.
    pub(crate) fn observes(&self) -> bool {
        match &self.deployment {
            Deployment::One(process) => process.service.is_some(),
            Deployment::Many(fleet) => fleet.observes(),
        }
    }

    /// The rollout of a process that is up.
    pub(crate) fn rollout(&self) -> &Rollout {
        match &self.deployment {
            Deployment::One(process) => process.migration().rollout(),
            Deployment::Many(fleet) => fleet.rollout(),
        }
    }

    /// The census of all that serve, up to date.
    pub(crate) fn census(&self) -> Arc<Census> {
        match &self.deployment {
            Deployment::One(process) => Arc::clone(process.migration().census()),
            Deployment::Many(fleet) => fleet.census(),
        }
    }

    pub(crate) fn clock(&self) -> &ManualClock {
        match &self.deployment {
            Deployment::One(process) => &process.clock,
            Deployment::Many(fleet) => fleet.clock(),
        }
    }

    pub(crate) fn advance(&self, time: Duration) {
        match &self.deployment {
            Deployment::One(process) => process.clock.advance(time),
            Deployment::Many(fleet) => fleet.advance(time),
        }
    }

    pub(crate) fn tick(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.tick(),
            Deployment::Many(fleet) => fleet.tick(),
        }
    }

    pub(crate) fn tick_census(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.tick_census(),
            Deployment::Many(fleet) => fleet.tick_census(),
        }
    }

    /// Saves the census of one process; several need no snapshot.
    pub(crate) fn save(&self) {
        if let Deployment::One(process) = &self.deployment {
            process.save();
        }
    }

    pub(crate) fn shut_down(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.shut_down(),
            Deployment::Many(fleet) => fleet.shut_down(),
        }
    }

    /// Ends all processes without their last work.
    pub(crate) fn kill(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.kill(),
            Deployment::Many(fleet) => fleet.kill_all(),
        }
    }

    pub(crate) fn lose_snapshot(&self) {
        if let Deployment::One(process) = &self.deployment {
            process.lose_snapshot();
        }
    }

    pub(crate) fn remove_layer(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.remove_layer(),
            Deployment::Many(fleet) => fleet.remove_layers(),
        }
    }

    pub(crate) fn put_layer_back(&mut self) {
        match &mut self.deployment {
            Deployment::One(process) => process.put_layer_back(),
            Deployment::Many(fleet) => fleet.put_layers_back(&self.settings),
        }
    }

    /// Serves another contract with the same shapes.
    pub(crate) fn serve_new_contract(&mut self) {
        self.settings.contract += 1;
        let contract = contract(self.settings.contract);
        match &self.deployment {
            Deployment::One(process) => process.migration().contract().replace(contract),
            Deployment::Many(fleet) => fleet.serve(&contract),
        }
    }

    /// One call of an installation, through a layer if there is one.
    pub(crate) fn call(
        &mut self,
        index: usize,
        installation: &Installation,
        reply: Reply,
    ) -> Called {
        let mut request = request(self.settings.identity, installation, reply);
        request.extensions_mut().insert(reply);
        match &mut self.deployment {
            Deployment::One(process) => {
                if let Some(service) = &process.service {
                    call(service, request);
                }
                let on = process.migration().rollout().reader().is_on();
                Called { on, node: 0 }
            }
            Deployment::Many(fleet) => fleet.call(index, request),
        }
    }

    /// The fingerprint that the census knows it by.
    pub(crate) fn fingerprint(&self, installation: &Installation) -> Option<Fingerprint> {
        let request = request(self.settings.identity, installation, Reply::Started);
        let (head, ()) = request.into_parts();
        detector(&self.settings).detect(&head).fingerprint()
    }
}

pub(crate) fn call(service: &LegacyHttpCompat<Handler>, request: Request<()>) {
    let response = pin!(service.clone().oneshot(request));
    match response.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(_)) => {}
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn request(identity: &str, installation: &Installation, reply: Reply) -> Request<()> {
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
        request = request.header(identity, identifier.to_string());
    }
    request.body(()).expect("these headers are valid")
}

pub(crate) fn contract(revision: u32) -> Contract {
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
pub(crate) fn detector(settings: &Settings) -> SignalDetector {
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
