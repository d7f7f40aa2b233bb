//! Proving a contract.
mod document;
mod draft;
mod finding;
mod proof;
mod prove;
mod report;
mod values;

pub use document::api_document::{ApiDocument, ReadError};
pub use draft::draft;
pub use finding::{Example, ExampleRequest, ExampleResponse, Finding, FindingKind, Verdict};
pub use prove::prove;
pub use report::{AcceptedFinding, ProofReport};
