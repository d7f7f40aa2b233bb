//! What a contract says, in Rust and as a document, before it is checked.

pub(crate) mod contract_definition;
pub(crate) mod dropped;
pub(crate) mod endpoint;
pub(crate) mod shape;
pub(crate) mod template;
