//! How a rollout reads its journal on, and appends to it.
//!
//! The state is never locked while the journal is called, so that a journal that hangs delays no rollback: events are read or
//! appended after the head that was known, and applied if that is still the head.

use std::time::Duration;

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::ControllerState,
    deps::{LogFailures, TRIES, bounded},
    rollout::Rollout,
};
use crate::rollout::{
    audit,
    event::{Attempt, AttemptRefused, Event, EventPayload, Head, NewEvent},
    evidence::GateReport,
    journal::{AppendAttempt, AppendError, Conflict, Fork, JournalSync, ReadError, ReadErrorKind},
    policy::Policy,
    state::ReplayError,
};

/// How many events are read at a time.
const BATCH: usize = 256;

/// How long the append of a command may take, and a second try that decides an undecided one.
pub(super) const COMMAND_PATIENCE: Duration = Duration::from_secs(2);

/// How long all tries to append the record of a rollback may take, which has taken effect by then.
pub(super) const ROLLBACK_PATIENCE: Duration = Duration::from_millis(500);

impl Rollout {
    /// Reads new events, records what could not be written before, and journals what the clock did. On success the next
    /// event can be appended.
    pub(super) fn prepare(&self) -> Result<(), RefusalKind> {
        self.catch_up().map_err(RefusalKind::Unreadable)?;
        let recorded = self.record_rollbacks();
        self.journal_brownouts();
        recorded
    }

    /// Reads new events, and sets the flag accordingly.
    pub(super) fn catch_up(&self) -> Result<(), ReplayError> {
        let caught_up = self.read_events();
        let sync = match (&caught_up, self.deps.journal.sync_state()) {
            (Err(ReplayError::Read(error)), sync) => error.fork().map_or(sync, JournalSync::Forked),
            (_, sync) => sync,
        };
        let mut controller = self.controller();
        let sync = match sync {
            JournalSync::Current if controller.is_provisional() => {
                JournalSync::Stale { since: None }
            }
            sync => sync,
        };
        controller.journal_error = caught_up.as_ref().err().map(ToString::to_string);
        controller.sync = sync;
        drop(controller);
        self.sync_flag();
        caught_up
    }

    fn read_events(&self) -> Result<(), ReplayError> {
        if self.controller().is_provisional() {
            self.adopt_journal()?;
        }
        if self.controller().closed {
            self.deps.journal.reopen()?;
            self.controller().closed = false;
        }
        loop {
            let known = self.controller().head();
            let events = self.deps.journal.read_after(known, BATCH)?;
            if events.is_empty() {
                return self.check_head(known);
            }
            self.apply(known, &events)?;
        }
    }

    /// Whether the journal is still the one that was read.
    fn check_head(&self, known: Head) -> Result<(), ReplayError> {
        let found = self.deps.journal.head()?;
        let fork = match self.deps.journal.sync_state() {
            JournalSync::Forked(fork) => fork,
            // One that is ahead is read the next time.
            _ if found.seq > known.seq || found == known => return Ok(()),
            _ => Fork { known, found },
        };
        let kind = ReadErrorKind::Forked(fork);
        Err(ReadError::at(fork.known.seq, kind).into())
    }

    /// Applies the events after a head, unless another thread has, and logs them.
    fn apply(&self, known: Head, events: &[Event]) -> Result<(), ReplayError> {
        let (applied, result) = {
            let mut controller = self.controller();
            if controller.head() != known {
                return Ok(());
            }
            let clock = &*self.deps.clock;
            let mut events = events.iter();
            let result = events.try_for_each(|event| controller.apply(event, clock));
            (controller.head().seq - known.seq, result)
        };
        let applied = usize::try_from(applied).unwrap_or(usize::MAX);
        for event in events.iter().take(applied) {
            audit::record(self.deps.flag.name(), event);
            if let EventPayload::PolicyChanged(payload) = &event.payload
                && let Err(error) = Policy::from_document(&payload.policy)
            {
                tracing::error!(%error, "the policy in the journal is not valid for this version");
            }
        }
        Ok(result?)
    }

