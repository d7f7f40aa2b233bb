//! A rollout whose journal could not be read yet, and which serves with a flag that the program gives.

use std::sync::Arc;

use super::{
    builder::{OpenRolloutError, OpenRolloutErrorKind, RolloutBuilder},
    controller_state::ControllerState,
    deps::{Deps, system_context},
    rollout::Rollout,
};
use crate::{
    flag::FlagState,
    rollout::{
        event::{EventPayload, Opened},
        journal::{AppendError, Journal, JournalSync, ReadError, ReadErrorKind},
        phase::Phase,
        policy::Policy,
        state::{Projection, ReplayError},
    },
    time::{Clock, Timestamp},
};

impl RolloutBuilder {
    /// Opens the rollout as [`open`](RolloutBuilder::open) does, or if its journal cannot be reached and has no copy here, with
    /// this state of the flag.
    ///
    /// Until the journal can be read, its status is that of the state, marked stale, and no command but a rollback is
    /// executed. Then the rollout goes on as the journal says. A journal that has no rollout by then is an error, which the
    /// status shows.
    ///
    /// # Errors
    ///
    /// As [`open`](RolloutBuilder::open), except when the journal cannot be reached.
    pub fn open_or(
        self,
        journal: Arc<dyn Journal>,
        state: FlagState,
    ) -> Result<Rollout, OpenRolloutError> {
        let projection = match self.replayed(&*journal) {
            Err(error) if is_away(&error, &*journal) => {
                tracing::error!(%error, state = state.as_str(), "the journal cannot be reached");
                self.provisional(state)
            }
            replayed => replayed?,
        };
        self.open_with(journal, projection)
    }

    /// A projection of no event, in a phase that has this state of the flag.
    fn provisional(&self, state: FlagState) -> Projection {
        let phase = match state {
            FlagState::On => Phase::Compat,
            FlagState::Off => Phase::Cutover,
            FlagState::Retired => Phase::Retired,
        };
        let opened = Opened {
            flag: self.flag_name().clone(),
            phase,
            policy: self.policy().to_document(),
            loosened: Vec::new(),
        };
        let command = system_context("the journal could not be reached, and the program says so");
        let event = command.event(self.now(), EventPayload::Opened(opened.clone()));
        Projection::provisional(&event.numbered(0), &opened)
    }
}

/// Whether a journal could not be opened because its store is away.
fn is_away(error: &OpenRolloutError, journal: &dyn Journal) -> bool {
    let unreachable = match error.kind() {
        OpenRolloutErrorKind::Unreadable(ReplayError::Read(error)) => {
            matches!(error.kind(), ReadErrorKind::Storage)
        }
        OpenRolloutErrorKind::NotJournaled(error) => !matches!(error, AppendError::Conflict(_)),
        OpenRolloutErrorKind::Missing => true,
        _ => false,
    };
    unreachable
        && !matches!(journal.sync_state(), JournalSync::Forked(_))
        && journal.head().map_or(true, |head| head.seq == 0)
}

impl Rollout {
    /// Takes the state from the journal, once it can be read.
    pub(super) fn adopt_journal(&self) -> Result<(), ReplayError> {
        let mut projection = Projection::new();
        projection.catch_up(&*self.deps.journal, |_| {})?;
        let policy = self.deps.check_adopted(&projection)?;
        let mut controller = self.controller();
        if controller.is_provisional() {
            controller.adopt(projection, policy, &*self.deps.clock);
        }
        Ok(())
    }
}

impl Deps {
    /// The policy of a journal that takes the place of a provisional state, if it can.
    fn check_adopted(&self, projection: &Projection) -> Result<Policy, ReadError> {
        let Some(state) = projection.state() else {
            return Err(ReadError::storage("its events have not been read yet"));
        };
        if state.flag_name.as_str() != self.flag.name() {
            return Err(ReadError::storage("it belongs to another flag"));
        }
        if let Some(unknown) = projection.unknown_events().first() {
            let text = format!(
                "this version does not know events of the kind {}",
                unknown.kind
            );
            return Err(ReadError::storage(text));
        }
        Policy::from_document(&state.policy).map_err(ReadError::storage)
    }
}

impl ControllerState {
    /// Replaces the provisional state. A rollback that took effect meanwhile was of the cutover before it, if there was one.
    fn adopt(&mut self, projection: Projection, policy: Policy, clock: &dyn Clock) {
        let noted = std::mem::take(&mut self.unrecorded);
        let mut adopted = Self::new(projection, policy, clock);
        adopted.refusal_limits = std::mem::take(&mut self.refusal_limits);
        adopted.unjournaled_refusals = self.unjournaled_refusals;
        *self = adopted;
        for mut rollback in noted {
            let Some(cutover) = self.cutover_before(rollback.event.at) else {
                tracing::error!("a rollback took effect that no cutover of the journal preceded");
                continue;
            };
            if let EventPayload::RollbackTaken(taken) = &mut rollback.event.payload {
                taken.cutover = cutover;
            }
            self.note_unrecorded(rollback, clock);
        }
    }

    /// The current cutover if it was made before a time, or else the last one before it.
    fn cutover_before(&self, at: Timestamp) -> Option<u64> {
        let (state, current) = (self.state(), self.cutover());
        match current {
            Some(current) if state.entered.at > at => state.cutover_before(current),
            None => state.cutover_before(u64::MAX),
            current => current,
        }
    }
}
