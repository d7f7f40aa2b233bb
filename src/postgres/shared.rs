//! What the parts of a store share: its thread and its connections.

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use super::{
    error::{StoreError, StoreErrorKind},
    follower::{Followed, Follower},
    link::{Link, Live},
    listener::Listener,
    runtime::Runtime,
};

/// What the parts of a store share.
pub(super) struct Shared {
    pub(super) runtime: Runtime,
    pub(super) link: Arc<Link>,
    pub(super) follower: Arc<Follower>,
    pub(super) listener: Arc<Listener>,
    pub(super) mirror_dir: Option<PathBuf>,
    pub(super) open_patience: Duration,
}

impl Shared {
    pub(super) fn call<T, F>(
        &self,
        patience: Duration,
        statements: impl FnOnce(Arc<Live>) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        self.link.call(&self.runtime, patience, statements)
    }

    /// Reads what follows the copy of a journal.
    pub(super) fn read(
        &self,
        followed: &Arc<Followed>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        let (reader, journal) = (Arc::clone(&self.follower), Arc::clone(followed));
        let read = async move { reader.read(&journal, patience).await };
        self.wait(patience, read)
    }

    /// Compares all lines with the copy.
    pub(super) fn audit(
        &self,
        followed: &Arc<Followed>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        let (reader, journal) = (Arc::clone(&self.follower), Arc::clone(followed));
        let audit = async move { reader.audit(&journal, patience).await };
        self.wait(patience, audit)
    }

    fn wait(
        &self,
        patience: Duration,
        task: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) -> Result<(), StoreError> {
        // The task itself stops in time; the rest is for a thread that is busy.
        let done = self.runtime.run(patience + patience / 4, task);
        done.unwrap_or(Err(StoreError::new(StoreErrorKind::TimedOut)))
    }
}
