//! Who is in the way, by kind.

use std::collections::BTreeMap;

use crate::time::Timestamp;
use crate::{
    census::{CallerRow, CallerState, Select},
    rollout::{Rollout, RolloutState, Transition, WaiverTarget},
};

/// The callers in the way that are not waived, by their kinds. The evidence of the gates has their number alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remaining {
    /// Those with a dependent answer in the quiet window.
    pub(crate) depended: Vec<(String, u64)>,
    /// Those that depended once, did not migrate and are not silent.
    pub(crate) unaccounted: Vec<(String, u64)>,
}

impl Remaining {
    /// Looks at all callers: not for an async thread.
    pub(crate) fn of(rollout: &Rollout, step: Transition, now: Timestamp) -> Self {
        let (Some(census), status) = (rollout.census(), rollout.status()) else {
            return Self::default();
        };
        let (mut depended, mut unaccounted) = (BTreeMap::new(), BTreeMap::new());
        let state = &status.state;
        let window = status.policy.quiet_window(step);
        census.each_caller(window, Select::Depended, |row| {
            count(&row, state, now, &mut depended);
        });
        let window = status.policy.inactive_after();
        census.each_caller(window, Select::Unresolved, |row| {
            if row.state != CallerState::Inactive {
                count(&row, state, now, &mut unaccounted);
            }
        });
        Self {
            depended: most_first(depended),
            unaccounted: most_first(unaccounted),
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
