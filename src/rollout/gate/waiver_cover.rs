//! Which callers the waivers in force cover.

use std::collections::BTreeSet;

use crate::{
    caller::Fingerprint,
    census::CallerRow,
    rollout::{names::WaiverTarget, state::RolloutState},
    time::Timestamp,
};

/// The callers that the waivers in force at a moment cover.
#[derive(Debug, Default)]
pub(crate) struct WaiverCover {
    callers: BTreeSet<Fingerprint>,
    kinds: BTreeSet<String>,
    anonymous: bool,
}

impl WaiverCover {
    /// Of the waivers of a rollout at a moment.
    pub(crate) fn new(state: &RolloutState, now: Timestamp) -> Self {
        let mut cover = Self::default();
        let in_force = state.waivers.iter();
        for (target, _) in in_force.filter(|(_, waiver)| waiver.holds(now)) {
            match target {
                WaiverTarget::Caller(fingerprint) => {
                    cover.callers.insert(*fingerprint);
                }
                WaiverTarget::Kind(name) => {
                    cover.kinds.insert(name.as_str().to_owned());
                }
                WaiverTarget::Anonymous => cover.anonymous = true,
            }
        }
        cover
    }

    /// Whether a caller is covered, by itself or by its kind.
    pub(crate) fn covers(&self, row: &CallerRow) -> bool {
        self.callers.contains(&row.fingerprint) || self.covers_kind(&row.kind)
    }

    /// Whether all callers of a kind are covered.
    pub(crate) fn covers_kind(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    /// Whether anonymous callers are covered.
    pub(crate) const fn covers_anonymous(&self) -> bool {
        self.anonymous
    }
}
