//! A service with the layer, its census, history and rollout, and the dashboard over it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
    routing::any,
};
use legacy_http_compat::{
    Contract, LegacyHttpCompatLayer, LiveContract,
    admin::history::History,
    admin::{Admin, TokenDigest, Tokens},
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    census::{
        Census,
        fleet::{FleetCensus, MemoryCensusStore},
    },
    metrics::Metrics,
    middleware::CaptureRequestFieldsLayer,
    rollout::{
        CommandContext, Phase, Rollout,
        event::{Event, Head, NewEvent},
        fleet::MemoryInstances,
        journal::{AppendError, Journal, MemoryJournal, ReadError},
        names::{Actor, FlagName, Identifier, IncidentId, Link, Reason, Summary},
        policy::Policy,
    },
    time::ManualClock,
    worker::Tick as _,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::shared_journal::SharedStore;

pub(crate) const OPERATOR: &str = "the-token-of-an-operator-of-the-rollout";
pub(crate) const VIEWER: &str = "the-token-of-a-viewer-who-only-looks";

/// A session that lasts longer would outlast no test.
pub(crate) const SESSION: Duration = Duration::from_secs(8 * 3_600);

/// The heart beats no less often.
const BEAT: Duration = Duration::from_secs(60);

/// In the last hour it beats in each bucket of the finest series.
const FINE_BEAT: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) const PENDING: (u16, &str) = (200, r#"{"status":"PENDING"}"#);
pub(crate) const APPROVED: (u16, &str) = (200, r#"{"status":"APPROVED"}"#);
pub(crate) const SLOW_DOWN: (u16, &str) = (429, r#"{"code":"SLOW_DOWN"}"#);
pub(crate) const INVALID: (u16, &str) = (400, r#"{"code":"INVALID_DEVICE_CODE"}"#);

/// A journal on a disk that can be full.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    journal: MemoryJournal,
    full: AtomicBool,
}

impl Disk {
    pub(crate) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }
}

impl Journal for Disk {
    fn append(&self, expected: Head, new: NewEvent) -> Result<Event, AppendError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(AppendError::NotWritten("no space left on device".into()));
        }
        self.journal.append(expected, new)
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.journal.read(after, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        self.journal.head()
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        self.journal.wait(after, timeout)
    }

    fn reopen(&self) -> Result<(), ReadError> {
        self.journal.reopen()
    }
}

/// What several instances share.
pub(crate) struct Shared {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) journal: Arc<SharedStore>,
    table: Arc<MemoryInstances>,
    census: Arc<MemoryCensusStore>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(1_772_366_400_000));
        Self {
            journal: Arc::default(),
            table: Arc::new(MemoryInstances::with_clock(clock.clone())),
            census: Arc::new(MemoryCensusStore::with_clock(clock.clone())),
            clock,
        }
    }

    fn census(&self, census: &Arc<Census>, name: &str) -> Arc<FleetCensus> {
        let fleet = FleetCensus::new(census.clone(), self.census.clone(), name);
        fleet.join().unwrap();
        Arc::new(fleet)
    }

    /// Lets time pass, and lets each hand over what it counted before any reads it.
    pub(crate) fn pass(&self, time: Duration, members: &[&TestService]) {
        const READ: Duration = Duration::from_secs(1);
        for part in [time.saturating_sub(READ), READ] {
            self.clock.advance(part);
            for member in members {
                member.tick();
            }
        }
    }
}

/// A running service; it stops when this is dropped.
pub(crate) struct TestService {
    pub(crate) clock: Arc<ManualClock>,
    /// That of sessions and failed attempts.
    pub(crate) session_clock: Arc<ManualClock>,
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) disk: Arc<Disk>,
    census: Arc<Census>,
    fleet: Option<Arc<FleetCensus>>,
    history: Arc<History>,
    admin: Admin,
    address: SocketAddr,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

impl TestService {
    /// Where the dashboard is mounted.
    pub(crate) const PREFIX: &str = "/ops/rollout";

    /// In the phase compat, with this policy.
    pub(crate) async fn open(policy: &str) -> Self {
        let clock = Arc::new(ManualClock::new(1_772_366_400_000));
        Self::open_at(clock, policy, None).await
    }

