//! From the events of a journal to the state of a rollout.

mod entries;
mod error;
mod projection;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod state;

pub use entries::{
    Check, ClientRollback, EventRef, Extension, Obligation, ObligationKind, Override, PostAnalysis,
    RepeatedRollback, Rollback, ServedContract, Waiver,
};
pub use error::{ProjectionError, ProjectionErrorKind, ReplayError};
pub use projection::{Projection, UnknownEvent};
pub use state::RolloutState;
pub(crate) use state::WaiverCover;
