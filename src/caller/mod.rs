//! Who asked: client kind, generation and fingerprint.

mod identity;
mod kind;

pub use identity::{Caller, ClientVersion, Fingerprint, Generation};
pub use kind::{Kind, Kinds};
