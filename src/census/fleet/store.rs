//! Where instances hand over what they count, and read what the others did.

use std::{error::Error, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    caller::KeyCheck,
    census::{caller_delta::CallerDelta, overflow::Bucket, response_counts::BucketCounts},
};

#[cfg(feature = "postgres")]
use crate::storage::frame::{FileHeader, FrameWriter};

use super::batch::{Batch, EndpointFailures, Member, MemberInterval};

/// A store of one census that many instances share.
///
/// All methods block, for at most their patience. Times are milliseconds of the store's own time, which never goes back.
/// Implemented by this crate: `PostgresCensus` with the feature `postgres`, and [`MemoryCensusStore`](super::MemoryCensusStore).
pub trait CensusStore: fmt::Debug + Send + Sync {
    /// Adds a run of an instance before it serves.
    ///
    /// # Errors
    ///
    /// [`CensusStoreError::OtherKey`], and when the store cannot be reached.
    fn join(
        &self,
        member: &Member,
        key: Option<KeyCheck>,
        patience: Duration,
    ) -> Result<Joined, CensusStoreError>;

    /// Gives each name a number, if it has none, and returns all.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached.
    fn name(&self, names: &Names, patience: Duration) -> Result<Names, CensusStoreError>;

    /// Merges a batch, unless that was done before.
    ///
    /// # Errors
    ///
    /// [`CensusStoreError::Replaced`], [`CensusStoreError::WrittenOff`], and when the store cannot be reached. Whether
    /// the batch was merged is then unknown: send the same one again.
    fn merge(&self, batch: &Batch, patience: Duration) -> Result<Merged, CensusStoreError>;

    /// The batches that were merged after a change, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached.
    fn follow(&self, after: u64, patience: Duration) -> Result<Followed, CensusStoreError>;

    /// All that was merged up to a change, and perhaps callers of later ones.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached.
    fn load(
        &self,
        take: &mut dyn FnMut(Loaded),
        patience: Duration,
    ) -> Result<(), CensusStoreError>;

    /// Removes callers, unless they were seen since, and counts them as forgotten. Does nothing if that was done less than an
    /// hour ago.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached.
    fn sweep(&self, sweep: &Sweep, patience: Duration) -> Result<(), CensusStoreError>;

    /// Ends the runs of an instance that is lost: what it did not hand over is not waited for. Returns how many there were.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached.
    fn write_off(&self, instance: &str, patience: Duration) -> Result<u64, CensusStoreError>;
}

/// What an instance knows once it has joined.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Joined {
    /// The store's time.
    pub(crate) now: u64,
}

/// The names of client kinds and of endpoints by their numbers in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Names {
    pub(crate) kinds: Vec<String>,
    pub(crate) endpoints: Vec<String>,
}

impl Names {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.kinds.len() + self.endpoints.len()
    }

    /// Adds those that are not there yet.
    pub(crate) fn add(&mut self, more: &Self) {
        for (known, more) in [
            (&mut self.kinds, &more.kinds),
            (&mut self.endpoints, &more.endpoints),
        ] {
            for name in more {
                if !known.contains(name) {
                    known.push(name.clone());
                }
            }
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Merged {
    /// The positions of the callers that had no place.
    pub(crate) refused: Vec<u32>,
}

/// What was merged since a change.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Followed {
    /// The store's time.
    pub(crate) now: u64,
    /// The store's clock, in milliseconds since 1970.
    pub(crate) wall: u64,
    /// The last change of all.
    pub(crate) change: u64,
    /// The batches with their changes and times; `None` if the store has not all of them any more.
    pub(crate) batches: Option<Vec<Change>>,
    /// Whether there are more.
    pub(crate) more: bool,
    /// The runs that joined or were ended since.
    pub(crate) members: Vec<MemberState>,
    /// How many kinds and endpoints have names.
    pub(crate) names: usize,
}

/// A batch as it was merged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    pub(crate) number: u64,
    /// When, in the store's time.
    pub(crate) at: u64,
    pub(crate) what: Changed,
    /// The positions of the callers that had no place, or stayed.
    pub(crate) refused: Vec<u32>,
}

