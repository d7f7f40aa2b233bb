//! The JSON API.

mod router;

pub(super) use router::router;
