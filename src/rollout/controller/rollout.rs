//! The rollout of one flag: its status and its periodic work.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};

use super::{
    controller_state::{ControllerState, Unrecorded},
    deps::Deps,
    shared_evaluation::SharedEvaluation,
};
use crate::{
    census::{Census, View},
    contract::LiveContract,
    flag::FlagReader,
    metrics::{Metrics, RehearsedOutcome},
    rollout::{
        journal::Journal,
        state::ObligationKind,
        status::RolloutStatus,
        view::{RolloutView, next_gated, overdue},
    },
    time::Timestamp,
    worker::Tick,
};

/// The rollout of one flag: it has the only writing end, and sets it only by what its journal says.
///
/// Made by a [`RolloutBuilder`](super::RolloutBuilder). All commands block while they write; from async code call them by
/// `spawn_blocking`. Tick it, after its census, by a [`BackgroundWorker`](crate::worker::BackgroundWorker): without ticks
/// there is no automatic rollback, no retry and no warning of what is overdue.
///
/// ```
/// use std::sync::Arc;
/// use legacy_http_compat::FlagState;
/// use legacy_http_compat::rollout::{CommandContext, Phase, RefusalKind, Rollout, journal::MemoryJournal, names::{Actor, FlagName, IncidentId, Identifier, Reason}, policy::Policy};
///
/// let policy = Policy { required_checks: vec!["openapi".parse()?], ..Policy::default() };
/// let rollout = Rollout::builder(FlagName::new("features.jobs.compat")?, policy)
///     .open(Arc::new(MemoryJournal::new()))?;
/// let reader = rollout.reader(); // for the layer
/// assert_eq!(reader.state(), FlagState::On);
///
/// let by_mara = |why| Ok::<_, legacy_http_compat::rollout::names::InvalidText>(CommandContext::new(Actor::human("mara")?, Reason::new(why)?));
/// let refusal = rollout.transition(Phase::Cutover, &by_mara("looks good to me")?).unwrap_err();
/// let RefusalKind::GatesFailed(failing) = refusal.kind() else { panic!("{refusal}") };
/// assert_eq!(failing[0].as_str(), "required_checks");
/// assert_eq!(reader.state(), FlagState::On, "nothing has changed");
///
/// // To cut over against failing gates, name each of them.
/// rollout.override_cutover(failing, &by_mara("the old API is switched off tonight")?)?;
/// assert_eq!(reader.state(), FlagState::Off);
///
/// // A rollback has no gates, but requires a post-analysis.
/// rollout.rollback(IncidentId::new("INC-4711")?, &by_mara("pollers give up")?)?;
/// assert_eq!(reader.state(), FlagState::On);
/// assert_eq!(rollout.status().state.open_post_analyses().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rollout {
    pub(super) deps: Deps,
    controller: Mutex<ControllerState>,
    /// Held by a command other than a rollback, so that those of one process do not compete. Locked before `controller`.
    commands: Mutex<()>,
    /// With `controller`: a thread has finished appending the record of a rollback.
    landed: Condvar,
    /// The status as of the last command or tick. Locked while `controller` is locked, never the other way round.
    status: Mutex<Arc<RolloutStatus>>,
    pub(super) shared: SharedEvaluation,
}

impl Rollout {
    pub(super) fn new(deps: Deps, controller: ControllerState) -> Self {
        let status = status(&deps, &controller);
        Self {
            deps,
            controller: Mutex::new(controller),
            commands: Mutex::default(),
            landed: Condvar::new(),
            status: Mutex::new(Arc::new(status)),
            shared: SharedEvaluation::default(),
        }
    }

    /// A reading end of the flag.
    #[must_use]
    pub fn reader(&self) -> FlagReader {
        self.deps.flag.reader()
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.deps.journal
    }

    /// The census that gates, automatic rollback and pages use, as it was last read: of this process, or of all that serve.
    #[must_use]
    pub fn census(&self) -> Option<Arc<Census>> {
        self.deps.view.as_ref().map(|view| view.census())
    }

    /// What that census shows the callers of.
    #[must_use]
    pub fn census_view(&self) -> Option<&Arc<dyn View>> {
        self.deps.view.as_ref()
    }

    /// The metrics that gates use.
    #[must_use]
    pub fn metrics(&self) -> Option<&Arc<Metrics>> {
        self.deps.metrics.as_ref()
    }

    /// The contract that the layer serves.
    #[must_use]
    pub fn contract(&self) -> Option<&LiveContract> {
        self.deps.contract.as_ref()
    }

    /// How the way back was rehearsed: the outcomes of the contract in use that have a legacy shape, with what their
    /// [rehearsals](crate::LegacyHttpCompatLayer::rehearse_one_in) showed in this process. `None` without metrics or contract.
    #[must_use]
    pub fn rehearsed(&self) -> Option<Vec<RehearsedOutcome>> {
        let contract = self.deps.contract.as_ref()?.current();
        Some(self.deps.metrics.as_ref()?.rehearsed(&contract))
    }

