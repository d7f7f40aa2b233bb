//! What all requests share.

use std::{fmt, sync::Arc};

use super::{
    access::{Attempts, Principal, Sessions, Tokens, Via},
    base::Base,
    feed::Feed,
};
use crate::{admin::history::History, rollout::Rollout, time::Clock};

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) tokens: Tokens,
    pub(crate) history: Option<Arc<History>>,
    pub(crate) sessions: Sessions,
    pub(crate) attempts: Attempts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    /// The prefix as an operator states it, where a proxy changes the path.
    pub(crate) public_path: Option<Base>,
}

impl Shared {
    /// Whether what somebody has shown still counts: a session may have ended since.
    pub(crate) fn is_current(&self, principal: &Principal) -> bool {
        match principal.via() {
            Via::Bearer => true,
            Via::Session(key) => self.sessions.is_open(key, self.clock.monotonic()),
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("rollout", &self.rollout)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
