//! The evidence that must hold before a step.

mod all_callers_resolved;
mod ask;
mod built_in;
mod context;
mod coverage;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod gate;
mod instrumentation;
mod no_dependent_responses;
mod records;
mod verdict;
mod waivers;

pub(super) use ask::ask;
pub use context::GateContext;
pub use gate::Gate;
pub(super) use waivers::Waivers;
