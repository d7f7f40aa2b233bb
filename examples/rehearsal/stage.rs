//! The Core example's server in this process, with a fast clock for the rollout.

use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use legacy_http_compat::{
    Contract,
    admin::{Admin, history::History},
    caller::FingerprintKey,
    census::CensusBuilder,
    migration::Migration,
    rollout::policy::Policy,
    time::SystemClock,
    worker::{BackgroundWorker, Tick},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    clock::{FastClock, RoundEnd},
    core_app::{
        self, AddressSource, AppState, Settings,
        admin::AdminTokens,
        compat::{self, Compat},
        secret::fresh_secret,
    },
};

const POLICY: &str = include_str!("policy.json");

/// How often the worker ticks: often enough that the clock advances by minutes, not by hours.
const TICK: Duration = Duration::from_millis(20);

/// How often snapshots are written, in rollout time.
const SAVE_EVERY: Duration = Duration::from_secs(12 * 3_600);

/// The lifetime of a device code, in real time: long enough for a stalled machine, short enough to see one expire.
const EXPIRES_IN: Duration = Duration::from_secs(8);

/// A running Core.
pub(crate) struct Stage {
    pub(crate) base: String,
    pub(crate) tokens: AdminTokens,
    pub(crate) clock: Arc<FastClock>,
    admin: Admin,
    worker: BackgroundWorker,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
    data: PathBuf,
}

impl Stage {
    /// Starts a Core on a free port of the loopback interface, with its files in a new directory.
    pub(crate) async fn open(factor: u32) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let data = env::temp_dir().join(fresh_secret("rehearsal"));
        fs::create_dir(&data)?;
        let clock = Arc::new(FastClock::new(factor));
        let migration = Arc::new(open_migration(clock.clone(), &data)?);
        let history = Arc::new(open_history(&migration, clock.clone(), &data)?);
        let tokens = AdminTokens {
            operator: fresh_secret("opr"),
            viewer: fresh_secret("vwr"),
            pipeline: None,
        };
        let admin = tokens.admin(migration.rollout().clone(), history.clone(), None)?;
        let work: [Arc<dyn Tick>; 4] = [
            clock.clone(),
            migration.clone(),
            history,
            Arc::new(RoundEnd(clock.clone())),
        ];
        let worker = BackgroundWorker::start(TICK, work)?;
        // Sessions, limits and device codes use real time, as people and clients do.
        let state = AppState::new(&settings(&base), &migration, Arc::new(SystemClock::new()));
        let app = core_app::app(state, &migration, &admin, AddressSource::Peer);
        let (stop, stopped) = oneshot::channel::<()>();
        let closing = admin.clone();
        let serving = core_app::serve(listener, app, async move {
            // A dropped sender stops the server too.
            let _ = stopped.await;
            closing.close();
        });
        Ok(Self {
            base,
            tokens,
            clock,
            admin,
            worker,
            stop,
            served: tokio::spawn(serving),
            data,
        })
    }

    /// Stops as on Ctrl-C, and removes all files.
    pub(crate) async fn close(self) -> io::Result<()> {
        self.admin.close();
        // Fails only if the server has stopped already.
        let _ = self.stop.send(());
        let served = self.served.await.map_err(io::Error::other)?;
        self.worker.shutdown();
        fs::remove_dir_all(&self.data)?;
        served
    }
}

/// Ticked between the leap of the clock and the end of the round.
fn open_migration(clock: Arc<FastClock>, data: &Path) -> Result<Migration, Box<dyn Error>> {
    let compat = Compat {
        contract: Contract::device_flow(),
        key: FingerprintKey::new(rand::random()),
        policy: Some(Policy::from_json(POLICY)?),
        opening_phase: None,
    };
    // Two heartbeats are at most two leaps apart.
    let limit = 4 * clock.leap();
    let census = |census: CensusBuilder| {
        census
            // Every tick walks all entries, and ticks are frequent.
            .capacity(1_000)
            .heartbeat_limit(limit)
            .snapshot_every(SAVE_EVERY)
    };
    let migration = compat.open(|builder| {
        builder
            .data_dir(data)
            .census(census)
            .clock(clock)
            .without_worker()
    });
    Ok(migration?)
}

fn open_history(
    migration: &Migration,
    clock: Arc<FastClock>,
    data: &Path,
) -> Result<History, Box<dyn Error>> {
    let history = compat::history(migration)
        .clock(clock)
        .file(data.join("history.snapshot"));
    Ok(history.save_every(SAVE_EVERY).open()?)
}

fn settings(base: &str) -> Settings {
    Settings {
        public_url: base.to_owned(),
        interval: Duration::from_secs(5),
        expires_in: EXPIRES_IN,
        attempts_per_minute: u32::MAX,
    }
}
