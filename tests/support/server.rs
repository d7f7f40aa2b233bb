//! A Core on a real socket, with a clock that only the test moves.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use legacy_http_compat::{
    Contract,
    admin::Admin,
    caller::FingerprintKey,
    census::CensusBuilder,
    migration::Migration,
    rollout::{
        CommandContext, Phase, Rollout,
        journal::Journal,
        names::{Actor, Reason},
        policy::Policy,
    },
    time::{Clock, ManualClock, SystemClock},
    worker::Tick,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{
    device_client::DeviceClient, http_client::HttpClient, new_client::NewClient,
    old_client::OldClient, operator::Operator, session::Session,
};
use crate::core_app::{
    self, AddressSource, AppState, Settings,
    address::ProxyHeader,
    admin::AdminTokens,
    compat::{self, Compat},
};

pub(crate) const OPERATOR_TOKEN: &str = "the-operator-token-of-32-characters";
pub(crate) const VIEWER_TOKEN: &str = "the-viewer-token-that-has-32-characters";
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
pub(crate) const EXPIRES_IN: Duration = Duration::from_secs(900);
pub(crate) const KEY: [u8; 16] = [7; 16];

/// The heart beats no less often: the census is ticked by the test, which need not do it as often as a real worker.
const HEARTBEAT: Duration = Duration::from_secs(600);

/// A running Core; it stops when this is dropped.
pub(crate) struct CoreServer {
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) migration: Migration,
    pub(crate) http: HttpClient,
    admin: Admin,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

/// What a Core starts from.
pub(crate) struct Start {
    pub(crate) compat: bool,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) addresses: AddressSource,
    /// The directory for what outlives the server.
    pub(crate) data: Option<PathBuf>,
    /// What the gates ask; nothing by default.
    pub(crate) policy: Policy,
    /// In place of one in `data` or in memory.
    pub(crate) journal: Option<Arc<dyn Journal>>,
}

impl CoreServer {
    /// With the switch on or off, and the settings of the command line's defaults.
    pub(crate) async fn start(compat: bool) -> Self {
        Self::start_with(compat, |_| {}).await
    }

    pub(crate) async fn start_with(compat: bool, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_from(Start::new(compat), change).await
    }

    pub(crate) async fn start_from(start: Start, change: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = settings(&base);
        change(&mut settings);

        let migration = start.migration();
        let clock = start.clock;
        let admin = admin(&migration, &clock);
        let state = AppState::new(&settings, &migration, clock.clone());
        let app = core_app::app(state, &migration, &admin, start.addresses);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = core_app::serve(listener, app, async {
            // A sender that is gone stops the server too.
            let _ = stopped.await;
        });
        Self {
            rollout: migration.rollout().clone(),
            clock,
            migration,
            http: HttpClient::new(base),
            admin,
            stop,
            served: tokio::spawn(serving),
        }
    }

    /// An old client that has started a flow.
    pub(crate) async fn old_client(&self) -> Session<OldClient> {
        self.session(OldClient::new(INTERVAL)).await
    }

    /// A new client that has started a flow.
    pub(crate) async fn new_client(&self) -> Session<NewClient> {
        self.session(NewClient::new(INTERVAL)).await
    }

    /// An operator of the admin service.
    pub(crate) fn operator(&self) -> Operator {
        Operator::new(self.http.clone(), OPERATOR_TOKEN)
    }

    /// Who may only look.
    pub(crate) fn viewer(&self) -> Operator {
        Operator::new(self.http.clone(), VIEWER_TOKEN)
    }

    /// Whether old clients get legacy responses.
    pub(crate) fn is_on(&self) -> bool {
        self.rollout.reader().is_on()
    }

    /// Goes through the phases to the last one; the gates must ask nothing.
    pub(crate) fn retire(&self) {
        for phase in [Phase::Cutover, Phase::Retired] {
            self.rollout.transition(phase, &order("a test")).unwrap();
        }
    }

    /// Lets time pass while the census is kept, and lets the rollout look at what has become of it.
    pub(crate) fn pass(&self, mut time: Duration) {
        while !time.is_zero() {
            let step = time.min(HEARTBEAT);
            self.clock.advance(step);
            self.migration.census().tick();
            time -= step;
        }
        self.rollout.tick();
    }

    /// Stops as Ctrl-C would, waits for the end, and writes the last snapshot.
    pub(crate) async fn stop(self) -> io::Result<()> {
        self.admin.close();
        let _ = self.stop.send(());
        self.served.await.expect("the server does not panic")?;
        self.migration.shutdown();
        Ok(())
    }

    async fn session<C: DeviceClient>(&self, client: C) -> Session<C> {
        Session::start(client, self.http.clone(), self.clock.clone()).await
    }
}

impl Start {
    /// In memory, now, with clients that connect directly.
    pub(crate) fn new(compat: bool) -> Self {
        Self {
            compat,
            clock: Arc::new(ManualClock::new(SystemClock::new().unix_ms())),
            addresses: AddressSource::Peer,
            data: None,
            policy: Policy::permissive(),
            journal: None,
        }
    }

    /// Behind a proxy that names the client in this header.
    pub(crate) fn behind(self, header: ProxyHeader) -> Self {
        let addresses = AddressSource::Header(header);
        Self { addresses, ..self }
    }

    /// Ticked by the test alone.
    fn migration(&self) -> Migration {
        let phase = if self.compat {
            Phase::Compat
        } else {
            Phase::Observe
        };
        let compat = Compat {
            contract: Contract::device_flow(),
            key: FingerprintKey::new(KEY),
            policy: Some(self.policy.clone()),
            opening_phase: Some(phase),
        };
        let migration = compat.open(|mut builder| {
            if let Some(data) = &self.data {
                builder = builder.data_dir(data);
            }
            if let Some(journal) = &self.journal {
                builder = builder.journal(journal.clone());
            }
            // Snapshots are written less often than by default, or days would be spent writing.
            let census = |census: CensusBuilder| {
                census
                    .heartbeat_limit(HEARTBEAT)
                    .snapshot_every(6 * HEARTBEAT)
            };
            builder
                .census(census)
                .clock(self.clock.clone())
                .without_worker()
        });
        migration.expect("what earlier servers left is whole")
    }
}

/// An order of the operator.
pub(crate) fn order(reason: &str) -> CommandContext {
    let reason = Reason::new(reason).expect("tests give good reasons");
    CommandContext::new(Actor::human("ops").expect("a word is an id"), reason)
}

/// Sessions and limits go by the machine's clock, time series by the one that the test moves.
fn admin(migration: &Migration, clock: &Arc<ManualClock>) -> Admin {
    let keys = AdminTokens {
        operator: OPERATOR_TOKEN.to_owned(),
        viewer: VIEWER_TOKEN.to_owned(),
        pipeline: None,
    };
    let history = compat::history(migration).clock(clock.clone()).open();
    let history = history.expect("a history in memory has nothing to fail on");
    let admin = keys.admin(migration.rollout().clone(), Arc::new(history), None);
    admin.expect("two tokens that differ")
}

fn settings(base: &str) -> Settings {
    Settings {
        public_url: base.to_owned(),
        interval: INTERVAL,
        expires_in: EXPIRES_IN,
        attempts_per_minute: 1000,
    }
}
