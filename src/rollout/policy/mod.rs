//! What each transition requires.

mod brownouts;
mod document;
mod loosening;
#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod policy;
mod settings;
#[cfg(test)]
mod tests;

pub use super::json_object::PolicyDocument;
pub use brownouts::{BrownoutFault, BrownoutLimits};
pub use loosening::PolicyDifference;
pub use policy::{AutoRollback, BlockingLatent, Policy, PolicyError, RequiredGates};
