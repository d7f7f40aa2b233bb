//! The state that commands change, one at a time.

use std::{collections::BTreeMap, time::Duration};

use super::{brownout_watch::BrownoutWatch, command::RefusalKind};
use crate::{
    flag::FlagState,
    rollout::{
        event::{Event, EventPayload, Head, NewEvent, Served},
        journal::{AppendAttempt, AttemptId, JournalSync},
        phase::Phase,
        policy::Policy,
        state::{ObligationKind, Projection, ProjectionError, RolloutState},
    },
    time::{Clock, Timestamp},
};

/// The state that commands change, one at a time. Its lock is held while nothing is read or written but memory.
#[derive(Debug)]
pub(super) struct ControllerState {
    projection: Projection,
    pub(super) policy: Policy,
    /// Rollbacks and ends of brownouts that took effect and are not in the journal.
    pub(super) unrecorded: Vec<Unrecorded>,
    /// Whether the journal may have closed itself.
    pub(super) closed: bool,
    pub(super) journal_error: Option<String>,
    /// How the journal relates to its store, as of the last time that it was read.
    pub(super) sync: JournalSync,
    /// How long the last change of the flag took from the journal to here.
    pub(super) applied_lag: Option<Duration>,
    /// What this process served when it last compared that with the journal.
    pub(super) compared: Option<Served>,
    /// For refused transitions and for refused accesses: neither can use up the other's limit.
    pub(super) refusal_limits: [HourlyLimit; 2],
    pub(super) unjournaled_refusals: u64,
    /// When each overdue obligation was last logged, by the monotonic clock.
    pub(super) warned: BTreeMap<ObligationKind, Duration>,
    pub(super) flag_watch: FlagWatch,
    pub(super) brownouts: BrownoutWatch,
}

/// A rollback, or the end of a brownout, that took effect and is not in the journal.
#[derive(Clone, Debug)]
pub(super) struct Unrecorded {
    pub(super) event: NewEvent,
    /// The same for all tries.
    pub(super) attempt: AppendAttempt,
    /// Whether a thread tries to append it.
    pub(super) in_flight: bool,
}

impl Unrecorded {
    /// The cutover that was taken back.
    pub(super) fn cutover(&self) -> Option<u64> {
        match &self.event.payload {
            EventPayload::RollbackTaken(taken) => Some(taken.cutover),
            _ => None,
        }
    }

    /// The brownout that was ended.
    pub(super) fn brownout(&self) -> Option<u64> {
        match &self.event.payload {
            EventPayload::BrownoutEnded(ended) => Some(ended.brownout),
            _ => None,
        }
    }
}

/// Limits how many refused attempts are journaled, so that refusals cannot fill the disk.
#[derive(Debug, Default)]
pub(super) struct HourlyLimit {
    since: Duration,
    used: u32,
}

/// How long the flag has been as it is, independent of jumps of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlagWatch {
    /// The event that changed it, and its time; `None` for a change that is not in the journal.
    pub(super) changed: Option<(u64, Timestamp)>,
    /// How long that was ago when it was first seen, by the wall clock.
    lasted: Duration,
    /// When that was, by the monotonic clock.
    seen: Duration,
}

impl ControllerState {
    /// The projection must be of an opened rollout.
    pub(super) fn new(projection: Projection, policy: Policy, clock: &dyn Clock) -> Self {
        let mut controller = Self {
            projection,
            policy,
            unrecorded: Vec::new(),
            closed: false,
            journal_error: None,
            sync: JournalSync::Current,
            applied_lag: None,
            compared: None,
            refusal_limits: Default::default(),
            unjournaled_refusals: 0,
            warned: BTreeMap::new(),
            flag_watch: FlagWatch {
                changed: None,
                lasted: Duration::ZERO,
                seen: Duration::ZERO,
            },
            brownouts: BrownoutWatch::default(),
        };
        controller.brownouts = BrownoutWatch::new(controller.state(), clock);
        controller.watch_flag(clock);
        controller
    }

    pub(super) const fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Whether its state is not that of a journal, which could not be read yet.
    pub(super) const fn is_provisional(&self) -> bool {
        self.projection.is_provisional()
    }

    pub(super) const fn head(&self) -> Head {
        self.projection.head()
    }

    pub(super) fn state(&self) -> &RolloutState {
        let state = self.projection.state();
        state.expect("it is made of a rollout that was opened, and nothing closes one")
    }

    /// Whether something of a kind took effect that is not in the journal.
    pub(super) fn is_unrecorded(&self, of: impl Fn(&Unrecorded) -> Option<u64>) -> bool {
        self.unrecorded
            .iter()
            .any(|unrecorded| of(unrecorded).is_some())
    }

    /// The current cutover, by its event.
    pub(super) fn cutover(&self) -> Option<u64> {
        let state = self.state();
        (state.phase == Phase::Cutover).then_some(state.entered.seq)
    }

    /// Whether the current cutover was rolled back, and that is not recorded yet.
    pub(super) fn is_rolled_back(&self) -> bool {
        let cutovers = self.unrecorded.iter().map(Unrecorded::cutover);
        let current = self.cutover();
        current.is_some() && cutovers.into_iter().any(|cutover| cutover == current)
    }

