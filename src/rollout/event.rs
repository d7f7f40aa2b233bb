//! One entry of the journal.

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    payload::EventPayload,
    texts::{CorrelationId, Reason},
};
use crate::time::Timestamp;

/// What is to be journaled: an event that has no place yet.
///
/// ```
/// use legacy_http_compat::rollout::{Actor, CheckReported, NewEvent, EventPayload, Identifier, Reason};
/// use legacy_http_compat::time::Timestamp;
///
/// let green = CheckReported { check: Identifier::new("openapi")?, green: true, link: None };
/// let draft = NewEvent::new(
///     Timestamp::from_unix_ms(1_772_366_400_000),
///     Actor::service("ci")?,
///     Reason::new("run 7 of the pipeline")?,
///     EventPayload::CheckReported(green),
/// );
/// assert_eq!(draft.numbered(3).seq(), 3);
/// # Ok::<(), legacy_http_compat::rollout::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    at: Timestamp,
    actor: Actor,
    reason: Reason,
    correlation_id: Option<CorrelationId>,
    payload: EventPayload,
}

/// What happened, when, by whom and why, and its place in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    seq: u64,
    at: Timestamp,
    actor: Actor,
    reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<CorrelationId>,
    payload: EventPayload,
}

impl NewEvent {
    /// What happened at a moment, by whom and why.
    #[must_use]
    pub const fn new(at: Timestamp, actor: Actor, reason: Reason, payload: EventPayload) -> Self {
        Self {
            at,
            actor,
            reason,
            correlation_id: None,
            payload,
        }
    }

    /// With what ties it to a request or a pipeline.
    #[must_use]
    pub fn correlated(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// The event that this is at a place, counted from 1.
    #[must_use]
    pub fn numbered(self, seq: u64) -> Event {
        Event {
            seq,
            at: self.at,
            actor: self.actor,
            reason: self.reason,
            correlation_id: self.correlation_id,
            payload: self.payload,
        }
    }

    /// What happened.
    #[must_use]
    pub const fn payload(&self) -> &EventPayload {
        &self.payload
    }

    /// Who did it.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Event {
    /// Its place in the journal, counted from 1.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// When, by the wall clock of the process that wrote it: it may be earlier than that of the event before.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Who did it.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What ties it to a request or a pipeline.
    #[must_use]
    pub const fn correlation_id(&self) -> Option<&CorrelationId> {
        self.correlation_id.as_ref()
    }

    /// What happened.
    #[must_use]
    pub const fn payload(&self) -> &EventPayload {
        &self.payload
    }
}
