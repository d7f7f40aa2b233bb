//! What is past its time, and saying so.

use std::time::Duration;

use super::{desk::Desk, parts::Parts, status::Overdue};
use crate::rollout::{phase::Phase, policy::Policy, records::ObligationKind, state::RolloutState};
use crate::time::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);

/// What is past its time.
pub(super) fn overdue(state: &RolloutState, policy: &Policy, now: Timestamp) -> Vec<Overdue> {
    let owed = state.obligations(now, policy.rollback_limit());
    let owed = owed.filter(|obligation| obligation.overdue);
    let mut overdue: Vec<Overdue> = owed
        .map(|obligation| match obligation.duty {
            ObligationKind::EndRollback => Overdue::Rollback,
            ObligationKind::PostAnalysis => Overdue::PostAnalysis,
        })
        .collect();
    let late = policy.retire_by().is_some_and(|moment| moment < now);
    if late && state.phase() != Phase::Retired {
        overdue.push(Overdue::Retirement);
    }
    overdue.sort_unstable();
    overdue.dedup();
    overdue
}

impl Parts {
    /// Says what is past its time: once at first, and then once a day.
    pub(super) fn give_signs(&self, desk: &mut Desk) {
        let overdue = overdue(desk.state(), &desk.policy, self.now());
        let now = self.clock.monotonic();
        desk.signs.retain(|what, _| overdue.contains(what));
        for what in overdue {
            let given = desk.signs.get(&what);
            if given.is_none_or(|given| now.saturating_sub(*given) >= DAY) {
                desk.signs.insert(what, now);
                let (flag, phase) = (self.flag.name(), desk.state().phase().as_str());
                let what = what.as_str();
                tracing::warn!(flag, phase, what, "the rollout is overdue");
            }
        }
    }
}
