//! The state that commands change, one at a time.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    flag::FlagState,
    rollout::{
        audit,
        event::{Event, EventPayload, Head, NewEvent},
        phase::Phase,
        policy::Policy,
        state::{ObligationKind, Projection, ProjectionError, RolloutState},
    },
    time::{Clock, Timestamp},
};

/// The state that commands change, one at a time.
#[derive(Debug)]
pub(super) struct ControllerState {
    projection: Projection,
    pub(super) policy: Policy,
    /// Rollbacks that took effect and are not in the journal.
    pub(super) unrecorded: Vec<NewEvent>,
    /// Whether the journal may have closed itself.
    pub(super) closed: bool,
    pub(super) journal_error: Option<String>,
    /// For refused transitions and for refused accesses: neither can use up the other's limit.
    pub(super) refusal_limits: [HourlyLimit; 2],
    pub(super) unjournaled_refusals: u64,
    /// When each overdue obligation was last logged, by the monotonic clock.
    pub(super) warned: BTreeMap<ObligationKind, Duration>,
    pub(super) flag_watch: FlagWatch,
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
    /// The event that changed it, and its time; `None` for a rollback that is not in the journal.
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
            refusal_limits: Default::default(),
            unjournaled_refusals: 0,
            warned: BTreeMap::new(),
            flag_watch: FlagWatch {
                changed: None,
                lasted: Duration::ZERO,
                seen: Duration::ZERO,
            },
        };
        controller.watch_flag(clock);
        controller
    }

    pub(super) const fn projection(&self) -> &Projection {
        &self.projection
    }

    pub(super) const fn head(&self) -> Head {
        self.projection.head()
    }

    pub(super) fn state(&self) -> &RolloutState {
        let state = self.projection.state();
        state.expect("it is made of a rollout that was opened, and nothing closes one")
    }

    /// The current cutover, by its event.
    pub(super) fn cutover(&self) -> Option<u64> {
        let state = self.state();
        (state.phase == Phase::Cutover).then_some(state.entered.seq)
    }

    /// Whether the current cutover was rolled back, and that is not recorded yet.
    pub(super) fn is_rolled_back(&self) -> bool {
        let cutovers = self.unrecorded.iter().map(|event| match &event.payload {
            EventPayload::RollbackTaken(taken) => Some(taken.cutover),
            _ => None,
        });
        let current = self.cutover();
        current.is_some() && cutovers.into_iter().any(|cutover| cutover == current)
    }

    /// The state that the flag must have: that of the phase, unless a rollback is not recorded yet.
    pub(super) fn flag(&self) -> FlagState {
        if self.is_rolled_back() {
            return FlagState::On;
        }
        self.state().flag()
    }

    /// Applies the next event and logs it. An event of an unknown kind is an error: nothing may be decided after it.
    pub(super) fn apply(
        &mut self,
        event: &Event,
        clock: &dyn Clock,
    ) -> Result<(), ProjectionError> {
        self.projection.apply_known(event)?;
        self.unrecorded.retain(|new| !is_record_of(event, new));
        audit::record(self.state().flag_name.as_str(), event);
        if let EventPayload::PolicyChanged(payload) = &event.payload {
            match Policy::from_document(&payload.policy) {
                Ok(policy) => self.policy = policy,
                // Written by another version: the policy before it stays in force.
                Err(error) => {
                    tracing::error!(%error, "the policy in the journal is not valid for this version");
                }
            }
        }
        self.watch_flag(clock);
        Ok(())
    }

    /// Notes a rollback that took effect and could not be journaled.
    pub(super) fn note_unrecorded(&mut self, rollback: NewEvent, clock: &dyn Clock) {
        self.unrecorded.push(rollback);
        self.flag_watch = FlagWatch {
            changed: None,
            lasted: Duration::ZERO,
            seen: clock.monotonic(),
        };
    }

    fn watch_flag(&mut self, clock: &dyn Clock) {
        let changed = &self.state().flag_changed;
        let changed = (changed.seq, changed.at);
        if !self.is_rolled_back() && self.flag_watch.changed != Some(changed) {
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
