//! What a rollout asks for, and window which bounds.

mod check;
mod document;
mod draft;
mod fault;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod policy;
#[cfg(test)]
mod tests;

pub use super::json_object::PolicyDocument;
pub use draft::PolicyBuilder;
pub use fault::{PolicyError, PolicyFault, PolicyFaultKind};
pub use policy::{AutoRollback, Policy};
