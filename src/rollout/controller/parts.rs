//! What a rollout works with, and how it writes.

use std::sync::Arc;

use super::{desk::Desk, refusal::RefusalKind};
use crate::time::Timestamp;
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
        projection::ReplayError,
        state::RolloutState,
    },
    time::Clock,
};

/// How many events are taken in at a time.
const BATCH: usize = 256;

/// How often a command that rests on no head is tried again when others were faster.
pub(super) const TRIES: u32 = 8;

/// What a rollout works with.
#[derive(Debug)]
pub(super) struct Parts {
    /// Nobody else holds the writing end.
    pub(super) flag: CompatFlag,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) census: Option<Arc<Census>>,
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) contract: Option<LiveContract>,
    pub(super) gates: Vec<Arc<dyn Gate>>,
}

/// Whether a failure is logged: the first time it is, when something is tried again it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loudness {
    Loud,
    Quiet,
}

impl Parts {
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

    /// Takes in what others have journaled and writes down what could not be written before. After it nothing is in
    /// the way of a new event.
    pub(super) fn prepare(&self, desk: &mut Desk) -> Result<(), RefusalKind> {
        self.catch_up(desk).map_err(RefusalKind::Unreadable)?;
        self.record_rollback(desk)
    }

    /// Takes in what others have journaled, and lets the flag follow.
    pub(super) fn catch_up(&self, desk: &mut Desk) -> Result<(), ReplayError> {
        let caught_up = self.read_on(desk);
        desk.journal_error = caught_up.as_ref().err().map(ToString::to_string);
        self.follow(desk);
        caught_up
    }

    fn read_on(&self, desk: &mut Desk) -> Result<(), ReplayError> {
        if desk.closed {
            self.journal.reopen()?;
            desk.closed = false;
        }
        loop {
            let events = self.journal.read(desk.head(), BATCH)?;
            if events.is_empty() {
                return Ok(());
            }
            for event in &events {
                desk.take(event, &*self.clock)?;
            }
        }
    }

    /// Journals a rollback that has taken effect already. If meanwhile the phase is another, others have decided, or
    /// the record turned out to stand.
    fn record_rollback(&self, desk: &mut Desk) -> Result<(), RefusalKind> {
        let Some(draft) = desk.unrecorded.clone() else {
            return Ok(());
        };
        if desk.state().phase() == Phase::Cutover
            && self.append(desk, &draft, Loudness::Quiet).is_err()
            && desk.state().phase() == Phase::Cutover
        {
            return Err(RefusalKind::RollbackUnrecorded);
        }
        desk.unrecorded = None;
        self.follow(desk);
        Ok(())
    }

    /// Journals an event and then lets the flag follow.
    pub(super) fn append(
        &self,
        desk: &mut Desk,
        draft: &NewEvent,
        loudness: Loudness,
    ) -> Result<Event, RefusalKind> {
        let event = draft.clone().numbered(desk.head() + 1);
        let fits = desk.projection().check(&event);
        fits.map_err(|error| RefusalKind::Unfitting(error.kind().clone()))?;
        match self.journal.append(desk.head(), draft.clone()) {
            Ok(event) => {
                desk.journal_error = None;
                let taken = desk.take(&event, &*self.clock);
                self.follow(desk);
                taken.map_err(|error| RefusalKind::Unreadable(error.into()))?;
                Ok(event)
            }
            Err(AppendError::Conflict(conflict)) => {
                self.catch_up(desk).map_err(RefusalKind::Unreadable)?;
                Err(RefusalKind::Conflict(conflict))
            }
            Err(error) => {
                desk.closed |= matches!(error, AppendError::Undecided(_) | AppendError::Closed);
                desk.journal_error = Some(error.to_string());
                if loudness == Loudness::Loud {
                    audit::not_journaled(self.flag.name(), draft, &error);
                }
                Err(RefusalKind::NotJournaled(error))
            }
        }
    }

    /// The conflict of a command that rests on an earlier head.
    pub(super) fn conflict(&self, desk: &Desk, expected: u64) -> RefusalKind {
        let meanwhile = self.journal.read(expected, Conflict::MAX_SHOWN);
        let meanwhile = meanwhile.unwrap_or_default();
        RefusalKind::Conflict(Conflict::new(expected, desk.head(), meanwhile))
    }

    /// Sets the flag to what it has to say.
    pub(super) fn follow(&self, desk: &Desk) {
        let wanted = desk.flag();
        if self.flag.state() == wanted {
            return;
        }
        match wanted {
            FlagState::On => {
                self.flag.set(true);
            }
            FlagState::Off => {
                self.flag.set(false);
            }
            FlagState::Retired => self.flag.retire(),
        }
        let (flag, active) = (self.flag.name(), self.flag.is_on());
        tracing::info!(flag, active, "the flag was switched");
    }
}
