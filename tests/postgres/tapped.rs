//! A store of the census whose batches pass through a test.

use std::{fmt, time::Duration};

use legacy_http_compat::{
    caller::KeyCheck,
    census::fleet::{
        Batch, CensusStore, CensusStoreError, Followed, Joined, Loaded, Member, Merged, Names,
        Sweep,
    },
    postgres::PostgresCensus,
};

/// The store, which merges as the test says.
pub(crate) struct Tapped<M> {
    pub(crate) store: PostgresCensus,
    pub(crate) merge: M,
}

impl<M> CensusStore for Tapped<M>
where
    M: Fn(&PostgresCensus, &Batch, Duration) -> Result<Merged, CensusStoreError> + Send + Sync,
{
    fn join(
        &self,
        member: &Member,
        key: Option<KeyCheck>,
        patience: Duration,
    ) -> Result<Joined, CensusStoreError> {
        self.store.join(member, key, patience)
    }

    fn name(&self, names: &Names, patience: Duration) -> Result<Names, CensusStoreError> {
        self.store.name(names, patience)
    }

    fn merge(&self, batch: &Batch, patience: Duration) -> Result<Merged, CensusStoreError> {
        (self.merge)(&self.store, batch, patience)
    }

    fn follow(&self, after: u64, patience: Duration) -> Result<Followed, CensusStoreError> {
        self.store.follow(after, patience)
    }

    fn load(
        &self,
        take: &mut dyn FnMut(Loaded),
        patience: Duration,
    ) -> Result<(), CensusStoreError> {
        self.store.load(take, patience)
    }

    fn sweep(&self, sweep: &Sweep, patience: Duration) -> Result<(), CensusStoreError> {
        self.store.sweep(sweep, patience)
    }

    fn write_off(&self, instance: &str, patience: Duration) -> Result<u64, CensusStoreError> {
        self.store.write_off(instance, patience)
    }
}

impl<M> fmt::Debug for Tapped<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tapped").field(&self.store).finish()
    }
}
