//! A service on a real socket, with a clock that only the test moves.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use legacy_http_compat::{
    Contract, LegacyHttpCompatLayer, LiveContract,
    admin::history::History,
    admin::{Admin, Role, SessionStore, TokenDigest, Tokens},
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kinds, SignalDetector},
    census::{
        CallerEvent, Census, Dependence,
        fleet::{FleetCensus, MemoryCensusStore},
    },
    metrics::Metrics,
    rollout::{
        Phase, Rollout,
        event::{Event, Head, NewEvent},
        fleet::Instances,
        journal::{AppendAttempt, AppendError, Journal, JournalSync, MemoryJournal, ReadError},
        names::FlagName,
        policy::Policy,
    },
    time::ManualClock,
    worker::Tick,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{
    client::Client,
    document::Document,
    exchange::{json, request, respond},
};

pub(crate) const MARA: &str = "mara-s-token-4f5c1be9";
pub(crate) const WALL: &str = "the-wall-s-token-91d07a";
pub(crate) const CI: &str = "the-pipeline-s-token-c3aa";
pub(crate) const KINDS: [&str; 3] = ["UI_RUST", "AGENT", "MCP"];
pub(crate) const START: u64 = 1_800_000_000_000;

pub(crate) const SCREENS: usize = 7;

fn screen_token(number: usize) -> String {
    format!("the-token-of-the-screen-number-{number}")
}

/// A running service. It stops when this is dropped.
pub(crate) struct TestService {
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) census: Arc<Census>,
    /// That of all instances that share one.
    pub(crate) fleet: Option<Arc<FleetCensus>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) history: Arc<History>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) journal: Arc<Unreliable>,
    pub(crate) admin: Admin,
    pub(crate) origin: String,
    /// A client without credentials, at the mount.
    pub(crate) stranger: Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

/// How a service is to be.
pub(crate) struct Setup {
    pub(crate) prefix: &'static str,
    pub(crate) public_path: Option<&'static str>,
    pub(crate) policy: Policy,
    pub(crate) phase: Phase,
    /// Without them the rollout has no census and no metrics, and the service no history.
    pub(crate) watched: bool,
    pub(crate) session_lifetime: Option<Duration>,
    /// Whether the server tells whom it is connected with.
    pub(crate) connect_info: bool,
    pub(crate) journal: Arc<dyn Journal>,
    /// One of several instances, which share clock and sessions.
    pub(crate) instance: Option<(&'static str, Shared)>,
}

/// What instances share besides the store of the journal.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) table: Arc<dyn Instances>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    /// The store of their census; `None` if each has its own.
    pub(crate) census: Option<Arc<MemoryCensusStore>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            prefix: "/rollout",
            public_path: None,
            policy: Policy::permissive(),
            phase: Phase::Compat,
            watched: true,
            session_lifetime: None,
            connect_info: true,
            journal: Arc::new(MemoryJournal::new()),
            instance: None,
        }
    }
}

