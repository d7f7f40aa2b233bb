//! Why events are not valid.

use crate::rollout::{
    journal::ReadError,
    names::{Identifier, IncidentId, WaiverTarget},
    phase::{ImpossibleTransition, Phase, Transition},
};

/// An event that is not valid after those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq}: {kind}")]
pub struct ProjectionError {
    seq: u64,
    kind: ProjectionErrorKind,
}

/// Why an event is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionErrorKind {
    /// Its sequence number is not the next one, which this is.
    #[error("the next event is {0}")]
    OutOfSequence(u64),
    /// It is of a kind that this version does not know, so nothing may be decided after it.
    #[error("its kind {0:?} is not known to this version")]
    UnknownKind(String),
    /// The rollout is not open.
    #[error("the rollout is not open")]
    NotOpened,
    /// The rollout is open already.
    #[error("the rollout is open already")]
    AlreadyOpened,
    /// A rollout cannot open in this phase.
    #[error("a rollout opens in observe or compat, not in {0}")]
    CannotOpenIn(Phase),
    /// The rollout is not in the phase to be left.
    #[error("the rollout is in {actual}, not in {stated}")]
    NotInPhase {
        /// The phase to be left.
        stated: Phase,
        /// The current phase.
        actual: Phase,
    },
    /// There is no such transition.
    #[error(transparent)]
    Impossible(ImpossibleTransition),
    /// This gate fails and was not overridden.
    #[error("gate {0} fails")]
    GateFailed(Identifier),
    /// This transition cannot be overridden.
    #[error("{0} cannot override gates")]
    NotOverridable(Transition),
    /// This gate was overridden, but does not fail.
    #[error("gate {0} did not fail")]
    NothingToOverride(Identifier),
    /// A rollback is an event of its own, with a cutover and an incident.
    #[error("a rollback needs an incident")]
    NeedsIncident,
    /// The event of this sequence number is not a cutover.
    #[error("event {0} is not a cutover")]
    NoSuchCutover(u64),
    /// The rollback of this event has no post-analysis, without which the flag does not go off.
    #[error("the post-analysis of the rollback of event {0} is not filed")]
    PostAnalysisDue(u64),
    /// The rollback of this event does not last any more.
    #[error("the rollback of event {0} has ended")]
    RollbackEnded(u64),
    /// This incident is open already.
    #[error("incident {0} is open already")]
    IncidentOpen(IncidentId),
    /// This incident is not open.
    #[error("incident {0} is not open")]
    IncidentNotOpen(IncidentId),
    /// There is no waiver for these callers.
    #[error("there is no waiver for {0}")]
    NotWaived(WaiverTarget),
    /// The event of this sequence number is not a rollback.
    #[error("event {0} is not a rollback")]
    NoSuchRollback(u64),
    /// A brownout lasts this long, and starts after it is announced.
    #[error("a brownout lasts from 1 minute to 1 hour and starts after it is announced")]
    NoBrownout,
    /// Between it and the brownout of this event is less than an hour.
    #[error("less than an hour is between it and the brownout of event {0}")]
    BrownoutTooNear(u64),
    /// The flag does not go off while this incident is open.
    #[error("incident {0} is open")]
    IncidentStands(IncidentId),
    /// The event of this sequence number announces no brownout.
    #[error("event {0} announces no brownout")]
    NoSuchBrownout(u64),
    /// The brownout of this event has begun already, or is over.
    #[error("the brownout of event {0} has begun already, or is over")]
    BrownoutBegun(u64),
    /// The brownout of this event runs; a cutover follows on a flag that is on.
    #[error("the brownout of event {0} is running; end it first")]
    BrownoutRunning(u64),
    /// The contract is the current one.
    #[error("the contract has not changed")]
    SameContract,
}

/// Why the state cannot be made from a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// An event is not valid.
    #[error("{0}")]
    Projection(#[from] ProjectionError),
}

impl ProjectionError {
    pub(super) const fn new(seq: u64, kind: ProjectionErrorKind) -> Self {
        Self { seq, kind }
    }

    /// The sequence number of the event, which is its line in a file.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Why it is not valid.
    #[must_use]
    pub const fn kind(&self) -> &ProjectionErrorKind {
        &self.kind
    }
}
