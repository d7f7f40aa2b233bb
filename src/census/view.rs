//! What gates, pages and metrics read: the callers of one process, or of all that serve.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::census::Census;

/// The census that decisions are made by: that of this process, or the one that all instances share.
///
/// Both are a [`Census`]: its reports, lists and states are defined once, whatever it was gathered by. That of several
/// instances is a copy, which is brought up to date from their store.
pub trait View: fmt::Debug + Send + Sync {
    /// The census, as of the last [`refresh`](Self::refresh). Only to be read.
    fn census(&self) -> Arc<Census>;

    /// Brings it up to date. Its coverage is of times at which at least so many processes watched.
    ///
    /// # Errors
    ///
    /// When what the other instances counted cannot be read. The census is then older.
    fn refresh(&self, processes: u32, patience: Duration) -> Result<(), ViewError>;

    /// How the exchange with the other instances goes; `None` for the census of one process.
    fn exchange(&self) -> Option<ExchangeStatus> {
        None
    }

    /// Ends the runs of an instance that is lost, so that its silence is no gap from now on. Returns how many there were.
    ///
    /// # Errors
    ///
    /// When the store that the instances share cannot be reached.
    fn write_off(&self, _instance: &str) -> Result<u64, ViewError> {
        Ok(0)
    }

    /// Whether it shows the callers of all instances.
    fn is_shared(&self) -> bool {
        false
    }
}

/// The census of this process, which is always up to date.
impl View for Arc<Census> {
    fn census(&self) -> Arc<Census> {
        Arc::clone(self)
    }

    fn refresh(&self, _processes: u32, _patience: Duration) -> Result<(), ViewError> {
        Ok(())
    }
}

/// How the exchange of a census with the other instances goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExchangeStatus {
    /// How long ago this instance last handed over what it counted; `None` if it never did.
    pub sent: Option<Duration>,
    /// How long ago what the others handed over was last read; `None` if it never was.
    pub read: Option<Duration>,
    /// How many callers changed here since they were handed over, as far as that was looked up.
    pub waiting: u64,
    /// By how much what this process takes for the store's time may be wrong, in milliseconds.
    pub uncertainty_ms: Option<u64>,
    /// The instances that hand over what they count, by name.
    pub live: Vec<String>,
    /// Those that have not for longer than their lease, and have neither left nor been written off.
    pub lost: Vec<String>,
    /// What went wrong the last time; `None` if nothing did.
    pub error: Option<String>,
}

impl ExchangeStatus {
    /// How long ago both directions had last worked; `None` before they did.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        Some(self.sent?.max(self.read?))
    }
}

/// Why a census cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("the census of the instances cannot be read: {0}")]
pub struct ViewError(#[source] Box<dyn Error + Send + Sync>);

impl ViewError {
    /// An error of the store, for implementations of [`View`].
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