    /// Sets the flag to the state that it must have.
    pub(super) fn sync_flag(&self) {
        let mut controller = self.controller();
        controller.watch_brownouts(&*self.deps.clock);
        let browned_out = controller.brownouts.running().is_some();
        drop(controller);
        // From before the first response that it strands to after the last one.
        self.watch_census(browned_out, true);
        let controller = self.controller();
        let switched = self.deps.set_flag(controller.flag());
        drop(controller);
        self.watch_census(browned_out, false);
        if switched {
            self.deps.log_switch();
        }
    }

    /// Lets the census know whether a brownout runs, if that is so.
    fn watch_census(&self, browned_out: bool, runs: bool) {
        if let Some(census) = self.deps.census.as_ref().filter(|_| browned_out == runs) {
            census.brown_out(runs);
        }
    }

    /// Journals the rollbacks and ends of brownouts that have taken effect already, each with the cutover that it took back. One whose append
    /// seemed to fail and had succeeded has been read meanwhile.
    fn record_rollbacks(&self) -> Result<(), RefusalKind> {
        for _ in 0..TRIES {
            let Some((event, attempt)) = self.next_unrecorded() else {
                break;
            };
            let appended = self.append(&event, attempt, LogFailures::No);
            self.land(attempt);
            match appended {
                // What is applied is not unrecorded any more.
                Ok(_) | Err(RefusalKind::NotJournaled(AppendError::Conflict(_))) => {}
                Err(_) => break,
            }
        }
        match self.controller().unrecorded.as_slice() {
            [] => Ok(()),
            _ => Err(RefusalKind::RollbackUnrecorded),
        }
    }

    /// The first rollback to append, once no other thread appends it.
    fn next_unrecorded(&self) -> Option<(NewEvent, AppendAttempt)> {
        let in_flight = |controller: &mut ControllerState| {
            let mut unrecorded = controller.unrecorded.iter();
            unrecorded.any(|rollback| rollback.in_flight)
        };
        let mut controller = self.landed(ROLLBACK_PATIENCE, in_flight);
        let mut unrecorded = controller.unrecorded.iter_mut();
        let next = unrecorded.find(|rollback| !rollback.in_flight)?;
        next.in_flight = true;
        Some((next.event.clone(), next.attempt.within(ROLLBACK_PATIENCE)))
    }

    /// Notes that no thread appends a rollback any more.
    pub(super) fn land(&self, attempt: AppendAttempt) {
        if let Some(rollback) = self.controller().unrecorded_mut(attempt.id) {
            rollback.in_flight = false;
        }
        self.notify_landed();
    }

    /// Journals an event, then sets the flag accordingly.
    pub(super) fn append(
        &self,
        new_event: &NewEvent,
        attempt: AppendAttempt,
        log_failures: LogFailures,
    ) -> Result<Event, RefusalKind> {
        let expected = self.controller().head();
        self.append_after(expected, new_event, attempt, log_failures)
    }

    /// The same after this very event and no other.
    pub(super) fn append_after(
        &self,
        expected: Head,
        new_event: &NewEvent,
        attempt: AppendAttempt,
        log_failures: LogFailures,
    ) -> Result<Event, RefusalKind> {
        self.check(expected, new_event)?;
        match self.append_decided(expected, new_event, attempt) {
            Ok(event) => {
                self.appended(expected, &event)?;
                Ok(event)
            }
            Err(error @ AppendError::Conflict(_)) => {
                self.catch_up().map_err(RefusalKind::Unreadable)?;
                Err(RefusalKind::NotJournaled(error))
            }
            Err(error) => {
                let mut controller = self.controller();
                controller.closed |=
                    matches!(error, AppendError::Undecided(_) | AppendError::Closed);
                controller.journal_error = Some(error.to_string());
                drop(controller);
                if log_failures == LogFailures::Yes {
                    audit::not_journaled(self.deps.flag.name(), new_event, &error);
                }
                Err(RefusalKind::NotJournaled(error))
            }
        }
    }

