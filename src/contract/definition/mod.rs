//! What a contract says, in Rust and as a document, before it is checked.

#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
pub(super) mod definition;
pub(super) mod endpoint;
pub(super) mod shape;
pub(super) mod template;
