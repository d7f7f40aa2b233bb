//! A brownout: a time in compat for which the flag is off.

use std::{ops::RangeInclusive, time::Duration};

use serde::Serialize;

use super::entries::EventRef;
use crate::{time::Timestamp, words::words};

/// A brownout, from its announcement on.
///
/// It runs from its beginning to its end in the journal, and in each instance only between `start` and `until` by its own
/// clock: nothing needs to be written for the flag to go on again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Brownout {
    /// When it starts.
    pub start: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// The event of its announcement, whose sequence number identifies it.
    pub announced: EventRef,
    /// The event that switched the flag off.
    pub began: Option<EventRef>,
    /// The event that switched the flag on again, or cancelled it.
    pub ended: Option<EventRef>,
}

words! {
    /// How far a brownout has come.
    #[non_exhaustive]
    pub enum BrownoutStage {
        /// It has not begun.
        Announced = "announced",
        /// The flag is off.
        Running = "running",
        /// The flag was off, and is on again.
        Ended = "ended",
        /// It was cancelled before it began.
        Cancelled = "cancelled",
        /// It did not begin in its time.
        Missed = "missed",
    }
}

impl Brownout {
    /// How long a brownout may last: 1 minute to 1 hour.
    pub const LENGTH: RangeInclusive<Duration> =
        Duration::from_secs(60)..=Duration::from_secs(3_600);

    /// The sequence number of its announcement.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.announced.seq
    }

    /// How far it has come, by the journal.
    #[must_use]
    pub fn stage(&self) -> BrownoutStage {
        match (&self.began, &self.ended) {
            (None, None) => BrownoutStage::Announced,
            (Some(_), None) => BrownoutStage::Running,
            (Some(_), Some(_)) => BrownoutStage::Ended,
            (None, Some(ended)) if ended.at < self.until => BrownoutStage::Cancelled,
            (None, Some(_)) => BrownoutStage::Missed,
        }
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the flag is off because of it, by the journal.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.began.is_some() && self.ended.is_none()
    }

    /// The time that it takes of each day: what was announced, or, once it has ended, the time that the flag was off.
    pub(in crate::rollout) fn taken(&self) -> Option<(Timestamp, Timestamp)> {
        match (&self.began, &self.ended) {
            (_, None) => Some((self.start, self.until)),
            (Some(began), Some(ended)) => Some((began.at, ended.at.min(self.until))),
            (None, Some(_)) => None,
        }
    }
}