impl TestService {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::default();
        change(&mut setup);
        let clock = match &setup.instance {
            Some((_, shared)) => Arc::clone(&shared.clock),
            None => Arc::new(ManualClock::new(START)),
        };
        let detector = SignalDetector::builder(KINDS)
            .kind_header("x-client-kind")
            .build(&FingerprintKey::new([7; 16]))
            .unwrap();
        let census = Census::builder(&detector)
            .clock(clock.clone())
            .open()
            .unwrap();
        let (census, metrics) = (Arc::new(census), Arc::new(Metrics::new()));
        let fleet = fleet_census(&setup, &census);
        let journal = Arc::new(Unreliable::new(setup.journal.clone()));
        let rollout = rollout(
            &setup,
            &clock,
            (&census, fleet.as_ref(), &metrics),
            &journal,
        );
        let mut history = History::builder(census.clone(), metrics.clone()).clock(clock.clone());
        if fleet.is_some() {
            history = history.rollout(rollout.clone());
        }
        let history = Arc::new(history.open().unwrap());
        let admin = admin(&setup, &rollout, &history, &clock);
        let (origin, stop, served) = serve(&setup, &admin).await;
        let stranger = Client::new(format!("{origin}{}", setup.prefix));
        let document = Arc::new(Document(stranger.get("/openapi.json").await.ok()));
        Self {
            stranger: stranger.knowing(document),
            rollout,
            census,
            fleet,
            metrics,
            history,
            clock,
            journal,
            admin,
            origin,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn operator(&self) -> Client {
        self.stranger.bearing(MARA)
    }

    /// One of many screens on walls, each with a name of its own.
    pub(crate) fn screen(&self, number: usize) -> Client {
        self.stranger.bearing(&screen_token(number))
    }

    pub(crate) fn viewer(&self) -> Client {
        self.stranger.bearing(WALL)
    }

    /// A client that signs in with a token.
    pub(crate) async fn signed_in(&self, token: &str) -> (Client, String) {
        let response = self
            .stranger
            .post_form("/sign-in", &format!("token={token}"))
            .await;
        assert_eq!(response.status, 303, "{response:?}");
        let secret = response.session();
        (self.stranger.in_session(&secret), secret)
    }

    /// Lets time pass, and lets everything that is kept look at what has become of it.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.tick();
    }

    pub(crate) fn tick(&self) {
        self.census.tick();
        if let Some(fleet) = &self.fleet {
            fleet.tick();
        }
        self.rollout.tick();
        self.history.tick();
    }

    /// All that is journaled.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.rollout.journal().read(0, usize::MAX).unwrap()
    }

    pub(crate) fn head(&self) -> u64 {
        self.rollout.journal().head().unwrap().seq
    }

    /// A caller of a kind is seen to depend on a legacy shape.
    pub(crate) fn see(&self, kind: &str, number: u128, dependence: Dependence) {
        let kind = Kinds::new(KINDS).unwrap().find(kind).unwrap();
        let caller = Caller::new(kind, Generation::Legacy);
        self.census.record(&CallerEvent {
            caller: caller.with_fingerprint(Fingerprint::from_u128(number)),
            endpoint: self.census.endpoint("device_poll"),
            dependence,
            failed: false,
        });
    }

    /// A poll is served under the layer.
    pub(crate) async fn poll(&self) {
        self.polled(r#"{"status":"PENDING"}"#).await;
    }

    /// A poll with this target body is served under the layer.
    pub(crate) async fn polled(&self, body: &'static str) {
        let contract = self.rollout.contract().expect("a contract was given");
        let layer = LegacyHttpCompatLayer::new(contract.clone(), self.rollout.reader());
        let layer = layer.rehearse_one_in(1).observer(self.metrics.clone());
        let poll = request("POST", "/api/v1/auth/clients/device/poll");
        let target = json(200, axum::body::Body::from(body));
        respond(&layer, poll, target).await;
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        self.served.await.unwrap();
    }
}

fn fleet_census(setup: &Setup, census: &Arc<Census>) -> Option<Arc<FleetCensus>> {
    let (name, shared) = setup.instance.as_ref()?;
    let store = Arc::clone(shared.census.as_ref()?);
    let fleet = FleetCensus::new(Arc::clone(census), store, name);
    fleet.join().unwrap();
    Some(Arc::new(fleet))
}

fn rollout(
    setup: &Setup,
    clock: &Arc<ManualClock>,
    (census, fleet, metrics): (&Arc<Census>, Option<&Arc<FleetCensus>>, &Arc<Metrics>),
    journal: &Arc<Unreliable>,
) -> Arc<Rollout> {
    let flag = FlagName::new("features.auth.device_flow.compat_legacy_http").unwrap();
    let mut builder = Rollout::builder(flag, setup.policy.clone())
        .opening_phase(setup.phase)
        .contract(LiveContract::new(Contract::device_flow()))
        .clock(clock.clone());
    if setup.watched {
        builder = builder.census(census.clone()).metrics(metrics.clone());
    }
    if let Some(fleet) = fleet {
        builder = builder.census_view(Arc::clone(fleet) as _);
    }
    if let Some((name, shared)) = &setup.instance {
        let table = Arc::clone(&shared.table);
        builder = builder
            .instance(name.parse().unwrap(), table)
            .version("1.2.3");
    }
    Arc::new(builder.open(journal.clone()).unwrap())
}

