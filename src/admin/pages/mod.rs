//! The dashboard.

pub(super) mod fault;
mod router;
pub(super) mod sign_in;

pub(super) use router::router;
