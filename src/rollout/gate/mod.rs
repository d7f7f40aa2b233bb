//! The conditions of a transition, and their evidence.

mod census_gates;
mod evaluate;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod gate;
mod journal_gates;
mod waiver_cover;

pub use super::{
    evidence::{
        AllCallersResolvedEvidence, AutoRollbackEvidence, BlockingDependents, BuiltInGate,
        CheckFailure, CoverageEvidence, CustomEvidence, Evidence, GateReport,
        InstrumentationEvidence, NoDependentResponsesEvidence, NoOpenIncidentEvidence,
        PostAnalysesFiledEvidence, RequiredChecksEvidence, StrandedKind, UnknownEvidence,
        UnknownReason,
    },
    json_object::{InvalidObject, InvalidObjectKind, JsonObject},
};
pub(super) use evaluate::evaluate;
pub use gate::{Gate, GateContext};
pub(crate) use waiver_cover::WaiverCover;
