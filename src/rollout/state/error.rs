//! Why events do not follow one another.

use std::{error::Error, fmt};

use crate::{
    flag::FlagState,
    rollout::{
        journal::ReadError,
        phase::{ImpossibleTransition, Phase, Transition},
        texts::{Identifier, IncidentId},
        waived::WaiverTarget,
    },
};

/// An event that cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionError {
    seq: u64,
    kind: ProjectionErrorKind,
}

/// Why it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionErrorKind {
    /// It has another number than the next one, which this is.
    OutOfSequence(u64),
    /// The rollout is not open.
    NotOpened,
    /// The rollout is open already.
    AlreadyOpened,
    /// A rollout cannot open in this phase.
    CannotOpenIn(Phase),
    /// The rollout is not in the phase that was to be left.
    NotInPhase {
        /// The phase that was to be left.
        stated: Phase,
        /// The phase it is in.
        actual: Phase,
    },
    /// There is no such step.
    Impossible(ImpossibleTransition),
    /// This gate does not let pass and was not overridden.
    GateFailed(Identifier),
    /// This step cannot be overridden.
    NotOverridable(Transition),
    /// This gate was overridden, but is not among the failing ones.
    NothingToOverride(Identifier),
    /// A rollback names no incident.
    NoOpenIncident,
    /// This step is none that has an incident.
    UnexpectedIncident(Transition),
    /// This incident is open already.
    IncidentOpen(IncidentId),
    /// This incident is not open.
    IncidentNotOpen(IncidentId),
    /// There is no waiver for these.
    NotWaived(WaiverTarget),
    /// No event of this number was a rollback.
    NoSuchRollback(u64),
    /// The contract is the one before.
    SameContract,
    /// A process cannot start with the flag in this state in this phase.
    WrongFlag {
        /// The state of the flag.
        flag: FlagState,
        /// The phase.
        phase: Phase,
    },
}

/// Why the state cannot be made of a journal.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The journal cannot be read.
    Read(ReadError),
    /// Its events do not follow one another.
    Projection(ProjectionError),
}

impl ProjectionError {
    pub(super) const fn new(seq: u64, kind: ProjectionErrorKind) -> Self {
        Self { seq, kind }
    }

    /// The number of the event, which in a file is its line.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Why it cannot follow.
    #[must_use]
    pub const fn kind(&self) -> &ProjectionErrorKind {
        &self.kind
    }
}

impl fmt::Display for ProjectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.seq, self.kind)
    }
}

impl Error for ProjectionError {}

impl fmt::Display for ProjectionErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfSequence(next) => write!(f, "the next event is {next}"),
            Self::NotOpened => f.write_str("the rollout is not open"),
            Self::AlreadyOpened => f.write_str("the rollout is open already"),
            Self::CannotOpenIn(phase) => {
                write!(f, "a rollout opens in observe or compat, not in {phase}")
            }
            Self::NotInPhase { stated, actual } => {
                write!(f, "the rollout is in {actual}, not in {stated}")
            }
            Self::Impossible(error) => error.fmt(f),
            Self::GateFailed(gate) => write!(f, "gate {gate} does not let pass"),
            Self::NotOverridable(step) => write!(f, "{step} cannot override gates"),
            Self::NothingToOverride(gate) => write!(f, "gate {gate} did not fail"),
            Self::NoOpenIncident => f.write_str("a rollback needs an incident"),
            Self::UnexpectedIncident(step) => write!(f, "{step} has no incident"),
            Self::IncidentOpen(incident) => write!(f, "incident {incident} is open already"),
            Self::IncidentNotOpen(incident) => write!(f, "incident {incident} is not open"),
            Self::NotWaived(waived) => write!(f, "there is no waiver for {waived}"),
            Self::NoSuchRollback(seq) => write!(f, "event {seq} is no rollback"),
            Self::SameContract => f.write_str("the contract is the one before"),
            Self::WrongFlag { flag, phase } => {
                write!(f, "a process cannot start with the flag {flag} in {phase}")
            }
        }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Projection(error) => error.fmt(f),
        }
    }
}

impl Error for ReplayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Projection(error) => Some(error),
        }
    }
}

impl From<ReadError> for ReplayError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<ProjectionError> for ReplayError {
    fn from(error: ProjectionError) -> Self {
        Self::Projection(error)
    }
}