fn admin(
    setup: &Setup,
    rollout: &Arc<Rollout>,
    history: &Arc<History>,
    clock: &Arc<ManualClock>,
) -> Admin {
    let tokens = Tokens::builder()
        .operator("mara", TokenDigest::of(MARA))
        .viewer("wall", TokenDigest::of(WALL))
        .service("ci", Role::Operator, TokenDigest::of(CI));
    let tokens = (0..SCREENS).fold(tokens, |tokens, number| {
        let digest = TokenDigest::of(screen_token(number));
        tokens.viewer(format!("screen-{number}"), digest)
    });
    let tokens = tokens.build();
    let mut builder = Admin::builder(rollout.clone(), tokens.unwrap()).clock(clock.clone());
    if setup.watched {
        builder = builder.history(history.clone());
    }
    if let Some(lifetime) = setup.session_lifetime {
        builder = builder.session_lifetime(lifetime);
    }
    if let Some((_, shared)) = &setup.instance {
        builder = builder.sessions(Arc::clone(&shared.sessions));
    }
    if let Some(path) = setup.public_path {
        builder = builder.public_path(path).unwrap();
    }
    builder.build()
}

async fn serve(setup: &Setup, admin: &Admin) -> (String, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let app = match setup.prefix {
        "" => admin.router(),
        prefix => Router::new().nest(prefix, admin.router()),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let connect_info = setup.connect_info;
    let served = tokio::spawn(async move {
        let served = if connect_info {
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app)
                .with_graceful_shutdown(stopped)
                .await
        } else {
            axum::serve(listener, app)
                .with_graceful_shutdown(stopped)
                .await
        };
        served.unwrap();
    });
    (origin, stop, served)
}

/// A journal that fails on demand.
#[derive(Debug)]
pub(crate) struct Unreliable {
    inner: Arc<dyn Journal>,
    pub(crate) refuses_writing: AtomicBool,
    pub(crate) refuses_reading: AtomicBool,
    pub(crate) panics: AtomicBool,
}

impl Unreliable {
    fn new(inner: Arc<dyn Journal>) -> Self {
        Self {
            inner,
            refuses_writing: AtomicBool::new(false),
            refuses_reading: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        }
    }

    fn readable(&self) -> Result<(), ReadError> {
        assert!(
            !self.panics.load(Ordering::Relaxed),
            "scripted, with a detail that is not for clients"
        );
        if self.refuses_reading.load(Ordering::Relaxed) {
            return Err(ReadError::storage("scripted"));
        }
        Ok(())
    }
}

impl Journal for Unreliable {
    fn append(&self, expected: Head, draft: NewEvent) -> Result<Event, AppendError> {
        if self.refuses_writing.load(Ordering::Relaxed) {
            return Err(AppendError::NotWritten("scripted".into()));
        }
        self.inner.append(expected, draft)
    }

    fn append_attempt(
        &self,
        expected: Head,
        event: NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        if self.refuses_writing.load(Ordering::Relaxed) {
            return Err(AppendError::NotWritten("scripted".into()));
        }
        self.inner.append_attempt(expected, event, attempt)
    }

    fn sync_state(&self) -> JournalSync {
        self.inner.sync_state()
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        self.readable()?;
        self.inner.read(after, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        self.readable()?;
        self.inner.head()
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        self.readable()?;
        self.inner.wait(after, timeout)
    }

    fn reopen(&self) -> Result<(), ReadError> {
        self.inner.reopen()
    }
}
