//! Setting a rollout up, and opening its journal.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    desk::Desk,
    open_error::{OpenRolloutError, OpenRolloutErrorKind},
    order::CommandContext,
    parts::Parts,
    refusing::system,
    rollout::Rollout,
};
use crate::time::Timestamp;
use crate::{
    census::Census,
    contract::LiveContract,
    flag::{CompatFlag, FlagState},
    metrics::Metrics,
    rollout::{
        audit,
        gate::Gate,
        journal::{AppendError, Journal},
        payload::{EventPayload, Opened},
        phase::Phase,
        policy::{BuiltInGate, Policy},
        projection::Projection,
        state::RolloutState,
        texts::{FlagName, Identifier},
    },
    time::{Clock, SystemClock},
};

/// How a rollout is to be.
///
/// ```
/// use std::sync::Arc;
/// use legacy_http_compat::{Contract, LiveContract, caller::{FingerprintKey, SignalDetector}, census::Census, metrics::Metrics};
/// use legacy_http_compat::rollout::{FlagName, MemoryJournal, Phase, Policy, Rollout};
///
/// let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
/// let contract = LiveContract::new(Contract::device_flow());
/// let rollout = Rollout::builder(FlagName::new("features.auth.device_flow.compat_legacy_http")?, Policy::default())
///     .census(Arc::new(Census::new(&detector)))
///     .metrics(Arc::new(Metrics::new()))
///     .contract(contract.clone())
///     .opening_phase(Phase::Observe)
///     .open(Arc::new(MemoryJournal::new()))?;
/// assert_eq!(rollout.status().state.phase(), Phase::Observe);
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
    metrics: Option<Arc<Metrics>>,
    contract: Option<LiveContract>,
    gates: Vec<Arc<dyn Gate>>,
}

impl Rollout {
    /// A rollout of the flag of this name. The policy is for an empty journal only: later ones are set by
    /// [`Rollout::change_policy`], and the journal remembers them.
    pub fn builder(flag: FlagName, policy: Policy) -> RolloutBuilder {
        RolloutBuilder {
            flag,
            opening_phase: policy.opening_phase(),
            policy,
            opened_by: None,
            clock: Arc::new(SystemClock::new()),
            census: None,
            metrics: None,
            contract: None,
            gates: Vec::new(),
        }
    }
}

impl RolloutBuilder {
    /// The phase to open in if the journal is empty, in place of the policy's: observe or compat.
    pub fn opening_phase(mut self, phase: Phase) -> Self {
        self.opening_phase = phase;
        self
    }

    /// Who opens the rollout and why, if the journal is empty; by default the rollout itself.
    pub fn opened_by(mut self, order: CommandContext) -> Self {
        self.opened_by = Some(order);
        self
    }

    /// Where time comes from; the operating system by default. The census must have the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The census that gates and guard ask. Without one the gates that need it do not let pass.
    pub fn census(mut self, census: Arc<Census>) -> Self {
        self.census = Some(census);
        self
    }

    /// The metrics that the layer counts into.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The contract that the layer serves. A change of it is journaled at the next tick or command, and restarts the
    /// quiet windows. Whoever gives none tells of changes by [`Rollout::contract_changed`].
    pub fn contract(mut self, contract: impl Into<LiveContract>) -> Self {
        self.contract = Some(contract.into());
        self
    }

    /// A gate of one's own, asked after the built-in ones.
    pub fn gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.gates.push(gate);
        self
    }

    /// Opens the rollout: reads the journal, or begins it; journals and logs that the process started, and in which
    /// mode. The flag stands where the journal says.
    ///
    /// If the journal is full or failing but can be read, a rollout that was open before opens all the same: the flag
    /// stands where it should, and the start is journaled as soon as it can be.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read or is that of another flag, or an empty one cannot be written; when its policy
    /// is not understood; when two gates have the same name.
    pub fn open(self, journal: Arc<dyn Journal>) -> Result<Rollout, OpenRolloutError> {
        self.check_gates()?;
        let fold = self.replayed(&*journal)?;
        let state = open_state(&fold);
        let policy = Policy::from_document(state.policy());
        let policy = policy.map_err(OpenRolloutErrorKind::Policy)?;
        let mut desk = Desk::new(fold, policy, &*self.clock);
        let parts = self.into_parts(journal, desk.flag());
        parts.start(&mut desk);
        let rollout = Rollout::new(parts, desk);
        rollout.log_start();
        Ok(rollout)
    }

    fn check_gates(&self) -> Result<(), OpenRolloutErrorKind> {
        let mut names: BTreeSet<Identifier> = BuiltInGate::ALL.map(BuiltInGate::label).into();
        let own = self.gates.iter().map(|gate| gate.name());
        for name in own {
            if !names.insert(name.clone()) {
                return Err(OpenRolloutErrorKind::DuplicateGate(name));
            }
        }
        Ok(())
    }

    /// All that was journaled, after the beginning was journaled if there was none.
    fn replayed(&self, journal: &dyn Journal) -> Result<Projection, OpenRolloutError> {
        let mut fold = Projection::new();
        fold.catch_up(journal, |_| {})?;
        while fold.state().is_none() {
            match self.begin(journal, &fold) {
                // Another process that opens the same journal may have been faster.
                Ok(()) | Err(OpenRolloutErrorKind::NotJournaled(AppendError::Conflict(_))) => {}
                Err(error) => return Err(error.into()),
            }
            fold.catch_up(journal, |_| {})?;
        }
        let flag = open_state(&fold).flag_name();
        if *flag != self.flag {
            return Err(OpenRolloutErrorKind::OtherFlag(flag.clone()).into());
        }
        Ok(fold)
    }

    fn begin(&self, journal: &dyn Journal, fold: &Projection) -> Result<(), OpenRolloutErrorKind> {
        let opened = EventPayload::Opened(Opened {
            flag: self.flag.clone(),
            phase: self.opening_phase,
            policy: self.policy.to_document(),
        });
        let order = self.opened_by.clone();
        let order = order.unwrap_or_else(|| system("the journal was empty"));
        let now = Timestamp::now(&*self.clock);
        let draft = order.draft(now, opened);
        let event = draft.clone().numbered(fold.head() + 1);
        let fits = fold.check(&event);
        fits.map_err(|error| OpenRolloutErrorKind::Unreadable(error.into()))?;
        let event = journal
            .append(fold.head(), draft)
            .map_err(OpenRolloutErrorKind::NotJournaled)?;
        audit::record(self.flag.as_str(), &event);
        Ok(())
    }

    fn into_parts(self, journal: Arc<dyn Journal>, flag: FlagState) -> Parts {
        let active = flag == FlagState::On;
        let switch = CompatFlag::new(self.flag.as_str(), active);
        if flag == FlagState::Retired {
            switch.retire();
        }
        Parts {
            flag: switch,
            journal,
            clock: self.clock,
            census: self.census,
            metrics: self.metrics,
            contract: self.contract,
            gates: self.gates,
        }
    }
}

impl Rollout {
    fn log_start(&self) {
        let status = self.status();
        let (flag, active) = (self.parts.flag.name(), self.parts.flag.is_on());
        let (phase, head) = (status.state.phase().as_str(), status.head);
        tracing::info!(flag, active, phase, head, "the rollout is open");
    }
}

fn open_state(fold: &Projection) -> &RolloutState {
    fold.state().expect("the rollout was opened above")
}