    /// The status as of the last command or tick. Never waits for a command.
    #[must_use]
    pub fn status(&self) -> Arc<RolloutStatus> {
        Arc::clone(&lock(&self.status))
    }

    /// The time by the clock of the rollout.
    pub(crate) fn now(&self) -> Timestamp {
        self.deps.now()
    }

    /// The status and the shared [evaluation](Self::evaluation) as a serialisable view.
    #[must_use]
    pub fn view(&self) -> RolloutView {
        let (status, evaluation) = (self.status(), self.evaluation());
        RolloutView {
            fleet: self.fleet_view(&status),
            rehearsed: self.rehearsed(),
            ..status.view(Some(&evaluation))
        }
    }

    pub(super) fn controller(&self) -> MutexGuard<'_, ControllerState> {
        lock(&self.controller)
    }

    pub(super) fn commands(&self) -> MutexGuard<'_, ()> {
        lock(&self.commands)
    }

    /// The state once no thread appends the record of a rollback, or after a time.
    pub(super) fn landed(
        &self,
        timeout: Duration,
        in_flight: impl FnMut(&mut ControllerState) -> bool,
    ) -> MutexGuard<'_, ControllerState> {
        let waited = self
            .landed
            .wait_timeout_while(self.controller(), timeout, in_flight);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn notify_landed(&self) {
        self.landed.notify_all();
    }

    /// Publishes the status.
    pub(super) fn publish(&self) -> Arc<RolloutStatus> {
        let controller = self.controller();
        let status = Arc::new(status(&self.deps, &controller));
        *lock(&self.status) = Arc::clone(&status);
        status
    }
}

impl fmt::Debug for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        f.debug_struct("Rollout")
            .field("flag", &self.deps.flag)
            .field("phase", &status.state.phase)
            .field("head", &status.head)
            .finish_non_exhaustive()
    }
}

fn status(deps: &Deps, controller: &ControllerState) -> RolloutStatus {
    let (state, now) = (controller.state(), deps.now());
    RolloutStatus {
        at: now,
        head: controller.head(),
        state: state.clone(),
        policy: controller.policy.clone(),
        flag: controller.flag(),
        next: next_gated(state).filter(|_| controller.unrecorded.is_empty()),
        policy_pinned: deps.pins_policy,
        environment: deps.environment.clone(),
        recoveries: controller.projection().recoveries().to_vec(),
        losses: controller.projection().losses().to_vec(),
        overdue: overdue(state, &controller.policy, now),
        rollback_unrecorded: controller.is_unrecorded(Unrecorded::cutover),
        brownout_end_unrecorded: controller.is_unrecorded(Unrecorded::brownout),
        journal_error: controller.journal_error.clone(),
        sync: controller.sync,
        applied_lag: controller.applied_lag,
        unjournaled_refusals: controller.unjournaled_refusals,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Safe after a panic: the journal is the truth, and is read before anything is decided.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const DAY: Duration = Duration::from_secs(86_400);

impl Tick for Rollout {
    /// Ends a brownout whose time has passed, reads new events, records what could not be written before, begins a brownout
    /// whose time has come, journals a changed contract, logs what is overdue, and rolls back automatically if need be.
    fn tick(&self) {
        // Whatever the journal does.
        self.sync_flag();
        self.sync_journal();
        self.auto_rollback();
        self.report_if_due();
    }

    /// Tries once more to record what could not be written before, and leaves the table of instances.
    fn shutdown(&self) {
        self.sync_journal();
        self.leave_fleet();
    }
}

impl Rollout {
    fn sync_journal(&self) {
        // A command that runs does the same.
        let commands = match self.commands.try_lock() {
            Ok(commands) => Some(commands),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if commands.is_none() {
            let _ = self.catch_up();
        } else if self.prepare().is_ok() {
            self.journal_contract();
        }
        drop(commands);
        self.warn_overdue();
        self.publish();
        let watch = self.controller().flag_watch;
        // From the first tick on the census knows when the flag changed, whatever happens to the clock.
        self.lasted(&watch);
    }

    /// Logs what is overdue: at once, and then once a day.
    fn warn_overdue(&self) {
        let now = self.deps.clock.monotonic();
        let mut controller = self.controller();
        let overdue = overdue(controller.state(), &controller.policy, self.now());
        controller.warned.retain(|kind, _| overdue.contains(kind));
        let is_due = |obligation: &ObligationKind| {
            let warned = controller.warned.get(obligation);
            warned.is_none_or(|warned| now.saturating_sub(*warned) >= DAY)
        };
        let due: Vec<_> = overdue.into_iter().filter(is_due).collect();
        controller
            .warned
            .extend(due.iter().map(|kind| (*kind, now)));
        let phase = controller.state().phase.as_str();
        drop(controller);
        for obligation in due {
            let (flag, obligation) = (self.deps.flag.name(), obligation.as_str());
            tracing::warn!(flag, phase, obligation, "the rollout is overdue");
        }
    }
}
