//! Capturing fields of a request while the handler reads its body.

mod body;
mod capture_slot;
mod layer;

pub use body::CapturedRequestBody;
pub(super) use body::into_bytes;
pub(super) use capture_slot::{CaptureSlot, RequestFields};
pub use layer::{CaptureRequestFields, CaptureRequestFieldsLayer};
