//! A whole migration, wired: contract, detector, flag, census, metrics and rollout.
//!
//! [`Migration::builder`] puts the parts together in the one way that is right: one clock for all, the client kinds and the
//! fingerprint key of the detector in the census, and one worker that ticks the census before the rollout that reads it.
//! Each part can also be used by itself.
//!
//! With a data directory, files outlive the process: `journal.jsonl`, the decisions, with its head in `journal.jsonl.head`,
//! and `census.snapshot`, the callers.
//! Without one, both live in memory, which suits tests and a first trial.
//!
//! ```
//! use legacy_http_compat::{
//!     Contract,
//!     caller::{FingerprintKey, IdentitySignal, SignalDetector},
//!     migration::Migration,
//!     rollout::{Phase, policy::Policy},
//! };
//!
//! # let dir = std::env::temp_dir().join(format!("migration-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! let key = FingerprintKey::new([7; 16]); // from your secret store
//! let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
//!     .kind_header("x-client-kind")
//!     .version_header("x-client-version")
//!     .target_since("AGENT", "2.0.0")
//!     .identity(IdentitySignal::header("x-client-id"))
//!     .build(&key)?;
//! let policy = Policy::from_json(r#"{"required_checks": ["openapi"], "cutover_quiet_window": "48h"}"#)?;
//! let migration = Migration::builder(Contract::device_flow(), detector)
//!     .flag_name("features.auth.device_flow.compat_legacy_http")
//!     .data_dir(&dir)
//!     .policy(policy)
//!     .open()?;
//!
//! let layer = migration.layer(); // around the service
//! assert_eq!(migration.rollout().status().state.phase, Phase::Compat);
//! # drop(layer);
//! migration.shutdown(); // after the last request
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    caller::Detect,
    census::{
        Census, CensusBuilder, OpenCensusError,
        fleet::{CensusStore, CensusStoreError, FleetCensus},
    },
    contract::LiveContract,
    flag::FlagState,
    metrics::Metrics,
    middleware::LegacyHttpCompatLayer,
    rollout::{
        CommandContext, JournalFollower, OpenRolloutError, Phase, Rollout, RolloutBuilder,
        event::Head,
        fleet::Instances,
        gate::Gate,
        journal::{FileJournal, FileJournalBuilder, Journal, MemoryJournal, OpenJournalError},
        names::{FlagName, InstanceId, InvalidText},
        policy::Policy,
    },
    time::{Clock, SystemClock},
    worker::{BackgroundWorker, Tick},
};

/// How often periodic work is looked at by default; each part decides by its own clock what is due.
const TICK: Duration = Duration::from_secs(1);

/// A migration that is running: the parts of the layer, and the worker that does their periodic work.
///
/// Dropping it stops the worker, which writes a last snapshot. The layers that it gave keep working.
pub struct Migration {
    contract: LiveContract,
    detector: Arc<dyn Detect>,
    rollout: Arc<Rollout>,
    census: Arc<Census>,
    fleet_census: Option<Arc<FleetCensus>>,
    metrics: Arc<Metrics>,
    rehearse_one_in: u32,
    /// Of several instances. Dropped before the worker, by which the instance leaves the table.
    follower: Option<JournalFollower>,
    worker: Option<BackgroundWorker>,
    /// Waits for the store of the census, so that the other one need not.
    census_worker: Option<BackgroundWorker>,
}

/// Builder for [`Migration`].
#[must_use]
pub struct MigrationBuilder {
    contract: LiveContract,
    detector: Arc<dyn Detect>,
    flag_name: Option<String>,
    data_dir: Option<PathBuf>,
    journal: Option<Arc<dyn Journal>>,
    policy: Policy,
    opening_phase: Option<Phase>,
    opened_by: Option<CommandContext>,
    pins_policy: bool,
    environment: Option<String>,
    existing: bool,
    accepted_journal_loss: Option<Head>,
    clock: Arc<dyn Clock>,
    gates: Vec<Arc<dyn Gate>>,
    census: CensusBuilder,
    accepts_census_loss: bool,
    rehearse_one_in: u32,
    tick_interval: Option<Duration>,
    instance: Option<(InstanceId, Arc<dyn Instances>)>,
    census_store: Option<Arc<dyn CensusStore>>,
    census_times_every: Option<Duration>,
    version: String,
}