/// What a change did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Changed {
    /// A batch was merged, but for the callers that had no place.
    Batch(Box<Batch>),
    /// Callers were removed.
    Swept(Sweep),
}

#[cfg(feature = "postgres")]
const HEADER: FileHeader = FileHeader {
    magic: *b"LHCCCHG\n",
    format: 1,
};

/// The bytes by which a store keeps a change, or an estimate.
#[cfg(feature = "postgres")]
pub(crate) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    let mut writer = FrameWriter::new(Vec::new());
    let written = writer.header(HEADER).and_then(|()| writer.value(value));
    let finished = written.and_then(|()| writer.finish());
    // Writing to memory does not fail.
    finished.map(|(_, bytes)| bytes).unwrap_or_default()
}

/// What [`to_bytes`] wrote; `None` for anything else, as by a later version.
#[cfg(feature = "postgres")]
pub(crate) fn from_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let mut reader = HEADER.open(bytes).ok()?;
    let value = reader.value().ok()?;
    reader.end().ok()?;
    Some(value)
}

/// A run as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberState {
    pub(crate) member: Member,
    pub(crate) joined: u64,
    /// When it last handed something over.
    pub(crate) seen: u64,
    /// For how long no instance reached the store since then.
    pub(crate) excused: u64,
    /// When it left, was replaced by a later run or written off.
    pub(crate) ended: Option<u64>,
    /// Whether it left by itself: it then was complete.
    pub(crate) left: bool,
}

/// A part of all that was merged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Loaded {
    /// First of all: the census but for its callers.
    State(Box<LoadedState>),
    /// Callers, with the change that last touched each.
    Callers(Vec<LoadedCaller>),
    /// A change, for stores that keep all of them instead.
    Change(Change),
}

/// A caller with the change that last touched it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadedCaller {
    pub(crate) caller: CallerDelta,
    pub(crate) change: u64,
}

/// The census but for its callers, as of a change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadedState {
    pub(crate) change: u64,
    pub(crate) now: u64,
    pub(crate) wall: u64,
    /// When the census began.
    pub(crate) began: u64,
    pub(crate) names: Names,
    pub(crate) members: Vec<MemberState>,
    pub(crate) intervals: Vec<(Member, MemberInterval)>,
    pub(crate) responses: Vec<BucketCounts>,
    pub(crate) failures: Vec<EndpointFailures>,
    #[serde(skip)]
    pub(crate) overflow: Vec<(Member, Bucket)>,
    /// By kind: callers, of these dependents, dropped.
    pub(crate) forgotten: Vec<(u8, u64, u64, u64)>,
}

/// Callers to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sweep {
    /// Fingerprint, kind, whether it had depended and not migrated, and whether it is dropped for want of places.
    pub(crate) callers: Vec<(u128, u8, bool, bool)>,
    /// The change as of which they are to be removed: those that a later one touched stay.
    pub(crate) known: u64,
}

/// Why a store of a census refuses something, or cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CensusStoreError {
    /// The census counts by another fingerprint key.
    #[error(
        "the census counts by another fingerprint key (its check is {found}, this one's {own})"
    )]
    OtherKey {
        /// The check of its key.
        found: KeyCheck,
        /// The check of the key that is refused.
        own: KeyCheck,
    },
    /// A later run has the name of this one.
    #[error("another instance, which started later, has the name {0}")]
    Replaced(String),
    /// The run was ended, since the instance was thought to be gone.
    #[error("the instance {0} was written off")]
    WrittenOff(String),
    /// No instance has joined the census of this flag yet.
    #[error("there is no census of the flag yet")]
    Empty,
    /// The store cannot be reached.
    #[error("the store of the census cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

impl CensusStoreError {
    /// An error of the store, for implementations of [`CensusStore`].
    pub fn unreachable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreachable(source.into())
    }
}
