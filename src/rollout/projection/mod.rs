//! From the events of a journal to the state of a rollout.

mod check;
mod commit;
mod error;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod projection;

pub use error::{ProjectionError, ProjectionErrorKind, ReplayError};
pub use projection::Projection;
