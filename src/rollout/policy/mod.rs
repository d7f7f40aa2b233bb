//! What a rollout asks for, and within which bounds.

mod check;
mod document;
mod draft;
mod fault;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod policy;
#[cfg(test)]
mod tests;

pub use draft::PolicyBuilder;
pub use fault::{InvalidPolicy, PolicyFault, PolicyFaultKind};
pub use policy::{Guard, Policy};
