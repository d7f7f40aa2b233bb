//! Who a request comes from.

use super::role::Role;
use crate::rollout::names::Actor;

/// Who a request comes from, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    actor: Actor,
    role: Role,
    via: Via,
}

/// What they have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// A token, with this very request.
    Bearer,
    /// The cookie of a session.
    Session(SessionKey),
}

/// What a session is kept under: the SHA-256 of the secret in its cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey(pub(super) [u8; 32]);

impl Principal {
    pub(crate) const fn new(actor: Actor, role: Role, via: Via) -> Self {
        Self { actor, role, via }
    }

    pub(crate) const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    pub(crate) const fn via(&self) -> Via {
        self.via
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}
