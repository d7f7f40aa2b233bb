//! What every command carries.

use crate::{
    rollout::{
        event::{EventPayload, NewEvent},
        names::{Actor, CorrelationId, Reason},
    },
    time::Timestamp,
};

/// Actor and reason of a command, and optionally its correlation id and the head it expects.
///
/// ```
/// use legacy_http_compat::rollout::{CommandContext, names::{Actor, CorrelationId, Reason}};
///
/// let context = CommandContext::new(Actor::human("mara")?, Reason::new("all clients are upgraded")?)
///     .correlated(CorrelationId::new("req-17")?)
///     .expecting(42); // the head that mara's page showed
/// assert_eq!(context.expected_head(), Some(42));
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
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
    /// A context that expects no head.
    pub const fn new(actor: Actor, reason: Reason) -> Self {
        Self {
            actor,
            reason,
            correlation_id: None,
            expected_head: None,
        }
    }

    /// Sets the id that relates the command to a request or a pipeline.
    pub fn correlated(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Refuses the command unless the journal still ends with this event, so that a decision never applies to a newer
    /// state than its actor saw. Ignored by a rollback.
    pub const fn expecting(mut self, head: u64) -> Self {
        self.expected_head = Some(head);
        self
    }

    /// Who gives the command.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The head that the journal must have.
    #[must_use]
    pub const fn expected_head(&self) -> Option<u64> {
        self.expected_head
    }

    pub(super) fn event(&self, at: Timestamp, payload: EventPayload) -> NewEvent {
        let event = NewEvent::new(at, self.actor.clone(), self.reason.clone(), payload);
        match &self.correlation_id {
            Some(id) => event.correlated(id.clone()),
            None => event,
        }
    }
}
