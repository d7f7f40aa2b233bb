//! The state that commands change, one at a time.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    flag::FlagState,
    rollout::{
        audit,
        event::{Event, EventPayload, NewEvent},
        phase::{Phase, Transition},
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
    /// A rollback that took effect and is not in the journal.
    pub(super) unrecorded: Option<NewEvent>,
    /// Whether the start of this process is in the journal.
    pub(super) started: bool,
    /// Whether the journal may have closed itself.
    pub(super) closed: bool,
    pub(super) journal_error: Option<String>,
    /// For refused transitions and for refused accesses: neither can use up the other's limit.
    pub(super) refusal_limits: [HourlyLimit; 2],
    pub(super) unjournaled_refusals: u64,
    /// When each overdue obligation was last logged, by the monotonic clock.
    pub(super) warned: BTreeMap<ObligationKind, Duration>,
    pub(super) cutover: Option<CutoverWatch>,
    pub(super) gate_refresh: GateRefreshTimer,
}

/// Limits how many refused attempts are journaled, so that refusals cannot fill the disk.
#[derive(Debug, Default)]
pub(super) struct HourlyLimit {
    since: Duration,
    used: u32,
}

/// When the gates in the status were last evaluated, and for which transition.
#[derive(Debug, Default)]
pub(super) struct GateRefreshTimer(Option<(Transition, Duration)>);

/// How long the current cutover has lasted, independent of jumps of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CutoverWatch {
    /// The event of the cutover.
    pub(super) seq: u64,
    /// How long it had lasted when it was first seen, by the wall clock.
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
            unrecorded: None,
            started: false,
            closed: false,
            journal_error: None,
            refusal_limits: Default::default(),
            unjournaled_refusals: 0,
            warned: BTreeMap::new(),
            cutover: None,
            gate_refresh: GateRefreshTimer::default(),
        };
        controller.watch_cutover(clock);
        controller
    }

    pub(super) const fn projection(&self) -> &Projection {
        &self.projection
    }

    pub(super) const fn head(&self) -> u64 {
        self.projection.head()
    }

    pub(super) fn state(&self) -> &RolloutState {
        let state = self.projection.state();
        state.expect("it is made of a rollout that was opened, and nothing closes one")
    }

    /// The state that the flag must have: that of the phase, unless a rollback is not recorded yet.
    pub(super) fn flag(&self) -> FlagState {
        let state = self.state();
        if self.unrecorded.is_some() && state.phase == Phase::Cutover {
            return FlagState::On;
        }
        state.flag()
    }

    /// Applies the next event and logs it. An event of an unknown kind is an error: nothing may be decided after it.
    pub(super) fn apply(
        &mut self,
        event: &Event,
        clock: &dyn Clock,
    ) -> Result<(), ProjectionError> {
        self.projection.apply_known(event)?;
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
        self.watch_cutover(clock);
        Ok(())
    }

    fn watch_cutover(&mut self, clock: &dyn Clock) {
        let state = self.state();
        let seq = state.entered.seq;
        if state.phase != Phase::Cutover {
            self.cutover = None;
        } else if self.cutover.is_none_or(|watch| watch.seq != seq) {
            self.cutover = Some(CutoverWatch {
                seq,
                lasted: Timestamp::now(clock).since(state.entered.at),
                seen: clock.monotonic(),
            });
        }
    }
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

impl GateRefreshTimer {
    /// Reports in the status are at most this old, plus one tick.
    const INTERVAL: Duration = Duration::from_secs(4);

    /// Whether a refresh is due at this reading of the monotonic clock; if so, it counts as done.
    pub(super) fn take(&mut self, step: Transition, now: Duration) -> bool {
        let recent = self.0.is_some_and(|(refreshed, at)| {
            refreshed == step && now.saturating_sub(at) < Self::INTERVAL
        });
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
