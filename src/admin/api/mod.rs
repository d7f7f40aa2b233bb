//! The JSON API.

mod callers;
mod curves;
#[cfg(test)]
mod documented_tests;
mod dry_run;
mod etag;
mod events;
mod journal;
mod openapi;
mod order;
mod params;
mod report;
mod response;
mod router;
mod routes;
mod status;
mod status_view;

pub(super) use router::router;
