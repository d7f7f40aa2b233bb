//! The rollout of one flag.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{desk::Desk, parts::Parts, status::RolloutStatus};
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

/// The rollout of one flag: it alone holds the writing end, and moves it only by what its journal says.
///
/// It is made by a [`RolloutBuilder`](super::RolloutBuilder). All commands block while they write; from async code call
/// them by `spawn_blocking` or the like. Keep it, after its census: `BackgroundWorker::start(Duration::from_secs(1), [census,
/// rollout])`. Without ticks there is no guard, no retry and no sign of what is overdue.
///
/// ```
/// use std::sync::Arc;
/// use legacy_http_compat::FlagState;
/// use legacy_http_compat::rollout::{
///     Actor, FlagName, IncidentId, Identifier, MemoryJournal, CommandContext, Phase, Policy, Reason, RefusalKind, Rollout,
/// };
///
/// let policy = Policy::builder().required_checks(["openapi"]).build()?;
/// let rollout = Rollout::builder(FlagName::new("features.jobs.compat")?, policy)
///     .open(Arc::new(MemoryJournal::new()))?;
/// let reader = rollout.reader(); // for the layer
/// assert_eq!(reader.state(), FlagState::On);
///
/// let by_mara = |why| Ok::<_, legacy_http_compat::rollout::InvalidText>(CommandContext::new(Actor::human("mara")?, Reason::new(why)?));
/// let refusal = rollout.transition(Phase::Cutover, &by_mara("looks good to me")?).unwrap_err();
/// let RefusalKind::GatesFailed(failing) = refusal.kind() else { panic!("{refusal}") };
/// assert_eq!(failing[0].as_str(), "required_checks");
/// assert_eq!(reader.state(), FlagState::On, "nothing has changed");
///
/// // Whoever has to cut over all the same names each failing gate.
/// rollout.override_cutover(failing, &by_mara("the old API is switched off tonight")?)?;
/// assert_eq!(reader.state(), FlagState::Off);
///
/// // The way back asks no gate, but leaves a post-analysis to be filed.
/// rollout.rollback(IncidentId::new("INC-4711")?, &by_mara("pollers give up")?)?;
/// assert_eq!(reader.state(), FlagState::On);
/// assert_eq!(rollout.status().state.open_post_analyses().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rollout {
    pub(super) parts: Parts,
    desk: Mutex<Desk>,
    /// What the last command or tick left to be shown. Taken while the desk is held, never the other way round.
    shown: Mutex<Arc<RolloutStatus>>,
}

impl Rollout {
    pub(super) fn new(parts: Parts, desk: Desk) -> Self {
        let status = status(&parts, &desk, (None, Vec::new()));
        Self {
            parts,
            desk: Mutex::new(desk),
            shown: Mutex::new(Arc::new(status)),
        }
    }

    /// A reading end of the flag.
    #[must_use]
    pub fn reader(&self) -> FlagReader {
        self.parts.flag.reader()
    }

    /// The journal, to be read and waited for.
    #[must_use]
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.parts.journal
    }

    /// The census that it was built with, which its gates and its guard ask.
    #[must_use]
    pub fn census(&self) -> Option<&Arc<Census>> {
        self.parts.census.as_ref()
    }

    /// The metrics that it was built with.
    #[must_use]
    pub fn metrics(&self) -> Option<&Arc<Metrics>> {
        self.parts.metrics.as_ref()
    }

    /// The contract that it was built with, which the layer serves.
    #[must_use]
    pub fn contract(&self) -> Option<&LiveContract> {
        self.parts.contract.as_ref()
    }

    /// How the rollout stands, as of its last command or tick. Never waits for a command.
    #[must_use]
    pub fn status(&self) -> Arc<RolloutStatus> {
        Arc::clone(&lock(&self.shown))
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// Shows where the desk stands now, with the gates as they were last asked.
    pub(super) fn show(&self, desk: &Desk) {
        let mut shown = lock(&self.shown);
        let gates = (shown.next, shown.gates.clone());
        *shown = Arc::new(status(&self.parts, desk, gates));
    }

    /// Shows what the gates of the next step say.
    pub(super) fn show_gates(&self, step: Transition, gates: Vec<GateReport>) {
        let mut shown = lock(&self.shown);
        if shown.next == Some(step) {
            Arc::make_mut(&mut shown).gates = gates;
        }
    }
}

impl fmt::Debug for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        f.debug_struct("Rollout")
            .field("flag", &self.parts.flag)
            .field("phase", &status.state.phase())
            .field("head", &status.head)
            .finish_non_exhaustive()
    }
}

fn status(
    parts: &Parts,
    desk: &Desk,
    (asked, gates): (Option<Transition>, Vec<GateReport>),
) -> RolloutStatus {
    let (state, now) = (desk.state(), parts.now());
    let next = next_gated(desk.state());
    RolloutStatus {
        at: now,
        head: desk.head(),
        state: state.clone(),
        policy: desk.policy.clone(),
        flag: desk.flag(),
        next,
        gates: if next == asked { gates } else { Vec::new() },
        overdue: overdue(state, &desk.policy, now),
        rollback_unrecorded: desk.unrecorded.is_some(),
        journal_error: desk.journal_error.clone(),
        unjournaled_refusals: desk.unjournaled_refusals,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whatever a panic interrupted, the journal is the truth and is read on before anything is decided.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
