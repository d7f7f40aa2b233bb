//! What a contract says, in Rust and as a document, before it is checked.

pub(crate) mod condition;
pub(crate) mod contract_definition;
pub(crate) mod dropped;
pub(crate) mod endpoint;
pub(crate) mod shape;
pub(crate) mod statuses;
pub(crate) mod template;
