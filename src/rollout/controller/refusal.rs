//! Why a command was refused.

use std::{error::Error, fmt};

use crate::rollout::{
    evidence::GateReport,
    journal::{AppendError, Conflict},
    phase::{ImpossibleTransition, Phase, Transition},
    state::{ProjectionErrorKind, ReplayError},
    texts::Identifier,
};

/// Why a command was refused. Nothing has changed, unless the kind says otherwise.
#[derive(Debug)]
pub struct Refusal {
    head: u64,
    gates: Vec<GateReport>,
    kind: RefusalKind,
}

/// What stood in the way of a command.
#[derive(Debug)]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is no such step from this phase.
    Impossible(ImpossibleTransition),
    /// The step back from cutover is a rollback, which names an incident.
    NeedsIncident,
    /// Only a cutover can be rolled back, and the rollout is in this phase.
    NotInCutover(Phase),
    /// These gates do not let pass.
    GatesFailed(Vec<Identifier>),
    /// An override names each failing gate and no other.
    OverrideMismatch {
        /// Failing gates that were not named.
        unnamed: Vec<Identifier>,
        /// Named gates that do not fail, or are not asked.
        not_failing: Vec<Identifier>,
    },
    /// Others were faster.
    Conflict(Conflict),
    /// A rollback that took effect is not in the journal yet. Until it is, nothing else is.
    RollbackUnrecorded,
    /// What is said cannot follow what is journaled.
    Unfitting(ProjectionErrorKind),
    /// The journal did not take it. Where the error is not certain, it may turn out to stand.
    NotJournaled(AppendError),
    /// The journal cannot be read.
    Unreadable(ReplayError),
}

impl Refusal {
    pub(super) const fn new(head: u64, gates: Vec<GateReport>, kind: RefusalKind) -> Self {
        Self { head, gates, kind }
    }

    /// What stood in the way.
    #[must_use]
    pub const fn kind(&self) -> &RefusalKind {
        &self.kind
    }

    /// What the gates said, where they were asked.
    #[must_use]
    pub fn gates(&self) -> &[GateReport] {
        &self.gates
    }

    /// The head of the journal after the refusal, which may be the record of the attempt.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.head
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            RefusalKind::Impossible(error) => Some(error),
            RefusalKind::NotJournaled(error) => Some(error),
            RefusalKind::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Impossible(error) => error.fmt(f),
            Self::NeedsIncident => {
                write!(f, "the {} names an incident", Transition::Rollback)
            }
            Self::NotInCutover(phase) => {
                write!(
                    f,
                    "the rollout is in {phase}; only a cutover can be rolled back"
                )
            }
            Self::GatesFailed(failing) => write!(f, "gates do not let pass: {}", list(failing)),
            Self::OverrideMismatch {
                unnamed,
                not_failing,
            } => write!(
                f,
                "an override names each failing gate and no other; not named: {}; not failing: {}",
                list(unnamed),
                list(not_failing)
            ),
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::RollbackUnrecorded => {
                f.write_str("a rollback took effect that is not in the journal yet")
            }
            Self::Unfitting(kind) => kind.fmt(f),
            Self::NotJournaled(error) => error.fmt(f),
            Self::Unreadable(error) => error.fmt(f),
        }
    }
}

fn list(labels: &[Identifier]) -> String {
    if labels.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<&str> = labels.iter().map(Identifier::as_str).collect();
    names.join(", ")
}
