//! What each transition requires.

mod document;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod policy;
#[cfg(test)]
mod tests;

pub use super::json_object::PolicyDocument;
pub use policy::{AutoRollback, BlockingLatent, Policy, PolicyError, RequiredGates};
