//! Who did something, when and why.

use super::{moment::Moment, person::person};
use crate::rollout::EventRef;
use crate::time::Timestamp;

/// Who did something, when and why.
#[derive(Clone, Debug)]
pub(crate) struct Stamped {
    pub(crate) at: Moment,
    pub(crate) by: String,
    pub(crate) reason: String,
}

impl Stamped {
    pub(crate) fn new(stamp: &EventRef, now: Timestamp) -> Self {
        Self {
            at: Moment::new(stamp.at, now),
            by: person(&stamp.actor),
            reason: stamp.reason.to_string(),
        }
    }
}