/// The part of a migration that could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// No name was given to the flag.
    #[error("the flag has no name: call `MigrationBuilder::flag_name`")]
    NoFlagName,
    /// The name of the flag is not valid.
    #[error("flag name {name:?}: {source}")]
    FlagName {
        /// The name that was given.
        name: String,
        /// What is wrong with it.
        source: InvalidText,
    },
    /// The snapshot of the census cannot be opened. [`MigrationBuilder::accept_census_loss`] starts without it.
    #[error(transparent)]
    Census(#[from] OpenCensusError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] OpenJournalError),
    /// The rollout cannot be opened on its journal.
    #[error(transparent)]
    Rollout(#[from] OpenRolloutError),
    /// The census of the instances counts by another fingerprint key.
    #[error(transparent)]
    FleetCensus(#[from] CensusStoreError),
    /// A store of the census was given, but no name of this instance.
    #[error("the instance has no name: call `MigrationBuilder::instance`")]
    NoInstance,
    /// The operating system cannot start the worker's thread.
    #[error("cannot start the background worker: {0}")]
    Worker(#[source] io::Error),
}

impl Migration {
    /// The file name of the journal in the data directory.
    pub const JOURNAL: &str = "journal.jsonl";

    /// The file name of the census snapshot in the data directory.
    pub const SNAPSHOT: &str = "census.snapshot";

    /// A builder for the migration of the API that `contract` describes, with the callers that `detector` identifies.
    pub fn builder(
        contract: impl Into<LiveContract>,
        detector: impl Detect + 'static,
    ) -> MigrationBuilder {
        MigrationBuilder {
            contract: contract.into(),
            census: Census::builder(&detector),
            detector: Arc::new(detector),
            flag_name: None,
            data_dir: None,
            journal: None,
            policy: Policy::default(),
            opening_phase: None,
            opened_by: None,
            pins_policy: false,
            environment: None,
            existing: false,
            accepted_journal_loss: None,
            clock: Arc::new(SystemClock::new()),
            gates: Vec::new(),
            accepts_census_loss: false,
            rehearse_one_in: LegacyHttpCompatLayer::DEFAULT_REHEARSE_ONE_IN,
            tick_interval: Some(TICK),
            instance: None,
            census_store: None,
            census_times_every: None,
            version: String::new(),
        }
    }

    /// A layer that reads the flag of the rollout and reports to census and metrics.
    pub fn layer(&self) -> LegacyHttpCompatLayer {
        LegacyHttpCompatLayer::new(self.contract.clone(), self.rollout.reader())
            .detector(Arc::clone(&self.detector))
            .observer(Arc::clone(&self.census) as _)
            .observer(Arc::clone(&self.metrics) as _)
            .rehearse_one_in(self.rehearse_one_in)
    }

    /// The contract, which can be replaced while serving.
    #[must_use]
    pub const fn contract(&self) -> &LiveContract {
        &self.contract
    }

    /// The rollout, which takes the commands.
    #[must_use]
    pub const fn rollout(&self) -> &Arc<Rollout> {
        &self.rollout
    }

    /// The census of the callers of this process.
    #[must_use]
    pub const fn census(&self) -> &Arc<Census> {
        &self.census
    }

    /// The census of the callers of all instances; `None` without a [store](MigrationBuilder::census_store) for it.
    #[must_use]
    pub const fn fleet_census(&self) -> Option<&Arc<FleetCensus>> {
        self.fleet_census.as_ref()
    }

    /// The metrics.
    #[must_use]
    pub const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The worker, which takes further periodic work; `None` [without one](MigrationBuilder::without_worker).
    #[must_use]
    pub const fn worker(&self) -> Option<&BackgroundWorker> {
        self.worker.as_ref()
    }

    /// Stops the worker and waits for its last work, the snapshot of the census included. Call it after the last request.
    pub fn shutdown(mut self) {
        // Before the instance leaves the table, or it would report itself again.
        drop(self.follower.take());
        match self.worker.take() {
            Some(worker) => {
                worker.shutdown();
                // Last, so that this instance hands over all that it counted.
                drop(self.census_worker.take());
            }
            None => Tick::shutdown(&self),
        }
    }
}

/// For a migration [without a worker](MigrationBuilder::without_worker).
impl Tick for Migration {
    /// Ticks the census, then the rollout, which reads it.
    fn tick(&self) {
        self.census.tick();
        if let Some(fleet) = &self.fleet_census {
            fleet.tick();
        }
        self.rollout.tick();
    }

    fn shutdown(&self) {
        self.census.shutdown();
        self.rollout.shutdown();
        if let Some(fleet) = &self.fleet_census {
            fleet.shutdown();
        }
    }
}

impl MigrationBuilder {
    /// The name of the flag in configuration, journal and logs. Required.
    pub fn flag_name(mut self, name: impl Into<String>) -> Self {
        self.flag_name = Some(name.into());
        self
    }

    /// An existing directory for the journal and the snapshot of the census. Without one, both live in memory.
    pub fn data_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.data_dir = Some(path.as_ref().to_owned());
        self
    }

    /// A journal to use in place of the one in the data directory.
    pub fn journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Makes this one of several instances that share the [`journal`](Self::journal), by its name and their table, and starts the
    /// [`JournalFollower`]: see [`RolloutBuilder::instance`].
    pub fn instance(mut self, name: InstanceId, table: Arc<dyn Instances>) -> Self {
        self.instance = Some((name, table));
        self
    }

    /// The store of the census that this [`instance`](Self::instance) shares with the others: gates, pages and automatic
    /// rollback then go by the callers of all. There is no snapshot then; the store has what was counted.
    pub fn census_store(mut self, store: Arc<dyn CensusStore>) -> Self {
        self.census_store = Some(store);
        self
    }

    /// How often mere times of callers are handed over to the [store of the census](Self::census_store): see
    /// [`FleetCensus::times_every`].
    pub fn census_times_every(mut self, interval: Duration) -> Self {
        self.census_times_every = Some(interval);
        self
    }

    /// The version of the program that the table of instances shows.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// The policy of a new rollout; [`Policy::default`] if none is given. An existing journal keeps its own, which
    /// [`Rollout::change_policy`] changes.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The phase of a new rollout, observe or compat; that of the policy if none is given.
    pub fn opening_phase(mut self, phase: Phase) -> Self {
        self.opening_phase = Some(phase);
        self
    }

    /// The actor and reason of a new rollout; the rollout itself if none is given.
    pub fn opened_by(mut self, command: CommandContext) -> Self {
        self.opened_by = Some(command);
        self
    }

    /// Takes the policy from the program alone: see [`RolloutBuilder::pin_policy`].
    pub fn pin_policy(mut self) -> Self {
        self.pins_policy = true;
        self
    }

    /// The name of the environment, such as `production`, that status and pages show beside the flag.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// Refuses to start without the journal of an earlier process: set it once the rollout has begun, so that a lost volume
    /// does not look like a new rollout.
    pub fn existing(mut self) -> Self {
        self.existing = true;
        self
    }

    /// Accepts that the journal in the data directory lacks events, if exactly this head was lost: see
    /// [`FileJournalBuilder::accept_loss`](crate::rollout::journal::FileJournalBuilder::accept_loss).
    pub fn accept_journal_loss(mut self, head: Head) -> Self {
        self.accepted_journal_loss = Some(head);
        self
    }

    /// Adds a gate of your own.
    pub fn gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.gates.push(gate);
        self
    }

    /// Configures the census: `.census(|census| census.capacity(100_000))`. The clock and the snapshot's path are set by
    /// [`open`](Self::open).
    pub fn census(mut self, configure: impl FnOnce(CensusBuilder) -> CensusBuilder) -> Self {
        self.census = configure(self.census);
        self
    }

    /// Starts without a snapshot that cannot be read. The loss is recorded and shown in later reports.
    pub fn accept_census_loss(mut self) -> Self {
        self.accepts_census_loss = true;
        self
    }

    /// Of how many dependent responses one is rehearsed while the flag is off: see
    /// [`LegacyHttpCompatLayer::rehearse_one_in`].
    pub fn rehearse_one_in(mut self, responses: u32) -> Self {
        self.rehearse_one_in = responses;
        self
    }

    /// The clock of all parts; that of the operating system if none is given.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How often, in real time, the worker looks for work that is due; one second by default.
    pub fn tick_interval(mut self, interval: Duration) -> Self {
        self.tick_interval = Some(interval);
        self
    }

    /// Starts no worker: tick the [`Migration`] about once a second, by a thread of your own.
    pub fn without_worker(mut self) -> Self {
        self.tick_interval = None;
        self
    }

    /// Opens the parts with what an earlier process left in the data directory, and starts the worker.
    ///
    /// # Errors
    ///
    /// When the flag has no valid name, a file cannot be read or belongs to another flag, key or running process, or the
    /// worker's thread cannot be started.
    pub fn open(self) -> Result<Migration, MigrationError> {
        self.open_with(RolloutBuilder::open)
    }

    /// Opens the parts as [`open`](Self::open) does, or if the journal cannot be reached, with this state of the flag: see
    /// [`RolloutBuilder::open_or`].
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), except when the journal cannot be reached.
    pub fn open_or(self, state: FlagState) -> Result<Migration, MigrationError> {
        self.open_with(|rollout, journal| rollout.open_or(journal, state))
    }

    fn open_with(
        self,
        open: impl FnOnce(RolloutBuilder, Arc<dyn Journal>) -> Result<Rollout, OpenRolloutError>,
    ) -> Result<Migration, MigrationError> {
        let flag = parse_flag_name(self.flag_name)?;
        let snapshots = self.data_dir.as_deref();
        let census = Arc::new(open_census(
            self.census.clock(Arc::clone(&self.clock)),
            snapshots.filter(|_| self.census_store.is_none()),
            self.accepts_census_loss,
        )?);
        let name = self.instance.as_ref().map(|(name, _)| name.as_str());
        let store = self
            .census_store
            .map(|store| (store, self.census_times_every));
        let fleet_census = join_fleet(&census, store, name)?;
        let metrics = Arc::new(Metrics::new());
        let mut rollout = Rollout::builder(flag, self.policy)
            .clock(Arc::clone(&self.clock))
            .census(Arc::clone(&census))
            .metrics(Arc::clone(&metrics))
            .contract(self.contract.clone());
        if let Some(phase) = self.opening_phase {
            rollout = rollout.opening_phase(phase);
        }
        if let Some(command) = self.opened_by {
            rollout = rollout.opened_by(command);
        }
        if self.pins_policy {
            rollout = rollout.pin_policy();
        }
        if self.existing {
            rollout = rollout.existing();
        }
        if let Some(name) = self.environment {
            rollout = rollout.environment(name);
        }
        if let Some(fleet) = &fleet_census {
            rollout = rollout.census_view(Arc::clone(fleet) as _);
        }
        let is_shared = self.instance.is_some();
        if let Some((name, table)) = self.instance {
            rollout = rollout.instance(name, table).version(&self.version);
        }
        let rollout = self.gates.into_iter().fold(rollout, RolloutBuilder::gate);
        let journal = match self.journal {
            Some(journal) => journal,
            None => match &self.data_dir {
                Some(dir) => {
                    let builder =
                        FileJournal::builder(dir.join(Migration::JOURNAL)).clock(self.clock);
                    open_journal(builder, self.existing, self.accepted_journal_loss)?
                }
                None => Arc::new(MemoryJournal::new()),
            },
        };
        let rollout = Arc::new(open(rollout, journal)?);
        // The census first: the rollout's gates read what it counted.
        let work: [Arc<dyn Tick>; 2] = [Arc::clone(&census) as _, Arc::clone(&rollout) as _];
        let start = |interval| BackgroundWorker::start(interval, work);
        let worker = self.tick_interval.map(start).transpose();
        let worker = worker.map_err(MigrationError::Worker)?;
        let start = |(interval, fleet)| BackgroundWorker::start(interval, [Arc::clone(fleet) as _]);
        let census_worker = self
            .tick_interval
            .zip(fleet_census.as_ref())
            .map(start)
            .transpose();
        let census_worker = census_worker.map_err(MigrationError::Worker)?;
        let follow = || JournalFollower::start(Arc::clone(&rollout));
        let follower = is_shared.then(follow).transpose();
        let follower = follower.map_err(MigrationError::Worker)?;
        Ok(Migration {
            contract: self.contract,
            detector: self.detector,
            rollout,
            census,
            fleet_census,
            metrics,
            rehearse_one_in: self.rehearse_one_in,
            worker,
            census_worker,
            follower,
        })
    }
}

impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("rollout", &self.rollout)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MigrationBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MigrationBuilder")
            .field("flag_name", &self.flag_name)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

fn parse_flag_name(name: Option<String>) -> Result<FlagName, MigrationError> {
    let name = name.ok_or(MigrationError::NoFlagName)?;
    FlagName::new(name.as_str()).map_err(|source| MigrationError::FlagName { name, source })
}

/// The census of all instances, if there is a store for it.
fn join_fleet(
    census: &Arc<Census>,
    store: Option<(Arc<dyn CensusStore>, Option<Duration>)>,
    instance: Option<&str>,
) -> Result<Option<Arc<FleetCensus>>, MigrationError> {
    let Some((store, times_every)) = store else {
        return Ok(None);
    };
    let instance = instance.ok_or(MigrationError::NoInstance)?;
    let mut fleet = FleetCensus::new(Arc::clone(census), store, instance);
    if let Some(interval) = times_every {
        fleet = fleet.times_every(interval);
    }
    fleet.join()?;
    Ok(Some(Arc::new(fleet)))
}

fn open_census(
    mut census: CensusBuilder,
    data_dir: Option<&Path>,
    accepts_loss: bool,
) -> Result<Census, OpenCensusError> {
    if let Some(dir) = data_dir {
        census = census.snapshot(dir.join(Migration::SNAPSHOT));
    }
    if accepts_loss {
        census.open_with_loss()
    } else {
        census.open()
    }
}

fn open_journal(
    mut builder: FileJournalBuilder,
    existing: bool,
    accepted_loss: Option<Head>,
) -> Result<Arc<dyn Journal>, OpenJournalError> {
    if existing {
        builder = builder.existing();
    }
    if let Some(head) = accepted_loss {
        builder = builder.accept_loss(head);
    }
    Ok(Arc::new(builder.open()?))
}
