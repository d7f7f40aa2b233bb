//! The evidence that must hold before a step.

mod all_accounted;
mod ask;
mod built_in;
mod context;
mod coverage;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod gate;
mod instrumentation;
mod legacy_quiet;
mod records;
mod verdict;
mod waivers;

pub(super) use ask::ask;
pub use context::GateContext;
pub use gate::Gate;
pub(super) use waivers::Waivers;
