//! One census for many instances.
//!
//! Each instance counts on its own, in its [`Census`](super::Census), and hands over what it counted to a [`CensusStore`]
//! that all share. [`FleetCensus`] does that, and reads what all of them counted: a copy that is a [`Census`](super::Census)
//! itself, so that states, reports and gates are defined once.
//!
//! # Rules
//!
//! 1. A batch is merged once, however often it is sent. Merging is free of order.
//! 2. Time is the store's. Each instance knows how far its own differs, and by how much that may be wrong. In doubt a caller
//!    was seen as a legacy caller last: it has migrated only if it was seen as a target caller later by more than both clocks
//!    may be wrong.
//! 3. Changes of state are handed over at once, mere times once a minute. Up to where an instance watched is handed over
//!    together with all that it counted until then: what is lost with an instance lies in a gap.
//! 4. A moment is watched when at least as many instances as the policy says were registered, every one of these watched, and
//!    one was fed.
//! 5. Callers beyond the capacity of the store are estimated by their instances, and the estimates united.

mod anchors;
mod batch;
mod coverage;
mod fleet_census;
mod memory;
mod merged;
mod numbers;
mod outbox;
#[cfg(feature = "cli")]
mod reading;
mod rules;
pub(crate) mod store;
mod store_clock;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Member};
pub use fleet_census::FleetCensus;
pub use memory::MemoryCensusStore;
pub use store::{
    CensusStore, CensusStoreError, Change, Followed, Joined, Loaded, LoadedCaller, LoadedState,
    Merged, Names, Sweep,
};
