//! The JSON API.

mod census;
mod commands;
#[cfg(test)]
mod documented_tests;
mod events;
mod journal;
mod params;
mod rollout;
mod routes;
mod with_etag;

pub(super) use routes::router;
