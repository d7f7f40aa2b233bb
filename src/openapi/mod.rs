//! Proving a contract.
mod document;
mod finding;
mod proof;
mod prove;
mod report;
mod values;

pub use document::api_document::{ApiDocument, ReadError};
pub use finding::{Example, Finding, FindingKind, Verdict};
pub use proof::rehearsal::{ExampleRequest, ExampleResponse};
pub use prove::prove;
pub use report::{AcceptedFinding, ProofReport};
