//! The conditions of a transition, and their evidence.

mod built_in;
mod census_gates;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod gate;

pub(crate) use super::state::WaiverCover;
pub use super::{
    evidence::{
        AllCallersResolvedEvidence, AutoRollbackEvidence, BlockingCallers, BlockingDependents,
        BuiltInGate, CheckFailure, CoverageEvidence, CustomEvidence, Evidence, GateReport,
        InstrumentationEvidence, NoDependentResponsesEvidence, NoOpenIncidentEvidence,
        RequiredChecksEvidence, StrandedKind, UnknownEvidence, UnknownReason, WatchedWindow,
        WindowRestart,
    },
    json_object::{InvalidObject, JsonObject},
};
pub(super) use gate::evaluate;
pub use gate::{Gate, GateContext};
