//! What a rollout works with: flag, journal, clock, census, metrics, contract, gates.

use std::sync::Arc;

use super::{controller_state::ControllerState, refusal::RefusalKind};
use crate::{
    census::Census,
    contract::LiveContract,
    flag::{CompatFlag, FlagState},
    metrics::Metrics,
    rollout::{
        audit,
        event::{Event, NewEvent},
        gate::{Gate, GateContext},
        journal::{AppendError, Conflict, Journal},
        phase::{Phase, Transition},
        policy::Policy,
        state::{ReplayError, RolloutState},
    },
    time::{Clock, Timestamp},
};

/// How many events are read at a time.
const BATCH: usize = 256;

/// How often a command that expects no head is tried again after a concurrent modification.
pub(super) const TRIES: u32 = 8;

/// What a rollout works with.
#[derive(Debug)]
pub(super) struct Deps {
    /// The only writing end.
    pub(super) flag: CompatFlag,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) census: Option<Arc<Census>>,
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) contract: Option<LiveContract>,
    pub(super) gates: Vec<Arc<dyn Gate>>,
}

/// Whether a failed append is logged: only the first try is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFailures {
    Yes,
    No,
}

impl Deps {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    pub(super) fn context<'a>(
        &'a self,
        step: Transition,
        state: &'a RolloutState,
        policy: &'a Policy,
    ) -> GateContext<'a> {
        GateContext {
            step,
            state,
            policy,
            census: self.census.as_deref(),
            metrics: self.metrics.as_deref(),
            now: self.now(),
        }
    }

    /// Reads new events and records a rollback that could not be written before. On success the next event can be
    /// appended.
    pub(super) fn prepare(&self, controller: &mut ControllerState) -> Result<(), RefusalKind> {
        self.catch_up(controller).map_err(RefusalKind::Unreadable)?;
        self.record_rollback(controller)
    }

    /// Reads new events, and sets the flag accordingly.
    pub(super) fn catch_up(&self, controller: &mut ControllerState) -> Result<(), ReplayError> {
        let caught_up = self.read_events(controller);
        controller.journal_error = caught_up.as_ref().err().map(ToString::to_string);
        self.sync_flag(controller);
        caught_up
    }

    fn read_events(&self, controller: &mut ControllerState) -> Result<(), ReplayError> {
        if controller.closed {
            self.journal.reopen()?;
            controller.closed = false;
        }
        loop {
            let events = self.journal.read(controller.head(), BATCH)?;
            if events.is_empty() {
                return Ok(());
            }
            for event in &events {
                controller.apply(event, &*self.clock)?;
            }
        }
    }

    /// Journals a rollback that has taken effect already. If the phase is not cutover any more, another process has
    /// decided, or the append that seemed to fail had succeeded.
    fn record_rollback(&self, controller: &mut ControllerState) -> Result<(), RefusalKind> {
        let Some(new_event) = controller.unrecorded.clone() else {
            return Ok(());
        };
        if controller.state().phase == Phase::Cutover
            && self
                .append(controller, &new_event, LogFailures::No)
                .is_err()
            && controller.state().phase == Phase::Cutover
        {
            return Err(RefusalKind::RollbackUnrecorded);
        }
        controller.unrecorded = None;
        self.sync_flag(controller);
        Ok(())
    }

    /// Journals an event, then sets the flag accordingly.
    pub(super) fn append(
        &self,
        controller: &mut ControllerState,
        new_event: &NewEvent,
        log_failures: LogFailures,
    ) -> Result<Event, RefusalKind> {
        let event = new_event.clone().numbered(controller.head() + 1);
        let valid = controller.projection().check(&event);
        valid.map_err(|error| RefusalKind::Invalid(error.kind().clone()))?;
        match self.journal.append(controller.head(), new_event.clone()) {
            Ok(event) => {
                controller.journal_error = None;
                let applied = controller.apply(&event, &*self.clock);
                self.sync_flag(controller);
                applied.map_err(|error| RefusalKind::Unreadable(error.into()))?;
                Ok(event)
            }
            Err(AppendError::Conflict(conflict)) => {
                self.catch_up(controller).map_err(RefusalKind::Unreadable)?;
                Err(RefusalKind::Conflict(conflict))
            }
            Err(error) => {
                controller.closed |=
                    matches!(error, AppendError::Undecided(_) | AppendError::Closed);
                controller.journal_error = Some(error.to_string());
                if log_failures == LogFailures::Yes {
                    audit::not_journaled(self.flag.name(), new_event, &error);
                }
                Err(RefusalKind::NotJournaled(error))
            }
        }
    }

    /// The conflict of a command that expects an earlier head.
    pub(super) fn conflict(&self, controller: &ControllerState, expected: u64) -> RefusalKind {
        let events = self.journal.read(expected, Conflict::MAX_EVENTS);
        let events = events.unwrap_or_default();
        RefusalKind::Conflict(Conflict::new(expected, controller.head(), events))
    }

    /// Sets the flag to the state that it must have.
    pub(super) fn sync_flag(&self, controller: &ControllerState) {
        let state = controller.flag();
        if self.flag.state() == state {
            return;
        }
        match state {
            FlagState::On => {
                self.flag.set(true);
            }
            FlagState::Off => {
                self.flag.set(false);
            }
            FlagState::Retired => self.flag.retire(),
        }
        let (flag, state) = (self.flag.name(), self.flag.state().as_str());
        tracing::info!(flag, state, "the flag was switched");
    }
}
