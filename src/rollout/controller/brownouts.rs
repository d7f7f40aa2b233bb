//! Brownouts: announced by a command, begun and ended by the clock of each instance, and ended at once by a command.
//!
//! None begins that is not on record, or that could have been cancelled unheard; and an instance that cannot reach its journal
//! still ends one in time.

use std::time::{Duration, Instant};

use super::{
    command::{CommandContext, Refusal, RefusalKind},
    controller_state::{ControllerState, Unrecorded},
    deps::{LogFailures, system_context},
    journaling::ROLLBACK_PATIENCE,
    rollback::RolledBack,
    rollout::Rollout,
};
use crate::{
    rollout::{
        event::{
            BrownoutAnnounced, BrownoutBegan, BrownoutEnded, Event, EventPayload, Head, NewEvent,
        },
        journal::{AppendAttempt, AppendError},
        names::IncidentId,
        policy::{BrownoutFault, Policy},
        state::{
            Brownout, BrownoutStage, ProjectionErrorKind, RolloutState, may_announce, may_brown_out,
        },
    },
    time::Timestamp,
};

impl ControllerState {
    /// The brownout that a command ends, which runs here or by the journal.
    fn running_brownout(&self) -> Option<u64> {
        let journaled = self.state().running_brownout().map(Brownout::seq);
        self.brownouts.running().or(journaled)
    }

    /// The next beginning or end to journal, as the clock says.
    fn brownout_due(&self, now: Timestamp) -> Option<(EventPayload, &'static str)> {
        self.state().pending_brownouts().find_map(|brownout| {
            let seq = brownout.seq();
            let end = BrownoutEnded {
                brownout: seq,
                incident: None,
                instance: None,
            };
            let end = EventPayload::BrownoutEnded(end);
            let announced = brownout.stage() == BrownoutStage::Announced;
            if self.brownouts.is_over(seq) {
                let reason = if announced { MISSED } else { OVER };
                // By a command that ended it, if one did.
                return (!self.is_ending(seq)).then_some((end, reason));
            }
            if !announced || now < brownout.start {
                return None;
            }
            Some(match may_brown_out(self.state()) {
                Ok(()) => {
                    let began = BrownoutBegan { brownout: seq };
                    (EventPayload::BrownoutBegan(began), BEGAN)
                }
                Err(_) => (end, CANCELLED),
            })
        })
    }

    /// Whether a command ended a brownout, and that is not in the journal.
    fn is_ending(&self, seq: u64) -> bool {
        let mut unrecorded = self.unrecorded.iter();
        unrecorded.any(|unrecorded| unrecorded.brownout() == Some(seq))
    }
}

/// Why a policy does not allow a brownout.
fn not_allowed(
    policy: &Policy,
    state: &RolloutState,
    announced: &BrownoutAnnounced,
    now: Timestamp,
) -> Option<BrownoutFault> {
    let others = state.brownouts.iter().filter_map(Brownout::taken);
    let others: Vec<_> = others.collect();
    let pending = state.pending_brownouts().count();
    let window = (announced.start, announced.until);
    policy.brownouts.fault(window, (&others, pending), now)
}

const BEGAN: &str = "the announced start has come";
const OVER: &str = "the announced end has come";
const MISSED: &str = "its time has passed without a process that began it";
const CANCELLED: &str = "an incident is open or a post-analysis is due at its start";

impl Rollout {
    /// Announces a brownout: the flag will be off for `length` from `start` on, and go on again by itself.
    ///
    /// Each instance switches by its own clock, at the next tick, once one of them has journaled that the brownout began.
    ///
    /// # Errors
    ///
    /// As for all commands that journal one event; and when the rollout is not in compat, an incident is open, the
    /// post-analysis of a rollback is not filed, the length is not one of [`Brownout::LENGTH`], the brownout is less than an
    /// hour from another, or the policy's [limits](crate::rollout::policy::BrownoutLimits) do not allow it.
    pub fn announce_brownout(
        &self,
        start: Timestamp,
        length: Duration,
        command: &CommandContext,
    ) -> Result<Event, Refusal> {
        let until = start.plus(length);
        let announced = BrownoutAnnounced { start, until };
        self.record_with(command, |controller| {
            let (state, now) = (controller.state(), self.now());
            match not_allowed(&controller.policy, state, &announced, now) {
                Some(fault) => Err(RefusalKind::BrownoutNotAllowed(fault)),
                None => Ok(EventPayload::BrownoutAnnounced(announced)),
            }
        })
    }

