//! What happens in the life of a rollout: the entries of its journal.

#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod event;
mod head;
mod payload;

pub use event::{Event, NewEvent};
pub use head::{EventHash, Head, InvalidHead};
pub(super) use payload::write_version;
pub use payload::{
    Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged, DependenceWaived,
    EventPayload, Incident, InstanceWrittenOff, LossAccepted, Opened, PhaseChange, PolicyChanged,
    PostAnalysisFiled, Recovered, RollbackExtended, RollbackTaken, Served, UnknownPayload,
    WaiverEnded,
};
