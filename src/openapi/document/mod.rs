//! Reading `OpenAPI` documents.

pub(crate) mod api_document;
pub(crate) mod operation;
pub(crate) mod place;
mod text;
