//! Noting fields of a request while the handler reads its body.

mod body;
mod layer;
mod service;
mod slot;

pub use body::CapturedRequestBody;
pub use layer::CaptureRequestFieldsLayer;
pub use service::CaptureRequestFields;
pub(super) use slot::{RequestFields, Slot};
