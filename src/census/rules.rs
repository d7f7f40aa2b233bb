//! What the evidence of the census is gathered by: the contract, and the detector's rules for each kind.

use serde::{Deserialize, Serialize};

use crate::caller::{Detect, Kinds, RulesDigest};

/// The version of the evidence. Times are ticks of the timeline, [`NEVER`](super::record::NEVER) for what was so from the
/// beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct RulesInForce {
    /// Of each kind the digest of its rules, and since when they are in force.
    pub(super) kinds: Vec<(RulesDigest, u32)>,
    /// The digest of the contract that is served, and since when it is.
    pub(super) contract: Option<ServedSince>,
}

/// A contract that is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServedSince {
    pub(super) digest: String,
    pub(super) since: u32,
}

impl RulesInForce {
    /// The rules of this detector, from the beginning.
    pub(super) fn of(detector: &(impl Detect + ?Sized)) -> Self {
        let kinds = detector.kinds();
        let digest = |name| {
            let kind = kinds.find(name).unwrap_or(crate::caller::Kind::OTHER);
            (detector.rules_digest(kind), 0)
        };
        Self {
            kinds: kinds.names().map(digest).collect(),
            contract: None,
        }
    }

    /// Goes on from saved rules: what is the same is in force since then, everything else since now.
    pub(super) fn resume(&mut self, kinds: &Kinds, saved: &[(&str, u128, u32)], now: u32) {
        for (name, (digest, since)) in kinds.names().zip(&mut self.kinds) {
            let before = saved.iter().find(|(saved, ..)| *saved == name);
            let same = before.filter(|(_, before, _)| *before == digest.as_u128());
            *since = same.map_or(now, |(.., since)| *since);
        }
    }

    /// Records which contract is served; one that is not the one before is served since now.
    #[cfg(feature = "rollout")]
    pub(super) fn serve(&mut self, digest: &str, now: u32) {
        if self
            .contract
            .as_ref()
            .is_none_or(|served| served.digest != digest)
        {
            self.contract = Some(ServedSince {
                digest: digest.to_owned(),
                since: now,
            });
        }
    }
}
