//! A fleet of clients against the Core example, over real sockets: who still depends, through upgrades, restarts and
//! crashes, and what is shown of it.

#![cfg(unix)]

#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/mod.rs"]
mod support;

mod identity;
mod metrics;
mod processes;
mod story;
