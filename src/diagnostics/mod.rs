//! Faults in documents and settings, collected so that all of them are reported at once.

#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
mod diagnostics;
mod fault;

pub(crate) use diagnostics::{Diagnostics, escape_token, fault_error};
pub use fault::{Fault, FaultCode};