    /// The state that the flag must have: that of the phase, unless a rollback is not recorded yet or a brownout runs here.
    pub(super) fn flag(&self) -> FlagState {
        if self.is_rolled_back() {
            return FlagState::On;
        }
        match self.brownouts.running() {
            Some(_) => FlagState::Off,
            None => self.state().phase.flag(),
        }
    }

    /// Applies the next event. An event of an unknown kind is an error: nothing may be decided after it.
    pub(super) fn apply(
        &mut self,
        event: &Event,
        clock: &dyn Clock,
    ) -> Result<(), ProjectionError> {
        let changed = self.state().flag_changed.seq;
        self.projection.apply_known(event)?;
        if self.state().flag_changed.seq != changed {
            self.applied_lag = Some(Timestamp::now(clock).since(event.at));
        }
        self.unrecorded
            .retain(|new| !is_record_of(event, &new.event));
        // One that another version wrote and that is not valid for this one leaves the policy before it in force.
        if let EventPayload::PolicyChanged(payload) = &event.payload
            && let Ok(policy) = Policy::from_document(&payload.policy)
        {
            self.policy = policy;
        }
        self.watch_brownouts(clock);
        Ok(())
    }

    /// Notes a rollback that takes effect before it is journaled.
    pub(super) fn note_unrecorded(&mut self, rollback: Unrecorded, clock: &dyn Clock) {
        self.unrecorded.push(rollback);
        self.flag_watch = FlagWatch::unrecorded(clock);
    }

    /// Brings what the clock says of brownouts up to date, and how long the flag has been as it is.
    pub(super) fn watch_brownouts(&mut self, clock: &dyn Clock) {
        let state = self.projection.state();
        let state = state.expect("it is made of a rollout that was opened, and nothing closes one");
        let was_running = self.brownouts.running();
        self.brownouts.update(state, clock);
        let ended = was_running.is_some() && self.brownouts.running().is_none();
        if ended && self.flag() != self.state().flag() {
            self.flag_watch = FlagWatch::unrecorded(clock);
        } else {
            self.watch_flag(clock);
        }
    }

    /// The cutover that a rollback takes back, which is this one if one is named.
    pub(super) fn current_cutover(&self, named: Option<u64>) -> Result<u64, RefusalKind> {
        let phase = self.state().phase;
        match (self.cutover(), named) {
            (current, Some(named)) if current != Some(named) => {
                Err(RefusalKind::CutoverLeft(named, phase))
            }
            (Some(_), _) if self.is_rolled_back() => Err(RefusalKind::RollbackUnrecorded),
            (Some(current), _) => Ok(current),
            // From observe there is a transition to compat, but it is not a rollback.
            (None, _) => Err(match phase.step(Phase::Compat) {
                Err(impossible) => RefusalKind::Impossible(impossible),
                Ok(_) => RefusalKind::NotInCutover(phase),
            }),
        }
    }

    /// The rollback of an attempt, while it is not in the journal.
    pub(super) fn unrecorded_mut(&mut self, attempt: AttemptId) -> Option<&mut Unrecorded> {
        let mut unrecorded = self.unrecorded.iter_mut();
        unrecorded.find(|rollback| rollback.attempt.id == attempt)
    }

    fn watch_flag(&mut self, clock: &dyn Clock) {
        let changed = &self.state().flag_changed;
        let changed = (changed.seq, changed.at);
        // Unless it is ahead of the journal.
        if self.flag() == self.state().flag() && self.flag_watch.changed != Some(changed) {
            self.flag_watch = FlagWatch {
                changed: Some(changed),
                lasted: Timestamp::now(clock).since(changed.1),
                seen: clock.monotonic(),
            };
        }
    }
}

/// Whether an event of the journal is the record of one that could not be written at first.
fn is_record_of(event: &Event, new: &NewEvent) -> bool {
    event.at == new.at && event.actor == new.actor && event.payload == new.payload
}

impl HourlyLimit {
    /// How many in each period.
    pub(super) const MAX: u32 = 32;

    const PERIOD: Duration = Duration::from_secs(3_600);

    /// Uses one if one is left, at this reading of the monotonic clock.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= Self::PERIOD {
            (self.since, self.used) = (now, 0);
        }
        let left = self.used < Self::MAX;
        self.used += u32::from(left);
        left
    }
}

impl FlagWatch {
    /// Of a change now that is not in the journal.
    fn unrecorded(clock: &dyn Clock) -> Self {
        Self {
            changed: None,
            lasted: Duration::ZERO,
            seen: clock.monotonic(),
        }
    }

    /// How long the flag has been as it is.
    pub(super) fn lasted(&self, clock: &dyn Clock) -> Duration {
        let since = clock.monotonic().saturating_sub(self.seen);
        self.lasted.saturating_add(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_has_its_own_limit() {
        let mut limit = HourlyLimit::default();
        let start = Duration::from_secs(10);
        let taken = (0..100).filter(|_| limit.take(start)).count();
        assert_eq!(taken, HourlyLimit::MAX as usize);
        assert!(!limit.take(Duration::from_secs(3_590)));
        assert!(limit.take(HourlyLimit::PERIOD + start));
    }
}
