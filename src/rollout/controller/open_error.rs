//! Why a rollout was not opened.

use std::{error::Error, fmt};

use crate::rollout::{
    journal::AppendError,
    policy::PolicyError,
    projection::ReplayError,
    texts::{FlagName, Identifier},
};

/// Why a rollout was not opened.
#[derive(Debug)]
pub struct OpenRolloutError {
    kind: OpenRolloutErrorKind,
}

/// What stood in the way.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenRolloutErrorKind {
    /// The journal cannot be read, or its events do not follow one another.
    Unreadable(ReplayError),
    /// The journal is that of another flag.
    OtherFlag(FlagName),
    /// The policy in the journal is none that this version understands.
    Policy(PolicyError),
    /// Two gates have this name.
    DuplicateGate(Identifier),
    /// The beginning could not be journaled.
    NotJournaled(AppendError),
}

impl OpenRolloutError {
    /// What stood in the way.
    #[must_use]
    pub const fn kind(&self) -> &OpenRolloutErrorKind {
        &self.kind
    }
}

impl From<OpenRolloutErrorKind> for OpenRolloutError {
    fn from(kind: OpenRolloutErrorKind) -> Self {
        Self { kind }
    }
}

impl From<ReplayError> for OpenRolloutError {
    fn from(error: ReplayError) -> Self {
        OpenRolloutErrorKind::Unreadable(error).into()
    }
}

impl fmt::Display for OpenRolloutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OpenRolloutErrorKind::Unreadable(error) => error.fmt(f),
            OpenRolloutErrorKind::OtherFlag(flag) => {
                write!(f, "the journal is that of the flag {flag}")
            }
            OpenRolloutErrorKind::Policy(error) => {
                write!(f, "the policy in the journal has faults\n{error}")
            }
            OpenRolloutErrorKind::DuplicateGate(name) => {
                write!(f, "two gates have the name {name}")
            }
            OpenRolloutErrorKind::NotJournaled(error) => error.fmt(f),
        }
    }
}

impl Error for OpenRolloutError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            OpenRolloutErrorKind::Unreadable(error) => Some(error),
            OpenRolloutErrorKind::Policy(error) => Some(error),
            OpenRolloutErrorKind::NotJournaled(error) => Some(error),
            OpenRolloutErrorKind::OtherFlag(_) | OpenRolloutErrorKind::DuplicateGate(_) => None,
        }
    }
}