    /// Why a brownout could not be announced now, by the last status, without announcing it.
    ///
    /// # Errors
    ///
    /// As [`Rollout::announce_brownout`].
    pub fn preview_brownout(&self, start: Timestamp, length: Duration) -> Result<(), RefusalKind> {
        let (status, now) = (self.status(), self.now());
        let until = start.plus(length);
        let announced = BrownoutAnnounced { start, until };
        may_announce(&status.state, &announced, now).map_err(RefusalKind::Invalid)?;
        let fault = not_allowed(&status.policy, &status.state, &announced, now);
        fault.map_or(Ok(()), |fault| Err(RefusalKind::BrownoutNotAllowed(fault)))
    }

    /// Ends the brownout of this announcement at once, or cancels it. Regardless of the expected decision, and never too
    /// late: one that is over stays so, and the command is on record. An incident is opened if it is not open.
    ///
    /// As in a [rollback](Self::rollback) the flag goes on before the journal is written.
    ///
    /// # Errors
    ///
    /// When there is no such brownout.
    pub fn end_brownout(
        &self,
        brownout: u64,
        incident: Option<IncidentId>,
        command: &CommandContext,
    ) -> Result<RolledBack, Refusal> {
        let mut ended = self.end_here(brownout, incident.clone(), command);
        if ended.is_none() {
            // What is known may be old.
            let _ = self.prepare();
            ended = self.end_here(brownout, incident, command);
        }
        let Some(ended) = ended else {
            let status = self.publish();
            let kind = RefusalKind::Invalid(ProjectionErrorKind::NoSuchBrownout(brownout));
            return Err(Refusal::new(status.head, Vec::new(), kind));
        };
        let recorded = self.try_to_record(&ended);
        self.land(ended.attempt);
        self.publish();
        Ok(match recorded {
            Some(event) => RolledBack::Recorded(event),
            None => RolledBack::Unrecorded,
        })
    }

    /// Ends the brownout because of which the flag is off, if there is one.
    pub(super) fn end_running_brownout(
        &self,
        incident: IncidentId,
        command: &CommandContext,
    ) -> Option<Result<RolledBack, Refusal>> {
        let running = self.controller().running_brownout()?;
        Some(self.end_brownout(running, Some(incident), command))
    }

    /// Switches the flag on and notes the end of a brownout; `None` if there is no such brownout.
    fn end_here(
        &self,
        brownout: u64,
        incident: Option<IncidentId>,
        command: &CommandContext,
    ) -> Option<Unrecorded> {
        let mut controller = self.controller();
        controller.state().brownout(brownout)?;
        let ended = BrownoutEnded {
            brownout,
            incident,
            instance: self.deps.instance().cloned(),
        };
        let ended = Unrecorded {
            event: command.event(self.now(), EventPayload::BrownoutEnded(ended)),
            attempt: AppendAttempt::new(ROLLBACK_PATIENCE),
            in_flight: true,
        };
        controller.unrecorded.push(ended.clone());
        controller.brownouts.end(brownout);
        drop(controller);
        self.sync_flag();
        // Shown before it is recorded, too.
        self.publish();
        Some(ended)
    }

    /// Journals which brownouts began or ended by the clock. Of several instances one succeeds.
    pub(super) fn journal_brownouts(&self) {
        // Real time bounds how long a command waits for this.
        let until = Instant::now() + ROLLBACK_PATIENCE;
        while let Some((expected, event)) = self.next_brownout_event() {
            let attempt = AppendAttempt::new(ROLLBACK_PATIENCE);
            let appended = self.append_after(expected, &event, attempt, LogFailures::No);
            let again = matches!(
                appended,
                Ok(_) | Err(RefusalKind::NotJournaled(AppendError::Conflict(_)))
            );
            if !again || Instant::now() > until {
                break;
            }
        }
    }

    fn next_brownout_event(&self) -> Option<(Head, NewEvent)> {
        let now = self.now();
        let controller = self.controller();
        if controller.is_provisional() {
            return None;
        }
        let (mut payload, reason) = controller.brownout_due(now)?;
        if let EventPayload::BrownoutEnded(ended) = &mut payload {
            ended.instance = self.deps.instance().cloned();
        }
        Some((
            controller.head(),
            system_context(reason).event(now, payload),
        ))
    }
}
