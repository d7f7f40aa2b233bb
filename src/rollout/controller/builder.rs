//! Builds a rollout and opens its journal.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use super::{
    command::CommandContext,
    controller_state::ControllerState,
    deps::{Deps, LogFailures, system_context},
    journaling::COMMAND_PATIENCE,
    membership::Membership,
    rollout::Rollout,
};
use crate::{
    census::{Census, View},
    contract::LiveContract,
    flag::{CompatFlag, FlagState},
    metrics::Metrics,
    rollout::{
        audit,
        event::{EventPayload, Opened, PolicyChanged},
        evidence::BuiltInGate,
        fleet::{Instances, InstancesError},
        gate::Gate,
        journal::{AppendAttempt, AppendError, Journal},
        names::{FlagName, Identifier, InstanceId},
        phase::Phase,
        policy::{Policy, PolicyError},
        state::{Projection, ReplayError, RolloutState, UnknownEvent},
    },
    time::{Clock, SystemClock, Timestamp},
};

/// Builder for [`Rollout`].
///
/// ```
/// use std::sync::Arc;
/// use legacy_http_compat::{Contract, LiveContract, caller::{FingerprintKey, SignalDetector}, census::Census, metrics::Metrics};
/// use legacy_http_compat::rollout::{Phase, Rollout, journal::MemoryJournal, names::FlagName, policy::Policy};
///
/// let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
/// let contract = LiveContract::new(Contract::device_flow());
/// let rollout = Rollout::builder(FlagName::new("features.auth.device_flow.compat_legacy_http")?, Policy::default())
///     .census(Arc::new(Census::new(&detector)))
///     .metrics(Arc::new(Metrics::new()))
///     .contract(contract.clone())
///     .opening_phase(Phase::Observe)
///     .open(Arc::new(MemoryJournal::new()))?;
/// assert_eq!(rollout.status().state.phase, Phase::Observe);
/// assert!(rollout.census().is_some() && rollout.metrics().is_some() && rollout.contract().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct RolloutBuilder {
    flag: FlagName,
    policy: Policy,
    opening_phase: Phase,
    opened_by: Option<CommandContext>,
    clock: Arc<dyn Clock>,
    census: Option<Arc<Census>>,
    view: Option<Arc<dyn View>>,
    metrics: Option<Arc<Metrics>>,
    contract: Option<LiveContract>,
    gates: Vec<Arc<dyn Gate>>,
    pins_policy: bool,
    existing: bool,
    environment: Option<String>,
    instance: Option<(InstanceId, Arc<dyn Instances>)>,
    version: String,
}

/// Why a rollout could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenRolloutError(#[from] OpenRolloutErrorKind);