    /// Whether the event is valid after a head, which must be the current one.
    fn check(&self, expected: Head, new_event: &NewEvent) -> Result<(), RefusalKind> {
        let controller = self.controller();
        let head = controller.head();
        if head != expected {
            let conflict = Conflict::new(expected.seq, head, Vec::new());
            return Err(RefusalKind::NotJournaled(conflict.into()));
        }
        let event = new_event.clone().numbered(head.seq + 1);
        let valid = controller.projection().check(&event);
        valid.map_err(|error| RefusalKind::Invalid(error.kind().clone()))
    }

    /// Appends, and tries once more what is undecided: the same attempt finds out whether it stands.
    fn append_decided(
        &self,
        expected: Head,
        new_event: &NewEvent,
        attempt: AppendAttempt,
    ) -> Result<Event, AppendError> {
        let journal = &self.deps.journal;
        let undecided = match journal.append_attempt(expected, new_event.clone(), attempt) {
            Err(error @ AppendError::Undecided(_)) => error,
            decided => return decided,
        };
        if attempt.patience <= ROLLBACK_PATIENCE {
            return Err(undecided);
        }
        match journal.append_attempt(expected, new_event.clone(), attempt) {
            // Of the second try alone: the first is decided once the journal is reopened.
            Err(AppendError::Closed | AppendError::NotWritten(_)) => Err(undecided),
            decided => decided,
        }
    }

    /// Applies an event that was appended after a head.
    fn appended(&self, expected: Head, event: &Event) -> Result<(), RefusalKind> {
        let applied = self.apply_appended(expected, event);
        self.controller().journal_error = applied.as_ref().err().map(ToString::to_string);
        self.sync_flag();
        applied.map_err(RefusalKind::Unreadable)
    }

    fn apply_appended(&self, expected: Head, event: &Event) -> Result<(), ReplayError> {
        if event.seq == expected.seq + 1 {
            self.apply(expected, std::slice::from_ref(event))?;
        }
        // An earlier try may have succeeded, or another thread may have read on meanwhile.
        if self.controller().head().seq < event.seq {
            return self.read_events();
        }
        Ok(())
    }

    /// Refuses a command that expects an earlier decision. Returns the head to append after.
    pub(super) fn expect_decision(&self, command: &CommandContext) -> Result<Head, RefusalKind> {
        let (head, latest) = {
            let controller = self.controller();
            (controller.head(), controller.state().decision)
        };
        match command.expected_decision {
            Some(expected) if expected != latest => Err(self.conflict(expected)),
            _ => Ok(head),
        }
    }

    /// The conflict of a command that was decided by an earlier event.
    fn conflict(&self, expected: u64) -> RefusalKind {
        let events = self.deps.journal.read(expected, Conflict::MAX_EVENTS);
        let events = events.unwrap_or_default();
        RefusalKind::Conflict(Conflict::new(expected, self.controller().head(), events))
    }

    /// Refuses a command, and journals the attempt within the hourly limit. Journal failures and conflicts are not
    /// journaled: the one could not be, and the other would move the head again.
    pub(super) fn refuse(
        &self,
        (command, attempt): (&CommandContext, Attempt),
        patience: Duration,
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
                | RefusalKind::BrownoutRunning(_)
        );
        if journaled {
            let refused = AttemptRefused {
                attempt,
                cause: bounded(&kind.to_string()),
                gates: gates.clone(),
            };
            // It is refused whether or not that can be journaled; a failure is logged.
            let _ = self.record_refusal(command, patience, refused);
        }
        Refusal::new(self.controller().head(), gates, kind)
    }

    /// Journals a refused attempt; `false` if the hourly limit is reached.
    pub(super) fn record_refusal(
        &self,
        command: &CommandContext,
        patience: Duration,
        refused: AttemptRefused,
    ) -> Result<bool, RefusalKind> {
        let kind = usize::from(refused.attempt == Attempt::Access);
        let mut controller = self.controller();
        if !controller.refusal_limits[kind].take(self.deps.clock.monotonic()) {
            controller.unjournaled_refusals += 1;
            return Ok(false);
        }
        drop(controller);
        let event = command.event(self.now(), EventPayload::AttemptRefused(refused));
        let attempt = AppendAttempt::new(patience);
        self.append(&event, attempt, LogFailures::Yes).map(|_| true)
    }
}
