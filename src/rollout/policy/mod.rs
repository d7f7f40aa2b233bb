//! What a rollout asks for, and within which bounds.

mod built_in;
mod check;
mod document;
mod draft;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod policy;
#[cfg(test)]
mod tests;

pub use built_in::BuiltInGate;
pub use check::PolicyError;
pub use draft::PolicyBuilder;
pub use policy::{Guard, Policy};
