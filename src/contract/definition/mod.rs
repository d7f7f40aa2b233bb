//! What a contract says, in Rust and as a document, before it is checked.

pub(crate) mod body_shape;
pub(crate) mod condition;
pub(crate) mod contract_definition;
pub(crate) mod dropped;
pub(crate) mod edit;
pub(crate) mod endpoint;
pub(crate) mod legacy_fn;
pub(crate) mod shape;
pub(crate) mod statuses;
pub(crate) mod template;
mod template_document;
pub(crate) mod value_format;
