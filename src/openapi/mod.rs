//! Proving a contract.
pub(crate) mod document;
pub(crate) mod values;
pub use document::api_document::{ApiDocument, ReadError};
