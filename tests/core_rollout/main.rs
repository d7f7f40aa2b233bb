//! The rollout of the device flow in the Core example, over real sockets: the whole plan, what is refused on the way, and
//! what a process knows that was killed.

#![cfg(unix)]

#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/mod.rs"]
mod support;

mod failing;
mod plan;
mod policy;
mod processes;
mod steps;
mod switch;
mod withdrawal;
