//! What every command carries.

use crate::rollout::{
    actor::Actor,
    event::NewEvent,
    payload::EventPayload,
    texts::{CorrelationId, Reason},
};
use crate::time::Timestamp;

/// Who gives a command, why, and on the strength of what.
///
/// ```
/// use legacy_http_compat::rollout::{Actor, CorrelationId, CommandContext, Reason};
///
/// let order = CommandContext::new(Actor::human("mara")?, Reason::new("all clients are upgraded")?)
///     .correlated(CorrelationId::new("req-17")?)
///     .expecting(42); // the head that mara's page showed
/// assert_eq!(order.expected_head(), Some(42));
/// # Ok::<(), legacy_http_compat::rollout::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CommandContext {
    actor: Actor,
    reason: Reason,
    correlation_id: Option<CorrelationId>,
    expected_head: Option<u64>,
}

impl CommandContext {
    /// By whom and why.
    pub const fn new(actor: Actor, reason: Reason) -> Self {
        Self {
            actor,
            reason,
            correlation_id: None,
            expected_head: None,
        }
    }

    /// With what ties it to a request or a pipeline.
    pub fn correlated(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Only if the journal still ends with this event: whoever decided by what they saw does not act on something
    /// else. A rollback does not ask for it.
    pub const fn expecting(mut self, head: u64) -> Self {
        self.expected_head = Some(head);
        self
    }

    /// Who gives it.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The head that it rests on.
    #[must_use]
    pub const fn expected_head(&self) -> Option<u64> {
        self.expected_head
    }

    pub(super) fn draft(&self, at: Timestamp, payload: EventPayload) -> NewEvent {
        let draft = NewEvent::new(at, self.actor.clone(), self.reason.clone(), payload);
        match &self.correlation_id {
            Some(id) => draft.correlated(id.clone()),
            None => draft,
        }
    }
}
