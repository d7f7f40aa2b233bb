//! What is between an instance and the store of the census.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use legacy_http_compat::{
    caller::KeyCheck,
    census::fleet::{
        Batch, CensusStore, CensusStoreError, Followed, Joined, Loaded, Member, MemoryCensusStore,
        Merged, Names, Sweep,
    },
};

/// The store, as long as the instance reaches it.
#[derive(Debug)]
pub(crate) struct Link {
    store: Arc<MemoryCensusStore>,
    away: Arc<AtomicBool>,
}

impl Link {
    pub(crate) const fn new(store: Arc<MemoryCensusStore>, away: Arc<AtomicBool>) -> Self {
        Self { store, away }
    }

    fn open(&self) -> Result<&MemoryCensusStore, CensusStoreError> {
        // Relaxed: one thread plays the rollout.
        if self.away.load(Ordering::Relaxed) {
            return Err(CensusStoreError::unreachable("the network is cut"));
        }
        Ok(&self.store)
    }
}

impl CensusStore for Link {
    fn join(
        &self,
        member: &Member,
        key: Option<KeyCheck>,
        patience: Duration,
    ) -> Result<Joined, CensusStoreError> {
        self.open()?.join(member, key, patience)
    }

    fn name(&self, names: &Names, patience: Duration) -> Result<Names, CensusStoreError> {
        self.open()?.name(names, patience)
    }

    fn merge(&self, batch: &Batch, patience: Duration) -> Result<Merged, CensusStoreError> {
        self.open()?.merge(batch, patience)
    }

    fn follow(&self, after: u64, patience: Duration) -> Result<Followed, CensusStoreError> {
        self.open()?.follow(after, patience)
    }

    fn load(
        &self,
        take: &mut dyn FnMut(Loaded),
        patience: Duration,
    ) -> Result<(), CensusStoreError> {
        self.open()?.load(take, patience)
    }

    fn sweep(&self, sweep: &Sweep, patience: Duration) -> Result<(), CensusStoreError> {
        self.open()?.sweep(sweep, patience)
    }

    fn write_off(&self, instance: &str, patience: Duration) -> Result<u64, CensusStoreError> {
        self.open()?.write_off(instance, patience)
    }
}
