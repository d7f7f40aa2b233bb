//! Who did something, when and why.

use super::{moment::Moment, person::person};
use crate::rollout::{Stamp, Timestamp};

/// Who did something, when and why.
#[derive(Clone, Debug)]
pub(in crate::admin::pages) struct Stamped {
    pub(in crate::admin::pages) seq: u64,
    pub(in crate::admin::pages) at: Moment,
    pub(in crate::admin::pages) by: String,
    pub(in crate::admin::pages) reason: String,
}

impl Stamped {
    pub(in crate::admin::pages) fn new(stamp: &Stamp, now: Timestamp) -> Self {
        Self {
            seq: stamp.seq,
            at: Moment::new(stamp.at, now),
            by: person(&stamp.actor),
            reason: stamp.reason.to_string(),
        }
    }
}
