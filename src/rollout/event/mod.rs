//! What happens in the life of a rollout: the entries of its journal.

#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod event;
mod payload;

pub use event::{Event, NewEvent};
pub(super) use payload::write_version;
pub use payload::{
    Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged, DependenceWaived,
    EventPayload, Incident, Opened, PhaseChange, PolicyChanged, PostAnalysisFiled, ProcessStarted,
    Recovered, UnknownPayload, WaiverEnded,
};
