//! The store: its thread, its connections, and what it holds.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use super::{
    census::PostgresCensus,
    error::StoreError,
    follower::{Followed, Follower},
    instances::PostgresInstances,
    journal::PostgresJournal,
    link::{Link, Target},
    listener::Listener,
    mirror::Mirror,
    runtime::Runtime,
    shared::Shared,
};
use crate::rollout::{fleet::ClockOffset, names::FlagName};

/// Journals and instances of any number of flags in one `PostgreSQL` database.
///
/// It has one thread and two connections of its own. All its methods, and those of what it gives, block for at most their
/// patience, and work anywhere: without an async runtime, in `spawn_blocking`, and in async code, whose thread they block.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

/// How a store is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreHealth {
    /// Why there is no connection for statements; `None` if there is one.
    pub away: Option<String>,
    /// Whether events are announced to this instance. If not, it finds them by its poll, every 500 ms.
    pub hears: bool,
    /// How long ago the server last responded; `None` if it never did.
    pub silence: Option<Duration>,
    /// How far this clock is ahead of the server's.
    pub clock: Option<ClockOffset>,
}

impl PostgresStore {
    pub(super) fn start(
        target: Arc<Target>,
        runtime: Runtime,
        mirror_dir: Option<PathBuf>,
        open_patience: Duration,
    ) -> Self {
        let link = Arc::new(Link::new(Arc::clone(&target)));
        let follower = Arc::new(Follower::new(Arc::clone(&link)));
        let listener = Arc::new(Listener::new(
            target,
            Arc::clone(&link),
            Arc::clone(&follower),
        ));
        runtime.spawn(Arc::clone(&link).keep_open());
        runtime.spawn(Arc::clone(&follower).follow());
        runtime.spawn(Arc::clone(&listener).listen());
        let shared = Arc::new(Shared {
            runtime,
            link,
            follower,
            listener,
            mirror_dir,
            open_patience,
        });
        Self { shared }
    }

    /// The journal of a flag. Reads it from the database; if that does not respond, from the local copy, and logs so. With
    /// neither it is empty and takes no event until it can be read: a rollout opens on it only with a state that the program
    /// gives, by [`RolloutBuilder::open_or`](crate::rollout::RolloutBuilder::open_or).
    ///
    /// # Errors
    ///
    /// When the server cannot be used as it is; when a line in the database or the local copy is not as it was written; when
    /// another process has the local copy open.
    pub fn journal(&self, flag: &FlagName) -> Result<PostgresJournal, StoreError> {
        let dir = self.shared.mirror_dir.as_ref();
        let path = dir.map(|dir| dir.join(mirror_name(flag)));
        let followed = Arc::new(Followed {
            flag: flag.as_str().to_owned(),
            mirror: Mirror::open(path.as_deref())?,
        });
        let patience = self.shared.open_patience;
        let read = self.shared.read(&followed, patience);
        match read.and_then(|()| self.shared.audit(&followed, patience)) {
            Err(error) if error.is_passing() => {
                let head = followed.mirror.head();
                tracing::warn!(%error, %flag, %head, "the journal is read from the local copy, which may be stale");
            }
            read => read?,
        }
        followed.mirror.check().map_err(StoreError::journal)?;
        self.shared.follower.add(&followed);
        Ok(PostgresJournal::new(Arc::clone(&self.shared), followed))
    }

    /// The instances that share the journal of a flag.
    #[must_use]
    pub fn instances(&self, flag: &FlagName) -> PostgresInstances {
        PostgresInstances::new(Arc::clone(&self.shared), flag)
    }

    /// The census that the instances of a flag share.
    #[must_use]
    pub fn census(&self, flag: &FlagName) -> PostgresCensus {
        PostgresCensus::new(Arc::clone(&self.shared), flag)
    }

    /// How the store is connected now.
    #[must_use]
    pub fn health(&self) -> StoreHealth {
        let link = &self.shared.link;
        let live = link.live();
        StoreHealth {
            away: match (&live, link.error()) {
                (Some(_), _) => None,
                (None, Some(error)) => Some(error.to_string()),
                (None, None) => Some("not connected yet".to_owned()),
            },
            hears: self.shared.listener.hears(),
            silence: link.silence(),
            clock: live.map(|live| live.clock().offset_of_this()),
        }
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

/// A file name for the copy of a flag's journal: what is no letter, digit or `.`, `_`, `-` is written as `%` and hexadecimal digits.
fn mirror_name(flag: &FlagName) -> String {
    use std::fmt::Write as _;
    let mut name = String::new();
    for byte in flag.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    name + ".journal"
}
