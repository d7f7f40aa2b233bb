//! The JSON API.

mod census;
mod journal;
mod rollout;
mod routes;

pub(super) use routes::router;
