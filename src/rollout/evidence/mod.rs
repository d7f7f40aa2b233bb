//! What gates report: which gate, whether it passes, and the evidence.
//!
//! Lies below events, since events carry gate reports, and so below the gates themselves.

#[expect(clippy::module_inception, reason = "it defines the type of that name")]
mod evidence;
mod figures;

pub use evidence::BuiltInGate;
pub use evidence::{CustomEvidence, Evidence, GateReport};
pub use figures::{
    AllCallersResolvedEvidence, AutoRollbackEvidence, BlockingCallers, BlockingDependents,
    CheckFailure, CoverageEvidence, InstrumentationEvidence, NoDependentResponsesEvidence,
    NoOpenIncidentEvidence, RequiredChecksEvidence, StrandedKind, UnknownEvidence, UnknownReason,
    WatchedWindow, WindowRestart,
};
