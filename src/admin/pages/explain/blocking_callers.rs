//! The callers that make gates fail, by kind.

use std::collections::BTreeMap;

use crate::{
    census::{CallerRow, CallerState, Select},
    rollout::{Rollout, RolloutState, Transition, WaiverTarget},
    time::Timestamp,
};

/// The callers that make gates fail, by kind and without the waived ones. Evidence has only their number.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockingCallers {
    /// Callers with a dependent response in the quiet window.
    pub(crate) depended: Vec<(String, u64)>,
    /// Callers that depended, have not migrated and are not inactive.
    pub(crate) unresolved: Vec<(String, u64)>,
}

impl BlockingCallers {
    /// Walks all callers: not for an async thread.
    pub(crate) fn of(rollout: &Rollout, step: Transition, now: Timestamp) -> Self {
        let (Some(census), status) = (rollout.census(), rollout.status()) else {
            return Self::default();
        };
        let (mut depended, mut unresolved) = (BTreeMap::new(), BTreeMap::new());
        let state = &status.state;
        let window = status.policy.quiet_window(step);
        census.each_caller(window, Select::Depended, |row| {
            count(&row, state, now, &mut depended);
        });
        let window = status.policy.inactive_after();
        census.each_caller(window, Select::Unaccounted, |row| {
            if row.state != CallerState::Inactive {
                count(&row, state, now, &mut unresolved);
            }
        });
        Self {
            depended: most_first(depended),
            unresolved: most_first(unresolved),
        }
    }
}

fn count(row: &CallerRow, state: &RolloutState, now: Timestamp, into: &mut BTreeMap<String, u64>) {
    let mut waivers = state
        .waivers()
        .iter()
        .filter(|(_, waiver)| waiver.holds(now));
    let waived = waivers.any(|(waived, _)| match waived {
        WaiverTarget::Caller(fingerprint) => *fingerprint == row.fingerprint,
        WaiverTarget::Kind(kind) => kind.as_str() == row.kind,
        WaiverTarget::Anonymous => false,
    });
    if !waived {
        *into.entry(row.kind.clone()).or_default() += 1;
    }
}

fn most_first(kinds: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    kinds
}
