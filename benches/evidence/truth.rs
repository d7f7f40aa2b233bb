//! Who really depends: the ground truth, which no part of the crate computes.

use std::collections::HashSet;

use crate::{
    installation::{Identity, Installation, Reply},
    ledger::{Key, Ledger},
};

/// What the operator has waived, by the identifier that is sent.
pub(crate) type Waived = HashSet<Key>;

/// Why a living dependent is hard to see, for the list of false zeros.
pub(crate) fn trait_of(installation: &Installation, window: u64) -> &'static str {
    if installation.rhythm.period() >= window {
        "a period longer than the window"
    } else if installation.traits.shares_identity {
        "a shared identity"
    } else if installation.traits.was_rolled_back {
        "rolled back to the old version"
    } else if installation.identity == Identity::None {
        "anonymous"
    } else if matches!(installation.identity, Identity::Rotating(_)) {
        "a rotating identity"
    } else if installation.met_legacy == 0 {
        "latent, or not met yet"
    } else if installation.traits.was_reinstalled {
        "reinstalled"
    } else {
        "plain"
    }
}

impl Installation {
    /// Whether it is a living dependent: it would, at its next call within its own period, get a legacy response, is not
    /// waived, and is one that the policy blocks on.
    ///
    /// The policy blocks on callers that the detector placed by a rule, and on those that have met a legacy outcome. A
    /// period beyond the window can be known only by a pause that was seen: between two legacy responses to its identity.
    pub(crate) fn is_living_dependent(
        &self,
        window: u64,
        (ledger, identity): (&Ledger, &'static str),
        waived: &Waived,
    ) -> bool {
        self.next_reply == Reply::Pending
            && self.may_depend(identity, waived)
            && self.is_blocked_on()
            && self.is_foreseeable(window, (ledger, identity))
    }

    /// Whether it would get a legacy response at some call, if not at the next, and is not waived. Once there is none, the
    /// gates ought to pass.
    pub(crate) fn may_depend(&self, identity: &'static str, waived: &Waived) -> bool {
        self.alive && self.is_legacy() && !self.is_waived(identity, waived)
    }

    /// Whether any response there was could show it: the layer observed it as what it is, and if another installation
    /// shares its identity and has migrated, it was observed since. No census can know one that has not been seen.
    pub(crate) fn is_knowable(
        &self,
        index: usize,
        (ledger, identity): (&Ledger, &'static str),
    ) -> bool {
        let id = self.identifier().filter(|_| self.traits.shares_identity);
        let hidden = id.is_some_and(|id| ledger.has_migrated((identity, id), self.shown_kind()));
        ledger.has_observed(index, self.incarnation) && !hidden
    }

    fn is_waived(&self, identity: &'static str, waived: &Waived) -> bool {
        self.identifier()
            .is_some_and(|id| waived.contains(&(identity, id)))
    }

    fn is_blocked_on(&self) -> bool {
        self.is_placed() && self.identity != Identity::None || self.met_legacy > 0
    }

    fn is_foreseeable(&self, window: u64, (ledger, identity): (&Ledger, &'static str)) -> bool {
        let period = self.rhythm.period();
        let seen_pause = match self.identity {
            Identity::Stable(id) => ledger.pause((identity, id), self.shown_kind()),
            Identity::None | Identity::Rotating(_) => 0,
        };
        period < window || seen_pause >= period / 10 * 8
    }
}
