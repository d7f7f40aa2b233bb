//! When something was done, by whom and why, as it is shown.

use serde::Serialize;

use crate::rollout::{Actor, EventRef, Reason};
use crate::time::Timestamp;

/// A [`EventRef`] in JSON.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StampView {
    seq: u64,
    at: Timestamp,
    actor: Actor,
    reason: Reason,
}

impl StampView {
    pub(crate) fn of(stamp: &EventRef) -> Self {
        Self {
            seq: stamp.seq,
            at: stamp.at,
            actor: stamp.actor.clone(),
            reason: stamp.reason.clone(),
        }
    }
}
