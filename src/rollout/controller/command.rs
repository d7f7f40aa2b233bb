//! What every command carries, and why a command is refused.

use std::{error::Error, fmt};

use crate::{
    rollout::{
        event::{EventPayload, Head, NewEvent},
        evidence::GateReport,
        journal::{AppendError, Conflict},
        names::{Actor, CorrelationId, Identifier, Reason},
        phase::{ImpossibleTransition, Phase},
        policy::{PolicyDifference, PolicyError},
        state::{ProjectionErrorKind, ReplayError},
    },
    time::Timestamp,
};

/// Why a command was refused. Nothing has changed, unless the kind says otherwise.
#[derive(Debug)]
pub struct Refusal(Box<RefusalBody>);

/// Boxed, so that a result is not as large as its rare error.
#[derive(Debug)]
struct RefusalBody {
    head: Head,
    gates: Vec<GateReport>,
    kind: RefusalKind,
}

/// The reason of a refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is no such transition from the current phase.
    #[error(transparent)]
    Impossible(ImpossibleTransition),
    /// The transition from cutover to compat is a rollback, which names an incident.
    #[error("a rollback names an incident")]
    NeedsIncident,
    /// Only a cutover can be rolled back, and the rollout is in this phase.
    #[error("the rollout is in {0}; only a cutover can be rolled back")]
    NotInCutover(Phase),
    /// The cutover of this event has been left, and the rollout is in this phase.
    #[error("the cutover of event {0} has been left; the rollout is in {1}")]
    CutoverLeft(u64, Phase),
    /// The rollbacks of these events have no post-analysis, without which the flag does not go off. No override names them.
    #[error("post-analyses are not filed: of the rollback of event {}", numbers(.0))]
    PostAnalysesDue(Vec<u64>),
    /// The policy comes from the program alone.
    #[error("the policy is pinned by the program, and not changed by command")]
    PolicyPinned,
    /// The policy would be loosened, which names each of these members and no other.
    #[error("the policy is loosened, which names each loosened member and no other: {}", members(.0))]
    PolicyLoosened(Vec<PolicyDifference>),
    /// These gates fail.
    #[error("gates fail: {}", list(.0))]
    GatesFailed(Vec<Identifier>),
    /// An override names each failing gate and no other.
    #[error(
        "an override names each failing gate and no other; not named: {}; not failing: {}",
        list(unnamed),
        list(not_failing)
    )]
    OverrideMismatch {
        /// Failing gates that were not named.
        unnamed: Vec<Identifier>,
        /// Named gates that pass, or are no gates of the transition.
        not_failing: Vec<Identifier>,
    },
    /// Concurrent modification of the journal.
    #[error(transparent)]
    Conflict(Conflict),
    /// A rollback that took effect is not in the journal yet, and must be recorded first.
    #[error("a rollback took effect that is not in the journal yet")]
    RollbackUnrecorded,
    /// The event is not valid after those in the journal.
    #[error(transparent)]
    Invalid(ProjectionErrorKind),
    /// The policy has faults.
    #[error(transparent)]
    InvalidPolicy(PolicyError),
    /// The event could not be appended. Unless the error is certain, it may still be in the journal.
    #[error(transparent)]
    NotJournaled(AppendError),
    /// The journal cannot be read.
    #[error(transparent)]
    Unreadable(ReplayError),
    /// The event is journaled, but the store of the census cannot be reached: order it once more.
    #[error("recorded, but it takes effect only when it is ordered once more: {0}")]
    CensusUnreachable(String),
}

impl Refusal {
    pub(super) fn new(head: Head, gates: Vec<GateReport>, kind: RefusalKind) -> Self {
        let kind = match kind {
            RefusalKind::NotJournaled(AppendError::Conflict(conflict)) => {
                RefusalKind::Conflict(conflict)
            }
            kind => kind,
        };
        Self(Box::new(RefusalBody { head, gates, kind }))
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> &RefusalKind {
        &self.0.kind
    }

    /// The gate reports, where gates were evaluated.
    #[must_use]
    pub fn gates(&self) -> &[GateReport] {
        &self.0.gates
    }

    /// The head of the journal after the refusal, which may be the record of the attempt.
    #[must_use]
    pub fn head(&self) -> Head {
        self.0.head
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.kind.source()
    }
}

fn list(names: &[Identifier]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<&str> = names.iter().map(Identifier::as_str).collect();
    names.join(", ")
}

fn numbers(numbers: &[u64]) -> String {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    texts.join(", ")
}

fn members(differences: &[PolicyDifference]) -> String {
    let names = differences.iter().map(|found| found.member.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// Actor and reason of a command, and optionally its correlation id and the decision it expects.
///
/// ```
/// use legacy_http_compat::rollout::{CommandContext, names::{Actor, CorrelationId, Reason}};
///
/// let context = CommandContext::new(Actor::human("mara")?, Reason::new("all clients are upgraded")?)
///     .correlated(CorrelationId::new("req-17")?)
///     .expecting(42); // the decision that mara's page showed
/// assert_eq!(context.expected_decision, Some(42));
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct CommandContext {
    /// Who gives the command.
    pub actor: Actor,
    /// Why.
    pub reason: Reason,
    /// The id that relates the command to a request or a pipeline.
    pub correlation_id: Option<CorrelationId>,
    /// The event that the last decision must be.
    pub expected_decision: Option<u64>,
}

impl CommandContext {
    /// A context that expects no decision.
    pub const fn new(actor: Actor, reason: Reason) -> Self {
        Self {
            actor,
            reason,
            correlation_id: None,
            expected_decision: None,
        }
    }

    /// Sets the id that relates the command to a request or a pipeline.
    pub fn correlated(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Refuses the command unless this is still the last event that [bears on a
    /// decision](crate::rollout::RolloutState::decision), so that a decision never applies to a newer state than its actor
    /// saw. Ignored by a rollback.
    pub const fn expecting(mut self, decision: u64) -> Self {
        self.expected_decision = Some(decision);
        self
    }

    pub(super) fn event(&self, at: Timestamp, payload: EventPayload) -> NewEvent {
        let event = NewEvent::new(at, self.actor.clone(), self.reason.clone(), payload);
        match &self.correlation_id {
            Some(id) => event.correlated(id.clone()),
            None => event,
        }
    }
}
