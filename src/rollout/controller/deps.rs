//! What a rollout works with, and the events that it journals by itself.

use std::sync::Arc;

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::ControllerState,
};
use crate::{
    census::Census,
    contract::LiveContract,
    flag::{CompatFlag, FlagState},
    metrics::Metrics,
    rollout::{
        audit,
        event::{Attempt, AttemptRefused, ContractChanged, Event, EventPayload, NewEvent},
        evidence::GateReport,
        gate::{Gate, GateContext},
        journal::{AppendError, Conflict, Journal, ReadError, ReadErrorKind},
        names::{Actor, ContractDigest, Identifier, Reason},
        phase::Transition,
        policy::Policy,
        state::{ReplayError, RolloutState},
    },
    time::{Clock, Timestamp},
};

/// How many events are read at a time.
const BATCH: usize = 256;

/// How often a command is tried again after a concurrent modification.
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
    pub(super) pins_policy: bool,
    /// The name of the environment.
    pub(super) environment: Option<String>,
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

    /// Reads new events and records rollbacks that could not be written before. On success the next event can be
    /// appended.
    pub(super) fn prepare(&self, controller: &mut ControllerState) -> Result<(), RefusalKind> {
        self.catch_up(controller).map_err(RefusalKind::Unreadable)?;
        self.record_rollbacks(controller)
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
            let known = controller.head();
            let events = self.journal.read(known.seq, BATCH)?;
            if events.is_empty() {
                return self.check_head(controller);
            }
            for event in &events {
                controller.apply(event, &*self.clock)?;
            }
        }
    }

    /// Whether the journal is still the one that was read.
    fn check_head(&self, controller: &ControllerState) -> Result<(), ReplayError> {
        let (known, found) = (controller.head(), self.journal.head()?);
        // One that is ahead is read the next time.
        if found.seq < known.seq || (found.seq == known.seq && found.hash != known.hash) {
            return Err(ReadError::at(known.seq, ReadErrorKind::Changed).into());
        }
        Ok(())
    }

    /// Journals the rollbacks that have taken effect already, each with the cutover that it took back. One whose append
    /// seemed to fail and had succeeded has been read meanwhile.
    fn record_rollbacks(&self, controller: &mut ControllerState) -> Result<(), RefusalKind> {
        for _ in 0..TRIES {
            let Some(new_event) = controller.unrecorded.first().cloned() else {
                return Ok(());
            };
            match self.append(controller, &new_event, LogFailures::No) {
                // What is applied is not unrecorded any more.
                Ok(_) | Err(RefusalKind::NotJournaled(AppendError::Conflict(_))) => {}
                Err(_) => break,
            }
        }
        match controller.unrecorded.as_slice() {
            [] => Ok(()),
            _ => Err(RefusalKind::RollbackUnrecorded),
        }
    }

    /// Journals an event, then sets the flag accordingly.
    pub(super) fn append(
        &self,
        controller: &mut ControllerState,
        new_event: &NewEvent,
        log_failures: LogFailures,
    ) -> Result<Event, RefusalKind> {
        let event = new_event.clone().numbered(controller.head().seq + 1);
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
            Err(error @ AppendError::Conflict(_)) => {
                self.catch_up(controller).map_err(RefusalKind::Unreadable)?;
                Err(RefusalKind::NotJournaled(error))
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

    /// Refuses a command that expects an earlier decision.
    pub(super) fn expect_decision(
        &self,
        controller: &ControllerState,
        command: &CommandContext,
    ) -> Result<(), RefusalKind> {
        let latest = controller.state().decision;
        match command.expected_decision {
            Some(expected) if expected != latest => Err(self.conflict(controller, expected)),
            _ => Ok(()),
        }
    }

    /// The conflict of a command that was decided by an earlier event.
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

/// A command of the rollout itself.
pub(super) fn system_context(reason: &str) -> CommandContext {
    let actor = Actor::system("rollout").expect("a short word is an actor id");
    CommandContext::new(actor, bounded(reason))
}

/// A reason from any text: cut to the limit, and replaced if it has forbidden characters.
fn bounded(text: &str) -> Reason {
    let text: String = text.chars().take(Reason::MAX).collect();
    Reason::new(text).unwrap_or_else(|_| Reason::new("not shown").expect("two words are a reason"))
}

impl Deps {
    /// Refuses a command, and journals the attempt within the hourly limit. Journal failures and conflicts are not
    /// journaled: the one could not be, and the other would move the head again.
    pub(super) fn refuse(
        &self,
        controller: &mut ControllerState,
        (command, attempt): (&CommandContext, Attempt),
        (kind, gates): (RefusalKind, Vec<GateReport>),
    ) -> Refusal {
        let journaled = matches!(
            kind,
            RefusalKind::Impossible(_)
                | RefusalKind::NeedsIncident
                | RefusalKind::NotInCutover(_)
                | RefusalKind::GatesFailed(_)
                | RefusalKind::OverrideMismatch { .. }
                | RefusalKind::PostAnalysesDue(_)
                | RefusalKind::CutoverLeft(..)
        );
        if journaled {
            let refused = AttemptRefused {
                attempt,
                cause: bounded(&kind.to_string()),
                gates: gates.clone(),
            };
            // It is refused whether or not that can be journaled; a failure is logged.
            let _ = self.record_refusal(controller, command, refused);
        }
        Refusal::new(controller.head(), gates, kind)
    }

    /// Journals a refused attempt; `false` if the hourly limit is reached.
    pub(super) fn record_refusal(
        &self,
        controller: &mut ControllerState,
        command: &CommandContext,
        refused: AttemptRefused,
    ) -> Result<bool, RefusalKind> {
        let kind = usize::from(refused.attempt == Attempt::Access);
        if !controller.refusal_limits[kind].take(self.clock.monotonic()) {
            controller.unjournaled_refusals += 1;
            return Ok(false);
        }
        let event = command.event(self.now(), EventPayload::AttemptRefused(refused));
        self.append(controller, &event, LogFailures::Yes)
            .map(|_| true)
    }

    /// What evidence is gathered by, with this contract.
    pub(super) fn served(&self, digest: ContractDigest) -> ContractChanged {
        let rules = self.census.as_ref().map(|census| census.rules_digests());
        // The name of a kind of one's own need not be a token; such a kind is left out.
        let rules = rules.into_iter().flatten().filter_map(|(kind, digest)| {
            let digest = Identifier::new(digest.to_string());
            Some((Identifier::new(kind).ok()?, digest.ok()?))
        });
        ContractChanged {
            digest,
            detector: rules.collect(),
        }
    }

    /// Restarts the windows of the census if it is another contract, in the census's own time.
    pub(super) fn notify_census(&self, contract: &ContractDigest) {
        if let Some(census) = &self.census {
            census.serve(contract.as_str());
        }
    }

    /// Journals the served contract and the detector's rules if they have changed. The census is notified first: it restarts
    /// its windows in its own time, whether or not the journal can be written.
    pub(super) fn journal_contract(&self, controller: &mut ControllerState) {
        let Some(contract) = &self.contract else {
            return;
        };
        let changed = self.served(ContractDigest::of(&contract.current()));
        self.notify_census(&changed.digest);
        let served = controller.state().contract.as_ref();
        if served.is_some_and(|served| served.is(&changed)) {
            return;
        }
        let command = system_context(match served {
            Some(_) => "the contract or the detector is another than before",
            None => "the contract in use is the first one",
        });
        let changed = EventPayload::ContractChanged(changed);
        let event = command.event(self.now(), changed);
        // Tried again at the next tick.
        let _ = self.append(controller, &event, LogFailures::No);
    }
}
