//! Whom the waivers that hold now leave aside.

use std::collections::BTreeSet;

use crate::time::Timestamp;
use crate::{
    caller::Fingerprint,
    census::CallerRow,
    rollout::{state::RolloutState, waived::WaiverTarget},
};

/// Those whose dependence is waived now.
#[derive(Debug, Default)]
pub(in crate::rollout) struct Waivers {
    callers: BTreeSet<Fingerprint>,
    kinds: BTreeSet<String>,
    anonymous: bool,
}

impl Waivers {
    pub(in crate::rollout) fn of(state: &RolloutState, now: Timestamp) -> Self {
        let mut waivers = Self::default();
        let holding = state.waivers().iter();
        for (waived, _) in holding.filter(|(_, waiver)| waiver.holds(now)) {
            match waived {
                WaiverTarget::Caller(fingerprint) => {
                    waivers.callers.insert(*fingerprint);
                }
                WaiverTarget::Kind(name) => {
                    waivers.kinds.insert(name.as_str().to_owned());
                }
                WaiverTarget::Anonymous => waivers.anonymous = true,
            }
        }
        waivers
    }

    pub(in crate::rollout) fn cover(&self, row: &CallerRow) -> bool {
        self.callers.contains(&row.fingerprint) || self.cover_kind(&row.kind)
    }

    pub(in crate::rollout) fn cover_kind(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    pub(in crate::rollout) const fn cover_anonymous(&self) -> bool {
        self.anonymous
    }
}
