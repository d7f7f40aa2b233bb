//! The rollout of one flag.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{controller_state::ControllerState, deps::Deps, status::RolloutStatus};
use crate::{
    census::Census,
    contract::LiveContract,
    flag::FlagReader,
    metrics::Metrics,
    rollout::{
        evidence::GateReport,
        journal::Journal,
        phase::Transition,
        view::{next_gated, overdue},
    },
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
    /// The status as of the last command or tick. Locked while `controller` is locked, never the other way round.
    status: Mutex<Arc<RolloutStatus>>,
}

impl Rollout {
    pub(super) fn new(deps: Deps, controller: ControllerState) -> Self {
        let status = status(&deps, &controller, (None, Vec::new()));
        Self {
            deps,
            controller: Mutex::new(controller),
            status: Mutex::new(Arc::new(status)),
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

    /// The census that gates and automatic rollback use.
    #[must_use]
    pub fn census(&self) -> Option<&Arc<Census>> {
        self.deps.census.as_ref()
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

    /// The status as of the last command or tick. Never waits for a command.
    #[must_use]
    pub fn status(&self) -> Arc<RolloutStatus> {
        Arc::clone(&lock(&self.status))
    }

    pub(super) fn controller(&self) -> MutexGuard<'_, ControllerState> {
        lock(&self.controller)
    }

    /// Publishes the status, with the gate reports as last evaluated.
    pub(super) fn publish(&self, controller: &ControllerState) {
        let mut published = lock(&self.status);
        let gates = (published.next, published.gates.clone());
        *published = Arc::new(status(&self.deps, controller, gates));
    }

    /// Publishes the gate reports of the next transition.
    pub(super) fn publish_gates(&self, step: Transition, gates: Vec<GateReport>) {
        let mut published = lock(&self.status);
        if published.next == Some(step) {
            Arc::make_mut(&mut published).gates = gates;
        }
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

fn status(
    deps: &Deps,
    controller: &ControllerState,
    (evaluated, gates): (Option<Transition>, Vec<GateReport>),
) -> RolloutStatus {
    let (state, now) = (controller.state(), deps.now());
    let next = next_gated(controller.state());
    RolloutStatus {
        at: now,
        head: controller.head(),
        state: state.clone(),
        policy: controller.policy.clone(),
        flag: controller.flag(),
        next,
        gates: if next == evaluated { gates } else { Vec::new() },
        overdue: overdue(state, &controller.policy, now),
        rollback_unrecorded: controller.unrecorded.is_some(),
        journal_error: controller.journal_error.clone(),
        unjournaled_refusals: controller.unjournaled_refusals,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Safe after a panic: the journal is the truth, and is read before anything is decided.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