    /// One of several instances, by this name.
    pub(crate) async fn join(shared: &Shared, name: &str) -> Self {
        Self::open_at(shared.clock.clone(), "{}", Some((shared, name))).await
    }

    async fn open_at(
        clock: Arc<ManualClock>,
        policy: &str,
        instance: Option<(&Shared, &str)>,
    ) -> Self {
        let detector = detector();
        let census = Census::builder(&detector)
            .clock(clock.clone())
            .heartbeat_limit(2 * BEAT);
        let census = Arc::new(census.open().unwrap());
        // Fed for its whole life.
        std::mem::forget(census.feeder());
        let metrics = Arc::new(Metrics::new());
        let contract = LiveContract::new(Contract::device_flow());
        let flag = FlagName::new("features.auth.device_flow.compat_legacy_http").unwrap();
        let rollout = Rollout::builder(flag, Policy::from_json(policy).unwrap())
            .clock(clock.clone())
            .census(census.clone())
            .metrics(metrics.clone())
            .contract(contract.clone());
        let rollout = rollout.environment("staging");
        let disk = Arc::new(Disk::default());
        let fleet = instance.map(|(shared, name)| shared.census(&census, name));
        let rollout = match (instance, &fleet) {
            (Some((shared, name)), Some(fleet)) => rollout
                .census_view(fleet.clone())
                .instance(name.parse().unwrap(), shared.table.clone())
                .open(shared.journal.join()),
            _ => rollout.open(disk.clone()),
        };
        let rollout = Arc::new(rollout.unwrap());
        let history = History::builder(census.clone(), metrics.clone())
            .rollout(rollout.clone())
            .clock(clock.clone());
        let history = Arc::new(history.open().unwrap());
        let tokens = Tokens::builder()
            .operator("mara", TokenDigest::of(OPERATOR))
            .viewer("wall", TokenDigest::of(VIEWER))
            .build();
        let session_clock = Arc::new(ManualClock::new(1_772_366_400_000));
        let admin = Admin::builder(rollout.clone(), tokens.unwrap())
            .history(history.clone())
            .clock(session_clock.clone())
            .session_lifetime(SESSION)
            .build();
        let layer = LegacyHttpCompatLayer::new(contract, rollout.reader())
            .detector(Arc::new(detector))
            .observer(census.clone())
            .observer(metrics);
        let handlers = Router::new()
            .fallback(any(response))
            .layer(CaptureRequestFieldsLayer::new());
        let app = Router::new()
            .nest(Self::PREFIX, admin.router())
            .fallback_service(handlers.layer(layer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let service = Self {
            clock,
            session_clock,
            rollout,
            disk,
            census,
            fleet,
            history,
            admin,
            address,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            stop: Some(stop),
            served: tokio::spawn(async move { serving.await }),
        };
        service.tick();
        service
    }

    /// The address of a page.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.address, Self::PREFIX)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of a kind polls, and the service responds with this.
    pub(crate) async fn poll(
        &self,
        (kind, id): (&str, u32),
        version: &str,
        response: (u16, &'static str),
    ) {
        self.ask("device/poll", (kind, id), version, response).await;
    }

    pub(crate) async fn ask(
        &self,
        path: &str,
        (kind, id): (&str, u32),
        version: &str,
        (status, body): (u16, &'static str),
    ) {
        let request = self
            .http
            .post(format!(
                "http://{}/api/v1/auth/clients/{path}",
                self.address
            ))
            .header("x-client-kind", kind)
            .header("x-client-id", format!("{kind}-{id}"))
            .header("x-client-version", version)
            .header("x-status", status)
            .header("x-body", body)
            .header("content-type", "application/json")
            .body(format!(r#"{{"client_kind":"{kind}"}}"#));
        request.send().await.unwrap().bytes().await.unwrap();
    }

    /// A program tries a token that is wrong.
    pub(crate) async fn guess(&self) {
        let guess = self
            .http
            .get(self.page("/api/status"))
            .bearer_auth("a guess");
        guess.send().await.unwrap();
    }

    /// Lets time pass while everything is kept.
    pub(crate) fn pass(&self, time: Duration) {
        let fine = time.min(HOUR);
        self.pass_by(BEAT, time.saturating_sub(fine));
        self.pass_by(FINE_BEAT, fine);
        self.tick();
    }

    /// Lets time pass that no page shows in the finest series. Each evaluation of the gates takes a while in a debug build.
    pub(crate) fn pass_coarsely(&self, time: Duration) {
        self.pass_by(BEAT, time);
        self.tick();
    }

    fn pass_by(&self, beat: Duration, mut time: Duration) {
        while !time.is_zero() {
            let step = time.min(beat);
            self.clock.advance(step);
            self.census.tick();
            self.history.tick();
            time -= step;
        }
    }

    /// Does the periodic work that is due.
    pub(crate) fn tick(&self) {
        self.census.tick();
        if let Some(fleet) = &self.fleet {
            fleet.tick();
        }
        self.rollout.tick();
        self.history.tick();
    }

    /// Ends the event streams and stops serving.
    pub(crate) async fn shut(&mut self) {
        self.admin.close();
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = (&mut self.served).await;
    }

    pub(crate) fn phase(&self) -> Phase {
        self.rollout.status().state.phase
    }

    pub(crate) fn is_on(&self) -> bool {
        self.rollout.reader().is_on()
    }

    pub(crate) fn head(&self) -> u64 {
        self.rollout.journal().head().unwrap().seq
    }

    /// The last event as JSON.
    pub(crate) fn last_event(&self) -> serde_json::Value {
        let events = self.rollout.journal().read(self.head() - 1, 1).unwrap();
        serde_json::to_value(&events[0]).unwrap()
    }

    pub(crate) fn report_check(&self, name: &str, green: bool) {
        let link = Link::new("https://ci.example/run/7").unwrap();
        let ci = CommandContext::new(
            Actor::service("ci").unwrap(),
            Reason::new("run 7 of the pipeline").unwrap(),
        );
        self.rollout
            .report_check(Identifier::new(name).unwrap(), green, Some(link), None, &ci)
            .unwrap();
    }

    pub(crate) fn open_incident(&self, id: &str) {
        let order = order("pollers give up in the north");
        self.rollout
            .open_incident(IncidentId::new(id).unwrap(), &order)
            .unwrap();
    }

    /// Files the post-analyses that are due, and cuts over whatever the gates say.
    pub(crate) fn cut_over(&self) {
        let due: Vec<u64> = self
            .rollout
            .status()
            .state
            .open_post_analyses()
            .map(|open| open.done.seq)
            .collect();
        for rollback in due {
            let (link, summary) = (
                Link::new("https://wiki.example/1"),
                Summary::new("a timeout"),
            );
            self.rollout
                .file_post_analysis(rollback, link.unwrap(), summary.unwrap(), &order("found"))
                .unwrap();
        }
        let run = self
            .rollout
            .dry_run(legacy_http_compat::rollout::Transition::Cutover)
            .unwrap();
        let failing: Vec<Identifier> = run.failing().map(|report| report.name.clone()).collect();
        let order = order("the old API is switched off tonight");
        if failing.is_empty() {
            self.rollout.transition(Phase::Cutover, &order).unwrap();
        } else {
            self.rollout.override_cutover(&failing, &order).unwrap();
        }
    }
}

/// By another operator than the one at the browser.
pub(crate) fn order(reason: &str) -> CommandContext {
    CommandContext::new(Actor::human("nils").unwrap(), Reason::new(reason).unwrap())
}

fn detector() -> SignalDetector {
    SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("x-client-kind")
        .version_header("x-client-version")
        .target_since("UI_RUST", "2.0.0")
        .target_since("AGENT", "2.0.0")
        .target_since("MCP", "2.0.0")
        .identity(IdentitySignal::header("x-client-id"))
        .build(&FingerprintKey::new([7; 16]))
        .unwrap()
}

/// A handler that responds as the request says.
async fn response(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let _ = to_bytes(body, 4_096).await;
    let said = |name| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("404")
    };
    Response::builder()
        .status(said("x-status").parse::<u16>().unwrap())
        .header("content-type", "application/json")
        .body(Body::from(said("x-body").to_owned()))
        .unwrap()
}
