//! What a contract says, in Rust and as a document, before it is checked.

pub(super) mod deprecation;
pub(super) mod document;
pub(super) mod endpoint;
pub(super) mod outcome;
pub(super) mod shape;
pub(super) mod template;
