//! Actors, and the texts that people and services enter: names, reasons, links.

mod actor;
mod types;
mod validate;
mod waiver_target;

pub use actor::{Actor, ActorKind};
pub use types::{
    ActorId, ContractDigest, CorrelationId, FlagName, Identifier, IncidentId, Link, Owner, Reason,
    Summary,
};
pub use validate::{InvalidText, InvalidTextKind};
pub use waiver_target::WaiverTarget;
