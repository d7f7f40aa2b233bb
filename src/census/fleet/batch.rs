//! What an instance hands over at once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::census::{
    caller_delta::CallerDelta, overflow::Bucket, record::NEVER, response_counts::ResponseCounts,
    watch::GapCause,
};

/// What one instance counted and watched since the batch before: merged once, however often it is sent.
#[derive(Clone, Serialize, Deserialize)]
pub struct Batch {
    pub(crate) member: Member,
    /// One more than that of the batch before; the first is 1.
    pub(crate) number: u64,
    /// Whether the instance stops with it.
    pub(crate) leaves: bool,
    /// Sorted by fingerprint and kind, each once.
    pub(crate) callers: Vec<CallerDelta>,
    /// Responses by the second and the store's number of the kind.
    pub(crate) responses: Vec<(u32, u8, ResponseCounts)>,
    pub(crate) failures: Vec<EndpointFailures>,
    pub(crate) intervals: Vec<MemberInterval>,
    /// Since when the rules of each kind are in force, by the store's numbers, but for those that are from the beginning.
    pub(crate) in_force: Vec<(u8, u32)>,
    /// The estimates of callers without a place, each as it is now.
    pub(crate) overflow: Vec<Bucket>,
}

/// One run of an instance: its name and when it started.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Member {
    pub(crate) name: String,
    /// By its own clock, in milliseconds since 1970.
    pub(crate) started: u64,
}

/// How an endpoint did in an hour at one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndpointFailures {
    /// The number of the hour in the store's time.
    pub(crate) hour: u32,
    pub(crate) endpoint: u8,
    /// Whether any response was no failure.
    pub(crate) worked: bool,
    pub(crate) failed: u64,
}

/// A time in which an instance watched, or was fed. Times are milliseconds of the store's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberInterval {
    /// Whether something fed it, rather than that it watched.
    pub(crate) fed: bool,
    /// Its start, by which it is known.
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// The cause of the gap before it.
    pub(crate) before: GapCause,
    /// What it was watched by: see [`Rules`](super::rules::Rules).
    pub(crate) rules: String,
}

impl Batch {
    /// The most callers of a batch.
    pub const MAX_CALLERS: usize = 2_000;

    /// Since when the rules of a kind are in force, for the instance that made it.
    pub(crate) fn in_force(&self, kind: u8) -> u32 {
        let known = self.in_force.iter().find(|(known, _)| *known == kind);
        known.map_or(NEVER, |(_, since)| *since)
    }

    /// How many callers it has.
    #[must_use]
    pub fn callers(&self) -> usize {
        self.callers.len()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("member", &self.member)
            .field("number", &self.number)
            .field("callers", &self.callers.len())
            .finish_non_exhaustive()
    }
}
