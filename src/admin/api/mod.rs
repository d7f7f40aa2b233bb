//! The JSON API.

mod census;
#[cfg(test)]
mod documented_tests;
mod journal;
mod params;
mod rollout;
mod routes;

pub(super) use routes::router;
