//! One attempt to append an event.

use std::{fmt, str::FromStr, time::Duration};

use uuid::Uuid;

/// Names one attempt to append an event, over all its tries: 128 random bits, as text a UUID (RFC 9562).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(Uuid);

/// One attempt to append an event: what names it, and how long it may take.
///
/// ```
/// use std::time::Duration;
/// use legacy_http_compat::rollout::journal::AppendAttempt;
///
/// let attempt = AppendAttempt::new(Duration::from_millis(500));
/// let again = attempt.within(Duration::from_secs(2));
/// assert_eq!(again.id, attempt.id, "the same attempt, with more patience");
/// assert_ne!(AppendAttempt::default().id, AppendAttempt::default().id);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendAttempt {
    /// Its name.
    pub id: AttemptId,
    /// After how long a journal that waits for another system gives up.
    pub patience: Duration,
}

/// A text that is not the name of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a UUID")]
pub struct InvalidAttemptId(());

impl AttemptId {
    fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl AppendAttempt {
    /// The patience of [`Default`]: 5 seconds.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// A new attempt.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self {
            id: AttemptId::random(),
            patience,
        }
    }

    /// The same attempt with another patience.
    #[must_use]
    pub const fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

impl Default for AppendAttempt {
    fn default() -> Self {
        Self::new(Self::PATIENCE)
    }
}

impl FromStr for AttemptId {
    type Err = InvalidAttemptId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text)
            .map(Self)
            .map_err(|_| InvalidAttemptId(()))
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
