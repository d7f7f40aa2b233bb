//! What a contract says, in Rust and as a document, before it is checked.

pub(super) mod body_shape;
pub(super) mod condition;
pub(super) mod contract_definition;
pub(super) mod edit;
pub(super) mod endpoint;
pub(super) mod legacy_fn;
pub(super) mod shape;
pub(super) mod statuses;
pub(super) mod template;
mod template_document;
pub(super) mod value_format;
