//! The table of sessions that the admin services of several instances share.

use std::{error::Error, fmt, time::Duration};

use super::identity::Role;
use crate::rollout::names::Actor;

/// A table of sessions that the admin services of several instances share, so that a session begun at one works at all.
///
/// A key is the SHA-256 of the secret in the cookie; the secret itself never reaches the table. All methods block, for at
/// most their patience. What a service has found it keeps for a while, also when the table is away.
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Adds a session. Removes those that have ended, and of the same actor the oldest beyond
    /// [`SharedSession::MAX_PER_ACTOR`].
    ///
    /// # Errors
    ///
    /// When the table cannot be reached.
    fn begin(
        &self,
        key: &[u8; 32],
        session: &SharedSession,
        patience: Duration,
    ) -> Result<(), SessionStoreError>;

    /// The session with this key, unless it has ended.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached.
    fn find(
        &self,
        key: &[u8; 32],
        patience: Duration,
    ) -> Result<Option<SharedSession>, SessionStoreError>;

    /// Removes a session, if there is one.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached.
    fn end(&self, key: &[u8; 32], patience: Duration) -> Result<(), SessionStoreError>;
}

/// An open session in a [`SessionStore`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a table stores every member, or it cannot be shared"
)]
pub struct SharedSession {
    /// Who signed in.
    pub actor: Actor,
    /// What the session allows.
    pub role: Role,
    /// How long it lasts from now on, in whole milliseconds.
    pub left: Duration,
}

impl SharedSession {
    /// The most sessions of one actor.
    pub const MAX_PER_ACTOR: usize = 16;
}

/// Why a table of sessions cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("the table of sessions cannot be reached: {0}")]
pub struct SessionStoreError(#[source] Box<dyn Error + Send + Sync>);

impl SessionStoreError {
    /// An error of the store, for implementations of [`SessionStore`].
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
