//! One entry of the journal.

use serde::{Deserialize, Serialize};

use super::{
    head::{EventHash, Head},
    payload::EventPayload,
};
use crate::{
    rollout::names::{Actor, CorrelationId, Reason},
    time::Timestamp,
};

/// An event that is not in a journal yet.
///
/// ```
/// use legacy_http_compat::rollout::{event::{CheckReported, NewEvent, EventPayload}, names::{Actor, Identifier, Reason}};
/// use legacy_http_compat::time::Timestamp;
///
/// let green = CheckReported { check: Identifier::new("openapi")?, green: true, link: None, contract_digest: None };
/// let event = NewEvent::new(
///     Timestamp::from_unix_ms(1_772_366_400_000),
///     Actor::service("ci")?,
///     Reason::new("run 7 of the pipeline")?,
///     EventPayload::CheckReported(green),
/// );
/// assert_eq!(event.numbered(3).seq, 3);
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NewEvent {
    /// When it happened, by the wall clock.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Why.
    pub reason: Reason,
    /// The id that relates the event to a request or a pipeline.
    pub correlation_id: Option<CorrelationId>,
    /// What happened.
    pub payload: EventPayload,
}

/// An event of a journal: what happened, when, by whom and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The sequence number: the place in the journal, counted from 1.
    pub seq: u64,
    /// When it happened, by the wall clock of the process that wrote it. May be earlier than the event before.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Why.
    pub reason: Reason,
    /// The id that relates the event to a request or a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// What happened.
    pub payload: EventPayload,
    /// Its hash in the journal that it was read from, which covers all events before it; zeros before it is in one. Not
    /// part of its JSON.
    #[serde(skip)]
    pub hash: EventHash,
}

impl Event {
    /// The head of a journal that ends with this event.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }
}

impl NewEvent {
    /// An event without a correlation id.
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

    /// Sets the id that relates the event to a request or a pipeline.
    #[must_use]
    pub fn correlated(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// The event at a place in the journal, counted from 1.
    #[must_use]
    pub fn numbered(self, seq: u64) -> Event {
        Event {
            seq,
            at: self.at,
            actor: self.actor,
            reason: self.reason,
            correlation_id: self.correlation_id,
            payload: self.payload,
            hash: EventHash::NONE,
        }
    }
}
