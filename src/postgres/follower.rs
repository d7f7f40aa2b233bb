//! Keeps the local copies like the journals in the database.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use super::{
    error::StoreError,
    link::Link,
    mirror::Mirror,
    rows::{audit, catch_up},
};

/// How often the journals are read, whether or not an event is announced.
const POLL: Duration = Duration::from_millis(500);

/// How long one read may take before its connection counts as broken.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often all lines are compared with the copy.
const AUDIT: Duration = Duration::from_secs(30);

/// Keeps the local copies like the journals in the database.
pub(super) struct Follower {
    link: Arc<Link>,
    followed: Mutex<Vec<Weak<Followed>>>,
    wake: Notify,
}

/// A journal that is followed as long as it is in use.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) flag: String,
    pub(super) mirror: Mirror,
}

impl Follower {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            followed: Mutex::default(),
            wake: Notify::new(),
        }
    }

    pub(super) fn add(&self, followed: &Arc<Followed>) {
        self.lock().push(Arc::downgrade(followed));
    }

    /// Reads the journals now: an event was announced.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Follows, for ever.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut audited = Instant::now();
        loop {
            // Either way it is time to read.
            let _ = timeout(POLL, self.wake.notified()).await;
            let audits = audited.elapsed() >= AUDIT;
            if audits {
                audited = Instant::now();
            }
            for followed in self.followed() {
                // What fails is the link's or the copy's to report.
                let _ = self.read(&followed, PATIENCE).await;
                if audits {
                    let _ = self.audit(&followed, PATIENCE).await;
                }
            }
        }
    }

    /// Reads what follows the copy of a journal.
    pub(super) async fn read(
        &self,
        followed: &Arc<Followed>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        self.link
            .run(patience, |live| async move {
                while catch_up(&live, &followed.flag, &followed.mirror).await? {}
                Ok(())
            })
            .await
    }

    /// Compares all lines with the copy.
    pub(super) async fn audit(
        &self,
        followed: &Arc<Followed>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        self.link
            .run(patience, |live| async move {
                audit(&live, &followed.flag, &followed.mirror).await
            })
            .await
    }

    fn followed(&self) -> Vec<Arc<Followed>> {
        let mut followed = self.lock();
        followed.retain(|journal| journal.strong_count() > 0);
        followed.iter().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Followed>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