/// The reason that a rollout could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenRolloutErrorKind {
    /// The journal cannot be read, or its events are not valid.
    #[error("{0}")]
    Unreadable(#[from] ReplayError),
    /// The journal has an event of a kind that a later version of this crate wrote.
    #[error("event {} is of the kind {:?}, which this version does not know; open the journal with the version that wrote it", .0.event.seq, .0.kind)]
    UnknownEvent(UnknownEvent),
    /// The journal belongs to another flag.
    #[error("the journal belongs to the flag {0}")]
    OtherFlag(FlagName),
    /// The policy is not valid, or that in the journal is not valid for this version.
    #[error("the policy has faults\n{0}")]
    Policy(#[from] PolicyError),
    /// Two gates have this name.
    #[error("two gates have the name {0}")]
    DuplicateGate(Identifier),
    /// The journal has no rollout, and one must [exist](RolloutBuilder::existing).
    #[error("the journal has no rollout, and one must exist")]
    Missing,
    /// The table of instances refuses this one.
    #[error("{0}")]
    Instance(#[source] InstancesError),
    /// The beginning could not be journaled.
    #[error("{0}")]
    NotJournaled(#[source] AppendError),
}

impl OpenRolloutError {
    /// The reason.
    #[must_use]
    pub const fn kind(&self) -> &OpenRolloutErrorKind {
        &self.0
    }
}

impl From<ReplayError> for OpenRolloutError {
    fn from(error: ReplayError) -> Self {
        Self(error.into())
    }
}

impl Rollout {
    /// A builder for the rollout of the flag of this name. The policy applies to an empty journal only; later it is
    /// changed by [`Rollout::change_policy`], unless it is [pinned](RolloutBuilder::pin_policy).
    pub fn builder(flag: FlagName, policy: Policy) -> RolloutBuilder {
        RolloutBuilder {
            flag,
            opening_phase: policy.opening_phase,
            policy,
            opened_by: None,
            clock: Arc::new(SystemClock::new()),
            census: None,
            view: None,
            metrics: None,
            contract: None,
            gates: Vec::new(),
            pins_policy: false,
            existing: false,
            environment: None,
            instance: None,
            version: String::new(),
        }
    }
}

impl RolloutBuilder {
    /// Takes the policy from the program alone: changing it by command is refused. If the journal has another one, the
    /// change is journaled when the rollout opens, with what it loosens.
    pub const fn pin_policy(mut self) -> Self {
        self.pins_policy = true;
        self
    }

    /// Refuses to begin a rollout: the journal must have one.
    pub const fn existing(mut self) -> Self {
        self.existing = true;
        self
    }

    /// Sets the name of the environment, such as `production`, that status and pages show beside the flag.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// Makes this one of several instances that share the journal, by its name and their table. It is registered before the
    /// rollout opens. No two instances that run at the same time have the same name.
    ///
    /// Start a [`JournalFollower`](super::JournalFollower) beside: it applies what other instances journal, and reports this one.
    pub fn instance(mut self, name: InstanceId, table: Arc<dyn Instances>) -> Self {
        self.instance = Some((name, table));
        self
    }

    /// Sets the version of the program that the table of instances shows; cut to 64 characters.
    pub fn version(mut self, version: &str) -> Self {
        self.version = version.chars().take(64).collect();
        self
    }

    /// Overrides the policy's phase to open in if the journal is empty: observe or compat.
    pub fn opening_phase(mut self, phase: Phase) -> Self {
        self.opening_phase = phase;
        self
    }

    /// Sets who opens the rollout and why, if the journal is empty; by default the rollout itself.
    pub fn opened_by(mut self, command: CommandContext) -> Self {
        self.opened_by = Some(command);
        self
    }

    /// Sets the clock; by default that of the operating system. The census must have the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the census for gates and automatic rollback. Without one the gates that need it fail.
    pub fn census(mut self, census: Arc<Census>) -> Self {
        self.census = Some(census);
        self
    }

    /// Sets the census of all instances, of which [`census`](Self::census) is this one's: gates, automatic rollback and pages
    /// then use that of all.
    pub fn census_view(mut self, view: Arc<dyn View>) -> Self {
        self.view = Some(view);
        self
    }

    /// Sets the metrics that the layer counts into.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Sets the contract that the layer serves. A change of it is journaled at the next tick or command, and restarts the
    /// quiet windows. Without one, report changes by [`Rollout::contract_changed`].
    pub fn contract(mut self, contract: impl Into<LiveContract>) -> Self {
        self.contract = Some(contract.into());
        self
    }

    /// Adds a custom gate, evaluated after the built-in ones.
    pub fn gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.gates.push(gate);
        self
    }

    /// Opens the rollout: reads the journal, or begins it, sets the flag, and logs it.
    ///
    /// If the journal can be read but not written, a rollout that was opened before still opens.
    ///
    /// # Errors
    ///
    /// When the policy is not valid; when the journal cannot be read, belongs to another flag, has events of a kind or a policy that this version does
    /// not know, or is empty and cannot be written; when two gates have the same name.
    pub fn open(self, journal: Arc<dyn Journal>) -> Result<Rollout, OpenRolloutError> {
        let projection = self.replayed(&*journal)?;
        self.open_with(journal, projection)
    }

    /// Opens the rollout with the projection of its journal.
    pub(super) fn open_with(
        self,
        journal: Arc<dyn Journal>,
        projection: Projection,
    ) -> Result<Rollout, OpenRolloutError> {
        let is_provisional = projection.is_provisional();
        let state = open_state(&projection);
        let policy = Policy::from_document(&state.policy);
        let policy = policy.map_err(OpenRolloutErrorKind::Policy)?;
        let controller = ControllerState::new(projection, policy, &*self.clock);
        let pinned = self.policy.clone();
        let deps = self.into_deps(journal, controller.flag());
        if let Some(census) = &deps.census {
            census.name_flag(deps.flag.name());
            if deps.view.as_ref().is_none_or(|view| !view.is_shared()) {
                census.rollout_opened(controller.state().opened.at);
            }
        }
        let rollout = Rollout::new(deps, controller);
        rollout
            .register_instance()
            .map_err(OpenRolloutErrorKind::Instance)?;
        // A brownout may run already.
        rollout.sync_flag();
        if is_provisional {
            let _ = rollout.catch_up();
        } else {
            if rollout.deps.pins_policy {
                rollout.journal_policy(&pinned);
            }
            rollout.journal_contract();
        }
        rollout.publish();
        rollout.report_if_due();
        rollout.log_start();
        Ok(rollout)
    }

    pub(super) const fn flag_name(&self) -> &FlagName {
        &self.flag
    }

    pub(super) const fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    fn check(&self) -> Result<(), OpenRolloutErrorKind> {
        self.policy.validate()?;
        let built_in = BuiltInGate::ALL.iter().map(|gate| gate.identifier());
        let mut names: BTreeSet<Identifier> = built_in.collect();
        for name in self.gates.iter().map(|gate| gate.name()) {
            if !names.insert(name.clone()) {
                return Err(OpenRolloutErrorKind::DuplicateGate(name));
            }
        }
        Ok(())
    }

    /// The projection of the journal, which is begun if it is empty.
    pub(super) fn replayed(&self, journal: &dyn Journal) -> Result<Projection, OpenRolloutError> {
        self.check()?;
        let mut projection = Projection::new();
        projection.catch_up(journal, |_| {})?;
        while projection.state().is_none() {
            // After an accepted loss it goes on in the phase that was recorded.
            if self.existing && projection.lost_phase().is_none() {
                return Err(OpenRolloutErrorKind::Missing.into());
            }
            match self.begin(journal, &projection) {
                // Another process may have begun the same journal.
                Ok(()) | Err(OpenRolloutErrorKind::NotJournaled(AppendError::Conflict(_))) => {}
                Err(error) => return Err(error.into()),
            }
            projection.catch_up(journal, |_| {})?;
        }
        if let Some(unknown) = projection.unknown_events().first() {
            return Err(OpenRolloutErrorKind::UnknownEvent(unknown.clone()).into());
        }
        let flag = &open_state(&projection).flag_name;
        if flag != &self.flag {
            return Err(OpenRolloutErrorKind::OtherFlag(flag.clone()).into());
        }
        Ok(projection)
    }

    fn begin(
        &self,
        journal: &dyn Journal,
        projection: &Projection,
    ) -> Result<(), OpenRolloutErrorKind> {
        let opened = EventPayload::Opened(Opened {
            flag: self.flag.clone(),
            phase: projection.lost_phase().unwrap_or(self.opening_phase),
            policy: self.policy.to_document(),
            loosened: self.policy.looser_than_default(),
        });
        let command = self.opened_by.clone();
        let command = command.unwrap_or_else(|| system_context("the journal was empty"));
        let now = Timestamp::now(&*self.clock);
        let new_event = command.event(now, opened);
        let event = new_event.clone().numbered(projection.head().seq + 1);
        let valid = projection.check(&event);
        valid.map_err(|error| OpenRolloutErrorKind::Unreadable(error.into()))?;
        let event = journal
            .append(projection.head(), new_event)
            .map_err(OpenRolloutErrorKind::NotJournaled)?;
        audit::record(self.flag.as_str(), &event);
        Ok(())
    }

    fn into_deps(self, journal: Arc<dyn Journal>, flag: FlagState) -> Deps {
        let active = flag == FlagState::On;
        let switch = CompatFlag::new(self.flag.as_str(), active);
        if flag == FlagState::Retired {
            switch.retire();
        }
        let started = Timestamp::now(&*self.clock);
        let version = self.version;
        let join = |(name, table)| Membership::new(table, name, version, started);
        Deps {
            fleet: self.instance.map(join),
            flag: switch,
            journal,
            clock: self.clock,
            view: self.view.or_else(|| Some(Arc::new(self.census.clone()?))),
            census: self.census,
            metrics: self.metrics,
            contract: self.contract,
            digested: Mutex::default(),
            gates: self.gates,
            pins_policy: self.pins_policy,
            environment: self.environment,
        }
    }
}

impl Rollout {
    /// Journals the policy of the program if the journal has another one. It is in force in any case.
    fn journal_policy(&self, pinned: &Policy) {
        let differences = self.controller().policy.differences(pinned);
        if differences.is_empty() {
            return;
        }
        let changed = EventPayload::PolicyChanged(PolicyChanged {
            policy: pinned.to_document(),
            differences,
        });
        let command = system_context("the policy of the program is another than before");
        let event = command.event(self.now(), changed);
        let attempt = AppendAttempt::new(COMMAND_PATIENCE);
        // A failure is logged.
        let _ = self.append(&event, attempt, LogFailures::Yes);
        self.controller().policy = pinned.clone();
    }

    fn log_start(&self) {
        let status = self.status();
        let (flag, state) = (self.deps.flag.name(), self.deps.flag.state().as_str());
        let (phase, head) = (status.state.phase.as_str(), status.head);
        tracing::info!(flag, state, phase, %head, "the rollout is open");
    }
}

fn open_state(projection: &Projection) -> &RolloutState {
    projection.state().expect("the rollout was opened above")
}
