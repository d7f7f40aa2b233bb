//! Who did something.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{types::ActorId, validate::InvalidText};
use crate::words::words;

/// Who did something: a kind and an id.
///
/// The id goes into the journal and the log: use a name, never an address or a secret.
///
/// ```
/// use legacy_http_compat::rollout::names::Actor;
///
/// let actor = Actor::human("mara")?;
/// assert_eq!(actor.to_string(), "human mara");
/// assert!(Actor::service("ci\n").is_err());
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// What kind of actor it is.
    pub kind: ActorKind,
    /// Its name.
    pub id: ActorId,
}

words! {
    /// What kind of actor it is.
    #[expect(
        clippy::exhaustive_enums,
        reason = "an audit must know every kind of actor"
    )]
    pub enum ActorKind {
        /// A person.
        Human = "human",
        /// A program outside the rollout, such as a pipeline.
        Service = "service",
        /// The rollout itself.
        System = "system",
    }
}

impl Actor {
    /// An actor of any kind.
    #[must_use]
    pub const fn new(kind: ActorKind, id: ActorId) -> Self {
        Self { kind, id }
    }

    /// A person.
    ///
    /// # Errors
    ///
    /// When the id is not an [`ActorId`].
    pub fn human(id: impl Into<String>) -> Result<Self, InvalidText> {
        Ok(Self::new(ActorKind::Human, ActorId::new(id)?))
    }

    /// A program outside the rollout.
    ///
    /// # Errors
    ///
    /// When the id is not an [`ActorId`].
    pub fn service(id: impl Into<String>) -> Result<Self, InvalidText> {
        Ok(Self::new(ActorKind::Service, ActorId::new(id)?))
    }

    /// A part of the rollout itself.
    ///
    /// # Errors
    ///
    /// When the id is not an [`ActorId`].
    pub fn system(id: impl Into<String>) -> Result<Self, InvalidText> {
        Ok(Self::new(ActorKind::System, ActorId::new(id)?))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_reads_back() {
        let actor = Actor::service("ci").unwrap();
        let json = serde_json::to_string(&actor).unwrap();
        assert_eq!(json, r#"{"kind":"service","id":"ci"}"#);
        assert_eq!(serde_json::from_str::<Actor>(&json).unwrap(), actor);
        for json in [
            r#"{"kind":"robot","id":"ci"}"#,
            r#"{"kind":"human","id":""}"#,
            r#"{"kind":"human"}"#,
        ] {
            assert!(serde_json::from_str::<Actor>(json).is_err(), "{json}");
        }
    }
}
