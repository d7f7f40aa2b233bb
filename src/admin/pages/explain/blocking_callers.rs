//! The callers that make gates fail, by kind.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    census::{CallerState, Select},
    rollout::{Rollout, Transition, gate::WaiverCover},
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
        let waivers = WaiverCover::new(&status.state, now);
        let (mut depended, mut unresolved) = (Kinds::new(), Kinds::new());
        let window = status.policy.quiet_window(step);
        census.each_caller(window, Select::Depended, |row| {
            if !waivers.covers(&row) {
                *depended.entry(row.kind).or_default() += 1;
            }
        });
        let window = status.policy.inactive_after();
        census.each_caller(window, Select::Unresolved, |row| {
            if row.state != CallerState::Inactive && !waivers.covers(&row) {
                *unresolved.entry(row.kind).or_default() += 1;
            }
        });
        Self {
            depended: most_first(depended),
            unresolved: most_first(unresolved),
        }
    }
}

type Kinds = BTreeMap<String, u64>;

fn most_first(kinds: Kinds) -> Vec<(String, u64)> {
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, number)| Reverse(*number));
    kinds
}
