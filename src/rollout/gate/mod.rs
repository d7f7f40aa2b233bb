//! The conditions of a transition.

mod all_callers_resolved;
mod built_in;
mod context;
mod coverage;
mod evaluate;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod gate;
mod instrumentation;
mod journal_gates;
mod no_dependent_responses;
mod waiver_cover;

pub use context::GateContext;
pub(super) use evaluate::evaluate;
pub use gate::Gate;
pub(crate) use waiver_cover::WaiverCover;
