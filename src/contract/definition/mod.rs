//! What a contract says, in Rust and as a document, before it is checked.

pub(super) mod contract_document;
pub(super) mod deprecation;
pub(super) mod endpoint;
pub(super) mod outcome;
pub(super) mod shape;
pub(super) mod template;
