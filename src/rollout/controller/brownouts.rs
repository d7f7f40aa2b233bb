//! Brownouts: announced by a command, begun and ended by the clock of each instance, and ended at once by a command.
//!
//! The flag is off only while the journal says that a brownout began, and between its start and end by the clock of the
//! instance. So none begins that is not on record, or that could have been cancelled unheard; and an instance that cannot
//! reach its journal still ends one in time. Within a process a brownout lasts no longer by the monotonic clock either, and
//! does not begin again, wherever the wall clock is set.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

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
        state::{Brownout, BrownoutStage, ProjectionErrorKind, may_announce, may_brown_out},
    },
    time::{Clock, Timestamp},
};

/// What the clock of this instance says of the brownouts in the journal.
#[derive(Debug, Default)]
pub(super) struct BrownoutWatch {
    /// The one because of which the flag is off, and when that ends by the monotonic clock.
    off: Option<(u64, Duration)>,
    /// Those that are over here and not in the journal.
    over: BTreeSet<u64>,
}

/// How much earlier than the journal a clock may be.
const SKEW: Duration = Duration::from_secs(60);

impl BrownoutWatch {
    /// The brownout because of which the flag is off here.
    pub(super) fn running(&self) -> Option<u64> {
        self.off.map(|(seq, _)| seq)
    }
}

impl ControllerState {
    /// Brings what the clock says up to date.
    pub(super) fn watch_brownouts(&mut self, clock: &dyn Clock) {
        let (now, monotonic) = (Timestamp::now(clock), clock.monotonic());
        let pending = self.state().pending_brownouts();
        let pending: Vec<Brownout> = pending.cloned().collect();
        let watch = &mut self.brownouts;
        let was_off = watch.running();
        watch
            .over
            .retain(|seq| pending.iter().any(|brownout| brownout.seq() == *seq));
        for brownout in &pending {
            let seq = brownout.seq();
            let elapsed = watch
                .off
                .is_some_and(|(off, until)| off == seq && until <= monotonic);
            if brownout.until <= now || elapsed {
                watch.over.insert(seq);
            }
        }
        let running = pending.iter().find(|brownout| brownout.is_running());
        let running = running.filter(|brownout| !watch.over.contains(&brownout.seq()));
        watch.off = running.and_then(|brownout| {
            let known = watch.off.filter(|(seq, _)| *seq == brownout.seq());
            let begins = || (brownout.seq(), monotonic + brownout.until.since(now));
            known.or_else(|| (brownout.start <= now).then(begins))
        });
        self.watch_flag_after(was_off, clock);
    }

    /// When a process begins to watch: a clock that is before the beginning was set back, so how long it lasted is unknown.
    pub(super) fn distrust_clock(&mut self, clock: &dyn Clock) {
        let now = Timestamp::now(clock);
        let running = self.state().running_brownout();
        let later = |brownout: &Brownout| {
            let began = brownout.began.as_ref();
            began.is_some_and(|began| began.at.since(now) > SKEW)
        };
        if let Some(seq) = running.filter(|found| later(found)).map(Brownout::seq) {
            self.brownouts.over.insert(seq);
        }
    }

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
            if self.brownouts.over.contains(&seq) {
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
            match controller.policy.brownouts.fault(state, &announced, now) {
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
        let fault = status
            .policy
            .brownouts
            .fault(&status.state, &announced, now);
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
        controller.brownouts.over.insert(brownout);
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
