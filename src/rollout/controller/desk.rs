//! What one command at a time may change.

use std::{collections::BTreeMap, time::Duration};

use super::budget::Budget;
use crate::time::Timestamp;
use crate::{
    flag::FlagState,
    rollout::{
        audit,
        event::{Event, NewEvent},
        payload::EventPayload,
        phase::{Phase, Transition},
        policy::Policy,
        state::{ObligationKind, RolloutState},
        state::{Projection, ProjectionError},
    },
    time::Clock,
};

/// What one command at a time may change.
#[derive(Debug)]
pub(super) struct Desk {
    fold: Projection,
    pub(super) policy: Policy,
    /// A rollback that took effect and is not in the journal.
    pub(super) unrecorded: Option<NewEvent>,
    /// Whether the start of this process is in the journal.
    pub(super) started: bool,
    /// Whether the journal may have closed itself.
    pub(super) closed: bool,
    pub(super) journal_error: Option<String>,
    /// Of transitions, and of accesses: one cannot use up the record of the other.
    pub(super) budgets: [Budget; 2],
    pub(super) unjournaled_refusals: u64,
    /// When each sign was last given, by the monotonic clock.
    pub(super) signs: BTreeMap<ObligationKind, Duration>,
    pub(super) cutover: Option<CutoverWatch>,
    pub(super) question: Question,
}

/// When the gates of which step were last asked for what is shown.
#[derive(Debug, Default)]
pub(super) struct Question(Option<(Transition, Duration)>);

/// Since when the cutover that holds has lasted, so that no jump of the wall clock shortens or lengthens its guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CutoverWatch {
    /// The event of the cutover.
    pub(super) seq: u64,
    /// How long it had lasted when it was first seen, by the wall clock.
    lasted: Duration,
    /// When that was, by the monotonic clock.
    seen: Duration,
}

impl Desk {
    /// `fold` has been opened.
    pub(super) fn new(fold: Projection, policy: Policy, clock: &dyn Clock) -> Self {
        let mut desk = Self {
            fold,
            policy,
            unrecorded: None,
            started: false,
            closed: false,
            journal_error: None,
            budgets: Default::default(),
            unjournaled_refusals: 0,
            signs: BTreeMap::new(),
            cutover: None,
            question: Question::default(),
        };
        desk.watch(clock);
        desk
    }

    pub(super) const fn projection(&self) -> &Projection {
        &self.fold
    }

    pub(super) const fn head(&self) -> u64 {
        self.fold.head()
    }

    pub(super) fn state(&self) -> &RolloutState {
        let state = self.fold.state();
        state.expect("a desk is made of a rollout that was opened, and nothing closes it")
    }

    /// What the flag has to say: what follows from the phase, unless a rollback is on its way into the journal.
    pub(super) fn flag(&self) -> FlagState {
        let state = self.state();
        if self.unrecorded.is_some() && state.phase() == Phase::Cutover {
            return FlagState::On;
        }
        state.flag()
    }

    /// Takes in the next event and logs it.
    pub(super) fn take(&mut self, event: &Event, clock: &dyn Clock) -> Result<(), ProjectionError> {
        self.fold.apply(event)?;
        audit::record(self.state().flag_name().as_str(), event);
        if let EventPayload::PolicyChanged(payload) = event.payload() {
            match Policy::from_document(&payload.policy) {
                Ok(policy) => self.policy = policy,
                // Written by another version. The policy of before is the one that is understood.
                Err(error) => {
                    tracing::error!(%error, "the policy in the journal is not understood");
                }
            }
        }
        self.watch(clock);
        Ok(())
    }

    fn watch(&mut self, clock: &dyn Clock) {
        let state = self.state();
        let seq = state.entered().seq;
        if state.phase() != Phase::Cutover {
            self.cutover = None;
        } else if self.cutover.is_none_or(|watch| watch.seq != seq) {
            self.cutover = Some(CutoverWatch {
                seq,
                lasted: Timestamp::now(clock).since(state.entered().at),
                seen: clock.monotonic(),
            });
        }
    }
}

impl Question {
    /// What is shown is at most so old, and a tick.
    const EVERY: Duration = Duration::from_secs(4);

    /// Whether it is time to ask, at this reading of the monotonic clock.
    pub(super) fn take(&mut self, step: Transition, now: Duration) -> bool {
        let recent = self
            .0
            .is_some_and(|(asked, when)| asked == step && now.saturating_sub(when) < Self::EVERY);
        if !recent {
            self.0 = Some((step, now));
        }
        !recent
    }
}

impl CutoverWatch {
    /// How long the cutover has lasted.
    pub(super) fn lasted(&self, clock: &dyn Clock) -> Duration {
        let since = clock.monotonic().saturating_sub(self.seen);
        self.lasted.saturating_add(since)
    }
}
