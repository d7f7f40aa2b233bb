//! The conditions of a transition, and their evidence.

mod built_in;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod gate;

pub(crate) use super::state::WaiverCover;
pub use super::{
    evidence::{
        AllCallersResolvedEvidence, AutoRollbackEvidence, BlockingDependents, BuiltInGate,
        CheckFailure, CoverageEvidence, CustomEvidence, Evidence, GateReport,
        InstrumentationEvidence, NoDependentResponsesEvidence, NoOpenIncidentEvidence,
        RequiredChecksEvidence, StrandedKind, UnknownEvidence, UnknownReason,
    },
    json_object::{InvalidObject, JsonObject},
};
pub(super) use gate::evaluate;
pub use gate::{Gate, GateContext};
